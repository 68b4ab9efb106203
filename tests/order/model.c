/* See model.h. Positions in a word's list stand for time; what nobody can read any more is cut off,
 * so equal states look equal.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/order/model.h"
#include "tests/order/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES (2u * MODEL_SLOTS)

struct view {
    uint8_t at[MODEL_LOCS]; /* oldest message that may be read */
    /* Lines whose last access by that thread, of that kind, is known. */
    uint16_t reads[MODEL_THREADS], writes[MODEL_THREADS];
};

struct message {
    uint32_t value;
    struct view view;
};

struct loc {
    uint32_t count;
    bool stored; /* since there are threads: else there is one message, whose view is empty */
    struct message m[MODEL_MESSAGES];
};

struct state {
    struct view thread[MODEL_THREADS];
    /* For a load that is put before the light or heavy store that it follows: what the thread knew
     * before that store, and before others' barriers since its step before. */
    struct view early[MODEL_THREADS];
    bool has_early[MODEL_THREADS];
    bool ended[MODEL_THREADS];
    struct view seq;
    bool threads;
    struct loc loc[MODEL_LOCS];
};

struct arena arena __attribute__((aligned(64)));
unsigned model_thread;
bool model_asymmetric;

static struct state now, start;
static struct arena start_arena;
static struct site *sites;
static const char *weaken_place;
static bool weakened;
static bool early; /* there may be a load of ORDER_EARLY */

/* --- Where things are ------------------------------------------------------------------------- */

/* Index of an atomic word, or -1. */
static int loc_of(const void *p)
{
    size_t at = (size_t)((const uint8_t *)p - (const uint8_t *)&arena);
    if (at < offsetof(struct arena, slot))
        return at % 64 == 0 ? (int)(at / 64 * 2) : at % 64 == 4 ? (int)(at / 64 * 2 + 1) : -1;
    if (at < offsetof(struct arena, word))
        return at % 64 == 0 ? (int)(4 + (at - offsetof(struct arena, slot)) / 64) : -1;
    if (at < sizeof(struct arena))
        return (int)(4 + LINES + (at - offsetof(struct arena, word)) / 4);
    return -1;
}

/* Index of the line whose payload p is in, or -1. */
static int line_of(const void *p)
{
    size_t at = (size_t)((const uint8_t *)p - (const uint8_t *)arena.slot);
    return at < sizeof(arena.slot) && at % 64 != 0 ? (int)(at / 64) : -1;
}

const char *model_name(const void *p)
{
    static char name[32];
    int loc = loc_of(p);
    if (loc < 0)
        snprintf(name, sizeof(name), "?");
    else if (loc < 4)
        snprintf(name, sizeof(name), "%s of %d", loc % 2 ? "want" : "armed", loc / 2);
    else if (loc < (int)(4 + LINES))
        snprintf(name, sizeof(name), "ctl of slot %d of ring %d", (loc - 4) % (int)MODEL_SLOTS,
                 (loc - 4) / (int)MODEL_SLOTS);
    else
        snprintf(name, sizeof(name), "word %d", loc - 4 - (int)LINES);
    return name;
}

/* --- Places in the source --------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *const order_name[] = {"relaxed", "acquire", "release", "seq",
                                         "light",   "heavy",   "early"};

static enum order weaker(const struct site *site, const char *how)
{
    if (how[0] == '=')
        return early ? ORDER_EARLY : ORDER_RELAXED;
    return site->order != ORDER_SEQ              ? ORDER_RELAXED
           : strncmp(site->call, "load", 4) == 0 ? ORDER_ACQUIRE
                                                 : ORDER_RELEASE;
}

static void met(struct site *site)
{
    char place[64];
    site->next = sites;
    sites = site;
    if (!model_asymmetric && (site->order == ORDER_LIGHT || site->order == ORDER_HEAVY))
        site->order = ORDER_SEQ;
    snprintf(place, sizeof(place), "%s:%u", base_name(site->file), site->line);
    size_t n = strlen(place);
    if (weaken_place == NULL || strncmp(weaken_place, place, n) != 0 ||
        (weaken_place[n] != 0 && weaken_place[n] != '=') || site->order == ORDER_RELAXED)
        return;
    site->order = weaker(site, weaken_place + n);
    weakened = true;
}

void model_weaken(const char *place)
{
    weaken_place = place;
    early = place != NULL && strstr(place, "=early") != NULL;
}

bool model_weakened(void)
{
    return weakened;
}

void model_print_sites(void)
{
    for (struct site *s = sites; s; s = s->next)
        printf("site %s:%u %s in %s: %llu times\n", base_name(s->file), s->line, s->call,
               s->function, (unsigned long long)s->hits);
}

/* --- Views ------------------------------------------------------------------------------------ */

