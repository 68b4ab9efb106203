/* The survivor: takes whatever the victim does, asks it and answers it, and keeps account of what
 * it was told. SPDX-License-Identifier: BSD-2-Clause */
#include "torture.h"

#define NOBODY UINT32_MAX

bool survivor_begin(struct survivor *s, sk_handle far[4])
{
    s->chance.state = s->round.seed ^ 0x5eedu ^ (uint64_t)s->round.number << 20;
    sk_linux_spin(chance_below(&s->chance, 3) * 40u);
    sk_err err = sk_chan_create(&s->msg, &far[0], SK_EV_CHAN);
    if (err == SK_OK)
        err = sk_chan_create(&s->ask, &far[1], SK_EV_CHAN);
    if (err == SK_OK)
        err = sk_chan_create(&s->serve, &far[2], SK_EV_CHAN);
    if (err == SK_OK)
        err = sys_port_create(SK_EV_PORT, 4, &s->port);
    if (err == SK_OK)
        err = names_register(NAME_OF_SURVIVOR, s->port);
    far[3] = s->port;
    if (err != SK_OK)
        WRONG(s, "the round cannot begin", err, 0);
    return err == SK_OK;
}

/* --- Handles that come ----------------------------------------------------------------------- */

static struct sub *sub_new(struct survivor *s, uint32_t id)
{
    for (uint32_t i = 0; i < 2u * SUBS; i++)
        if (!s->sub[i].used) {
            s->sub[i] = (struct sub){.used = true, .id = id};
            return &s->sub[i];
        }
    WRONG(s, "more channels than the victim makes", id, 0);
    return NULL;
}

static void sub_open(struct survivor *s, sk_handle end, uint32_t id)
{
    struct sub *sub = sub_new(s, id);
    if (sub == NULL)
        return;
    sk_err err = end != SK_HANDLE_NONE ? sk_chan_open(&sub->chan, end, SK_EV_CHAN) : SK_ERR_HANDLE;
    if (err != SK_OK) {
        WRONG(s, "an end that came cannot be opened", err, id);
        sub->over = true;
    }
}

static void region_close(struct survivor *s, uint32_t i)
{
    sk_err err = sys_close(s->region[i].handle);
    if (err != SK_OK)
        WRONG(s, "a region that came cannot be closed", err, s->region[i].id);
    s->region[i].handle = SK_HANDLE_NONE;
}

/* id NOBODY: one of those that were sent from here. */
static void region_came(struct survivor *s, sk_handle h, uint32_t id)
{
    uintptr_t at = 0;
    uint32_t pages = 0, free = REGIONS;
    sk_err err = sys_region_map_all(h, SK_PROT_R | SK_PROT_W, &at, &pages);
    if (err != SK_OK || pages == 0) {
        WRONG(s, "a region that came cannot be mapped", err, id);
        return;
    }
    const uint32_t *w = (const uint32_t *)at;
    if (w[0] != s->round.number || w[pages * PAGE / 4u - 1u] != w[1] ||
        (id != NOBODY ? w[1] != id : w[1] >= s->sent))
        WRONG(s, "a region holds something else", w[1], id);
    for (uint32_t i = 0; i < REGIONS; i++) {
        if (s->region[i].handle == SK_HANDLE_NONE)
            free = i;
        else if (s->region[i].at == at)
            WRONG(s, "a region came twice", id, s->region[i].id);
    }
    if (free == REGIONS)
        region_close(s, free = w[1] % REGIONS);
    s->region[free].handle = h;
    s->region[free].at = at;
    s->region[free].id = w[1];
}

/* Connect a channel to the victim's port; it may be gone by now. */
static void port_came(struct survivor *s, sk_handle port)
{
    sk_handle far;
    uint8_t bytes[SK_PAYLOAD_MAX];
    struct note n = {s->round.number, 0, NOTE_PLAIN, NOBODY};
    struct sk_out out = {.len = note_write(bytes, &n), .bytes = bytes};
    struct sub *sub = sub_new(s, NOBODY);
    if (sub == NULL)
        return;
    sub->own = true;
    sk_err err = sk_chan_create(&sub->chan, &far, SK_EV_CHAN);
    if (err == SK_OK)
        err = sk_send_try(&sub->chan, &out);
    if (err != SK_OK)
        WRONG(s, "no channel for the victim's port", err, 0);
    err = sys_port_connect(port, far, sk_in_ms(patience_ms));
    if (err != SK_OK && err != SK_ERR_FULL && err != SK_ERR_PEER_DEAD)
        WRONG(s, "connecting to the victim's port", err, 0);
    sk_err closed = sys_close(far);
    if (closed != (err == SK_OK ? SK_ERR_HANDLE : SK_OK))
        WRONG(s, "an end is here though it was queued, or the other way round", closed, err);
    if ((closed = sys_close(port)) != SK_OK)
        WRONG(s, "a port's handle that came cannot be closed", closed, 0);
}

