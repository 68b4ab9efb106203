/* Starts the roles of the scenario, one after the other, and waits for the end of each that ends by
 * itself. First it has itself started once on each core, with an argument, which ends at once: so
 * that what is taken for good at the first use is taken before anything is counted.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/names.h"
#include "lib/proc.h"
#include "lib/self.h"

#include <witness.h>

static sk_err warm(sk_core core)
{
    const char *argv[2] = {"director", "warm"};
    struct proc_exit how;
    sk_tid tid;
    sk_err err = proc_spawn(NULL, "director", 2, argv, core, &tid);
    if (err == SK_OK)
        err = proc_wait(NULL, tid, &how, SK_FOREVER);
    return err == SK_OK && how.status != 0 ? SK_ERR_STATE : err;
}

/* The names service, by its own init and by others' connections. */
static int get_warm(void)
{
    sk_handle port;
    struct sk_chan chan;
    sk_err err = sys_port_create(SK_EV_PORT, 1, &port);
    if (err == SK_OK)
        err = names_register("warm", port);
    if (err == SK_OK)
        err = names_connect("warm", sk_in_ms(1000), &chan);
    if (err == SK_OK)
        err = names_unregister("warm");
    return err == SK_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *program, *arg;
    sk_core core;
    (void)argv;
    if (argc > 1)
        return get_warm();
    for (sk_core c = 0; c < sk_cores(); c++)
        if (warm(c) != SK_OK || warm(c) != SK_OK)
            w_fail(__FILE__, __LINE__, "core %u does not get warm", c);
    witness.ready_ns = sk_now();
    witness.ready = true;
    while (!witness.go)
        sk_sleep_until(sk_now() + SK_MS(100));
    for (uint32_t n = 0; w_role(n, &program, &core, &arg); n++) {
        const char *args[2] = {program, arg};
        sk_tid tid;
        W_TOLD(proc_spawn(NULL, program, arg ? 2 : 1, args, core, &tid), SK_TID_NONE, SK_FOREVER);
    }
    return 0;
}
