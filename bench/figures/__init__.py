# The parts of bench/guest.py.
# SPDX-License-Identifier: BSD-2-Clause