static uint32_t handles_of(uint32_t what)
{
    return what == NOTE_PLAIN ? 0 : what == NOTE_BOTH ? 2 : 1;
}

static void message_came(struct survivor *s, const struct sk_in *in)
{
    struct note n;
    if (!note_read(in, s->round.number, s->got, &n) || in->label != (s->got & 0xfffu)) {
        WRONG(s, "not the message that is next", s->got, n.number);
        return;
    }
    s->got++;
    if (in->handles != handles_of(n.what)) {
        WRONG(s, "handles of a message are missing", in->handles, n.what);
        return;
    }
    switch (n.what) {
    case NOTE_END:
        sub_open(s, in->handle[0], n.id);
        break;
    case NOTE_REGION:
        region_came(s, in->handle[0], n.id);
        break;
    case NOTE_PORT:
        port_came(s, in->handle[0]);
        break;
    case NOTE_BOTH:
        region_came(s, in->handle[0], n.number);
        sub_open(s, in->handle[1], n.id);
        break;
    default:
        break;
    }
}

/* --- Turns ----------------------------------------------------------------------------------- */

static void end_of(struct survivor *s, bool *over, sk_err err, const char *why)
{
    *over = true;
    if (err != SK_ERR_PEER_DEAD)
        WRONG(s, why, err, 0);
}

static bool turn_msg(struct survivor *s)
{
    struct sk_in in;
    sk_err err;
    bool some = false;
    while (!s->msg_over && (err = sk_recv_try(&s->msg, &in)) != SK_ERR_EMPTY) {
        some = true;
        if (err == SK_OK)
            message_came(s, &in);
        else
            end_of(s, &s->msg_over, err, "the end of the messages");
    }
    return some;
}

static bool turn_ask(struct survivor *s)
{
    struct sk_in in;
    sk_err err;
    bool some = false;
    while (!s->ask_over && (err = sk_recv_try(&s->ask, &in)) != SK_ERR_EMPTY) {
        some = true;
        if (err != SK_OK) {
            end_of(s, &s->ask_over, err, "the end of the victim's calls");
            break;
        }
        if (in.len != 4 || in.w32[0] != s->answered)
            WRONG(s, "not the call that is next", in.w32[0], s->answered);
        (void)turn_msg(s); /* what was sent before the call is taken before the answer */
        uint32_t answer = answer_to(s->round.number, s->answered++);
        err = sk_reply(&s->ask, in.token, SK_OK, &answer, 4, NULL, 0, NULL);
        if (err != SK_OK && err != SK_ERR_PEER_DEAD)
            WRONG(s, "answering", err, s->answered);
    }
    return some;
}

static void call_ended(struct survivor *s, uint32_t i)
{
    const struct sk_in *in = &s->call_in[i];
    uint32_t number = s->call_number[i];
    s->call_on[i] = false;
    if (s->call[i].err == SK_ERR_PEER_DEAD) {
        s->calls_dead++;
        return;
    }
    if (s->call[i].err != SK_OK || in->len != 4 || in->w32[0] != answer_to(s->round.number, number))
        WRONG(s, "a wrong answer", s->call[i].err, number);
    if (number != s->calls_answered++)
        WRONG(s, "not the answer that is next", number, s->calls_answered);
}

static bool calls_begin(struct survivor *s)
{
    bool some = false;
    for (uint32_t i = 0; i < CALLS && !s->serve_over; i++) {
        if (s->call_on[i])
            continue;
        uint32_t number = s->calls;
        struct sk_out out = {.label = 3, .len = 4, .bytes = &number};
        sk_err err = sk_call_begin(&s->serve, &s->call[i], &out, &s->call_in[i], 4);
        if (err == SK_ERR_FULL || err == SK_ERR_PEER_DEAD)
            return some;
        if (err != SK_OK)
            WRONG(s, "beginning a call", err, number);
        s->call_on[i] = true;
        s->call_number[i] = number;
        s->calls++;
        some = true;
    }
    return some;
}

