/* The seam of the explorer (model.h): found before base/seam/seam.h, it hands each access of
 * base/ring.h and base/level.h to the model, with the place in the source that makes it, so that a
 * test can weaken one place at a time.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ORDER_SEAM_H
#define ORDER_SEAM_H

#include <stdint.h>

/* EARLY, in the asymmetric variant alone: a load that the compiler puts before the thread's last
 * light or heavy store. */
enum order {
    ORDER_RELAXED,
    ORDER_ACQUIRE,
    ORDER_RELEASE,
    ORDER_SEQ,
    ORDER_LIGHT,
    ORDER_HEAVY,
    ORDER_EARLY
};

/* One call of the seam in the source. */
struct site {
    const char *file, *function, *call;
    uint32_t line;
    enum order order; /* as written, or weaker if --weaken names this place */
    struct site *next;
    uint64_t hits;
};

uint32_t model_load(struct site *site, const uint32_t *p);
void model_store(struct site *site, uint32_t *p, uint32_t value);

#define SEAM_SITE(name, how)                                                                       \
    static struct site site = {                                                                    \
        .file = __FILE__, .function = __func__, .call = name, .line = __LINE__, .order = how}
#define SEAM_LOAD(name, how, p)                                                                    \
    ({                                                                                             \
        SEAM_SITE(name, how);                                                                      \
        model_load(&site, p);                                                                      \
    })
#define SEAM_STORE(name, how, p, v)                                                                \
    ({                                                                                             \
        SEAM_SITE(name, how);                                                                      \
        model_store(&site, p, v);                                                                  \
    })

#define seam_load_relaxed(p)     SEAM_LOAD("load_relaxed", ORDER_RELAXED, p)
#define seam_load_acquire(p)     SEAM_LOAD("load_acquire", ORDER_ACQUIRE, p)
#define seam_load_seq(p)         SEAM_LOAD("load_seq", ORDER_SEQ, p)
#define seam_load_light(p)       SEAM_LOAD("load_light", ORDER_LIGHT, p)
#define seam_load_heavy(p)       SEAM_LOAD("load_heavy", ORDER_HEAVY, p)
#define seam_store_relaxed(p, v) SEAM_STORE("store_relaxed", ORDER_RELAXED, p, v)
#define seam_store_release(p, v) SEAM_STORE("store_release", ORDER_RELEASE, p, v)
#define seam_store_seq(p, v)     SEAM_STORE("store_seq", ORDER_SEQ, p, v)
#define seam_store_light(p, v)   SEAM_STORE("store_light", ORDER_LIGHT, p, v)
#define seam_store_heavy(p, v)   SEAM_STORE("store_heavy", ORDER_HEAVY, p, v)

#endif
