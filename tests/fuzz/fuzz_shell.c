/* The shell, its line editing and its commands: any keys typed at it, any answers from the services
 * that it asks. Everything but the transport is the real thing: services/shell, lib/console,
 * lib/names, lib/proc, lib/stdio.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"
#include "lib/self.h"
#include "arch/host/include/host_user.h"

#include <setjmp.h>
#include <skerry/syscall.h>
#include <stdlib.h>

#define WORK_MAX 20000u /* answers, after which nobody types any more */

int prog_main_shell(int argc, char **argv);
void sim_step(void);
void sim_stored(const uint32_t *p, uint32_t v);

static struct {
    struct input in;
    jmp_buf end;
    struct sk_start start;
    struct sk_self self;
    sk_ns now;
    uint32_t work;
} w;

void sim_step(void)
{
}

void sim_stored(const uint32_t *p, uint32_t v)
{
    (void)p;
    (void)v;
}

void *host_self(void)
{
    return &w.self;
}

sk_ns host_now(void)
{
    return w.now += 1000;
}

void host_relax(void)
{
}

void *host_malloc(size_t bytes)
{
    static _Alignas(16)
        uint8_t arena[65536]; /* one block at a time: a jump leaves nothing behind */
    return bytes <= sizeof(arena) && input_below(&w.in, 8) ? arena : NULL;
}

void host_free(void *p)
{
    (void)p;
}

/* Waits end, halts and exits end the input. */
void host_syscall(uint32_t nr, const uint64_t a[6], uint64_t r[4])
{
    memset(r, 0, 4 * sizeof(r[0]));
    if (nr == SK_CALL_EXIT || w.work++ > WORK_MAX)
        longjmp(w.end, 1);
    if (nr == SK_CALL_WAIT) {
        r[0] = (uint64_t)SK_ERR_TIMED_OUT;
        w.now = a[1] > w.now && a[1] != SK_FOREVER ? a[1] : w.now + SK_MS(1);
    }
}

static sk_err some_err(void)
{
    uint8_t b = input_u8(&w.in);
    return b < 200 ? SK_OK : -(sk_err)(b % 23u);
}

/* --- The transport, in place of lib/chan.c and lib/rpc.c ------------------------------------- */

sk_err sk_chan_open(struct sk_chan *c, sk_handle end, uint32_t bit)
{
    (void)bit;
    *c = (struct sk_chan){.handle = end};
    return SK_OK;
}

sk_err sk_chan_create_quota(struct sk_chan *mine, sk_handle *theirs, uint32_t bit, size_t bytes)
{
    (void)bytes;
    *theirs = SK_HANDLE_MAKE(9, 1);
    return sk_chan_open(mine, SK_HANDLE_MAKE(8, 1), bit);
}

sk_err sk_chan_create(struct sk_chan *mine, sk_handle *theirs, uint32_t bit)
{
    return sk_chan_create_quota(mine, theirs, bit, 0);
}

void sk_chan_close(struct sk_chan *c)
{
    c->handle = SK_HANDLE_NONE;
}

bool sk_chan_peer_closed(const struct sk_chan *c)
{
    (void)c;
    return input_u8(&w.in) == 0xfe;
}

void sk_in_drop_handles(struct sk_in *in)
{
    in->handles = 0;
}

sk_err sk_send_until(struct sk_chan *c, const struct sk_out *out, sk_ns deadline)
{
    uint8_t sum = 0;
    (void)c, (void)deadline;
    for (uint32_t i = 0; i < out->len; i++)
        sum ^= ((const uint8_t *)out->bytes)[i];
    w.work += 1u + sum % 2u;
    if (w.work > WORK_MAX)
        longjmp(w.end, 1);
    return SK_OK;
}

/* What is typed: words that the shell knows and some that it does not, or any keys. */
static void some_keys(char *to, uint32_t n)
{
    static const char *const word[] = {
        "help",  "ps",   "cores", "names",  "run",    "spawn",   "wait",       "kill",  "log",
        "ping",  "core", "stats", "repeat", "exit",   "start",   "restart",    "stop",  "crash",
        "hang",  "-c",   "0",     "1",      "9",      "1000001", "4294967296", "1.2.3", "256.0.0",
        "0.0.1", "1.2.", "echo",  "x*",     "\x1b[A", "\b\b",    "\x15",       "\x04",  "\t"};
    uint32_t at = 0;
    uint8_t b = input_u8(&w.in);
    if (b >= 0xc0) {
        input_bytes(&w.in, to, n);
        return;
    }
    memset(to, '\r', n);
    for (uint32_t words = b % 8u; words > 0 && at < n; words--) {
        const char *s = word[input_u8(&w.in) % (sizeof(word) / sizeof(word[0]))];
        while (*s != '\0' && at < n)
            to[at++] = *s++;
        if (at < n)
            to[at++] = words > 1 || b >= 0x80 ? ' ' : '\r';
    }
}

sk_err sk_call(struct sk_chan *c, uint16_t label, const void *request, uint32_t len, void *reply,
               uint32_t reply_max, uint32_t *got, sk_ns deadline)
{
    uint8_t seen[SK_PAYLOAD_MAX];
    (void)label;
    FUZZ_CHECK(len <= sizeof(seen) && reply_max <= SK_PAYLOAD_MAX);
    if (len != 0)
        memcpy(seen, request, len); /* all of it is there */
    if (w.in.left == 0 || w.work++ > WORK_MAX)
        longjmp(w.end, 1);
    sk_err err = some_err();
    if (err == SK_ERR_TIMED_OUT && deadline != SK_FOREVER && deadline > w.now)
        w.now = deadline;
    uint32_t n = 0;
    if (err == SK_OK && reply_max != 0) {
        uint8_t b = input_u8(&w.in);
        n = b < 200 ? reply_max : b % (reply_max + 1u);
        if (n > w.in.left)
            n = reply_max;
        if (c == &w.self.console)
            some_keys(reply, n);
        else
            input_bytes(&w.in, reply, n);
    }
    if (got != NULL)
        *got = n;
    return err;
}

sk_err sk_call_msg(struct sk_chan *c, struct sk_out *out, struct sk_in *in, uint32_t reply_max,
                   sk_ns deadline)
{
    memset(in, 0, sizeof(*in));
    return sk_call(c, out->label, out->bytes, out->len, in->bytes, reply_max, &in->len, deadline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&w, 0, sizeof(w));
    w.in = input_of(data, size);
    w.start = (struct sk_start){.magic = SK_START_MAGIC,
                                .cores = 4,
                                .core = 1,
                                .parent = SK_HANDLE_MAKE(7, 1),
                                .name = "shell"};
    w.self.start = &w.start;
    if (setjmp(w.end) == 0)
        (void)prog_main_shell(0, NULL);
    FUZZ_CHECK(w.self.line_len < sizeof(w.self.line) && w.self.pend_pos <= w.self.pend_len &&
               w.self.pend_len <= sizeof(w.self.pend));
    return 0;
}
