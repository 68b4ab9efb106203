/* Payloads larger than a message through Skerry's channels: in regions, which have one owner at a
 * time and go with a message to the next. Copied in and out of a pool of them, or handed over as
 * they are. A peer that has not yet taken them can be sent four at most.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "skerry_area.h"

#define POOL SK_ESCROW_MAX /* regions of copies: all can be on their way */

struct sky_bulk {
    struct sk_chan chan;
    struct sk_in in;
    struct run *run;
    uint64_t number;
    sk_ns deadline;
};

static struct sky_bulk *begin(struct run *run)
{
    struct sky_bulk *b = tool_own(run, 1, sizeof *b);
    b->run = run;
    sky_begin(run, sky_looks(run));
    if (run->side == 0)
        sky_connect(run, &b->chan);
    else
        sky_accept(run, sky_serve(run), &b->chan);
    b->deadline = sk_in_ms(SKY_WAIT_MS);
    return b;
}

static uint8_t *map(struct sky_bulk *b, sk_handle region)
{
    uintptr_t at;
    sky_must(b->run, sys_region_map(region, 0, SK_PROT_R | SK_PROT_W, &at), "map");
    return (uint8_t *)at;
}

/* Send a region that is not mapped, or none. */
LOOP void put(struct sky_bulk *b, uint64_t number, sk_handle region)
{
    struct sk_out out = {.len = sizeof number,
                         .bytes = &number,
                         .handles = region != SK_HANDLE_NONE,
                         .handle = &region};
    sky_must(b->run, sk_send_until(&b->chan, &out, b->deadline), "send");
}

/* Receive the region of message `expect`; NONE: it was the last one. */
LOOP sk_handle take(struct sky_bulk *b, uint64_t expect)
{
    sky_must(b->run, sk_recv_until(&b->chan, &b->in, b->deadline), "receive");
    tool_check(b->run, expect, (b->in.w64[0] ^ expect) & ~BENCH_LAST);
    return b->in.handles == 1 ? b->in.handle[0] : SK_HANDLE_NONE;
}

static sk_handle make(struct sky_bulk *b)
{
    sk_handle region;
    uint32_t pages = b->run->measure->param / SK_PAGE_BYTES;
    sky_must(b->run, sys_region_create(pages, &region), "region");
    return region;
}

void sky_give_side(struct run *run)
{
    struct steps s;
    struct sky_bulk *b = begin(run);
    sk_handle pool[POOL];
    uint32_t size = run->measure->param, free = 0;
    uint8_t *own = tool_own(run, 1, size);
    uint64_t sent = 0, back = 0;
    for (; free < POOL; free++)
        pool[free] = make(b);
    steps_begin(&s, run);
    do {
        for (uint64_t i = s.grain; i != 0; i--, sent++) {
            if (free == 0)
                pool[free++] = take(b, back++);
            sk_handle region = pool[--free];
            bulk_stamp(own, size, sent);
            memcpy(map(b, region), own, size);
            sky_must(run, sys_region_unmap(region), "unmap");
            put(b, sent, region);
        }
    } while (steps_next(&s, s.grain));
    put(b, sent | BENCH_LAST, SK_HANDLE_NONE);
}

void sky_get_side(struct run *run)
{
    struct steps s;
    struct sky_bulk *b = begin(run);
    uint32_t size = run->measure->param;
    uint8_t *own = tool_own(run, 1, size);
    uint64_t got = 0;
    steps_begin(&s, run);
    for (;;) {
        for (uint64_t i = s.grain; i != 0; i--, got++) {
            sk_handle region = take(b, got);
            if (region == SK_HANDLE_NONE)
                goto end;
            memcpy(own, map(b, region), size);
            sky_must(run, sys_region_unmap(region), "unmap");
            put(b, got, region);
            bulk_check(run, own, size, got);
        }
        steps_next(&s, s.grain);
    }
end:
    steps_result(&s, run->result);
}

/* What the owner does with a region, and who had it before. */
LOOP void use(struct sky_bulk *b, sk_handle region, uint64_t was, uint64_t now)
{
    uint32_t size = b->run->measure->param;
    if (b->run->measure->kind != KIND_TOUCH)
        return;
    uint8_t *at = map(b, region);
    if (was != now)
        bulk_read(b->run, at, size, was);
    bulk_write(at, size, now);
    sky_must(b->run, sys_region_unmap(region), "unmap");
}

void sky_hand_side(struct run *run)
{
    struct steps s;
    struct sky_bulk *b = begin(run);
    sk_handle region = make(b);
    uint64_t number = 0;
    use(b, region, number, number);
    steps_begin(&s, run);
    do {
        for (uint64_t i = s.grain; i != 0; i--, number++) {
            put(b, number, region);
            region = take(b, number);
            use(b, region, ~number, number + 1u);
        }
    } while (steps_next(&s, 2u * s.grain));
    put(b, number | BENCH_LAST, SK_HANDLE_NONE);
    steps_result(&s, run->result);
}

void sky_back_side(struct run *run)
{
    struct sky_bulk *b = begin(run);
    sk_handle region;
    for (uint64_t number = 0; (region = take(b, number)) != SK_HANDLE_NONE; number++) {
        use(b, region, number, ~number);
        put(b, number, region);
    }
}
