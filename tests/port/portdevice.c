/* A device of another kernel, register by register: portdevice REGISTER TIMES [quiet]. Writes
 * numbers to a register that nobody else writes, and reads them back. Its owner may be lost
 * meanwhile: then what was written may be gone, which is told, and it begins anew.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/self.h"

#include <stdio.h>
#include <stdlib.h>

#define CALL_MS  1000u
#define PAUSE_MS 1u
#define PATIENCE 20000u

static bool is_lost(sk_err err)
{
    return err == SK_ERR_PEER_DEAD || err == SK_ERR_CORE_DOWN || err == SK_ERR_TIMED_OUT ||
           err == SK_ERR_BUSY; /* the answer that did not come in time is still due */
}

/* SK_ERR_PROTOCOL: it reads as something that was not written. */
static sk_err once(sk_handle device, uint32_t offset, uint32_t value)
{
    uint32_t read = 0;
    sk_err err = sys_dev_write(device, offset, value, sk_in_ms(CALL_MS));
    if (err == SK_OK)
        err = sys_dev_read(device, offset, &read, sk_in_ms(CALL_MS));
    if (err == SK_OK && read != value)
        err = SK_ERR_PROTOCOL;
    return err;
}

int main(int argc, char **argv)
{
    uint32_t offset = argc > 1 ? 4u * (uint32_t)atoi(argv[1]) : 0;
    uint32_t times = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
    uint32_t right = 0, lost = 0, value;
    sk_handle device = sk_self()->start->device[0];
    sk_err err = SK_OK;
    while (right < times && lost < PATIENCE && err == SK_OK) {
        err = once(device, offset, right ^ 0x5a5a0000u);
        if (err == SK_OK) {
            right++;
        } else if (is_lost(err)) {
            lost++;
            err = SK_OK;
            sk_sleep_until(sk_in_ms(PAUSE_MS));
        }
    }
    if (err == SK_OK && sys_dev_read(device, 2, &value, sk_in_ms(CALL_MS)) == SK_OK)
        err = SK_ERR_STATE; /* no register there */
    if (err != SK_OK || argc <= 3)
        printf("portdevice: core %u: %u right, %s: %s\n", (unsigned)sk_my_core(), (unsigned)right,
               lost ? "some lost" : "none lost", sk_err_text(err));
    return err == SK_OK && right == times ? 0 : 1;
}
