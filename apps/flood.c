/* Asks a service without waiting for answers until the channel is full, then takes the answers.
 * Label 0 is nobody's: whatever the service is, it answers that it does not know it.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/names.h"
#include "lib/self.h"
#include "services/echo/echo.h"

#include <stdio.h>

#define CALLS_MAX  (SK_CHAN_SLOTS + 1u)
#define CONNECT_MS 5000u
#define ANSWER_MS  20000u

int main(int argc, char **argv)
{
    struct sk_call call[CALLS_MAX];
    struct sk_in in; /* of any answer: only their errors count */
    struct sk_chan chan;
    const char *name = argc > 1 ? argv[1] : ECHO_NAME;
    sk_err err = names_connect(name, sk_in_ms(CONNECT_MS), &chan);
    if (err) {
        printf("flood: %s: %s\n", name, sk_err_text(err));
        return 1;
    }
    uint32_t sent = 0, answered = 0;
    while (sent < CALLS_MAX) {
        struct sk_out out = {.label = 0, .len = sizeof sent, .bytes = &sent};
        err = sk_call_begin(&chan, &call[sent], &out, &in, sizeof sent);
        if (err)
            break;
        sent++;
    }
    printf("flood: %s after %u requests\n", sk_err_text(err), (unsigned)sent);
    sk_ns deadline = sk_in_ms(ANSWER_MS); /* of all */
    for (uint32_t i = 0; i < sent; i++)
        answered += sk_call_end(&chan, &call[i], deadline) == SK_ERR_UNSUPPORTED ? 1u : 0u;
    printf("flood: %u answers\n", (unsigned)answered);
    sk_chan_close(&chan);
    return err == SK_ERR_FULL && answered == sent ? 0 : 1;
}
