/* The victim: does things in an order that follows from seed and round, says what it begins and
 * what it has done, and checks what it gets. SPDX-License-Identifier: BSD-2-Clause */
#include "torture.h"
#include <stdio.h>

#define HELD    4u
#define PORTS   2u
#define BRIEFLY SK_MS(1)

struct victim {
    struct round *round;
    struct account *account;
    struct chance chance;
    struct sk_chan msg, ask, serve;
    sk_handle port;
    struct sk_chan sub[SUBS]; /* handle NONE: not open */
    sk_handle held[HELD];     /* regions of the survivor's */
    sk_handle own_port[PORTS];
    struct sk_chan accepted[SUBS];
    uint32_t accepts;
};

/* Something is not as it should be: say so, end. Errors are right once the survivor has left. */
static int bad(struct victim *v, uint32_t line, sk_err err)
{
    if (LOOK(*v->round->left) != 0 && err == SK_ERR_PEER_DEAD)
        return 1;
    SAY(v->account->err, err);
    SAY(v->account->bad, line);
    return 1;
}
#define BAD(v, err) bad(v, __LINE__, err)

/* Send the next message of the round with these handles. */
static int say(struct victim *v, uint32_t what, uint32_t id, const sk_handle *h, uint32_t handles)
{
    uint8_t bytes[SK_PAYLOAD_MAX];
    struct account *a = v->account;
    struct note n = {v->round->number, a->sent_done, what, id};
    struct sk_out out = {.label = (uint16_t)(n.number & 0xfffu),
                         .len = note_write(bytes, &n),
                         .bytes = bytes,
                         .handles = handles,
                         .handle = h};
    SAY(a->sent_begun, n.number + 1u);
    sk_err err = sk_send_until(&v->msg, &out, sk_in_ms(patience_ms));
    if (err != SK_OK)
        return BAD(v, err);
    SAY(a->sent_done, n.number + 1u);
    return 0;
}

static int op_say(struct victim *v)
{
    uint32_t n = 1u + chance_below(&v->chance, 10);
    for (uint32_t i = 0; i < n; i++)
        if (say(v, NOTE_PLAIN, 0, NULL, 0) != 0)
            return 1;
    return 0;
}

/* Is the region stamped with that id? */
static bool stamped(sk_handle region, uint32_t round, uint32_t id)
{
    uintptr_t at;
    uint32_t pages;
    if (sys_region_map_all(region, SK_PROT_R | SK_PROT_W, &at, &pages) != SK_OK)
        return false;
    const uint32_t *w = (const uint32_t *)at;
    bool good = w[0] == round && w[1] == id && w[pages * PAGE / 4u - 1u] == id;
    return sys_region_unmap(region) == SK_OK && good;
}

/* A region of the survivor's: kept, sent back, or closed. */
static int take_region(struct victim *v, struct sk_in *in, const struct note *n)
{
    if (in->handles != 1 || in->handle[0] == SK_HANDLE_NONE)
        return BAD(v, (sk_err)in->handles);
    if (!stamped(in->handle[0], n->round, n->id))
        return BAD(v, SK_ERR_FAULT);
    uint32_t i = n->id % HELD;
    if (v->held[i] != SK_HANDLE_NONE) {
        if (chance_below(&v->chance, 2) == 0) {
            sk_err err = sys_close(v->held[i]);
            if (err != SK_OK)
                return BAD(v, err);
        } else if (say(v, NOTE_REGION, UINT32_MAX, &v->held[i], 1) != 0) {
            return 1;
        }
    }
    v->held[i] = in->handle[0];
    return 0;
}

static int op_listen(struct victim *v)
{
    struct sk_in in;
    struct note n;
    uint32_t most = 1u + chance_below(&v->chance, 12);
    for (uint32_t i = 0; i < most; i++) {
        sk_err err = sk_recv_until(&v->msg, &in, sk_now() + BRIEFLY / 4u);
        if (err == SK_ERR_TIMED_OUT)
            return 0;
        if (err != SK_OK)
            return BAD(v, err);
        if (!note_read(&in, v->round->number, v->account->got, &n))
            return BAD(v, SK_ERR_PROTOCOL);
        SAY(v->account->got, n.number + 1u);
        if (n.what == NOTE_REGION && take_region(v, &in, &n) != 0)
            return 1;
        if (n.what != NOTE_REGION && in.handles != 0)
            return BAD(v, (sk_err)in.handles);
    }
    return 0;
}

