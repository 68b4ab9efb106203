/* Arm PL011 UART: register access for whoever owns the device (the console service).
 * Facts: PrimeCell UART (PL011) Technical Reference Manual, DDI 0183, chapter 3.
 *
 * The FIFO is left as it was found: switching it on or off throws away what it holds, and input
 * may be waiting from before the driver started. Line settings are the firmware's too.
 * Does not wait: callers poll or use the interrupt.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_PL011_H
#define DRIVERS_PL011_H

#include <mmio.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PL011_DR = 0x00,    /* data; bits 8-11 of a read are the errors of that character */
    PL011_FR = 0x18,    /* flags */
    PL011_LCR_H = 0x2c, /* line control */
    PL011_CR = 0x30,    /* control */
    PL011_IMSC = 0x38,  /* interrupt mask: 1 lets it through */
    PL011_ICR = 0x44,   /* write 1 to clear */
};
#define PL011_FR_BUSY (1u << 3) /* something is still to be sent */
#define PL011_FR_RXFE (1u << 4) /* nothing to read */
#define PL011_FR_TXFF (1u << 5) /* no room to write */
#define PL011_LCR_8N1 (3u << 5)
#define PL011_CR_ON   (1u | 1u << 8 | 1u << 9) /* enable, transmit, receive */
#define PL011_INT_RX  (1u << 4)
#define PL011_INT_TX  (1u << 5)
#define PL011_INT_RT  (1u << 6) /* characters waiting below the FIFO's trigger */
#define PL011_INT_ERR (1u << 7 | 1u << 8 | 1u << 9 | 1u << 10)
#define PL011_DR_ERR  (0xfu << 8)

/* Switch the UART on with all interrupts masked. Keeps what has been received. */
static inline void pl011_init(uintptr_t base)
{
    mmio_write32(base + PL011_IMSC, 0);
    uint32_t lcr = mmio_read32(base + PL011_LCR_H);
    if ((lcr & PL011_LCR_8N1) != PL011_LCR_8N1)
        mmio_write32(base + PL011_LCR_H, lcr | PL011_LCR_8N1);
    mmio_write32(base + PL011_CR, PL011_CR_ON);
}

/* Which interrupts the device may raise: reception, room to send. */
static inline void pl011_irq_enable(uintptr_t base, bool rx, bool tx)
{
    uint32_t mask = (rx ? PL011_INT_RX | PL011_INT_RT : 0u) | (tx ? PL011_INT_TX : 0u);
    mmio_write32(base + PL011_IMSC, mask);
}

/* Acknowledge what reading and writing do not. The receive interrupt is not cleared here: reading
 * all that is there does that, and clearing it could hide a character that has just come. */
static inline void pl011_irq_clear(uintptr_t base)
{
    mmio_write32(base + PL011_ICR, PL011_INT_ERR | PL011_INT_TX);
}

/* One character received: true, in *c. A character with a line error is reported as 0. */
static inline bool pl011_get_try(uintptr_t base, uint8_t *c)
{
    if (mmio_read32(base + PL011_FR) & PL011_FR_RXFE)
        return false;
    uint32_t d = mmio_read32(base + PL011_DR);
    *c = (uint8_t)(d & PL011_DR_ERR ? 0 : d);
    return true;
}

/* Has everything left the line? */
static inline bool pl011_is_idle(uintptr_t base)
{
    return !(mmio_read32(base + PL011_FR) & PL011_FR_BUSY);
}

/* Send one character; false: no room now. */
static inline bool pl011_put_try(uintptr_t base, uint8_t c)
{
    if (mmio_read32(base + PL011_FR) & PL011_FR_TXFF)
        return false;
    mmio_write32(base + PL011_DR, c);
    return true;
}

#endif
