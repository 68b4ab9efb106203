/* How much the console has room for: as many clients as it may have channels, and for each as much
 * of a line as its memory gives. Taken once, when it starts.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"
#include "lib/take.h"

#define LINE_MAX   120u /* more is of no use */
#define LINE_MIN   16u
#define INPUT_FEW  64u
#define INPUT_MANY 256u
#define MUCH       16384u /* memory from which on there is room for much input */
#define SPARE      256u   /* what the heap itself needs */

bool room_take(struct console *c)
{
    const struct sk_start *start = sk_self()->start;
    uint32_t n = sk_clients_most();
    c->in_max = start->heap_bytes < MUCH ? INPUT_FEW : INPUT_MANY;
    uint64_t each = sizeof *c->client + sizeof *c->writer + sizeof *c->reader;
    uint64_t fixed = n * each + c->in_max + SPARE;
    uint64_t left = start->heap_bytes > fixed ? (start->heap_bytes - fixed) / n : 0;
    c->clients = n;
    c->line_max = left < LINE_MAX ? (uint32_t)left : LINE_MAX;
    if (left < LINE_MIN) {
        sk_log("console: %u bytes of heap are too few for %u clients: %u are needed\n",
               (unsigned)start->heap_bytes, (unsigned)n, (unsigned)(fixed + n * LINE_MIN));
        return false;
    }
    c->client = sk_take(n, sizeof *c->client, "clients");
    c->writer = sk_take(n, sizeof *c->writer, "writers");
    c->reader = sk_take(n, sizeof *c->reader, "readers");
    c->line = sk_take(n, c->line_max, "lines");
    c->in = sk_take(c->in_max, 1, "characters");
    return c->client && c->writer && c->reader && c->line && c->in;
}
