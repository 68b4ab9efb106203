# Parts of `./skerry bench native`.
# SPDX-License-Identifier: BSD-2-Clause
