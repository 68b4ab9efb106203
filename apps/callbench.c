/* Calls a service again and again: callbench NAME [COUNT]. When the service dies it says so,
 * connects again by name and goes on.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/names.h"
#include "lib/self.h"
#include "services/echo/echo.h"

#include <stdio.h>
#include <stdlib.h>

#define CONNECT_MS 20000u
#define CALL_MS    20000u

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : ECHO_NAME;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    struct sk_chan chan;
    unsigned long done = 0, deaths = 0;
    sk_err err = names_connect(name, sk_in_ms(CONNECT_MS), &chan);
    sk_ns begin = sk_now();
    while (err == SK_OK && done < count) {
        uint64_t question = done, answer = 0;
        err = sk_call(&chan, ECHO_SAME, &question, sizeof question, &answer, sizeof answer, NULL,
                      sk_in_ms(CALL_MS));
        if (err == SK_OK && answer != question) {
            printf("callbench: wrong answer\n");
            return 1;
        }
        done += err == SK_OK ? 1u : 0u;
        if (err == SK_ERR_PEER_DEAD) {
            printf("callbench: %s after %lu calls\n", sk_err_text(err), done);
            deaths++;
            sk_chan_close(&chan);
            err = names_connect(name, sk_in_ms(CONNECT_MS), &chan);
        }
    }
    sk_ns took = sk_now() - begin;
    if (err) {
        printf("callbench: %s: %s after %lu calls\n", name, sk_err_text(err), done);
        return 1;
    }
    sk_chan_close(&chan);
    printf("callbench: %lu calls on core %u, %llu ns each, %lu deaths\n", done,
           (unsigned)sk_my_core(), (unsigned long long)(done ? took / done : 0), deaths);
    return 0;
}
