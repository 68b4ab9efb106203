// What a doorbell costs when there is nothing else: two cores of the arm64 `virt` machine, no MMU,
// no kernel, interrupts masked at the core. Region 0: a loop of 1,000 rounds of three instructions,
// which shows that the counter is exact. Region 1: core 0 stores a number, rings core 1 and sleeps
// until core 1 has slept, woken, seen the number and answered in the same way.
// SPDX-License-Identifier: BSD-2-Clause

#define GICD          0x08000000
#define GICR          0x080a0000
#define GICR_STRIDE   0x20000
#define GICR_SGI      0x10000
#define CPU_ON        0xc4000003
#define ROUNDS        256
#define LOOP_ROUNDS   1000
#define SGI_NONE      1020 // numbers from here on mean that no interrupt was pending

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_SGI1R_EL1   S3_0_C12_C11_5
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7

// x19: number of the round. x20: what rings the other core. x21, x22: my word, the other's word.

.macro ring
    str w19, [x21]
    dsb ishst
    msr ICC_SGI1R_EL1, x20
    isb
.endm

// Sleep until the other's word says x19. A doorbell is a hint: the word decides.
.macro await
1:  wfi
    mrs x1, ICC_IAR1_EL1
    cmp w1, #SGI_NONE
    b.hs 2f
    msr ICC_EOIR1_EL1, x1
2:  ldar w2, [x22]
    cmp w2, w19
    b.ne 1b
.endm

    .section .text.start, "ax"
    .globl _start
_start:
    mov x0, #GICD
    mov w1, #0x12 // interrupts by affinity, group 1 on
    str w1, [x0]
    mov x24, #0
    bl interrupts_on

    hint #64 // region 0 begins
    mov x1, #LOOP_ROUNDS
loop:
    nop
    subs x1, x1, #1
    b.ne loop
loop_end:
    hint #65

    ldr x0, =CPU_ON
    mov x1, #1
    adr x2, second
    mov x3, #0
    hvc #0
    ldr x21, =word_0
    ldr x22, =word_1
    mov x20, #2 // to affinity 0.0.0.{1}, interrupt 0
    mov x19, #1
    await // the second core is up

    mov x23, #ROUNDS
round:
    add w19, w19, #1
    hint #66 // region 1 begins
    ring
    await
    hint #67
    subs x23, x23, #1
    b.ne round
    hint #127
3:  wfi
    b 3b

second:
    mov x24, #1
    bl interrupts_on
    ldr x21, =word_1
    ldr x22, =word_0
    mov x20, #1
    mov x19, #1
4:  ring
    add w19, w19, #1
    await
    b 4b

// The interrupt controller of core x24: awake, doorbell 0 in group 1 and enabled. Core 0 and 1 own
// the first two frames.
interrupts_on:
    ldr x0, =GICR
    mov x1, #GICR_STRIDE
    madd x0, x24, x1, x0
    str wzr, [x0, #0x14]
    add x0, x0, #GICR_SGI
    mov w1, #1
    str w1, [x0, #0x80]
    str w1, [x0, #0x100]
    mov x1, #7
    msr ICC_SRE_EL1, x1
    isb
    mov x1, #0xff
    msr ICC_PMR_EL1, x1
    mov x1, #1
    msr ICC_IGRPEN1_EL1, x1
    isb
    ret

    .bss
    .balign 64
word_0: .zero 64
word_1: .zero 64
    .section .note.GNU-stack, "", %progbits