/* The oldest that is out. */
static uint32_t call_oldest(const struct survivor *s)
{
    uint32_t oldest = CALLS;
    for (uint32_t i = 0; i < CALLS; i++)
        if (s->call_on[i] && (oldest == CALLS || s->call_number[i] < s->call_number[oldest]))
            oldest = i;
    return oldest;
}

static bool turn_serve(struct survivor *s)
{
    bool some = calls_begin(s);
    if (s->serve_over)
        return some;
    for (;;) {
        uint32_t i = call_oldest(s);
        struct sk_in in;
        sk_err err;
        if (i < CALLS && chance_below(&s->chance, 4) == 0) {
            err = sk_call_end(&s->serve, &s->call[i], chance_below(&s->chance, 2) * sk_now());
            err = err == SK_ERR_TIMED_OUT ? SK_ERR_EMPTY : err;
        } else {
            err = sk_recv_try(&s->serve, &in);
            if (err == SK_OK && sk_call_deliver(&s->serve, &in) != SK_OK)
                WRONG(s, "an answer to nothing", in.token, in.label);
            else if (err != SK_OK && err != SK_ERR_EMPTY)
                sk_call_end_all(&s->serve, err);
        }
        while ((i = call_oldest(s)) < CALLS && s->call[i].ended)
            call_ended(s, i);
        if (err == SK_ERR_EMPTY)
            return some;
        some = true;
        if (err != SK_OK) {
            end_of(s, &s->serve_over, err, "the end of the calls");
            if (call_oldest(s) < CALLS)
                WRONG(s, "a call goes on after its channel's end", call_oldest(s), 0);
            return some;
        }
    }
}

void survivor_waits(struct survivor *s)
{
    uint32_t i = call_oldest(s);
    sk_ns until = sk_in_ms(1);
    if (i == CALLS || s->serve_over)
        return;
    sk_err err = sk_call_end(&s->serve, &s->call[i], until);
    if (err == SK_ERR_TIMED_OUT && sk_now() < until)
        WRONG(s, "a deadline came too early", i, 0);
    if (err != SK_ERR_TIMED_OUT && err != SK_ERR_PEER_DEAD && err != SK_OK)
        WRONG(s, "waiting for one that is stopped", err, 0);
}

static bool turn_sub(struct survivor *s, struct sub *sub)
{
    struct sk_in in;
    struct note n;
    sk_err err;
    bool some = false;
    while (!sub->over && (err = sk_recv_try(&sub->chan, &in)) != SK_ERR_EMPTY) {
        some = true;
        if (err != SK_OK) {
            end_of(s, &sub->over, err, "the end of a channel of the victim's");
            break;
        }
        if (sub->own || !note_read(&in, s->round.number, sub->next, &n)) {
            WRONG(s, "not the message that is next, of a channel of the victim's", sub->next,
                  sub->id);
            sub->over = true;
            break;
        }
        sub->next++;
        sub->id = sub->id == NOBODY ? n.id : sub->id;
        if (sub->id != n.id)
            WRONG(s, "a message of another channel", n.id, sub->id);
        if (in.handles != (n.what == NOTE_REGION ? 1u : 0u))
            WRONG(s, "handles of a message on a channel of the victim's", in.handles, n.what);
        else if (n.what == NOTE_REGION)
            region_came(s, in.handle[0], n.number);
    }
    return some;
}

static bool turn_port(struct survivor *s)
{
    sk_handle end;
    sk_err err = sys_port_accept(s->port, &end);
    if (err == SK_ERR_EMPTY)
        return false;
    if (err != SK_OK) {
        WRONG(s, "accepting", err, 0);
        return false;
    }
    s->accepted++;
    sub_open(s, end, NOBODY);
    return true;
}

/* A region for the victim, stamped with the number of the message that it goes with. */
static void region_make(struct survivor *s)
{
    uintptr_t at;
    sk_err err = sys_region_create(1, &s->pending);
    if (err == SK_ERR_NO_MEMORY) {
        s->pending = SK_HANDLE_NONE;
        return;
    }
    if (err == SK_OK)
        err = sys_region_map(s->pending, 0, SK_PROT_R | SK_PROT_W, &at);
    if (err != SK_OK) {
        WRONG(s, "making a region", err, 0);
        return;
    }
    uint32_t *w = (uint32_t *)at;
    s->pending_id = w[1] = w[PAGE / 4u - 1u] = s->sent;
    w[0] = s->round.number;
    (void)sys_region_unmap(s->pending);
}

