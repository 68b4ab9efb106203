/* Time in steps: a sample is measured in steps of some tens of microseconds, so that one in which
 * the core was taken away (more than a millisecond) can be told from the others and left out. The
 * first eighth of a sample warms up, and finds how many operations make a step.
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include "bench.h"

struct steps {
    uint64_t grain; /* operations that the next step should have */
    bool warm_up;
    uint64_t last, warm, end;
    uint64_t most; /* how far steps that are left out may put off the end */
    uint64_t ms;
    uint64_t sum, ops; /* of the steps that count */
    uint64_t steps, dropped;
    uint64_t dropped_sum, dropped_ops;
    uint64_t warm_sum, warm_ops; /* of the warm-up */
};

static inline void steps_begin(struct steps *s, const struct run *run)
{
    uint64_t now = isa_ticks();
    struct steps fresh = {};
    fresh.grain = 1;
    fresh.warm_up = true;
    fresh.last = now;
    fresh.warm = now + run->ticks / 8u;
    fresh.end = now + run->ticks;
    fresh.most = 3u * run->ticks;
    fresh.ms = run->ms;
    *s = fresh;
}

/* `ops` operations took d ticks. */
static inline void steps_add(struct steps *s, uint64_t d, uint64_t ops)
{
    s->steps++;
    if (d > s->ms) {
        s->dropped++;
        s->dropped_sum += d;
        s->dropped_ops += ops;
        uint64_t more = d < s->most ? d : s->most;
        s->end += more;
        s->most -= more;
    } else {
        s->sum += d;
        s->ops += ops;
    }
}

/* A step of `ops` operations has ended. False: so has the sample. */
static inline bool steps_next(struct steps *s, uint64_t ops)
{
    uint64_t now = isa_ticks(), d = now - s->last;
    s->last = now;
    if (s->warm_up) {
        bool short_step = d < s->ms / 50u;
        s->grain <<= short_step;
        s->warm_up = short_step || now < s->warm;
        s->warm_sum += d;
        s->warm_ops += ops;
        return true;
    }
    steps_add(s, d, ops);
    return now < s->end;
}

/* Write down what was found: ticks for one operation. If no step counts, of those that were too
 * long, or of the warm-up: all of the sample is said to be lost then. */
static inline void steps_result(const struct steps *s, struct result *to)
{
    uint64_t ops = s->ops ? s->ops : s->dropped_ops ? s->dropped_ops : s->warm_ops;
    uint64_t sum = s->ops ? s->sum : s->dropped_ops ? s->dropped_sum : s->warm_sum;
    to->value = ops ? (double)sum / (double)ops : 0;
    to->ops = ops;
    to->steps = s->steps;
    to->dropped = s->dropped;
    to->lost = s->ops ? (double)s->dropped_sum / (double)(s->dropped_sum + s->sum) : 1.0;
}

#endif
