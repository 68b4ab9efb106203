/* A region is moved with a message: the sender has it no more, the receiver finds in it what was
 * written; in every failure it is in one place, or nowhere and its pages are back.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/scenes/stand.h"

#define TAKER 0
#define PAGES 2u
#define CAME  0 /* witness.count */

static uint64_t mark(uint64_t n)
{
    return n * 0x9e3779b97f4a7c15u + 5u;
}

static sk_err on_region(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                        struct sk_answer *answer)
{
    uintptr_t at;
    (void)loop, (void)client, (void)answer;
    witness.count[CAME]++;
    if (in->handle[0] == SK_HANDLE_NONE)
        return SK_ERR_BUDGET;
    sk_err err = sys_region_map(in->handle[0], 0, SK_PROT_R, &at);
    if (err != SK_OK)
        return err;
    const uint64_t *word = (const uint64_t *)at;
    for (uint64_t n = 0; n < PAGES * SK_PAGE_BYTES / 8u; n += 64)
        W_CHECK(word[n] == mark(n));
    return SK_OK; /* the region is closed: its pages go home */
}

static int take(void)
{
    static const struct sk_method methods[] = {
        {.label = 1, .min_len = 8, .handles = 1, .handle = on_region}};
    return stand_serve("regions", TAKER, methods, 1, NULL);
}

static int give(void)
{
    struct sk_chan service;
    struct sk_in in;
    sk_handle region;
    uintptr_t at = 0;
    if (stand_connect("regions", &service) != SK_OK)
        return 1;
    if (W_TOLD(sys_region_create(PAGES, &region), SK_TID_NONE, SK_FOREVER) != SK_OK)
        return 1;
    if (W_TOLD(sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at), SK_TID_NONE, SK_FOREVER))
        return 1;
    for (uint64_t n = 0; n < PAGES * SK_PAGE_BYTES / 8u; n += 64)
        ((uint64_t *)at)[n] = mark(n);
    W_CHECK(sys_region_unmap(region) == SK_OK);
    sk_err err = stand_call(&service, 1, 1, &region, &in, witness.tid[TAKER]);
    if (err == SK_OK)
        W_CHECK(witness.count[CAME] == 1);
    if (err == SK_OK)
        W_CHECK(sys_region_map(region, 0, SK_PROT_R, &at) == SK_ERR_HANDLE);
    sk_chan_close(&service);
    return 0;
}

/* --- Over three cores and back: each adds what is its own ------------------------------------ */

enum { FIRST = 1, SECOND };

/* Add n to the first word of the region, which ends unmapped again. */
static sk_err add(sk_handle region, uint64_t expected, uint64_t n)
{
    uintptr_t at = 0;
    sk_err err = sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at);
    if (err != SK_OK)
        return err;
    W_CHECK(*(uint64_t *)at == expected);
    *(uint64_t *)at += n;
    W_CHECK(sys_region_unmap(region) == SK_OK);
    return SK_OK;
}

/* Whoever gets it adds; the first sends it on. It goes back with the answer. */
static sk_err on_pass(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    const uint64_t *me = loop->user;
    sk_handle region = in->handle[0];
    (void)client;
    witness.count[*me]++;
    if (region == SK_HANDLE_NONE)
        return SK_ERR_BUDGET;
    if (add(region, *me == FIRST ? 100 : 101, *me) != SK_OK)
        return SK_ERR_STATE; /* the loop closes it */
    in->handle[0] = SK_HANDLE_NONE;
    if (*me == FIRST) {
        struct sk_chan next;
        struct sk_in back = {.handles = 0};
        if (stand_connect("second", &next) != SK_OK) {
            sys_close(region);
            return SK_ERR_STATE;
        }
        /* Its home may be lost as well as its next holder. */
        sk_err err = stand_call(&next, 1, 1, &region, &back, SK_TID_NONE);
        sk_chan_close(&next);
        if (err != SK_OK || back.handles == 0)
            return SK_ERR_STATE;
        region = back.handle[0];
    }
    answer->handle[0] = region;
    answer->handles = 1;
    return SK_OK;
}

static int pass(uint64_t me)
{
    static const struct sk_method methods[] = {
        {.label = 1, .min_len = 8, .handles = 1, .handle = on_pass}};
    return stand_serve(me == FIRST ? "first" : "second", (uint32_t)me, methods, 1, &me);
}

static int own(void)
{
    struct sk_chan first;
    struct sk_in in = {.handles = 0};
    sk_handle region;
    uintptr_t at = 0;
    if (stand_connect("first", &first) != SK_OK)
        return 1;
    if (W_TOLD(sys_region_create(PAGES, &region), SK_TID_NONE, SK_FOREVER) != SK_OK)
        return 1;
    if (W_TOLD(sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at), SK_TID_NONE, SK_FOREVER))
        return 1;
    *(uint64_t *)at = 100;
    W_CHECK(sys_region_unmap(region) == SK_OK);
    sk_err err = stand_call(&first, 1, 1, &region, &in, witness.tid[FIRST]);
    if (w_calm())
        W_CHECK(err == SK_OK && in.handles == 1);
    if (err == SK_OK && in.handles == 1) {
        W_CHECK(witness.count[FIRST] == 1 && witness.count[SECOND] == 1);
        W_TOLD(add(in.handle[0], 103, 1), SK_TID_NONE, SK_FOREVER);
    }
    sk_chan_close(&first);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[0], "region_taker") == 0    ? take()
           : strcmp(argv[0], "region_first") == 0  ? pass(FIRST)
           : strcmp(argv[0], "region_second") == 0 ? pass(SECOND)
           : strcmp(argv[0], "region_owner") == 0  ? own()
                                                   : give();
}
