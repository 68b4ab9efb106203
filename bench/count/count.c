/* A plugin for QEMU that counts guest instructions between marker instructions, exactly.
 *
 * A marker is an architectural no-op that compilers do not emit. Marker 2r begins region r on the
 * core that executes it, marker 2r + 1 ends it there and makes one sample: instructions of that
 * core, of all cores, and of all cores in the kernels.
 * Marker 63 writes the results and ends the emulator. Markers themselves are not counted.
 *
 * Every instruction adds to one counter; the start of a block tells which core is running. That is
 * exact only if the emulator runs its cores in one thread, as it does with -icount.
 *
 * Arguments: out=FILE (needed); kernel=FIRST:LAST (hexadecimal): where a kernel is; profile=REGION:
 * counts for each instruction inside that region; at=ADDRESS:MARKER (hexadecimal, decimal): the
 * instruction there acts as that marker too, before it runs and is counted. So a kernel can be
 * measured inside without a marker in it. And those of path.h; path= profiles that path.
 * The file has lines "sample REGION CORE OWN ALL KERNELS", "at VADDR PAGE WORD COUNT", those of
 * path.h, and at the end "total N"; without that line it is not complete.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_INTERFACE;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
                                           int argc, char **argv);

#define CORES       64u
#define MARKERS     64
#define REGIONS     (MARKERS / 2)
#define MARKER_DONE (MARKERS - 1)
#define MARKER_NONE (-1)
#define REGION_NONE (-1)
#define REGION_PATH REGIONS /* profiled: a path */
#define PLACES_MAX  16u
#define KERNELS_MAX 8u
#define CELLS_CHUNK 4096u
#define CHUNKS_MAX  4096u

struct count {
    uint64_t own, all, kernel;
};

struct sample {
    int region;
    unsigned core;
    struct count count;
};

/* One translated instruction of a profile. `hits` is written by the generated code, so a cell never
 * moves; code that is translated again gets another cell. */
struct cell {
    uint64_t vaddr, page;
    uint32_t word;
    uint64_t hits;    /* ever */
    uint64_t entered; /* hits when the region was last entered */
    uint64_t inside;  /* of all passes through the region */
};

static struct {
    const char *target;
    char *out_path;
    int profile; /* region, or REGION_NONE */
    struct {
        uint64_t vaddr;
        int marker;
    } place[PLACES_MAX];
    unsigned places;
    struct {
        uint64_t first, last;
    } kernels[KERNELS_MAX];
    unsigned kernel_count;

    uint64_t all, kernel;  /* written by the generated code */
    unsigned running;      /* the core that the emulator runs now */
    uint64_t running_from; /* `all` when it began to */
    uint64_t own[CORES];   /* of each core, up to when it last stopped running */

    struct {
        bool open;
        struct count start;
    } region[REGIONS][CORES];

    struct sample *sample;
    size_t samples, samples_room;
    struct cell *chunk[CHUNKS_MAX];
    size_t cells;
    bool written;
} state = {.profile = REGION_NONE};

static _Noreturn void give_up(const char *text)
{
    fprintf(stderr, "count: %s\n", text);
    exit(1);
}

/* --- results ---------------------------------------------------------------------------------- */

static struct cell *cell_at(size_t i)
{
    return &state.chunk[i / CELLS_CHUNK][i % CELLS_CHUNK];
}

static void results_write(void)
{
    if (state.written)
        return;
    state.written = true;
    FILE *f = fopen(state.out_path, "w");
    if (!f)
        give_up("cannot write the results");
    for (size_t i = 0; i < state.samples; i++) {
        const struct sample *s = &state.sample[i];
        fprintf(f, "sample %d %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", s->region, s->core,
                s->count.own, s->count.all, s->count.kernel);
    }
    for (size_t i = 0; i < state.cells; i++) {
        const struct cell *c = cell_at(i);
        if (c->inside)
            fprintf(f, "at %" PRIx64 " %" PRIx64 " %" PRIx32 " %" PRIu64 "\n", c->vaddr, c->page,
                    c->word, c->inside);
    }
    path_results(f);
    fprintf(f, "total %" PRIu64 "\n", state.all);
    if (fclose(f) != 0)
        give_up("cannot write the results");
}

