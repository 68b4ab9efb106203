/* System tables: what the kernel's check accepts can be walked by kernel and init without a look
 * outside, and a kernel can be made from it; what it refuses it gives a reason for.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernels.h"
#include "arch/host/include/host_user.h"
#include "services/init/manifest.h"

#define PARTS       5u
#define ARCHIVE_MAX 4096u

static uint64_t sum; /* of all that is read */

/* The library's instructions: names_match, which init uses, needs none of them. */
void host_syscall(uint32_t nr, const uint64_t args[6], uint64_t r[4])
{
    (void)args, (void)r;
    FUZZ_FAIL("system call %u", nr);
}
sk_ns host_now(void)
{
    FUZZ_FAIL("clock");
}
void host_relax(void)
{
}
void *host_self(void)
{
    FUZZ_FAIL("self");
}

static void touch(const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum += ((const volatile uint8_t *)p)[i];
}

/* --- A table from the input ------------------------------------------------------------------ */

struct part {
    uint32_t off, count, size;
};

static void some_name(struct input *in, char *name)
{
    static const char *const known[] = {"init", "echo", "a", "names", "x*"};
    snprintf(name, SK_NAME_BYTES, "%s", known[input_below(in, 5)]);
}

static void some_record(struct input *in, unsigned kind, void *at)
{
    struct sk_sys_core core = {.ram_bytes = 65536u * (1u + input_below(in, 4)),
                               .log_bytes = 256u + input_u8(in),
                               .tasks = 1u + input_below(in, 8),
                               .ends = 1u + input_below(in, 32),
                               .ports = 1u + input_below(in, 4),
                               .regions = 1u + input_below(in, 4),
                               .handles = 1u + input_below(in, 16),
                               .flags = input_below(in, 2)};
    struct sk_sys_prog prog = {.place = input_below(in, 6) ? SK_PLACE_ANY : 1,
                               .priority = input_below(in, 17),
                               .restart = input_below(in, 4),
                               .mem_bytes = 4096u * input_below(in, 64),
                               .handles = input_below(in, 17),
                               .ends = input_below(in, 33),
                               .flags = input_below(in, 16),
                               .perm_first = input_below(in, 3),
                               .perm_count = input_below(in, 3),
                               .dev_first = input_below(in, 3),
                               .dev_count = input_below(in, 3)};
    struct sk_sys_dev dev = {.base = 0x10000u * input_u8(in),
                             .size_bytes = 4096u * input_below(in, 4),
                             .irq = input_u8(in)};
    struct sk_sys_perm perm = {.kind = input_below(in, 4)};
    struct sk_sys_image image = {.prog = input_below(in, 4), .core = input_below(in, 4)};
    some_name(in, prog.name);
    some_name(in, dev.name);
    some_name(in, perm.pattern);
    const void *record[PARTS] = {&core, &prog, &dev, &perm, &image};
    static const size_t size[PARTS] = {sizeof(core), sizeof(prog), sizeof(dev), sizeof(perm),
                                       sizeof(image)};
    memcpy(at, record[kind], size[kind]);
}

/* A table that is nearly right. Returns its length. */
static size_t build(struct input *in, uint8_t *table, size_t room)
{
    struct part part[PARTS] = {{0, 1u + input_below(in, 4), sizeof(struct sk_sys_core)},
                               {0, input_below(in, 5), sizeof(struct sk_sys_prog)},
                               {0, input_below(in, 3), sizeof(struct sk_sys_dev)},
                               {0, input_below(in, 4), sizeof(struct sk_sys_perm)},
                               {0, input_below(in, 2), sizeof(struct sk_sys_image)}};
    size_t len = sizeof(struct sk_sys_header);
    for (unsigned p = 0; p < PARTS; p++) {
        part[p].off = (uint32_t)len;
        for (uint32_t i = 0; i < part[p].count && len + part[p].size <= room; i++) {
            some_record(in, p, table + len);
            len += part[p].size;
        }
    }
    struct sk_sys_header h = {.magic = SK_SYS_MAGIC,
                              .version = SK_SYS_VERSION,
                              .size_bytes = (uint32_t)len,
                              .cores = part[0].count,
                              .core_off = part[0].off,
                              .core_count = part[0].count,
                              .prog_off = part[1].off,
                              .prog_count = part[1].count,
                              .dev_off = part[2].off,
                              .dev_count = part[2].count,
                              .perm_off = part[3].off,
                              .perm_count = part[3].count,
                              .image_off = part[4].off,
                              .image_count = part[4].count,
                              .name = "fuzz",
                              .board = "fuzz"};
    memcpy(table, &h, sizeof(h));
    for (uint32_t lies = input_below(in, 6); lies > 0; lies--) {
        uint32_t at = input_u16(in), v = input_u32(in);
        at = at < 0x8000 ? at % sizeof(h) & ~3u : at % (uint32_t)(len - sizeof(v));
        v = at & 1u ? v : v % 300u;
        memcpy(table + at, &v, sizeof(v));
    }
    return len;
}

