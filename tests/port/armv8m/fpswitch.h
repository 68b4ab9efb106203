/* Floating-point registers by name: a task puts its own patterns into them, lets others run in
 * every way that there is, and looks at them.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PORT_FPSWITCH_H
#define TESTS_PORT_FPSWITCH_H

#include "lib/self.h"

/* All registers as they are; s0 to s31, then FPSCR. */
static inline void fp_read(uint32_t to[33])
{
    __asm__ volatile("vstmia %0!, {s0-s15}\n\t"
                     "vstmia %0!, {s16-s31}\n\t"
                     "vmrs r3, fpscr\n\t"
                     "str r3, [%0]"
                     : "+r"(to)
                     :
                     : "r3", "memory");
}

/* A number of registers is another task's, or nobody's. */
static inline uint32_t fp_rounds(uint32_t seed, uint32_t rounds)
{
    uint32_t mine[32], now[33], wrong = 0;
    for (uint32_t n = 0; n < rounds; n++) {
        for (uint32_t i = 0; i < 32u; i++)
            mine[i] = seed << 24 | n << 8 | i;
        uint32_t *from = mine;
        __asm__ volatile("vldmia %0!, {s0-s15}\n\tvldmia %0!, {s16-s31}" : "+r"(from)::"memory");
        if (n % 3u == 0)
            sys_yield();
        else if (n % 3u == 1u)
            sk_sleep_until(sk_in_ms(1));
        else
            for (volatile uint32_t i = 0; i < 3000u; i++) /* until an interrupt comes */
                ;
        fp_read(now);
        for (uint32_t i = 0; i < 32u; i++)
            wrong += now[i] != mine[i];
    }
    return wrong;
}

#endif
