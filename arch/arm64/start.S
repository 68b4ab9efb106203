/* Where a core begins, with the MMU off, at physical addresses: the boot kernel (_start) and every
 * forked kernel (fork_entry, by PSCI or from boot_leave; x0 = context). All of it fits one page,
 * which low_root maps at its own address, so that the MMU can be turned on and off here.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

    .section .text.start, "ax"
    .balign 4096
    .globl start_page
start_page:

    .globl _start
_start:
    msr     daifset, #15
    mrs     x0, currentel
    cmp     x0, #(1 << 2)
    b.ne    park                    /* this port runs at EL1 */
    adrp    x0, boot_stack_top
    mov     sp, x0
    bl      boot_map                /* x0 = tables of the boot kernel */
    ldr     x2, =boot_main
    ldr     x3, =boot_stack_top
    mov     x4, #0
    b       mmu_on

    .globl fork_entry
fork_entry:
    msr     daifset, #15
    mov     x19, x0
    and     x1, x0, #0xff           /* the core; its stack is the slice's first pages */
    adrp    x2, machine
    add     x2, x2, :lo12:machine
    ldr     x1, [x2, x1, lsl #3]
    add     sp, x1, #STACK_BYTES
    mrs     x2, ctr_el0             /* what an earlier kernel left in a cache must not come down on */
    ubfx    x2, x2, #16, #4         /* the stack now: it is written past the caches */
    mov     x3, #4
    lsl     x3, x3, x2
1:  dc      ivac, x1
    add     x1, x1, x3
    cmp     sp, x1
    b.hi    1b
    dsb     sy
    bl      fork_build              /* x0 = tables of this kernel */
    ldr     x2, =fork_main
    ldr     x3, =CPU_ADDR           /* the stack ends there */
    mov     x4, x19
    b       mmu_on

/* x0 TTBR1, x2 where to go, x3 its stack, x4 its argument. */
mmu_on:
    adrp    x1, low_l1
    ic      iallu
    tlbi    vmalle1
    dsb     nsh
    isb
    ldr     x5, =MAIR_VALUE
    msr     mair_el1, x5
    ldr     x5, =TCR_VALUE
    mrs     x6, id_aa64mmfr0_el1
    and     x7, x6, #15             /* physical address size, at most 48 bits */
    mov     x8, #5
    cmp     x7, x8
    csel    x7, x7, x8, lo
    orr     x5, x5, x7, lsl #TCR_IPS_SHIFT
    ubfx    x7, x6, #4, #4          /* 2: ASIDs have 16 bits */
    ubfx    x7, x7, #1, #1
    orr     x5, x5, x7, lsl #TCR_AS_SHIFT
    msr     tcr_el1, x5
    msr     ttbr0_el1, x1
    msr     ttbr1_el1, x0
    isb
    ldr     x5, =SCTLR_VALUE
    msr     sctlr_el1, x5
    isb
    mov     sp, x3
    mov     x0, x4
    br      x2
    .ltorg

/* The boot kernel leaves: on core 0 too a kernel is forked, and it begins with the MMU off.
 * x0 = context. Runs at its high address; the tail, at its low one, loses all mappings. */
    .globl boot_leave
boot_leave:
    adrp    x1, low_tail
    add     x1, x1, :lo12:low_tail
    ldr     x2, =IMAGE_OFFSET
    sub     x1, x1, x2
    br      x1
    .ltorg
low_tail:
    mrs     x1, sctlr_el1
    mov     x2, #(1 | 1 << 2)       /* MMU and data cache */
    bic     x1, x1, x2
    bic     x1, x1, #(1 << 12)      /* instruction cache */
    msr     sctlr_el1, x1
    isb
    b       fork_entry

park:
    wfi
    b       park

    .org    start_page + 4096       /* an error here: it has outgrown the page that low_root maps */
