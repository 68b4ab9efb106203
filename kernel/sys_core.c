/* System calls about cores.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/core.h"
#include "kernel/crash.h"
#include "kernel/link.h"
#include "kernel/sys.h"
#include "kernel/task.h"

sk_err sys_core_start(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    return core_start(k, t, sys_u32(t, 1), false, sys_u64(t, 2));
}

sk_err sys_core_restart(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    return core_start(k, t, sys_u32(t, 1), true, sys_u64(t, 2));
}

sk_err sys_core_ask(struct kern *k, struct task *t, struct handle *h)
{
    (void)h;
    return core_ask(k, t, sys_u32(t, 1), sys_u32(t, 2), sys_u64(t, 3));
}

sk_err sys_core_info(struct kern *k, struct task *t, struct handle *h)
{
    sk_core core = sys_u32(t, 1);
    (void)h;
    if (core >= k->cores)
        return SK_ERR_NOT_FOUND;
    struct sk_core_info info = {.state = core_state(k, core),
                                .epoch = link_epoch(k, core),
                                .self = core == k->core,
                                .cores = k->cores};
    if (info.self) {
        const struct core_record *record = &k->tpl->core[core];
        port_fork_stats(k->cpu, &info.pages_shared, &info.pages_copied, &info.pages_private);
        info.fpu = (record->features & CORE_HAS_FPU) != 0;
        info.mpu_regions = record->mpu_regions;
        info.priority_bits = record->priority_bits;
    }
    return user_out(k, t, sys_word(t, 2), &info, sizeof(info));
}

sk_err sys_core_record(struct kern *k, struct task *t, struct handle *h)
{
    sk_core core = sys_u32(t, 1);
    uintptr_t len = sys_word(t, 3), from = sys_word(t, 4);
    (void)h;
    const struct sk_crash *r = core < k->cores ? port_crash_record(k->cpu, core) : NULL;
    uint32_t epoch = r != NULL ? crash_whole(r) : 0;
    if (epoch == 0)
        return SK_ERR_NOT_FOUND;
    if (from > sizeof(*r))
        from = sizeof(*r);
    if (len > sizeof(*r) - from)
        len = sizeof(*r) - from;
    sk_err err = user_out(k, t, sys_word(t, 2), (const uint8_t *)r + from, len);
    if (err == SK_OK && crash_whole(r) != epoch)
        err = SK_ERR_STATE;
    return sys_value(t, err, len);
}
