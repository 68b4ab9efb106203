/* Sleep and wake over one ring: the ends' words armed and want (base/ring.h), the level words
 * between the two kernels (base/level.h), and doorbells that come late, coalesced, for nothing, or
 * not at all.
 *
 * Core 0 has the sender, core 1 the receiver. Both run the loops of sk_send_until and sk_recv_until
 * (lib/chan.c) over xport_send, xport_recv, xport_want, xport_arm (lib/xport_shared.c), that is
 * ring_claim, ring_publish, ring_want, ring_front, ring_pop, ring_arm_for. Who is to be woken is
 * rung by chan_wake_peer -> link_wake -> link_flip -> level_hint -> bell -> level_count_once, and
 * told by link_doorbell -> read_levels -> chan_wake_flipped -> chan_end_ring -> fast_event; the
 * task sleeps in fast_wait. Either side may close at any moment (link_close, chan_close_flipped),
 * or the sender says nothing more. link_retry mends a doorbell that is
 * lost. A step is one access of the seam; what a kernel does, it does alone on its core.
 *
 * Checked: when nothing more can happen, nobody sleeps who has something to do or a closed peer;
 * what was sent before the sender closed is taken; nobody is rung who did not ask for it.
 *
 * Left out: memory that is not sequentially consistent (tests/order has that), messages of several
 * lines, marks at each quarter, the far probe, both ends on one core, ring_arm_reply, kernels that
 * die (restart.pml). Tags do not wrap.
 *
 * Mistakes, each of which must be found (test_models.py):
 *   ARM_BLIND      the receiver does not look again after it has armed
 *   WANT_BLIND     the sender does not look again after it has stored want
 *   ARM_LATE       the receiver looks, then arms
 *   CLOSED_LAST    the receiver does not look once more after it has seen that the peer is closed
 *   DEAF           an event that comes before the sleep is forgotten
 *   EVERY_WAKE     each message rings while the receiver is armed, whatever it waits for
 *   FLIP_ALWAYS    a wake bit is flipped although the last flip is unread
 *   BELL_ACK_LATE  the bell is acknowledged after the bits have been read
 *   NO_RETRY       a doorbell that is not answered is not rung again
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef SLOTS
#define SLOTS    1
#endif
#ifndef COUNT
#define COUNT    2
#endif
#define BAD      1 /* doorbells that do not arrive, and that nobody rang */
#define NONE     15

#define S  0
#define R  1
#define IN (1 - me) /* what the peer writes */

/* The ring: number of the message in a slot, and whether it is the mark of it that lies there. */
byte header[SLOTS] = NONE;
bool taken[SLOTS];
byte armed = NONE, want = NONE;

/* Written by core [i] for the other one. */
byte bell[2], bell_ack[2], flips[2];
bool wake[2], wake_ack[2], close[2];

bool busy[2];    /* its kernel is at work */
bool pending[2]; /* a doorbell has come, its kernel has not looked yet */
bool retry[2];   /* its timer is set: a ring may be unanswered */
bool event[2];   /* its task's */
bool closed[2];  /* its task's status line: the peer is closed */
byte bell_seen[2], flips_seen[2];
bool wake_seen[2], close_seen[2];

byte bad;
byte sent, got;
bool left[2]; /* the task has closed its end */
bool stays;   /* the sender does nothing more, and does not close */
bool asked[2 * COUNT + 2]; /* S: to be told of the mark of n; R (at COUNT + 1 + n): of message n */

/* --- The kernels ----------------------------------------------------------------------------- */

inline port_doorbell(me)
{
    retry[me] = true; /* link_soon */
    if
    :: pending[IN] = true
    :: bad < BAD -> bad++
    fi
}

inline bell_and_leave(me) /* bell */
{
    atomic {
        if
        :: bell_ack[IN] == bell[me] -> bell[me] = (bell[me] + 1) % 4; port_doorbell(me)
        :: else
        fi;
        busy[me] = false
    }
}

inline wake_peer(me)
{
    atomic {
        !busy[me] ->
        if
#ifdef FLIP_ALWAYS
        :: true
#else
        :: wake[me] == wake_ack[IN]
#endif
            -> wake[me] = !wake[me]; flips[me] = (flips[me] + 1) % 8; busy[me] = true;
               flipped = true
        :: else -> flipped = false
        fi
    };
    if
    :: flipped -> bell_and_leave(me)
    :: else
    fi
}

inline close_end(me)
{
    atomic { !busy[me] -> close[me] = !close[me]; left[me] = true; flips[me] = (flips[me] + 1) % 8;
             busy[me] = true };
    bell_and_leave(me)
}

inline read_levels(me)
{
    if
    :: flips_seen[me] != flips[IN] ->
        flips_seen[me] = flips[IN];
        event[me] = event[me] || wake_seen[me] != wake[IN] || close_seen[me] != close[IN];
        wake_seen[me] = wake[IN];
        wake_ack[me] = wake[IN];
        closed[me] = closed[me] || close_seen[me] != close[IN];
        close_seen[me] = close[IN]
    :: else
    fi
}