/* --- What reads it --------------------------------------------------------------------------- */

static void as_kernels_do(const struct sk_sys_header *sys)
{
    for (uint32_t i = 0; i < sys->core_count; i++)
        touch(system_core(sys, i), sizeof(struct sk_sys_core));
    for (uint32_t i = 0; i < sys->prog_count; i++) {
        const struct sk_sys_prog *p = system_prog(sys, i);
        touch(p, sizeof(*p));
        for (uint32_t n = 0; n < p->perm_count; n++)
            touch(system_perm(sys, p->perm_first + n), sizeof(struct sk_sys_perm));
        for (uint32_t n = 0; n < p->dev_count; n++)
            touch(system_dev(sys, p->dev_first + n), sizeof(struct sk_sys_dev));
    }
    for (uint32_t i = 0; i < sys->image_count; i++) {
        touch(system_image(sys, i), sizeof(struct sk_sys_image));
        touch(system_prog(sys, system_image(sys, i)->prog), sizeof(struct sk_sys_prog));
    }
}

static void as_init_does(const void *table)
{
    struct manifest m;
    const struct sk_sys_prog *p;
    FUZZ_CHECK(manifest_open(&m, table) == SK_OK);
    for (uint32_t i = 0; (p = manifest_prog(&m, i)) != NULL; i++) {
        sum += manifest_permits(&m, p, SK_PERM_RESOLVE, "names");
        FUZZ_CHECK(manifest_place(&m, p, m.sys->cores) < m.sys->cores);
        FUZZ_CHECK(manifest_find(&m, p->name) <= p);
    }
    for (sk_core c = 0; c <= SK_CORES_MAX; c++)
        sum += manifest_core_starts(&m, c);
}

/* A kernel of core 0, if its tables are small. It may say that the table gives init too little. */
static void make_kernel(const struct sk_sys_header *sys)
{
    fake_tpl = (struct template){
        .cores = sys->cores < FAKE_CORES ? sys->cores : FAKE_CORES, .frozen = 1, .sys = sys};
    memset(fake_map, 0, sizeof(fake_map));
    memset(fake_link, 0, sizeof(fake_link));
    fake_map_room = ~0u;
    machine.cores = 1;
    if (kern_size(&fake_tpl, 0) > 512u * 1024u)
        return;
    if (setjmp(fake_halt) == 0)
        after_entry(0, kern_idle(fake_boot(0, 0)));
    else
        FUZZ_CHECK(((struct kern *)fake_cpu[0].memory)->panic_why != NULL);
    fake_free();
}

/* The same through a boot archive, as the boot kernel meets it. */
static void in_archive(const void *table, size_t len)
{
    struct template tpl = {.cores = 0};
    const char *why;
    size_t bytes = 0;
    char *archive = malloc(ARCHIVE_MAX);
    bytes += (size_t)snprintf(archive, ARCHIVE_MAX, "070701%048u%08X%032u%08X%08u%s", 0,
                              (unsigned)len, 0, 11, 0, SK_SYS_FILE) +
             1u;
    bytes = (bytes + 3u) & ~(size_t)3u;
    memcpy(archive + bytes, table, len);
    bytes = (bytes + len + 3u) & ~(size_t)3u;
    bytes += (size_t)snprintf(archive + bytes, ARCHIVE_MAX - bytes,
                              "070701%048u%08X%032u%08X%08uTRAILER!!!", 0, 0, 0, 11, 0) +
             1u;
    sk_err err = template_build(&tpl, archive, bytes, FAKE_CORES, &why);
    FUZZ_CHECK(err == SK_OK && tpl.cores >= 1 && tpl.cores <= FAKE_CORES);
    free(archive);
}

/* The first byte: 0 takes the bytes as they are, otherwise a table is made and then damaged. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    uint8_t made[2048] __attribute__((aligned(8)));
    const char *why = "?";
    size_t len = sizeof(made) < in.left ? sizeof(made) : in.left;
    memset(made, 0, sizeof(made));
    if (input_u8(&in) == 0)
        input_bytes(&in, made, len);
    else
        len = build(&in, made, sizeof(made));
    uint8_t *table = malloc(len == 0 ? 1 : len);
    memcpy(table, made, len);
    sk_err err = system_check(table, len, &why);
    FUZZ_CHECK(err == SK_OK || err == SK_ERR_IMAGE);
    FUZZ_CHECK((err == SK_OK) == (why == NULL));
    if (err == SK_OK) {
        as_kernels_do((const void *)table);
        as_init_does(table);
        make_kernel((const void *)table);
        in_archive(table, len);
    }
    free(table);
    return 0;
}