static bool turn_send(struct survivor *s)
{
    bool some = false;
    for (uint32_t i = 0; i < 4 && !s->msg_over; i++) {
        uint8_t bytes[SK_PAYLOAD_MAX];
        struct note n = {s->round.number, s->sent, NOTE_PLAIN, 0};
        struct sk_out out = {.label = 4, .bytes = bytes};
        if (s->pending == SK_HANDLE_NONE && chance_below(&s->chance, 6) == 0)
            region_make(s);
        sk_handle h = s->pending;
        if (h != SK_HANDLE_NONE) {
            n.what = NOTE_REGION;
            n.id = s->pending_id;
            out.handles = 1;
            out.handle = &h;
        }
        out.len = note_write(bytes, &n);
        sk_err err = sk_send_try(&s->msg, &out);
        if (err == SK_ERR_FULL || err == SK_ERR_PEER_DEAD)
            return some;
        if (err != SK_OK)
            WRONG(s, "sending", err, s->sent);
        s->sent++;
        some = true;
        if (h == SK_HANDLE_NONE)
            continue;
        if ((err = sys_close(h)) != SK_ERR_HANDLE)
            WRONG(s, "a region that was sent is still here", err, n.id);
        s->pending = SK_HANDLE_NONE;
    }
    return some;
}

bool survivor_turn(struct survivor *s)
{
    bool some = turn_msg(s);
    some |= turn_ask(s);
    some |= turn_serve(s);
    some |= turn_port(s);
    for (uint32_t i = 0; i < 2u * SUBS; i++)
        if (s->sub[i].used)
            some |= turn_sub(s, &s->sub[i]);
    return turn_send(s) || some;
}

/* --- Waiting and the end --------------------------------------------------------------------- */

bool survivor_over(const struct survivor *s)
{
    if (s->left)
        return true;
    for (uint32_t i = 0; i < 2u * SUBS; i++)
        if (s->sub[i].used && !s->sub[i].over)
            return false;
    return s->msg_over && s->ask_over && s->serve_over;
}

bool survivor_sleep(struct survivor *s, sk_ns until)
{
    uint32_t events;
    if ((!s->msg_over && !sk_chan_arm(&s->msg)) || (!s->ask_over && !sk_chan_arm(&s->ask)) ||
        (!s->serve_over && !sk_chan_arm(&s->serve)))
        return true;
    for (uint32_t i = 0; i < 2u * SUBS; i++)
        if (s->sub[i].used && !s->sub[i].over && !sk_chan_arm(&s->sub[i].chan))
            return true;
    return sk_wait_events(1u << SK_EV_CHAN | 1u << SK_EV_PORT, until, &events) == SK_OK;
}

void survivor_names(struct survivor *s)
{
    struct names_entry entry;
    sk_err err;
    sk_ns give_up = sk_in_ms(patience_ms);
    uint32_t at = 0;
    while ((err = names_list(NAMES_OF_VICTIM, &at, &entry)) == SK_OK && sk_now() < give_up)
        at = 0;
    if (err != SK_ERR_NOT_FOUND)
        WRONG(s, "a name outlives the victim", err, at);
}

void survivor_end(struct survivor *s)
{
    sk_err err = names_unregister(NAME_OF_SURVIVOR);
    if (err != SK_OK)
        WRONG(s, "the survivor's name cannot be taken back", err, 0);
    while (turn_port(s))
        ;
    sk_chan_close(&s->msg);
    sk_chan_close(&s->ask);
    sk_chan_close(&s->serve);
    for (uint32_t i = 0; i < CALLS; i++)
        if (s->call_on[i] && !s->call[i].ended)
            WRONG(s, "a call goes on after its channel was closed", i, 0);
    for (uint32_t i = 0; i < 2u * SUBS; i++)
        if (s->sub[i].used) {
            turn_sub(s, &s->sub[i]);
            if (!s->sub[i].over && !s->left)
                WRONG(s, "a channel does not hear of the death", s->sub[i].id, 0);
            sk_chan_close(&s->sub[i].chan);
        }
    for (uint32_t i = 0; i < REGIONS; i++)
        if (s->region[i].handle != SK_HANDLE_NONE)
            region_close(s, i);
    if (s->pending != SK_HANDLE_NONE)
        (void)sys_close(s->pending);
    if (sys_close(s->port) != SK_OK)
        WRONG(s, "the port cannot be closed", 0, 0);
}
