/* A client lends a range of its memory for one call; the service reads it and writes each byte's
 * complement. Answered: all of it is complemented. Not answered: across cores nothing has changed,
 * on one core each byte is the one or the other. The memory around it is never touched.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "lib/loan.h"
#include "tests/sim/scenes/stand.h"

#define SERVICE 0
#define BYTES   200u
#define AROUND  32u

static uint8_t value(uint32_t i)
{
    return (uint8_t)(i * 7u + 3u);
}

static sk_err on_lent(struct sk_loop *loop, struct sk_client *client, struct sk_in *in,
                      struct sk_answer *answer)
{
    struct sk_loan_ref loan = {.chan = &client->source.chan, .token = in->token};
    uint8_t bytes[BYTES];
    uint32_t size;
    (void)loop, (void)answer;
    sk_err err = sk_loan_size(loan, &size);
    if (err != SK_OK)
        return err;
    W_CHECK(size == BYTES);
    if ((err = sk_loan_read(loan, 0, bytes, BYTES)) != SK_OK)
        return err;
    for (uint32_t i = 0; i < BYTES; i++) {
        W_CHECK(bytes[i] == value(i));
        bytes[i] = (uint8_t)~bytes[i];
    }
    return sk_loan_write(loan, 0, bytes, BYTES);
}

static int serve(void)
{
    static const struct sk_method methods[] = {{.label = 1, .min_len = 8, .handle = on_lent}};
    return stand_serve("lent", SERVICE, methods, 1, NULL);
}

static void check(const uint8_t *memory, sk_err err, bool near)
{
    for (uint32_t i = 0; i < AROUND; i++)
        W_CHECK(memory[i] == 0xee && memory[AROUND + BYTES + i] == 0xee);
    for (uint32_t i = 0; i < BYTES; i++) {
        uint8_t is = memory[AROUND + i], was = value(i), now = (uint8_t)~was;
        if (err == SK_OK)
            W_CHECK(is == now);
        else
            W_CHECK(is == was || (near && is == now));
    }
}

static int lend(void)
{
    struct sk_chan chan;
    struct sk_in in;
    uint8_t memory[BYTES + 2u * AROUND];
    uint64_t none = 0;
    struct sk_out out = {.label = 1, .len = 8, .bytes = &none};
    if (stand_connect("lent", &chan) != SK_OK)
        return 1;
    memset(memory, 0xee, sizeof(memory));
    for (uint32_t i = 0; i < BYTES; i++)
        memory[AROUND + i] = value(i);
    struct sk_loan loan = sk_loan_of(memory + AROUND, BYTES, SK_LOAN_READ | SK_LOAN_WRITE);
    bool near = sk_chan_same_core(&chan);
    sk_err err = sk_call_lend(&chan, &out, &loan, 1, &in, 8, 0, SK_FOREVER);
    check(memory, W_TOLD(err, witness.tid[SERVICE], SK_FOREVER), near);
    sk_chan_close(&chan);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    return strcmp(argv[0], "loan_service") == 0 ? serve() : lend();
}
