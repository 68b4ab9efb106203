/* See page.h. A map with a bit for each free page, and a ledger line for each page. A double give
 * or a stray page is a broken invariant: panic.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/page.h"

static void mark(struct kern *k, uint32_t n, bool is_free)
{
    uint64_t bit = (uint64_t)1 << (n % 64u);
    if (is_free)
        k->ram_map[n / 64u] |= bit;
    else
        k->ram_map[n / 64u] &= ~bit;
}

void page_init(struct kern *k, sk_paddr base, uint32_t pages)
{
    k->ram_base = base;
    k->ram_pages = k->ram_free = pages;
    for (uint32_t n = 0; n < pages; n++) {
        mark(k, n, true);
        k->ledger[n] = (struct page){.use = PAGE_FREE, .dirty = 1, .slot = INDEX_NONE};
    }
}

static void zero_page(struct kern *k, uint32_t n)
{
    sk_paddr page = k->ram_base + (sk_paddr)n * SK_PAGE_BYTES;
    __builtin_memset(port_page(k->cpu, page), 0, SK_PAGE_BYTES);
}

/* First page at or after `from` (and before end) that is free, or end. */
static uint32_t next_free(const struct kern *k, uint32_t from, uint32_t end)
{
    while (from < end) {
        uint64_t word = k->ram_map[from / 64u] >> (from % 64u);
        if (word != 0) {
            from += (uint32_t)__builtin_ctzll(word);
            return from < end ? from : end;
        }
        from = (from / 64u + 1u) * 64u;
    }
    return end;
}

/* Start of a run of count free pages in [from, end), or end. */
static uint32_t find_run(const struct kern *k, uint32_t from, uint32_t end, uint32_t count)
{
    for (;;) {
        uint32_t start = next_free(k, from, end);
        if (end - start < count)
            return end;
        uint32_t n = 1;
        while (n < count && (k->ram_map[(start + n) / 64u] >> ((start + n) % 64u) & 1u))
            n++;
        if (n == count)
            return start;
        from = start + n;
    }
}

sk_err page_reserve(struct kern *k, struct task *t, uint32_t use, uint32_t count, sk_paddr *first)
{
    if (t && count > t->pages_max - t->pages_used)
        return SK_ERR_BUDGET;
    if (count > k->ram_free)
        return SK_ERR_NO_MEMORY;
    uint32_t start = find_run(k, k->ram_hint, k->ram_pages, count);
    if (start == k->ram_pages) {
        start = find_run(k, 0, k->ram_pages, count);
        if (start == k->ram_pages)
            return SK_ERR_NO_MEMORY;
    }
    k->ram_hint = start + count;
    for (uint32_t n = start; n < start + count; n++) {
        struct page *p = &k->ledger[n];
        KERN_ASSERT(k, p->use == PAGE_FREE);
        p->use = (uint8_t)use;
        p->slot = t ? t->slot : INDEX_NONE;
        mark(k, n, false);
    }
    k->ram_free -= count;
    if (t)
        t->pages_used += count;
    *first = k->ram_base + (sk_paddr)start * SK_PAGE_BYTES;
    return SK_OK;
}

bool page_clean(struct kern *k, sk_paddr first, uint32_t count, uint32_t most)
{
    uint32_t start = (uint32_t)((first - k->ram_base) / SK_PAGE_BYTES);
    for (uint32_t n = start; n < start + count; n++) {
        struct page *p = &k->ledger[n];
        if (!p->dirty)
            continue;
        if (most-- == 0)
            return false;
        zero_page(k, n);
        p->dirty = 0;
    }
    return true;
}

sk_err page_take(struct kern *k, struct task *t, uint32_t use, uint32_t count, sk_paddr *first)
{
    sk_err err = page_reserve(k, t, use, count, first);
    if (err == SK_OK)
        (void)page_clean(k, *first, count, count);
    return err;
}

void page_give(struct kern *k, struct task *t, sk_paddr first, uint32_t count, bool zero)
{
    uint32_t start = (uint32_t)((first - k->ram_base) / SK_PAGE_BYTES);
    KERN_ASSERT(k, first >= k->ram_base && start < k->ram_pages && count <= k->ram_pages - start);
    for (uint32_t n = start; n < start + count; n++) {
        struct page *p = &k->ledger[n];
        KERN_ASSERT(k, p->use != PAGE_FREE);
        if (zero)
            zero_page(k, n);
        *p = (struct page){.use = PAGE_FREE, .dirty = !zero, .slot = INDEX_NONE};
        mark(k, n, true);
    }
    k->ram_free += count;
    if (start < k->ram_hint)
        k->ram_hint = start;
    if (t) {
        KERN_ASSERT(k, t->pages_used >= count);
        t->pages_used -= count;
    }
}

sk_err page_charge(struct kern *k, sk_paddr first, uint32_t count, struct task *from,
                   struct task *to)
{
    if (to && count > to->pages_max - to->pages_used)
        return SK_ERR_BUDGET;
    uint32_t start = (uint32_t)((first - k->ram_base) / SK_PAGE_BYTES);
    for (uint32_t n = start; n < start + count; n++)
        k->ledger[n].slot = to ? to->slot : INDEX_NONE;
    if (from)
        from->pages_used -= count;
    if (to)
        to->pages_used += count;
    return SK_OK;
}

void page_doubt(struct kern *k, struct task *t, sk_paddr first, uint32_t count, sk_core core)
{
    (void)page_charge(k, first, count, t, NULL);
    uint32_t start = (uint32_t)((first - k->ram_base) / SK_PAGE_BYTES);
    for (uint32_t n = start; n < start + count; n++)
        k->ledger[n] = (struct page){.use = PAGE_DOUBT, .dirty = 1, .slot = (uint16_t)core};
    k->ram_doubt += count;
}

void page_fenced(struct kern *k, sk_core core)
{
    for (uint32_t n = 0; n < k->ram_pages && k->ram_doubt != 0; n++)
        if (k->ledger[n].use == PAGE_DOUBT && k->ledger[n].slot == core) {
            page_give(k, NULL, k->ram_base + (sk_paddr)n * SK_PAGE_BYTES, 1, false);
            k->ram_doubt--;
        }
}

sk_paddr kern_page_take(struct kern *k, struct task *t, sk_err *err)
{
    sk_paddr page = SK_PADDR_NONE;
    *err = page_take(k, t, PAGE_TABLE, 1, &page);
    return *err == SK_OK ? page : SK_PADDR_NONE;
}

void kern_page_give(struct kern *k, struct task *t, sk_paddr page)
{
    page_give(k, t, page, 1, true);
}