static void join(struct view *to, const struct view *from)
{
    for (unsigned i = 0; i < MODEL_LOCS; i++)
        if (to->at[i] < from->at[i])
            to->at[i] = from->at[i];
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        to->reads[t] |= from->reads[t];
        to->writes[t] |= from->writes[t];
    }
}

/* fn(view, a, b) for each view that there is. */
static void each_view(void (*fn)(struct view *, unsigned, unsigned), unsigned a, unsigned b)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        fn(&now.thread[t], a, b);
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        fn(&now.early[t], a, b);
    fn(&now.seq, a, b);
    for (unsigned l = 0; l < MODEL_LOCS; l++)
        for (unsigned i = 0; now.loc[l].stored && i < now.loc[l].count; i++)
            fn(&now.loc[l].m[i].view, a, b);
}

static void make_way(struct view *v, unsigned loc, unsigned pos)
{
    v->at[loc] = (uint8_t)(v->at[loc] + (v->at[loc] >= pos));
}

static void cut(struct view *v, unsigned loc, unsigned count)
{
    v->at[loc] = (uint8_t)(v->at[loc] > count ? v->at[loc] - count : 0);
}

static void forget_read(struct view *v, unsigned line, unsigned thread)
{
    v->reads[thread] &= (uint16_t) ~(1u << line);
}

static void forget_write(struct view *v, unsigned line, unsigned thread)
{
    v->writes[thread] &= (uint16_t) ~(1u << line);
}

/* Cut off what nobody can read. */
static void tidy(unsigned loc)
{
    struct loc *l = &now.loc[loc];
    unsigned least = l->count - 1;
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (!now.ended[t] && now.thread[t].at[loc] < least)
            least = now.thread[t].at[loc];
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (now.has_early[t] && now.early[t].at[loc] < least)
            least = now.early[t].at[loc];
    if (least == 0)
        return;
    l->count -= least;
    memmove(l->m, l->m + least, l->count * sizeof(l->m[0]));
    each_view(cut, loc, least);
}

/* --- Accesses --------------------------------------------------------------------------------- */

static unsigned loc_for(const struct site *site, const void *p)
{
    int loc = loc_of(p);
    if (loc < 0)
        ex_fail("%s:%u: %s of something that is not a shared word", site->file, site->line,
                site->call);
    return (unsigned)loc;
}

static void early_begins(unsigned thread)
{
    if (!early || now.has_early[thread])
        return;
    now.early[thread] = now.thread[thread];
    now.has_early[thread] = true;
}

static void early_ends(void)
{
    now.has_early[model_thread] = false;
    memset(&now.early[model_thread], 0, sizeof(now.early[0]));
}

/* The oldest message that a load may return. */
static unsigned oldest_for(const struct site *site, unsigned loc)
{
    unsigned at = now.thread[model_thread].at[loc];
    if (now.has_early[model_thread] && site->order == ORDER_EARLY &&
        now.early[model_thread].at[loc] < at)
        at = now.early[model_thread].at[loc];
    early_ends();
    return at;
}

/* What was the last access, since the last step: the next word of the same line says no more. */
static struct {
    int line; /* -1: none */
    unsigned thread;
    bool write;
} last_plain = {.line = -1};

static void model_step(void)
{
    last_plain.line = -1;
    ex_step();
}