static void sample_add(int region, unsigned core, struct count count)
{
    if (state.samples == state.samples_room) {
        state.samples_room = state.samples_room ? state.samples_room * 2 : 1024;
        state.sample = realloc(state.sample, state.samples_room * sizeof(*state.sample));
        if (!state.sample)
            give_up("out of memory");
    }
    state.sample[state.samples++] = (struct sample){region, core, count};
}

/* --- while the guest runs --------------------------------------------------------------------- */

static void on_block(unsigned core, void *unused)
{
    (void)unused;
    if (core == state.running)
        return;
    state.own[state.running] += state.all - state.running_from;
    state.running = core;
    state.running_from = state.all;
}

/* Counts up to now, as seen by the running core. */
static struct count count_now(void)
{
    uint64_t own = state.own[state.running] + state.all - state.running_from;
    return (struct count){own, state.all, state.kernel};
}

static void profile_enter(void)
{
    for (size_t i = 0; i < state.cells; i++)
        cell_at(i)->entered = cell_at(i)->hits;
}

/* A cell that was made inside the region has `entered` 0 and rightly counts in full. */
static void profile_leave(void)
{
    for (size_t i = 0; i < state.cells; i++)
        cell_at(i)->inside += cell_at(i)->hits - cell_at(i)->entered;
}

unsigned path_core(void)
{
    return state.running;
}

uint64_t path_count(void)
{
    return count_now().own;
}

void path_wanted_begin(void)
{
    profile_enter();
}

void path_wanted_end(void)
{
    profile_leave();
}

static void region_begin(int r, unsigned core)
{
    if (r == state.profile)
        profile_enter();
    state.region[r][core].open = true;
    state.region[r][core].start = count_now();
}

static void region_end(int r, unsigned core)
{
    if (!state.region[r][core].open)
        return;
    state.region[r][core].open = false;
    struct count now = count_now();
    const struct count *start = &state.region[r][core].start;
    sample_add(
        r, core,
        (struct count){now.own - start->own, now.all - start->all, now.kernel - start->kernel});
    if (r == state.profile)
        profile_leave();
}

static void on_marker(unsigned core, void *marker)
{
    int m = (int)(intptr_t)marker;
    on_block(core, NULL);
    if (m == MARKER_DONE) {
        results_write();
        _exit(0); /* exit() would wait for the thread that runs this */
    }
    if (m % 2 == 0)
        region_begin(m / 2, core);
    else
        region_end(m / 2, core);
}

/* --- when code is translated ------------------------------------------------------------------ */

/* The instruction's bytes, as many as it has. Of Thumb's the emulator may show the next one too. */
static uint32_t word_of(const struct qemu_plugin_insn *insn)
{
    uint32_t word = 0;
    size_t size = qemu_plugin_insn_size(insn);
    memcpy(&word, qemu_plugin_insn_data(insn), size < sizeof(word) ? size : sizeof(word));
    bool half = !strcmp(state.target, "arm") && (word & 0xffffu) < 0xe800u;
    return half ? word & 0xffffu : word;
}

/* arm64: HINT #64 .. #127, which the architecture leaves unallocated. Thumb: the 32-bit hints of
 * those numbers, first half first in memory. riscv64: SLTI x0, x0, 0x7c0 .. 0x7ff. */
static int marker_of(const struct qemu_plugin_insn *insn, uint32_t word)
{
    if (qemu_plugin_insn_size(insn) < 4)
        return MARKER_NONE;
    if (!strcmp(state.target, "aarch64")) {
        uint32_t hint = (word >> 5) & 0x7f;
        return (word & 0xfffff01fu) == 0xd503201fu && hint >= 64 ? (int)hint - 64 : MARKER_NONE;
    }
    if (!strcmp(state.target, "arm")) {
        uint32_t hint = word >> 16 & 0xff;
        return (word & 0xff00ffffu) == 0x8000f3afu && hint >= 64 && hint < 128 ? (int)hint - 64
                                                                               : MARKER_NONE;
    }
    uint32_t imm = word >> 20;
    return (word & 0xfffffu) == 0x2013u && imm >= 0x7c0 && imm < 0x800 ? (int)imm - 0x7c0
                                                                       : MARKER_NONE;
}

