/* Arm CMSDK APB UART: register access for whoever owns the device (the console and serial services,
 * a board's early console). Facts: Arm Cortex-M System Design Kit Technical Reference Manual,
 * DDI 0479, chapter 4, "APB UART".
 *
 * One character of buffer each way, always 8N1. An interrupt is an edge that is remembered: it is
 * raised for what happens while it is enabled, not for what is there already. So: clear, then look
 * at the buffers; and look once more after enabling.
 * Does not wait: callers poll or use the interrupt (the combined one, which is both directions).
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_CMSDK_UART_H
#define DRIVERS_CMSDK_UART_H

#include <mmio.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    CMSDK_UART_DATA = 0x00,
    CMSDK_UART_STATE = 0x04,   /* of the buffers; overrun bits are cleared by writing 1 */
    CMSDK_UART_CTRL = 0x08,    /* enables */
    CMSDK_UART_INT = 0x0c,     /* read: raised; write 1 to clear */
    CMSDK_UART_BAUDDIV = 0x10, /* clock / baud rate, 16 or more */
};
#define CMSDK_UART_TX_FULL   (1u << 0) /* STATE */
#define CMSDK_UART_RX_FULL   (1u << 1)
#define CMSDK_UART_TX_ON     (1u << 0) /* CTRL */
#define CMSDK_UART_RX_ON     (1u << 1)
#define CMSDK_UART_TX_INT_ON (1u << 2)
#define CMSDK_UART_RX_INT_ON (1u << 3)
#define CMSDK_UART_INT_ALL   0xfu /* INT: transmit, receive, their overruns */
#define CMSDK_UART_DIV_MIN   16u

/* Switch the UART on with all interrupts masked. divider: of its clock, for the baud rate; one that
 * is set already stays. Keeps what has been received. */
static inline void cmsdk_uart_init(uintptr_t base, uint32_t divider)
{
    if (mmio_read32(base + CMSDK_UART_BAUDDIV) < CMSDK_UART_DIV_MIN)
        mmio_write32(base + CMSDK_UART_BAUDDIV, divider);
    mmio_write32(base + CMSDK_UART_CTRL, CMSDK_UART_TX_ON | CMSDK_UART_RX_ON);
}

/* Which interrupts the device may raise: reception, room to send. */
static inline void cmsdk_uart_irq_enable(uintptr_t base, bool rx, bool tx)
{
    uint32_t on = CMSDK_UART_TX_ON | CMSDK_UART_RX_ON;
    on |= (rx ? CMSDK_UART_RX_INT_ON : 0u) | (tx ? CMSDK_UART_TX_INT_ON : 0u);
    mmio_write32(base + CMSDK_UART_CTRL, on);
}

/* Acknowledge all; before looking at the buffers. */
static inline void cmsdk_uart_irq_clear(uintptr_t base)
{
    mmio_write32(base + CMSDK_UART_INT, CMSDK_UART_INT_ALL);
}

/* One character received: true, in *c. */
static inline bool cmsdk_uart_get_try(uintptr_t base, uint8_t *c)
{
    if (!(mmio_read32(base + CMSDK_UART_STATE) & CMSDK_UART_RX_FULL))
        return false;
    *c = (uint8_t)mmio_read32(base + CMSDK_UART_DATA);
    return true;
}

/* Has everything left the buffer? The last character may still be on its way out: the device does
 * not tell. */
static inline bool cmsdk_uart_is_idle(uintptr_t base)
{
    return !(mmio_read32(base + CMSDK_UART_STATE) & CMSDK_UART_TX_FULL);
}

/* Send one character; false: no room now. */
static inline bool cmsdk_uart_put_try(uintptr_t base, uint8_t c)
{
    if (mmio_read32(base + CMSDK_UART_STATE) & CMSDK_UART_TX_FULL)
        return false;
    mmio_write32(base + CMSDK_UART_DATA, c);
    return true;
}

#endif
