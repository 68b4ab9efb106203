/* System calls with any arguments, in any order, by several tasks on two kernels: all tables sound
 * after each, no panic, and everything back when the tasks have ended.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "calls.h"

#define STEPS_MAX 400u

/* A core begins anew when it was asked to, some time after. */
static uint32_t ordered[FAKE_CORES];

/* Its memory stays: others may still have it mapped. */
static void begin_anew(sk_core core)
{
    struct port_cpu *cpu = &fake_cpu[core];
    const struct kern *old = cpu->k;
    for (unsigned i = 0; i < FAKE_MAPS; i++)
        if (fake_map[i].task >= old->tasks && fake_map[i].task < old->tasks + old->task_count)
            fake_map[i].task = NULL;
    size_t bytes = kern_size(&fake_tpl, core);
    struct kern_boot boot = {.tpl = &fake_tpl,
                             .cpu = cpu,
                             .memory = aligned_alloc(64, bytes),
                             .core = core,
                             .epoch = ordered[core],
                             .ram_base = (uintptr_t)cpu->ram,
                             .ram_pages = FAKE_PAGES};
    memset(boot.memory, 0, bytes);
    free(cpu->memory);
    cpu->memory = boot.memory;
    cpu->timer = SK_FOREVER;
    cpu->bell = false;
    cpu->k = kern_create(&boot);
    ordered[core] = 0;
    after_entry(core, kern_first(cpu->k));
}

static void begin_ordered(void)
{
    for (sk_core c = 0; c < machine.cores; c++)
        if (ordered[c] != 0)
            begin_anew(c);
}

static void call(struct input *in, sk_core core)
{
    uint64_t args[6];
    fake_start_epoch = 0;
    (void)any_call(in, core, args);
    if (fake_start_epoch != 0)
        ordered[args[1]] = fake_start_epoch;
}

static void step(struct input *in)
{
    uint8_t b = input_u8(in);
    sk_core core = b >> 7;
    switch (b % 16u) {
    case 0:
        fake_now += input_u8(in) * 100000u;
        break;
    case 1:
        settle();
        break;
    case 2:
        enter_bell(core); /* spurious too */
        break;
    case 3:
        enter_timer(core);
        break;
    case 4:
        enter_irq(core, 32 + input_below(in, 4));
        break;
    case 5:
        enter_fault(core);
        break;
    case 6:
        new_task(in, core);
        break;
    case 7:
        begin_ordered();
        break;
    case 8:
        fake_start_err = input_below(in, 3) == 0 ? SK_ERR_STATE : SK_OK;
        break;
    case 9:
        new_channel(in, core);
        break;
    case 10:
        take_channel(in, core);
        break;
    case 11:
        scribble_ring(in, core);
        break;
    default:
        call(in, core);
        break;
    }
    (void)step_core(core);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    memset(ordered, 0, sizeof(ordered));
    if (setjmp(fake_halt) != 0)
        halted();
    machine_begin(2);
    some_channels(&in);
    for (unsigned n = 0; n < STEPS_MAX && in.left != 0; n++)
        step(&in);
    begin_ordered();
    settle();
    machine_end();
    return 0;
}
