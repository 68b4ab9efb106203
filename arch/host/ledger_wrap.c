/* Around the kernel's functions that hand out memory and ends (linked with --wrap): a plan may
 * refuse a request, and the ledger sees each. Calls inside one file of the kernel go past this; the
 * files meant call each other. Not in unit tests.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "arch/host/ledger.h"
#include "arch/host/sim.h"
#include "kernel/chan.h"
#include "kernel/page.h"

sk_err __real_page_take(struct kern *k, struct task *t, uint32_t use, uint32_t count,
                        sk_paddr *first);
sk_err __wrap_page_take(struct kern *k, struct task *t, uint32_t use, uint32_t count,
                        sk_paddr *first);
sk_err __real_page_reserve(struct kern *k, struct task *t, uint32_t use, uint32_t count,
                           sk_paddr *first);
sk_err __wrap_page_reserve(struct kern *k, struct task *t, uint32_t use, uint32_t count,
                           sk_paddr *first);
bool __real_page_clean(struct kern *k, sk_paddr first, uint32_t count, uint32_t most);
bool __wrap_page_clean(struct kern *k, sk_paddr first, uint32_t count, uint32_t most);
void __real_page_give(struct kern *k, struct task *t, sk_paddr first, uint32_t count, bool zero);
void __wrap_page_give(struct kern *k, struct task *t, sk_paddr first, uint32_t count, bool zero);
sk_paddr __real_kern_page_take(struct kern *k, struct task *t, sk_err *err);
sk_paddr __wrap_kern_page_take(struct kern *k, struct task *t, sk_err *err);
void __real_kern_page_give(struct kern *k, struct task *t, sk_paddr page);
void __wrap_kern_page_give(struct kern *k, struct task *t, sk_paddr page);
void __real_page_fenced(struct kern *k, sk_core core);
void __wrap_page_fenced(struct kern *k, sk_core core);
struct end *__real_chan_end_take(struct kern *k);
struct end *__wrap_chan_end_take(struct kern *k);

/* What a kernel needs to begin is not refused: without its init there is none. */
static bool refused(const struct kern *k, const struct task *t)
{
    bool begins = sim.cur->kern == NULL || k->tasks[0].state < SK_TASK_READY ||
                  (t != NULL && t->creator == NULL && t->state < SK_TASK_READY);
    return !begins && faults_refuse();
}

sk_err __wrap_page_take(struct kern *k, struct task *t, uint32_t use, uint32_t count,
                        sk_paddr *first)
{
    if (refused(k, t))
        return SK_ERR_NO_MEMORY;
    sk_err err = __real_page_take(k, t, use, count, first);
    if (err == SK_OK) {
        ledger_taken(k, use, count, *first);
        ledger_clean(k, count, *first);
    }
    return err;
}

sk_err __wrap_page_reserve(struct kern *k, struct task *t, uint32_t use, uint32_t count,
                           sk_paddr *first)
{
    if (refused(k, t))
        return SK_ERR_NO_MEMORY;
    sk_err err = __real_page_reserve(k, t, use, count, first);
    if (err == SK_OK)
        ledger_taken(k, use, count, *first);
    return err;
}

bool __wrap_page_clean(struct kern *k, sk_paddr first, uint32_t count, uint32_t most)
{
    bool clean = __real_page_clean(k, first, count, most);
    if (clean)
        ledger_clean(k, count, first);
    return clean;
}

void __wrap_page_give(struct kern *k, struct task *t, sk_paddr first, uint32_t count, bool zero)
{
    ledger_given(k, count, first);
    __real_page_give(k, t, first, count, zero);
}

sk_paddr __wrap_kern_page_take(struct kern *k, struct task *t, sk_err *err)
{
    if (refused(k, t)) {
        *err = SK_ERR_NO_MEMORY;
        return SK_PADDR_NONE;
    }
    sk_paddr page = __real_kern_page_take(k, t, err);
    if (page != SK_PADDR_NONE) {
        ledger_taken(k, PAGE_TABLE, 1, page);
        ledger_clean(k, 1, page);
    }
    return page;
}

void __wrap_kern_page_give(struct kern *k, struct task *t, sk_paddr page)
{
    ledger_given(k, 1, page);
    __real_kern_page_give(k, t, page);
}

void __wrap_page_fenced(struct kern *k, sk_core core)
{
    for (uint32_t n = 0; n < k->ram_pages; n++)
        if (k->ledger[n].use == PAGE_DOUBT && k->ledger[n].slot == core)
            ledger_fenced(k, core, k->ram_base + (sk_paddr)n * SK_PAGE_BYTES);
    __real_page_fenced(k, core);
}

struct end *__wrap_chan_end_take(struct kern *k)
{
    return refused(k, NULL) ? NULL : __real_chan_end_take(k);
}