static int ask_one(struct victim *v)
{
    struct account *a = v->account;
    uint32_t number = a->asked, got, reply;
    SAY(a->asked, number + 1u);
    sk_err err = sk_call(&v->ask, 1, &number, sizeof(number), &reply, sizeof(reply), &got,
                         sk_in_ms(patience_ms));
    if (err != SK_OK || got != 4 || reply != answer_to(v->round->number, number))
        return BAD(v, err);
    SAY(a->answered, number + 1u);
    return 0;
}

/* Several calls at once, or one. */
static int op_ask(struct victim *v)
{
    struct sk_call call[4];
    struct sk_in in[4];
    struct account *a = v->account;
    uint32_t n = 1u + chance_below(&v->chance, 4), first = a->asked;
    if (n == 1)
        return ask_one(v);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t number = first + i;
        struct sk_out out = {.label = 1, .len = 4, .bytes = &number};
        SAY(a->asked, number + 1u);
        sk_err err = sk_call_begin(&v->ask, &call[i], &out, &in[i], 4);
        if (err != SK_OK)
            return BAD(v, err);
    }
    for (uint32_t i = 0; i < n; i++) {
        sk_err err = sk_call_end(&v->ask, &call[i], sk_in_ms(patience_ms));
        if (err != SK_OK || in[i].len != 4 ||
            in[i].w32[0] != answer_to(v->round->number, first + i))
            return BAD(v, err);
        SAY(a->answered, first + i + 1u);
    }
    return 0;
}

static int op_serve(struct victim *v)
{
    struct sk_in in;
    struct account *a = v->account;
    uint32_t most = 1u + chance_below(&v->chance, 12);
    for (uint32_t i = 0; i < most; i++) {
        sk_err err = sk_recv_until(&v->serve, &in, sk_now() + BRIEFLY / 4u);
        if (err == SK_ERR_TIMED_OUT)
            return 0;
        if (err != SK_OK)
            return BAD(v, err);
        if (in.len != 4 || in.w32[0] != a->served_done)
            return BAD(v, SK_ERR_PROTOCOL);
        uint32_t answer = answer_to(v->round->number, in.w32[0]);
        SAY(a->served_begun, in.w32[0] + 1u);
        err = sk_reply(&v->serve, in.token, SK_OK, &answer, 4, NULL, 0, NULL);
        if (err != SK_OK)
            return BAD(v, err);
        SAY(a->served_done, a->served_begun);
    }
    return 0;
}

static int region_make(struct victim *v, uint32_t id, sk_handle *region);

/* The next message on channel number i of those made here; sometimes with a region, also while the
 * other end is on its way. */
static int sub_say(struct victim *v, uint32_t i)
{
    uint8_t bytes[SK_PAYLOAD_MAX];
    struct account *a = v->account;
    sk_handle region = SK_HANDLE_NONE;
    struct note n = {v->round->number, a->sub_done[i], NOTE_PLAIN, i};
    struct sk_out out = {.label = 2, .bytes = bytes, .handle = &region};
    if (n.number != 0 && chance_below(&v->chance, 4) == 0) {
        if (region_make(v, n.number, &region) != 0)
            return 1;
        n.what = NOTE_REGION;
        out.handles = 1;
    }
    out.len = note_write(bytes, &n);
    SAY(a->sub_begun[i], n.number + 1u);
    sk_err err = sk_send_try(&v->sub[i], &out);
    if (err == SK_ERR_FULL) { /* its other end is on its way still */
        SAY(a->sub_begun[i], n.number);
        err = region != SK_HANDLE_NONE ? sys_close(region) : SK_OK;
        return err != SK_OK ? BAD(v, err) : 0;
    }
    if (err != SK_OK)
        return BAD(v, err);
    SAY(a->sub_done[i], n.number + 1u);
    return 0;
}

/* A channel with a message in it; *i: its number, SUBS: there were enough. */
static int sub_make(struct victim *v, uint32_t *i, sk_handle *far)
{
    *i = v->account->subs;
    if (*i == SUBS)
        return 0;
    sk_err err = sk_chan_create(&v->sub[*i], far, SK_EV_CHAN);
    if (err != SK_OK)
        return BAD(v, err);
    SAY(v->account->subs, *i + 1u);
    if (sub_say(v, *i) != 0)
        return 1;
    return chance_below(&v->chance, 2) == 0 ? sub_say(v, *i) : 0;
}

static int op_give_end(struct victim *v)
{
    uint32_t i;
    sk_handle far;
    if (sub_make(v, &i, &far) != 0)
        return 1;
    if (i == SUBS)
        return 0;
    if (say(v, NOTE_END, i, &far, 1) != 0)
        return 1;
    sk_err err = sys_close(far);
    if (err != SK_ERR_HANDLE)
        return BAD(v, err); /* it had been given away */
    return sub_say(v, i);
}

