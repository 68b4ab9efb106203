/* Orders about a core that take their time, and what else is asked of core 0's init meanwhile: that
 * is answered first. The core hangs and is stopped, while its start waits for its turn; then the
 * same again, but who has asked is killed: the order that was begun is carried out, the one that
 * waited is not. And a stop whose end and whose time core 0's init learns of at once (orders_due).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/proc.h"
#include "tests/sim/scenes/stand.h"

#define SERVICE "service" /* rpc_server */

#define DUE_MS 20u

/* witness.count, by number of the child, which has */
#define ASKED(n)    (n)
#define ANSWERED(n) (8u + (n))

enum { LOOK, STOP, START, STOP_KILLED, START_KILLED };

static sk_core victim(void)
{
    return sk_cores() - 1u;
}

static int child(uint32_t n)
{
    sk_err err = SK_OK;
    witness.count[ASKED(n)]++;
    if (n == STOP || n == STOP_KILLED)
        err = proc_core_ask(NULL, victim(), SK_ASK_STOP, sk_in_ms(STAND_MS));
    else if (n == START || n == START_KILLED)
        err = proc_core_start(NULL, victim(), sk_in_ms(STAND_MS));
    witness.count[ANSWERED(n)]++;
    return -err;
}

static sk_tid spawn(uint32_t n)
{
    char number[2] = {(char)('0' + n), '\0'};
    const char *argv[2] = {"orders_child", number};
    sk_tid tid = SK_TID_NONE;
    (void)W_TOLD(proc_spawn(NULL, argv[0], 2, argv, 0, &tid), SK_TID_NONE, SK_FOREVER);
    return tid;
}

/* A child whose order has come to init, by now. */
static sk_tid order(uint32_t n)
{
    sk_tid tid = spawn(n);
    for (uint32_t i = 0; i < 100u && witness.count[ASKED(n)] == 0; i++)
        sk_sleep_until(sk_in_ms(1));
    sk_sleep_until(sk_in_ms(5));
    return tid;
}

/* What it was told, if it has come so far. */
static sk_err told(sk_tid tid)
{
    struct proc_exit how = {.cause = 0};
    sk_err err = proc_wait(NULL, tid, &how, SK_FOREVER);
    return err != SK_OK ? err : how.cause != SK_CAUSE_EXITED ? SK_ERR_PEER_DEAD : -how.status;
}

/* All that core 0's init does for a program of its own. */
static void init_answers(void)
{
    struct sk_chan chan;
    sk_tid tid = spawn(LOOK);
    sk_err err = told(tid);
    if (w_alone())
        W_CHECK(err == SK_OK);
    err = stand_connect(SERVICE, &chan);
    if (err == SK_OK)
        sk_chan_close(&chan);
    if (w_alone())
        W_CHECK(err == SK_OK);
}

static void expect(sk_err is, sk_err err)
{
    if (w_alone() && is != err)
        w_fail(__FILE__, __LINE__, "told: %s, not: %s", sk_err_text(is), sk_err_text(err));
}

static void expect_core(uint32_t state, uint32_t epoch)
{
    struct proc_core core;
    sk_err err = proc_core_info(NULL, victim(), &core);
    if (w_alone() && (err != SK_OK || core.info.state != state || core.info.epoch != epoch))
        w_fail(__FILE__, __LINE__, "%s: state %u, epoch %u", sk_err_text(err),
               (unsigned)core.info.state, (unsigned)core.info.epoch);
}

/* It hangs, which takes time to be found out. */
static void stop_and_start(void)
{
    expect(proc_core_ask(NULL, victim(), SK_ASK_HANG, sk_in_ms(STAND_MS)), SK_OK);
    sk_tid stop = order(STOP), start = order(START);
    init_answers();
    if (w_alone())
        W_CHECK(witness.count[ANSWERED(STOP)] == 0 && witness.count[ANSWERED(START)] == 0);
    expect(told(stop), w_can_force() ? SK_OK : SK_ERR_STATE);
    expect(told(start), w_can_force() ? SK_OK : SK_ERR_STATE);
}

static void die_and_wait(sk_tid tid)
{
    expect(proc_kill(NULL, tid), SK_OK);
    expect(told(tid), SK_ERR_PEER_DEAD);
}

/* Once more; both who have asked are killed before they are told. */
static void stop_and_die(void)
{
    expect(proc_core_ask(NULL, victim(), SK_ASK_HANG, sk_in_ms(STAND_MS)), SK_OK);
    sk_tid stop = order(STOP_KILLED), start = order(START_KILLED);
    die_and_wait(start);
    die_and_wait(stop);
    init_answers();
    if (w_alone())
        W_CHECK(witness.count[ANSWERED(STOP_KILLED)] == 0);
    expect(proc_core_start(NULL, victim(), sk_in_ms(STAND_MS)), SK_OK); /* when it is off */
    expect_core(SK_CORE_RUNNING, 3);
}

/* --- What is due before it is known ----------------------------------------------------------- */

enum { DUE_STOP = 5 };

/* What init says, whenever that is. */
static int stop_due(void)
{
    struct proc_at q = {.core = victim(), .index = SK_ASK_STOP, .deadline = sk_in_ms(DUE_MS)};
    witness.count[ASKED(DUE_STOP)]++;
    sk_err err =
        sk_call(sk_parent(), PROC_CORE_ASK, &q, sizeof q, NULL, 0, NULL, sk_in_ms(STAND_MS));
    return -err;
}

/* A core is asked to stop, and does. Core 0's init waits for another one meanwhile, until the time
 * of that stop is up, and looks at the time first, as it has a client on another core: it is
 * stopped nevertheless. */
static int due(void)
{
    const char *argv[2] = {"orders_due", "stop"};
    struct proc_core core = {.fate = 0};
    sk_tid tid = SK_TID_NONE;
    expect(proc_core_ask(NULL, 2, SK_ASK_HANG, sk_in_ms(STAND_MS)), SK_OK);
    (void)W_TOLD(proc_spawn(NULL, argv[0], 2, argv, sk_my_core(), &tid), SK_TID_NONE, SK_FOREVER);
    for (uint32_t i = 0; i < 100u && witness.count[ASKED(DUE_STOP)] == 0; i++)
        sk_sleep_until(sk_now() + 100000u);
    sk_sleep_until(sk_in_ms(1));
    (void)proc_core_ask(NULL, 2, SK_ASK_HANG, sk_in_ms(STAND_MS));
    expect(told(tid), SK_OK);
    if (!w_alone()) /* it may run, and to ask it takes a channel between inits that stays */
        return 0;
    sk_err err = proc_core_info(NULL, victim(), &core);
    if (w_alone())
        W_CHECK(err == SK_OK && core.fate == PROC_FATE_STOP);
    return 0;
}

int main(int argc, char **argv)
{
    if (strcmp(argv[0], "orders_due") == 0)
        return argc > 1 ? stop_due() : due();
    if (strcmp(argv[0], "orders_child") == 0)
        return argc > 1 ? child((uint32_t)(argv[1][0] - '0')) : 1;
    stop_and_start();
    if (w_can_force())
        stop_and_die();
    return 0;
}
