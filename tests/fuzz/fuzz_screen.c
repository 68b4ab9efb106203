/* Lines of many writers on one screen: whatever they write, what is remembered stays inside each
 * writer's room.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"
#include "services/console/console.h"

#include <stdlib.h>

#define CLIENTS 3u

void uart_put(struct console *c, char ch)
{
    (void)ch;
    c->count++;
}

static void check(const struct console *c)
{
    FUZZ_CHECK(c->owner == NOBODY || c->owner < CLIENTS);
    for (uint32_t i = 0; i < CLIENTS; i++)
        FUZZ_CHECK(c->writer[i].len <= c->line_max + 1u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    struct console c = {.clients = CLIENTS, .owner = NOBODY};
    c.line_max = 1u + input_below(&in, 24);
    c.writer = calloc(CLIENTS, sizeof(*c.writer));
    c.line = malloc(CLIENTS * c.line_max);
    while (in.left != 0) {
        uint8_t b = input_u8(&in), text[32];
        uint32_t client = b % CLIENTS, len = b / 8u % sizeof(text);
        if (b % 8u == 7u) {
            screen_show(&c, client);
        } else if (b % 8u == 6u) {
            screen_leave(&c, client, b & 0x80u ? NOBODY : (client + 1u) % CLIENTS);
        } else {
            input_bytes(&in, text, len);
            screen_write(&c, client, text, len, b % 8u == 5u);
        }
        check(&c);
    }
    free(c.writer);
    free(c.line);
    return 0;
}
