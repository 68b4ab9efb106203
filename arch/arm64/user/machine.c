/* The machine that programs here are for (lib/loader.h).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/elf.h"
#include "lib/loader.h"

uint32_t loader_machine(void)
{
    return ELF_MACHINE_AARCH64;
}
