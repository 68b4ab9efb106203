/* malloc of programs on the host: an arena for each task, grown by regions that the task pays for,
 * so that budgets hold and everything is back when it dies. First fit over an address-ordered free
 * list; neighbours are joined, so that regions that happen to be adjacent make one block. Memory
 * goes back to the kernel only with the task.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/self.h"
#include "lib/sys.h"

#include "arch/host/include/host_libc.h"

#define ALIGN     16u
#define PAGES_MIN 4u

/* Before each block, free or not. */
struct block {
    size_t bytes;       /* of the block, this header included; multiple of ALIGN */
    struct block *next; /* while free: the next by address */
};
_Static_assert(sizeof(struct block) == ALIGN, "blocks stay aligned");

/* At the start of the first region. */
struct heap {
    struct block *free;
    uint64_t pages; /* of the next region to ask for */
    uint64_t taken; /* pages mapped, this one's included */
} __attribute__((aligned(ALIGN)));

/* A mapped region; NULL: refused. */
static void *region(uint64_t pages)
{
    sk_handle handle;
    uint64_t at;
    if (sys_region_create((uint32_t)pages, &handle) != SK_OK)
        return NULL;
    if (sys_region_map(handle, 0, SK_PROT_R | SK_PROT_W, &at) == SK_OK)
        return (void *)(uintptr_t)at;
    sys_close(handle);
    return NULL;
}

static void join(struct block *b)
{
    if (b->next != NULL && (char *)b + b->bytes == (char *)b->next) {
        b->bytes += b->next->bytes;
        b->next = b->next->next;
    }
}

static void put(struct heap *h, struct block *b)
{
    struct block *before = NULL;
    struct block *after = h->free;
    while (after != NULL && after < b) {
        before = after;
        after = after->next;
    }
    b->next = after;
    join(b);
    if (before == NULL) {
        h->free = b;
    } else {
        before->next = b;
        join(before);
    }
}

static struct heap *heap(void)
{
    struct heap *h = host_heap();
    if (h != NULL)
        return h;
    h = region(PAGES_MIN);
    if (h == NULL)
        return NULL;
    h->free = NULL;
    h->pages = PAGES_MIN * 2u;
    h->taken = PAGES_MIN;
    struct block *b = (struct block *)(h + 1);
    b->bytes = PAGES_MIN * SK_PAGE_BYTES - sizeof(*h);
    put(h, b);
    host_heap_set(h);
    return h;
}

/* More memory, at least `bytes` if that is what one region can give: a step larger each time, or
 * smaller when budget or memory come to an end. The start block says how much there may be. */
static bool grow(struct heap *h, size_t bytes)
{
    uint64_t room = sk_self()->start->heap_bytes / SK_PAGE_BYTES;
    uint64_t need = (bytes + SK_PAGE_BYTES - 1u) / SK_PAGE_BYTES;
    room = room > h->taken ? room - h->taken : 0;
    if (need > room)
        return false;
    if (need > SK_REGION_PAGES_MAX)
        need = SK_REGION_PAGES_MAX;
    uint64_t pages = h->pages > need ? h->pages : need;
    pages = pages < room ? pages : room;
    struct block *b;
    while ((b = region(pages)) == NULL) {
        if (pages == need)
            return false;
        pages = pages / 2u > need ? pages / 2u : need;
    }
    if (h->pages < SK_REGION_PAGES_MAX)
        h->pages *= 2u;
    h->taken += pages;
    b->bytes = pages * SK_PAGE_BYTES;
    put(h, b);
    return true;
}

static void *fit(struct heap *h, size_t bytes)
{
    struct block **at = &h->free;
    while (*at != NULL && (*at)->bytes < bytes)
        at = &(*at)->next;
    struct block *b = *at;
    if (b == NULL)
        return NULL;
    if (b->bytes - bytes >= 2u * sizeof(*b)) {
        struct block *rest = (struct block *)((char *)b + bytes);
        rest->bytes = b->bytes - bytes;
        rest->next = b->next;
        b->bytes = bytes;
        *at = rest;
    } else {
        *at = b->next;
    }
    b->next = NULL;
    return b + 1;
}

void *host_malloc(size_t bytes)
{
    struct heap *h = heap();
    if (h == NULL || bytes > (size_t)1 << 40)
        return NULL;
    bytes = (bytes + sizeof(struct block) + ALIGN - 1u) / ALIGN * ALIGN;
    for (;;) {
        void *p = fit(h, bytes);
        if (p != NULL || !grow(h, bytes))
            return p;
    }
}

void host_free(void *p)
{
    if (p != NULL)
        put(heap(), (struct block *)p - 1);
}

void *host_calloc(size_t n, size_t bytes)
{
    if (bytes != 0 && n > SIZE_MAX / bytes)
        return NULL;
    void *p = host_malloc(n * bytes);
    if (p != NULL)
        memset(p, 0, n * bytes);
    return p;
}

void *host_realloc(void *p, size_t bytes)
{
    void *q = host_malloc(bytes);
    if (q == NULL || p == NULL)
        return q;
    size_t had = ((struct block *)p - 1)->bytes - sizeof(struct block);
    memcpy(q, p, had < bytes ? had : bytes);
    host_free(p);
    return q;
}

char *host_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1u;
    char *copy = host_malloc(bytes);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}