static int op_connect(struct victim *v)
{
    uint32_t i;
    sk_handle far;
    struct account *a = v->account;
    if (sub_make(v, &i, &far) != 0)
        return 1;
    if (i == SUBS)
        return 0;
    SAY(a->sub_connected[i], 1);
    SAY(a->connect_begun, a->connect_begun + 1u);
    sk_err err = sys_port_connect(v->port, far, sk_in_ms(patience_ms));
    if (err == SK_ERR_FULL) {
        SAY(a->sub_connected[i], 3);
        SAY(a->connect_begun, a->connect_begun - 1u);
        sk_chan_close(&v->sub[i]);
        err = sys_close(far);
        return err != SK_OK ? BAD(v, err) : 0;
    }
    if (err != SK_OK)
        return BAD(v, err);
    SAY(a->sub_connected[i], 2);
    SAY(a->connect_done, a->connect_done + 1u);
    return sub_say(v, i);
}

/* A connection to the survivor, which is found by its name. */
static int op_find(struct victim *v)
{
    struct account *a = v->account;
    uint32_t i = a->subs;
    if (i == SUBS)
        return 0;
    SAY(a->connect_begun, a->connect_begun + 1u);
    SAY(a->find_begun, a->find_begun + 1u);
    sk_err err = SK_ERR_TIMED_OUT;
    for (sk_ns give_up = sk_in_ms(patience_ms); err == SK_ERR_TIMED_OUT && sk_now() < give_up;) {
        if (LOOK(*v->round->left) != 0)
            return 1; /* and has taken its name back */
        err = names_connect(NAME_OF_SURVIVOR, sk_in_ms(20), &v->sub[i]);
    }
    if (err == SK_ERR_FULL) {
        SAY(a->find_done, a->find_done + 1u);
        SAY(a->connect_begun, a->connect_begun - 1u);
        return 0;
    }
    if (err != SK_OK)
        return BAD(v, err);
    SAY(a->sub_connected[i], 4);
    SAY(a->subs, i + 1u);
    SAY(a->connect_done, a->connect_done + 1u);
    if (sub_say(v, i) != 0)
        return 1;
    SAY(a->find_done, a->find_done + 1u);
    SAY(a->sub_connected[i], 2);
    return 0;
}

/* A port of one's own under a new name; sometimes it is taken back. */
static int op_name(struct victim *v)
{
    char name[SK_NAME_BYTES];
    struct account *a = v->account;
    sk_handle port = v->own_port[chance_below(&v->chance, PORTS)];
    if (port == SK_HANDLE_NONE)
        return 0;
    (void)snprintf(name, sizeof(name), NAMES_OF_VICTIM "%u", a->names_begun);
    SAY(a->names_begun, a->names_begun + 1u);
    sk_err err = names_register(name, port);
    if (err != SK_OK)
        return BAD(v, err);
    SAY(a->names_done, a->names_done + 1u);
    if (chance_below(&v->chance, 2) == 0)
        return 0;
    err = names_unregister(name);
    return err != SK_OK ? BAD(v, err) : 0;
}

static int region_make(struct victim *v, uint32_t id, sk_handle *region)
{
    uintptr_t at;
    uint32_t pages = 1u + chance_below(&v->chance, 2);
    sk_err err = sys_region_create(pages, region);
    if (err == SK_OK)
        err = sys_region_map(*region, 0, SK_PROT_R | SK_PROT_W, &at);
    if (err != SK_OK)
        return BAD(v, err);
    uint32_t *w = (uint32_t *)at;
    if (w[0] != 0 || w[1] != 0 || w[pages * PAGE / 4u - 1u] != 0)
        return BAD(v, SK_ERR_FAULT); /* pages are zero when they are new */
    w[0] = v->round->number;
    w[1] = w[pages * PAGE / 4u - 1u] = id;
    err = sys_region_unmap(*region);
    return err != SK_OK ? BAD(v, err) : 0;
}

