/* Three kernels of a machine of plain memory, each joined to each: what the tests of regions
 * between cores share.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef REGION_CORES_H
#define REGION_CORES_H

#include "restart_machine.h"
#include "kernel/memory.h"

#define PAGES 3u

static inline struct kern *kern_of(sk_core core)
{
    return fake_cpu[core].k;
}

static inline struct region *region_of(sk_core core, sk_handle h)
{
    return &kern_of(core)->regions[init_of(core)->handles[SK_HANDLE_INDEX(h)].index];
}

static inline uint8_t *bytes_of(sk_core core, sk_handle h)
{
    return (uint8_t *)region_of(core, h)->first;
}

static inline sk_handle make_pages(sk_core core, uint32_t pages)
{
    EXPECT(CALL(kern_of(core), init_of(core), REGION_CREATE, pages, 0), SK_OK);
    return (sk_handle)init_of(core)->port.reg[1];
}

static inline sk_handle make_region(sk_core core)
{
    return make_pages(core, PAGES);
}

static inline void give(sk_core core, sk_handle via, sk_handle h, sk_err expected)
{
    EXPECT(CALL(kern_of(core), init_of(core), SEND_HANDLE, via, h, SK_FOREVER), CALL_BLOCKED);
    fake_settle();
    EXPECT(init_of(core)->state, SK_TASK_READY);
    EXPECT(result(init_of(core)), expected);
}

static inline sk_handle take(sk_core core, sk_handle via)
{
    EXPECT(CALL(kern_of(core), init_of(core), TAKE_HANDLE, via), SK_OK);
    return (sk_handle)init_of(core)->port.reg[1];
}

/* Channels between each two of three cores: via[a][b] is a's end towards b. */
static sk_handle via[3][3];
static struct sk_stats before[3];

static inline void join_all(void)
{
    for (sk_core a = 0; a < 3; a++)
        for (sk_core b = a + 1; b < 3; b++)
            join(a, b, &via[a][b], &via[b][a]);
    for (sk_core c = 0; c < 3; c++)
        before[c] = gauges(kern_of(c));
}

static inline unsigned mapped(const struct task *t, sk_paddr first)
{
    unsigned n = 0;
    for (unsigned i = 0; i < FAKE_MAPS; i++)
        n += fake_map[i].task == t && fake_map[i].addr == first;
    return n;
}

/* An end of init's becomes t's, as TASK_GIVE does it. */
static inline void pass_end(struct kern *k, sk_handle h, struct task *t, sk_handle *name)
{
    struct end *e = end_of(k, &k->tasks[0], h);
    handle_remove(k, &k->tasks[0], &k->tasks[0].handles[SK_HANDLE_INDEX(h)]);
    chan_end_disown(e);
    EXPECT(chan_end_adopt(k, t, e, name), SK_OK);
}

static inline void break_core(sk_core core)
{
    if (setjmp(fake_halt) == 0)
        kern_panic(kern_of(core), "a test");
}

/* The same with a region. */
static inline void pass_region(struct kern *k, sk_handle h, struct task *t, sk_handle *name)
{
    struct handle *he = &k->tasks[0].handles[SK_HANDLE_INDEX(h)], entry = *he;
    EXPECT(region_move(k, &k->regions[he->index], t), SK_OK);
    handle_remove(k, &k->tasks[0], he);
    EXPECT(handle_add(k, t, &entry, name), SK_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup3, teardown)

#endif