/* Each thread passes a full fence, wherever it is. */
static void fence_all(void)
{
    model_step();
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        join(&now.seq, &now.thread[t]);
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (!now.ended[t]) {
            early_begins(t);
            join(&now.thread[t], &now.seq);
        }
    ex_trace("barrier of all threads");
    ex_learn(ORDER_HEAVY); /* it is past it */
    for (unsigned l = 0; l < MODEL_LOCS; l++)
        tidy(l);
}

uint32_t model_load(struct site *site, const uint32_t *p)
{
    if (site->hits++ == 0)
        met(site);
    unsigned loc = loc_for(site, p);
    struct loc *l = &now.loc[loc];
    if (!now.threads)
        return l->m[0].value;
    model_step();
    struct view *v = &now.thread[model_thread];
    if (site->order == ORDER_SEQ)
        join(v, &now.seq);
    unsigned older = ex_pick(l->count - oldest_for(site, loc));
    unsigned pos = l->count - 1 - older;
    uint32_t value = l->m[pos].value;
    if (v->at[loc] < pos)
        v->at[loc] = (uint8_t)pos;
    if (site->order == ORDER_ACQUIRE || site->order == ORDER_SEQ)
        join(v, &l->m[pos].view);
    if (ex_tracing())
        ex_trace("%s:%u %s: load %s, %s: %#x (%u newer)", base_name(site->file), site->line,
                 site->function, order_name[site->order], model_name(p), value, older);
    tidy(loc);
    ex_learn(value);
    return value;
}

void model_store(struct site *site, uint32_t *p, uint32_t value)
{
    if (site->hits++ == 0)
        met(site);
    unsigned loc = loc_for(site, p);
    struct loc *l = &now.loc[loc];
    if (!now.threads) {
        l->m[0].value = value;
        return;
    }
    model_step();
    if (l->count == MODEL_MESSAGES)
        ex_fail("the explorer has no room for more values of %s", model_name(p));
    struct view *v = &now.thread[model_thread];
    if (site->order == ORDER_LIGHT || site->order == ORDER_HEAVY)
        early_begins(model_thread);
    else
        early_ends();
    unsigned before = ex_pick(l->count - v->at[loc]);
    unsigned pos = l->count - before;
    memmove(l->m + pos + 1, l->m + pos, (l->count - pos) * sizeof(l->m[0]));
    l->m[pos] = (struct message){.value = value};
    l->count++;
    l->stored = true;
    each_view(make_way, loc, pos);
    v->at[loc] = (uint8_t)pos;
    if (site->order == ORDER_RELAXED || site->order == ORDER_HEAVY)
        l->m[pos].view.at[loc] = (uint8_t)pos;
    else
        l->m[pos].view = *v;
    if (site->order == ORDER_SEQ)
        join(&now.seq, v);
    if (loc < 4 && value != 0) /* armed or want: it asks to be woken */
        tally.asked[model_thread]++;
    if (ex_tracing())
        ex_trace("%s:%u %s: store %s, %s: %#x (before %u)", base_name(site->file), site->line,
                 site->function, order_name[site->order], model_name(p), value, before);
    tidy(loc);
    ex_learn(site->line);
    if (site->order == ORDER_HEAVY)
        fence_all();
}

static void plain(const void *p, bool write)
{
    size_t at = (size_t)((const uint8_t *)p - (const uint8_t *)&arena);
    if (at >= sizeof(arena) || !now.threads)
        return;
    int line = line_of(p);
    if (line < 0)
        ex_fail("a plain %s of a shared word (%s)", write ? "store" : "load", model_name(p));
    if (line == last_plain.line && model_thread == last_plain.thread && write == last_plain.write)
        return;
    last_plain.line = line;
    last_plain.thread = model_thread;
    last_plain.write = write;
    unsigned other = 1 - model_thread;
    struct view *v = &now.thread[model_thread];
    if (!(v->writes[other] >> line & 1))
        ex_fail("race: payload of slot %u of ring %u is %s, unordered with the other's write",
                (unsigned)line % MODEL_SLOTS, (unsigned)line / MODEL_SLOTS,
                write ? "written" : "read");
    if (write && !(v->reads[other] >> line & 1))
        ex_fail("race: payload of slot %u of ring %u is written, unordered with the other's read",
                (unsigned)line % MODEL_SLOTS, (unsigned)line / MODEL_SLOTS);
    each_view(write ? forget_write : forget_read, (unsigned)line, model_thread);
    if (write)
        v->writes[model_thread] |= (uint16_t)(1u << line);
    else
        v->reads[model_thread] |= (uint16_t)(1u << line);
}

