/* See death.h: a client on the core that dies. It asks the witness itself to run its numbers, and
 * comes back with its core; what it had not settled is settled by its next life.
 * SPDX-License-Identifier: BSD-2-Clause */
#include "death.h"
#include "lib/self.h"

static sk_err play(struct sk_chan *witness)
{
    struct death_word word = {.client = 0};
    sk_err err = death_ask(witness, DEATH_BEGIN, &word);
    while (err == SK_OK && word.go) {
        err = death_ask(witness, DEATH_RUN, &word);
        word.verdict = VERDICT_ANSWERED;
        if (err == SK_OK)
            err = death_ask(witness, DEATH_SETTLE, &word);
        word.number++;
    }
    return err;
}

int main(void)
{
    struct sk_chan witness;
    sk_err err = names_connect(DEATH_WITNESS, SK_FOREVER, &witness);
    while (err == SK_OK) {
        err = play(&witness);
        sk_sleep_until(sk_in_ms(20)); /* until it is to play again */
    }
    return 1;
}
