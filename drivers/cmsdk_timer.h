/* Arm CMSDK APB timer: 32 bits, counting down. Its registers, for whoever can reach them. Facts:
 * Arm Cortex-M System Design Kit Technical Reference Manual, DDI 0479, chapter 4, "APB timer".
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_CMSDK_TIMER_H
#define DRIVERS_CMSDK_TIMER_H

enum {
    CMSDK_TIMER_CTRL = 0x0,   /* enables */
    CMSDK_TIMER_VALUE = 0x4,  /* counts down at the clock of the bus */
    CMSDK_TIMER_RELOAD = 0x8, /* what VALUE becomes after 0 */
    CMSDK_TIMER_INT = 0xc,    /* read: raised; write 1 to clear */
};
#define CMSDK_TIMER_ON     (1u << 0) /* CTRL */
#define CMSDK_TIMER_INT_ON (1u << 3)

#endif
