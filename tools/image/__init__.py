# The parts of tools/skerry_image.
# SPDX-License-Identifier: BSD-2-Clause