static struct cell *cell_new(const struct qemu_plugin_insn *insn, uint32_t word)
{
    if (state.cells % CELLS_CHUNK == 0) {
        size_t n = state.cells / CELLS_CHUNK;
        if (n == CHUNKS_MAX || !(state.chunk[n] = calloc(CELLS_CHUNK, sizeof(struct cell))))
            give_up("too much code to profile");
    }
    struct cell *c = cell_at(state.cells++);
    c->vaddr = qemu_plugin_insn_vaddr(insn);
    c->page = (uint64_t)(uintptr_t)qemu_plugin_insn_haddr(insn) & ~(uint64_t)0xfff;
    c->word = word;
    return c;
}

static void add_one(struct qemu_plugin_insn *insn, uint64_t *word)
{
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, word, 1);
}

static void call_marker(struct qemu_plugin_insn *insn, int marker)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, QEMU_PLUGIN_REGISTERS_NONE,
                                           (void *)(intptr_t)marker);
}

static bool in_kernel(uint64_t vaddr)
{
    for (unsigned i = 0; i < state.kernel_count; i++)
        if (vaddr >= state.kernels[i].first && vaddr <= state.kernels[i].last)
            return true;
    return false;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    bool was_kernel = true;
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_REGISTERS_NONE, NULL);
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t vaddr = qemu_plugin_insn_vaddr(insn);
        uint32_t word = word_of(insn);
        for (unsigned p = 0; p < state.places; p++)
            if (state.place[p].vaddr == vaddr)
                call_marker(insn, state.place[p].marker);
        bool kernel = in_kernel(vaddr);
        if (path_is_on())
            path_instruction(insn, vaddr, was_kernel && !kernel);
        was_kernel = kernel;
        int marker = marker_of(insn, word);
        if (marker != MARKER_NONE) {
            call_marker(insn, marker);
            continue;
        }
        add_one(insn, &state.all);
        if (kernel)
            add_one(insn, &state.kernel);
        if (state.profile != REGION_NONE)
            add_one(insn, &cell_new(insn, word)->hits);
    }
}

static void on_end(qemu_plugin_id_t id, void *unused)
{
    (void)id;
    (void)unused;
    results_write();
}

static bool argument(const char *arg)
{
    static const char out[] = "out=";
    uint64_t vaddr, last;
    int marker;
    bool good;
    if (path_argument(arg, &good)) {
        if (good && !strncmp(arg, "path=", 5))
            state.profile = REGION_PATH;
        return good;
    }
    if (!strncmp(arg, out, sizeof(out) - 1)) {
        state.out_path = strdup(arg + sizeof(out) - 1);
        return state.out_path != NULL;
    }
    if (sscanf(arg, "profile=%d", &state.profile) == 1)
        return state.profile >= 0 && state.profile < REGIONS;
    if (sscanf(arg, "kernel=%" SCNx64 ":%" SCNx64, &vaddr, &last) == 2) {
        if (state.kernel_count == KERNELS_MAX || vaddr > last)
            return false;
        state.kernels[state.kernel_count].first = vaddr;
        state.kernels[state.kernel_count++].last = last;
        return true;
    }
    if (sscanf(arg, "at=%" SCNx64 ":%d", &vaddr, &marker) != 2 || marker < 0 || marker >= MARKERS ||
        state.places == PLACES_MAX)
        return false;
    state.place[state.places].vaddr = vaddr;
    state.place[state.places++].marker = marker;
    return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    state.target = strdup(info->target_name);
    for (int i = 0; i < argc; i++) {
        if (!argument(argv[i])) {
            fprintf(stderr, "count: bad argument %s\n", argv[i]);
            return -1;
        }
    }
    if (!state.out_path || (unsigned)info->system.smp_vcpus > CORES) {
        fprintf(stderr, "count: needs out=FILE and at most %u cores\n", CORES);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
