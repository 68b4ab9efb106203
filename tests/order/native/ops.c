/* Each operation of base/ring.h and base/level.h as a function of its own, so that a test can read
 * what a compiler makes of it (test_instructions.py).
 * SPDX-License-Identifier: BSD-2-Clause */
#include "base/level.h"
#include "base/ring.h"

bool op_publish(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl);
bool op_publish(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl)
{
    return ring_publish(tx, line, ctl);
}

sk_err op_send(struct ring_tx *tx, const struct sk_msg *m, uint32_t slots, bool *wake);
sk_err op_send(struct ring_tx *tx, const struct sk_msg *m, uint32_t slots, bool *wake)
{
    return ring_send(tx, m, slots, wake);
}

void op_post(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl);
void op_post(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl)
{
    ring_post(tx, line, ctl);
}

bool op_batch(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl, uint32_t posted);
bool op_batch(struct ring_tx *tx, struct sk_msg *line, uint32_t ctl, uint32_t posted)
{
    return ring_publish_batch(tx, line, ctl, posted);
}

bool op_credit(struct ring_tx *tx, uint32_t marked);
bool op_credit(struct ring_tx *tx, uint32_t marked)
{
    return ring_credit(tx, marked);
}

bool op_want(struct ring_tx *tx, uint32_t slots);
bool op_want(struct ring_tx *tx, uint32_t slots)
{
    return ring_want(tx, slots);
}

const struct sk_msg *op_front(const struct ring_rx *rx, uint32_t *ctl);
const struct sk_msg *op_front(const struct ring_rx *rx, uint32_t *ctl)
{
    return ring_front(rx, ctl);
}

uint32_t op_peek(const struct ring_rx *rx, uint32_t ahead, uint32_t *ctl);
uint32_t op_peek(const struct ring_rx *rx, uint32_t ahead, uint32_t *ctl)
{
    return ring_peek(rx, ahead, ctl);
}

bool op_pop(struct ring_rx *rx);
bool op_pop(struct ring_rx *rx)
{
    return ring_pop(rx);
}

bool op_arm(struct ring_rx *rx, uint32_t s);
bool op_arm(struct ring_rx *rx, uint32_t s)
{
    return ring_arm_for(rx, s);
}

bool op_hint(uint32_t *word, uint32_t *mine, const uint32_t *ack, uint32_t bits);
bool op_hint(uint32_t *word, uint32_t *mine, const uint32_t *ack, uint32_t bits)
{
    return level_hint(word, mine, ack, bits);
}

uint32_t op_read(const uint32_t *word, uint32_t *seen, uint32_t *ack);
uint32_t op_read(const uint32_t *word, uint32_t *seen, uint32_t *ack)
{
    return level_read(word, seen, ack);
}

void op_flip(uint32_t *word, uint32_t *mine, uint32_t bits);
void op_flip(uint32_t *word, uint32_t *mine, uint32_t bits)
{
    level_flip(word, mine, bits);
}

bool op_count(uint32_t *word, uint32_t *mine, const uint32_t *ack);
bool op_count(uint32_t *word, uint32_t *mine, const uint32_t *ack)
{
    return level_count_once(word, mine, ack);
}
