/* See path.h.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CORES      64u
#define PLACES_MAX 256u
#define KINDS_MAX  1024u
#define NO_CALL    PLACES_MAX

enum place_kind { PLACE_ENTRY, PLACE_CALL, PLACE_THROUGH, PLACE_LEAVE, PLACE_KINDS };

struct place {
    enum place_kind kind;
    uint64_t vaddr;
    unsigned bit; /* of a THROUGH */
    char name[64];
};

/* All paths of one name. */
struct kind {
    unsigned core, entry, call, through;
    uint64_t times, most, most_number;
};

static struct {
    struct place place[PLACES_MAX];
    unsigned places, throughs;
    struct kind kind[KINDS_MAX];
    unsigned kinds;
    unsigned wanted_core;
    uint64_t wanted;
    bool want;
    struct {
        bool open;
        unsigned entry, call, through;
        uint64_t start, begun; /* begun: paths so far */
    } now[CORES];
} state;

bool path_is_on(void)
{
    return state.places != 0;
}

/* --- arguments -------------------------------------------------------------------------------- */

static bool place_add(enum place_kind kind, const char *text)
{
    struct place *p = &state.place[state.places];
    int fields =
        state.places == PLACES_MAX ? 0 : sscanf(text, "%" SCNx64 ":%63s", &p->vaddr, p->name);
    if (fields != (kind == PLACE_LEAVE ? 1 : 2))
        return false;
    p->kind = kind;
    p->bit = kind == PLACE_THROUGH ? state.throughs++ : 0;
    state.places++;
    return state.throughs <= 32u;
}

bool path_argument(const char *arg, bool *good)
{
    static const char *const names[PLACE_KINDS] = {"entry=", "call=", "through=", "leave="};
    for (int i = 0; i < PLACE_KINDS; i++) {
        if (!strncmp(arg, names[i], strlen(names[i]))) {
            *good = place_add((enum place_kind)i, arg + strlen(names[i]));
            return true;
        }
    }
    if (strncmp(arg, "path=", 5) != 0)
        return false;
    state.want = *good = sscanf(arg, "path=%u:%" SCNu64, &state.wanted_core, &state.wanted) == 2;
    return true;
}

/* --- while the guest runs --------------------------------------------------------------------- */

static struct kind *kind_of(unsigned core, unsigned entry, unsigned call, unsigned through)
{
    for (unsigned i = 0; i < state.kinds; i++) {
        struct kind *k = &state.kind[i];
        if (k->core == core && k->entry == entry && k->call == call && k->through == through)
            return k;
    }
    if (state.kinds == KINDS_MAX) {
        fprintf(stderr, "count: too many kinds of paths\n");
        exit(1);
    }
    state.kind[state.kinds] =
        (struct kind){.core = core, .entry = entry, .call = call, .through = through};
    return &state.kind[state.kinds++];
}

static bool is_wanted(unsigned core, uint64_t number)
{
    return state.want && core == state.wanted_core && number == state.wanted;
}

static void path_end(unsigned core)
{
    if (!state.now[core].open)
        return;
    state.now[core].open = false;
    uint64_t number = state.now[core].begun - 1u;
    uint64_t length = path_count() - state.now[core].start;
    struct kind *k =
        kind_of(core, state.now[core].entry, state.now[core].call, state.now[core].through);
    if (k->times++ == 0 || length > k->most) {
        k->most = length;
        k->most_number = number;
    }
    if (is_wanted(core, number))
        path_wanted_end();
}

static void on_entry(unsigned core, void *arg)
{
    const struct place *p = arg;
    core = path_core();
    path_end(core);
    state.now[core].open = true;
    state.now[core].entry = (unsigned)(p - state.place);
    state.now[core].call = NO_CALL;
    state.now[core].through = 0;
    state.now[core].start = path_count();
    if (is_wanted(core, state.now[core].begun++))
        path_wanted_begin();
}

static void on_call(unsigned core, void *arg)
{
    const struct place *p = arg;
    core = path_core();
    if (state.now[core].open && state.now[core].call == NO_CALL)
        state.now[core].call = (unsigned)(p - state.place);
}

static void on_through(unsigned core, void *arg)
{
    const struct place *p = arg;
    core = path_core();
    if (state.now[core].open)
        state.now[core].through |= 1u << p->bit;
}

static void on_leave(unsigned core, void *unused)
{
    (void)core;
    (void)unused;
    path_end(path_core());
}

/* --- when code is translated ------------------------------------------------------------------ */

void path_instruction(struct qemu_plugin_insn *insn, uint64_t vaddr, bool first_outside)
{
    static const qemu_vcpu_cb on[PLACE_KINDS] = {on_entry, on_call, on_through, on_leave};
    if (first_outside)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_leave, QEMU_PLUGIN_REGISTERS_NONE, NULL);
    for (unsigned i = 0; i < state.places; i++)
        if (state.place[i].vaddr == vaddr)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on[state.place[i].kind],
                                                   QEMU_PLUGIN_REGISTERS_NONE, &state.place[i]);
}

/* --- results ---------------------------------------------------------------------------------- */

static void print_through(FILE *f, unsigned mask)
{
    const char *between = "";
    for (unsigned i = 0; i < state.places; i++) {
        const struct place *p = &state.place[i];
        if (p->kind == PLACE_THROUGH && (mask & 1u << p->bit)) {
            fprintf(f, "%s%s", between, p->name);
            between = "+";
        }
    }
    if (mask == 0)
        fprintf(f, "-");
}

void path_results(FILE *f)
{
    for (unsigned i = 0; i < state.kinds; i++) {
        const struct kind *k = &state.kind[i];
        fprintf(f, "path %u %s %s ", k->core, state.place[k->entry].name,
                k->call == NO_CALL ? "-" : state.place[k->call].name);
        print_through(f, k->through);
        fprintf(f, " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", k->times, k->most, k->most_number);
    }
}