/* A region of one's own, perhaps with an end beside it; or one of the survivor's goes back. */
static int op_region(struct victim *v)
{
    uint32_t id = v->account->sent_done, i, held = chance_below(&v->chance, HELD);
    sk_handle h[2];
    if (v->held[held] != SK_HANDLE_NONE) {
        h[0] = v->held[held];
        v->held[held] = SK_HANDLE_NONE;
        return say(v, NOTE_REGION, UINT32_MAX, h, 1);
    }
    if (region_make(v, id, &h[0]) != 0)
        return 1;
    if (chance_below(&v->chance, 2) == 0)
        return say(v, NOTE_REGION, id, h, 1);
    if (sub_make(v, &i, &h[1]) != 0)
        return 1;
    if (i == SUBS)
        return say(v, NOTE_REGION, id, h, 1);
    /* If only one found room in the escrow it would be lost: let it be empty. */
    if (ask_one(v) != 0)
        return 1;
    return say(v, NOTE_BOTH, i, h, 2);
}

static int op_port(struct victim *v)
{
    uint32_t i = chance_below(&v->chance, PORTS);
    if (v->own_port[i] != SK_HANDLE_NONE) {
        sk_err err = sys_close(v->own_port[i]);
        v->own_port[i] = SK_HANDLE_NONE;
        return err != SK_OK ? BAD(v, err) : 0;
    }
    sk_err err = sys_port_create(SK_EV_PORT, 1u + chance_below(&v->chance, 3), &v->own_port[i]);
    if (err != SK_OK)
        return BAD(v, err);
    return say(v, NOTE_PORT, i, &v->own_port[i], 1);
}

static int op_accept(struct victim *v)
{
    struct sk_in in;
    for (uint32_t i = 0; i < PORTS; i++) {
        sk_handle end;
        if (v->own_port[i] == SK_HANDLE_NONE || v->accepts == SUBS)
            continue;
        sk_err err = sys_port_accept(v->own_port[i], &end);
        if (err == SK_ERR_EMPTY)
            continue;
        struct sk_chan *c = &v->accepted[v->accepts];
        if (err == SK_OK)
            err = sk_chan_open(c, end, SK_EV_CHAN);
        if (err == SK_OK)
            err = sk_recv_try(c, &in); /* sent before it was connected */
        if (err != SK_OK)
            return BAD(v, err);
        if (chance_below(&v->chance, 2) == 0)
            sk_chan_close(c);
        else
            v->accepts++;
    }
    return 0;
}

static int op_close(struct victim *v)
{
    if (v->account->subs != 0)
        sk_chan_close(&v->sub[chance_below(&v->chance, v->account->subs)]);
    return 0;
}

static int op_sub_say(struct victim *v)
{
    if (v->account->subs == 0)
        return 0;
    uint32_t i = chance_below(&v->chance, v->account->subs);
    return v->sub[i].handle != SK_HANDLE_NONE ? sub_say(v, i) : 0;
}

static int begin(struct victim *v)
{
    sk_err err = sk_chan_open(&v->msg, sk_linux_given(0), SK_EV_CHAN);
    if (err == SK_OK)
        err = sk_chan_open(&v->ask, sk_linux_given(1), SK_EV_CHAN);
    if (err == SK_OK)
        err = sk_chan_open(&v->serve, sk_linux_given(2), SK_EV_CHAN);
    if (err != SK_OK)
        return BAD(v, err);
    v->port = sk_linux_given(3);
    SAY(v->account->stage, 1);
    return 0;
}

/* Whoever starts a task waits for it without a deadline, so it is not stopped before. */
static void begin_points(const struct round *r)
{
    if (r->at != 0)
        r->points->at = r->points->passed + r->at;
}

int victim_main(void *arg)
{
    static int (*const ops[])(struct victim *) = {
        op_say,      op_say,     op_listen,   op_listen, op_ask,     op_ask,
        op_serve,    op_serve,   op_region,   op_port,   op_connect, op_accept,
        op_close,    op_sub_say, op_give_end, op_region, op_sub_say, op_connect,
        op_give_end, op_find,    op_find,     op_name,   op_name,    op_port};
    static struct victim v; /* of this fork */
    v = (struct victim){.round = arg, .account = ((struct round *)arg)->account};
    v.chance.state = v.round->seed ^ (uint64_t)v.round->number << 20;
    begin_points(v.round);
    sk_linux_spin(chance_below(&v.chance, 3) * 40u);
    if (begin(&v) != 0)
        return 1;
    for (uint32_t i = 0; i < ROUND_OPS; i++)
        if (ops[chance_below(&v.chance, sizeof(ops) / sizeof(ops[0]))](&v) != 0)
            return 1;
    if (chance_below(&v.chance, 2) == 0) { /* else its end closes them */
        sk_chan_close(&v.ask);
        sk_chan_close(&v.msg);
        sk_chan_close(&v.serve);
    }
    SAY(v.account->stage, 2);
    return 0;
}
