/* What the survivor was told, beside what the victim had written down. All that the victim had done
 * has arrived; nothing has that it had not begun. SPDX-License-Identifier: BSD-2-Clause */
#include "torture.h"

#define BETWEEN(s, what, least, is, most)                                                          \
    do {                                                                                           \
        if ((is) < (least))                                                                        \
            WRONG(s, "lost: " what, is, least);                                                    \
        if ((is) > (most))                                                                         \
            WRONG(s, "invented: " what, is, most);                                                 \
    } while (0)

static const struct sub *find(const struct survivor *s, uint32_t id, uint32_t *how_many)
{
    const struct sub *found = NULL;
    *how_many = 0;
    for (uint32_t i = 0; i < 2u * SUBS; i++)
        if (s->sub[i].used && !s->sub[i].own && s->sub[i].id == id) {
            found = &s->sub[i];
            (*how_many)++;
        }
    return found;
}

static void verdict_subs(struct survivor *s, const struct account *a)
{
    uint32_t count;
    for (uint32_t id = 0; id < a->subs && id < SUBS; id++) {
        const struct sub *sub = find(s, id, &count);
        if (count > 1)
            WRONG(s, "a channel's end came twice", id, count);
        if (sub != NULL)
            BETWEEN(s, "messages of a channel", a->sub_done[id], sub->next, a->sub_begun[id]);
        else if (a->sub_connected[id] == 2)
            WRONG(s, "lost: a connection", id, a->connect_done);
        if (sub != NULL && a->sub_connected[id] == 3)
            WRONG(s, "a connection that was refused", id, 0);
    }
    (void)find(s, UINT32_MAX, &count);
    if (count > a->find_begun - a->find_done)
        WRONG(s, "a channel without the message that was in it", count, a->find_begun);
}

void verdict(struct survivor *s)
{
    const struct account *a = s->round.account;
    if (LOOK(a->bad) != 0)
        WRONG(s, "the victim found something wrong: line, error", a->bad, a->err);
    BETWEEN(s, "messages to the survivor", a->sent_done, s->got, a->sent_begun);
    if (a->got > s->sent)
        WRONG(s, "invented: messages to the victim", a->got, s->sent);
    BETWEEN(s, "calls of the victim", a->answered, s->answered, a->asked);
    BETWEEN(s, "answers of the victim", a->served_done, s->calls_answered, a->served_begun);
    BETWEEN(s, "connections", a->connect_done, s->accepted, a->connect_begun);
    if (s->calls != s->calls_answered + s->calls_dead)
        WRONG(s, "a call was neither answered nor ended", s->calls, s->calls_dead);
    verdict_subs(s, a);
}
