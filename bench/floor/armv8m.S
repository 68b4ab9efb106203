// What a doorbell costs when there is nothing else: two cores of mps2-an521, no MPU, no kernel,
// interrupts masked at the core. Region 0: a loop of 1,000 rounds of three instructions, which shows
// that the counter is exact. Region 1: core 0 stores a number, rings core 1 through the message
// handling unit and sleeps until core 1 has slept, woken, seen the number and answered likewise.
// Facts: as board/mps2-an521/include/board.h; a pending interrupt ends WFI though PRIMASK is set
// (Armv8-M Architecture Reference Manual DDI 0553, B1, WFI).
// SPDX-License-Identifier: BSD-2-Clause
    .syntax unified
    .thumb

#define MHU0        0x50003000
#define MHU_SET(n)  (0x10 * (n) + 4)
#define MHU_CLR(n)  (0x10 * (n) + 8)
#define IRQ_MHU0    6
#define INITSVTOR1  0x50021114
#define CPUWAIT     0x50021118
#define NVIC_ISER   0xe000e100
#define NVIC_ICPR   0xe000e280
#define WORDS       0x30000000
#define STACK_0     0x30001000
#define STACK_1     0x30002000
#define ROUNDS      256
#define LOOP_ROUNDS 1000

// r4: number of the round. r5, r6: what rings the other core, what takes the ring back. r7, r8: my
// word, the other's word. r9: where a pending interrupt is cleared, r10: its bit. r11: 1.

    .macro ring
    str     r4, [r7]
    dsb
    str     r11, [r5]
    .endm

// Sleep until the other's word says r4. A doorbell is a hint: the word decides. The request goes
// before what it has made pending.
    .macro await
1:  wfi
    str     r11, [r6]
    str     r10, [r9]
    ldr     r0, [r8]
    cmp     r0, r4
    bne     1b
    .endm

    .section .text.start, "ax"
    .balign 512
vectors_0:
    .word   STACK_0, _start + 1
    .rept   14
    .word   stop + 1
    .endr
    .balign 512
vectors_1:
    .word   STACK_1, second + 1
    .rept   14
    .word   stop + 1
    .endr

    .globl  _start
_start:
    cpsid   i
    .inst.w 0xf3af8040              // region 0 begins
    mov     r1, #LOOP_ROUNDS
    .globl  loop, loop_end
loop:
    nop
    subs    r1, r1, #1
    bne     loop
loop_end:
    .inst.w 0xf3af8041

    ldr     r5, =MHU0 + MHU_SET(1)
    ldr     r6, =MHU0 + MHU_CLR(0)
    ldr     r7, =WORDS
    add     r8, r7, #4
    bl      bell_on
    movs    r0, #0
    str     r0, [r7]
    str     r0, [r8]
    ldr     r0, =INITSVTOR1
    ldr     r1, =vectors_1
    str     r1, [r0]
    dsb
    ldr     r0, =CPUWAIT
    ldr     r1, [r0]
    bic     r1, r1, #2
    str     r1, [r0]
    movs    r4, #1
    await                           // the second core is up

    mov     r3, #ROUNDS
round:
    adds    r4, r4, #1
    .inst.w 0xf3af8042              // region 1 begins
    ring
    await
    .inst.w 0xf3af8043
    subs    r3, r3, #1
    bne     round
    .inst.w 0xf3af807f
stop:
    wfi
    b       stop

second:
    cpsid   i
    ldr     r5, =MHU0 + MHU_SET(0)
    ldr     r6, =MHU0 + MHU_CLR(1)
    ldr     r8, =WORDS
    add     r7, r8, #4
    bl      bell_on
    movs    r4, #1
2:  ring
    adds    r4, r4, #1
    await
    b       2b

bell_on:
    ldr     r9, =NVIC_ISER
    mov     r10, #1 << IRQ_MHU0
    str     r10, [r9]
    ldr     r9, =NVIC_ICPR
    mov     r11, #1
    bx      lr
    .ltorg