/* The compiler's instrumentation of the scenarios (-fsanitize=thread) calls these at each access
 * to memory that is not the function's own. */
#define PLAIN(bytes)                                                                               \
    void __tsan_read##bytes(void *p);                                                              \
    void __tsan_write##bytes(void *p);                                                             \
    void __tsan_read##bytes(void *p)                                                               \
    {                                                                                              \
        plain(p, false);                                                                           \
    }                                                                                              \
    void __tsan_write##bytes(void *p)                                                              \
    {                                                                                              \
        plain(p, true);                                                                            \
    }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)
/* Of whole structures: only private ones are copied so. */
void __tsan_read_range(void *p, size_t bytes);
void __tsan_write_range(void *p, size_t bytes);
void __tsan_read_range(void *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 4)
        plain((uint8_t *)p + i, false);
}
void __tsan_write_range(void *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 4)
        plain((uint8_t *)p + i, true);
}
void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_init(void)
{
}
void __tsan_func_entry(void *caller)
{
    (void)caller;
}
void __tsan_func_exit(void)
{
}

/* --- The whole -------------------------------------------------------------------------------- */

void model_begin(void)
{
    memset(&now, 0, sizeof(now));
    memset(&arena, 0, sizeof(arena));
    for (unsigned l = 0; l < MODEL_LOCS; l++)
        now.loc[l].count = 1;
}

void model_threads(void)
{
    now.threads = true;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        memset(now.thread[t].reads, 0xff, sizeof(now.thread[t].reads));
        memset(now.thread[t].writes, 0xff, sizeof(now.thread[t].writes));
    }
}

void model_keep(void)
{
    start = now;
    start_arena = arena;
}

void model_return(void)
{
    last_plain.line = -1;
    memcpy(now.thread, start.thread, offsetof(struct state, loc));
    for (unsigned l = 0; l < MODEL_LOCS; l++) {
        now.loc[l].count = 1;
        now.loc[l].stored = false;
        now.loc[l].m[0] = start.loc[l].m[0];
    }
    arena = start_arena;
}

void model_thread_ends(void)
{
    now.ended[model_thread] = true;
    if (model_asymmetric) /* later barriers of all threads go for what it did, too */
        join(&now.seq, &now.thread[model_thread]);
    memset(&now.thread[model_thread].at, 0, sizeof(now.thread[0].at));
    for (unsigned l = 0; l < MODEL_LOCS; l++)
        tidy(l);
}

uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
    const uint8_t *b = p;
    uint64_t w;
    for (; n >= 8; n -= 8, b += 8) {
        memcpy(&w, b, 8);
        h = (h ^ w) * 0x9fb21c651e98df25u;
        h ^= h >> 29;
    }
    for (; n != 0; n--, b++)
        h = (h ^ *b) * 0x9fb21c651e98df25u;
    return h ^ h >> 32;
}

uint64_t model_hash(void)
{
    uint64_t h = hash_bytes(1, now.thread, sizeof(now.thread));
    if (early)
        h = hash_bytes(hash_bytes(h, now.early, sizeof(now.early)), now.has_early,
                       sizeof(now.has_early));
    h = hash_bytes(h, now.ended, sizeof(now.ended));
    h = hash_bytes(h, &now.seq, sizeof(now.seq));
    for (unsigned l = 0; l < MODEL_LOCS; l++)
        if (now.loc[l].stored)
            h = hash_bytes(h ^ l, now.loc[l].m, now.loc[l].count * sizeof(now.loc[l].m[0]));
    return h;
}
