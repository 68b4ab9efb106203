/* The interface of the service `serial`: the second UART of the machine, for programs on any core.
 * It is served twice over: as lines of text, and operation for operation as the driver has it
 * (services/serial/uart_stub.h). All clients share the line; what one call writes stays together.
 *
 * The functions block until the answer or the deadline (absolute). SK_ERR_TIMED_OUT and
 * SK_ERR_PEER_DEAD: some of it may have been written.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SERIAL_SERIAL_H
#define SERIAL_SERIAL_H

#include "lib/rpc.h"

#define SERIAL_NAME "serial"

enum {
    SERIAL_WRITE = 1, /* 0..224 bytes -> nothing, once the device has taken them */
    SERIAL_PUT_TRY,   /* 1 byte -> nothing; SK_ERR_FULL: no room now */
    SERIAL_GET_TRY,   /* nothing -> 1 byte; SK_ERR_EMPTY: none there */
    SERIAL_IS_IDLE,   /* nothing -> nothing; SK_ERR_BUSY: something is still to be sent */
};

/* Write len bytes, at most SK_PAYLOAD_MAX, as they are. SK_ERR_TOO_BIG. */
static inline sk_err serial_write(struct sk_chan *serial, const void *text, uint32_t len,
                                  sk_ns deadline)
{
    return sk_call(serial, SERIAL_WRITE, text, len, NULL, 0, NULL, deadline);
}

#endif
