/* Checker of static ELF executables, from untrusted bytes. Parses and checks; loads nothing.
 * Facts: ELF gABI, chapters 4 (header) and 5 (program header). 64-bit and 32-bit little-endian.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ELF_H
#define BASE_ELF_H

#include <skerry/errors.h>
#include <skerry/types.h>

#define ELF_SEGMENTS_MAX    8u
#define ELF_MACHINE_ARM     40u
#define ELF_MACHINE_AARCH64 183u
#define ELF_MACHINE_RISCV   243u

struct elf_segment {
    uint64_t addr; /* page aligned down: addr % page == file_off % page */
    uint64_t mem_bytes;
    uint64_t file_off;
    uint64_t file_bytes; /* <= mem_bytes; the rest is zero */
    uint32_t prot;       /* SK_PROT_*, never W with X */
};

struct elf_image {
    uint64_t entry; /* inside an executable segment */
    uint32_t segments;
    struct elf_segment segment[ELF_SEGMENTS_MAX]; /* ascending, pages do not overlap */
};

/* Check file (len_bytes of it) as an executable for machine and describe its load segments.
 * SK_ERR_IMAGE with *why (static text): truncated, wrong magic, class, type or machine, a segment
 * outside the file, wrapping, overlapping, writable and executable, below the first page, too many,
 * or an entry that is not executable. */
sk_err elf_parse(const void *file, uint64_t len_bytes, uint32_t machine, struct elf_image *image,
                 const char **why);

#endif
