/* What lib/loader_elf.c loads on this machine.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_LOADER_ARCH_H
#define ARM64_LOADER_ARCH_H

#define LOADER_MACHINE ELF_MACHINE_AARCH64

#endif