/* busy[me] is set. Two steps: the bell and its acknowledgement; the bits. */
inline take_bell(me)
{
    news = bell_seen[me] != bell[IN];
    bell_seen[me] = bell[IN];
#ifdef BELL_ACK_LATE
    if
    :: news -> read_levels(me)
    :: else
    fi
#else
    bell_ack[me] = bell_seen[me]
#endif
}

inline take_levels(me)
{
#ifdef BELL_ACK_LATE
    bell_ack[me] = bell_seen[me];
#else
    if
    :: news -> read_levels(me)
    :: else
    fi;
#endif
    news = false
}

proctype kernel(bit me)
{
    bool news;
    do
    :: atomic { pending[me] && !busy[me] -> pending[me] = false; busy[me] = true; take_bell(me) };
        atomic { take_levels(me); busy[me] = false }
    :: atomic { bad < BAD && !busy[me] -> bad++; busy[me] = true; take_bell(me) };
        atomic { take_levels(me); busy[me] = false }
#ifndef NO_RETRY
    /* The timer. That it comes only when the far kernel has had time for what it was rung for makes
     * runs end; that it comes earlier is like a spurious doorbell. */
    :: atomic { retry[me] && !pending[IN] && !busy[IN] && !busy[me] -> busy[me] = true;
                take_bell(me) };
        atomic {
            take_levels(me);
            retry[me] = false;
            if
            :: bell[me] != bell_ack[IN] -> port_doorbell(me)
            :: else
            fi;
            busy[me] = false
        }
#endif
    od
}

/* --- The tasks ------------------------------------------------------------------------------- */

inline sleep(me)
{
#ifdef DEAF
    event[me] = false;
#endif
    atomic { event[me] -> event[me] = false }
}

/* Has the message SLOTS before n been marked? */
#define ROOM(n) ((n) < SLOTS || (taken[(n) % SLOTS] && header[(n) % SLOTS] == (n) - SLOTS))
#define HERE(n) (!taken[(n) % SLOTS] && header[(n) % SLOTS] == (n))

proctype sender()
{
    byte seen;
    bool flipped;
    do
    :: closed[S] -> break /* xport_send: SK_ERR_PEER_DEAD */
    :: break              /* it has had enough */
    :: !closed[S] && sent < COUNT ->
        if
        :: ROOM(sent) ->
            atomic { header[sent % SLOTS] = sent; taken[sent % SLOTS] = false };
            seen = armed;
            if
#ifdef EVERY_WAKE
            :: seen != NONE ->
#else
            :: seen == sent ->
#endif
                assert(asked[COUNT + 1 + sent]);
                wake_peer(S)
            :: else
            fi;
            sent++
        :: else ->
            atomic { want = sent - SLOTS; asked[sent - SLOTS] = true };
            if
#ifndef WANT_BLIND
            :: ROOM(sent) -> want = NONE
#endif
            :: else ->
                if
                :: closed[S]
                :: else -> sleep(S)
                fi
            fi
        fi
    od;
    if
    :: close_end(S)
    :: stays = true /* with nothing more to say for now */
    fi
}

proctype receiver()
{
    byte seen;
    bool flipped;
    bool last = false, told = false;
    do
    :: break /* it has had enough */
    :: HERE(got) ->
        taken[got % SLOTS] = true;
        seen = want;
        if
        :: seen == got -> assert(asked[got]); wake_peer(R)
        :: else
        fi;
        got++;
        last = false
    :: !HERE(got) ->
        if
        :: closed[R] && last -> told = true; break /* SK_ERR_PEER_DEAD */
        :: closed[R] && !last ->
#ifdef CLOSED_LAST
            told = true;
            break
#else
            last = true /* nothing comes after this look */
#endif
        :: else ->
#ifdef ARM_LATE
            if
            :: HERE(got)
            :: else ->
                atomic { armed = got; asked[COUNT + 1 + got] = true };
                if
                :: closed[R]
                :: else -> sleep(R)
                fi
            fi
#else
            atomic { armed = got; asked[COUNT + 1 + got] = true };
            if
#ifndef ARM_BLIND
            :: HERE(got) -> armed = NONE
#endif
            :: else ->
                if
                :: closed[R]
                :: else -> sleep(R)
                fi
            fi
#endif
        fi
    od;
    assert(!told || (got == sent && left[S]));
    close_end(R)
}

/* Nothing more can happen: nobody sleeps who has something to do. */
proctype quiet()
{
    atomic {
        timeout ->
        assert(left[R] || (got == sent && !left[S]));
        assert(left[S] || stays || (!ROOM(sent) && !left[R]))
    }
}

init
{
    atomic {
        run quiet();
        run kernel(S); run kernel(R); run sender(); run receiver()
    }
}
