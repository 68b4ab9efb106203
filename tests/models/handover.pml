/* Handing an unused channel end from core A to core D, by the channel's home H, while the holder of
 * the other end, on core P, and whoever has this one, may close it, and one core, any, may fall
 * silent at any moment and go off later, or never: until then it may touch what it has (docs/adr/0004, 0003, 0013).
 *
 * A asks H to MOVE (give_chan, op_send); H has D take the end (move_request, send_give,
 * arrive_end), tells P of the new place (given, send_repeer, move_repeer), answers A (finish), and
 * only then is A's old place free (op_answered). If P has closed for good, H tells D so
 * (tell_moved_gone). Closing is tell_peer and chan_close_flipped; the page is free again by
 * chan_release_flipped and chan_settle. A core that is lost: give_link_down, move_link_down,
 * chan_core_lost; that is off: chan_core_fenced. Bits that were flipped before a message are read
 * before the message is handled (read_ring).
 *
 * Checked: no two cores have the end; no bit arrives at a place that is free, where somebody else
 * may live by then; no page is used again that a running core may touch; and when nothing more
 * happens: A was answered; without a loss exactly one of A and D has the end, as A was told, or it
 * was closed there; who has an end whose other side is closed or lost has been told; no place is
 * kept for an answer that does not come, and no page that nobody has (H and all who had it alive).
 *
 * Left out: two of the roles on one core (tests/sim has these), credit, several moves of a channel,
 * the escrow's own order, cores that begin anew (restart.pml), more than one loss. A core that is
 * silent and not off takes no more messages and flips no more bits here: in truth it can, until it
 * finds out; so an end that was given to it, and came back to A, it may use meanwhile.
 *
 * Mistakes, each of which must be found (test_models.py):
 *   FREE_EARLY     A's old place is free when it asks
 *   NO_LEVELS      bits are not read before a message is handled
 *   NO_GONE        H does not mind that P has closed
 *   FORGET_A       H does not answer A when D is lost
 *   KEEP_BOTH      A keeps the end whatever the answer
 *   NO_DOUBT       H does not doubt a page that was given and not answered
 *   NO_FENCE       what a core held is free when it is lost
 *   UNMET_TELLS    D closes before it knows that P knows it
 *   HOME_OUTLIVED  a channel goes on between two cores when its home is lost
 *   NO_RING        REPEER does not ring the new place
 * SPDX-License-Identifier: BSD-2-Clause */
mtype = { MOVE, GIVE, REPEER, GONE, DONE, REFUSED };
mtype = { NOWHERE, OWNED, MOVING, ZOMBIE, FREE };
mtype = { RUNS, SILENT, OFF };
mtype = { IDLE, GIVEN, TOLD_P, TOLD_D };

#define A 0
#define D 1
#define P 2
#define H 3

/* Rings of the links with H: [i] between core i and H. */
chan to_h[3] = [2] of { mtype };
chan from_h[3] = [2] of { mtype };

mtype core[4] = RUNS;
byte losses;
bool down[16]; /* 4 * i + j: core i has taken its link to j down */
#define DOWN(i, j) down[4 * (i) + (j)]
#define ACTS(i)    (core[i] == RUNS)
#define ON(i)      (core[i] != OFF) /* it may still touch what it has */

/* The ends at A, D and P. */
mtype at[3] = NOWHERE;
bool closed[3], gone[3], told_close[3], lost[3]; /* peer_closed, peer_gone, close_sent, chan_lost */
byte place = A;                                  /* of its peer, as P knows */
bool unmet;                                      /* D: P may not know it yet */

/* Level bits, flipped and not read. */
bool close_to_p[2], close_from_p[2]; /* A, D */
bool release[3];
bool rung[2], news, seen; /* P has sent something; D, which has opened the end, has looked */

mtype move = IDLE, answer = IDLE;
bool moved, released_m, released_p, doubt, freed, fenced[3], asked;
mtype told = IDLE;
bool may_close[3];

#define HAS(i) (ON(i) && at[i] == OWNED && !lost[i])

inline check() { assert(!(core[A] == RUNS && core[D] == RUNS && HAS(A) && HAS(D)) && !(freed && ACTS(H) && (HAS(A) || HAS(D) || HAS(P)))) }

/* --- Ends: x is A or D ----------------------------------------------------------------------- */

inline flip_to_p(x)
{
    told_close[x] = true;
    if
    :: !DOWN(x, P) -> close_to_p[x] = true
    :: else
    fi
}

inline flip_from_p(x)
{
    told_close[P] = true;
    if
    :: !DOWN(P, x) -> close_from_p[x] = true
    :: else
    fi
}

/* chan_peer_closed, of a zombie too. */
inline peer_closed(x, isgone)
{
    closed[x] = true;
    gone[x] = gone[x] || isgone;
    if
    :: at[x] == ZOMBIE && (gone[x] || told_close[x]) -> at[x] = FREE
    :: else
    fi
}

/* chan_close_end, tell_peer */
inline close_end(x)
{
    release[x] = release[x] || !DOWN(x, H);
    if
    :: lost[x] && !gone[x] -> at[x] = ZOMBIE
    :: gone[x] -> at[x] = FREE
    :: x == D && unmet && !lost[D] && !gone[D] -> at[x] = ZOMBIE
    :: else ->
        if
        :: !told_close[x] && x != P -> flip_to_p(x)
        :: !told_close[x] && x == P && place == A -> flip_from_p(A)
        :: !told_close[x] && x == P && place == D -> flip_from_p(D)
        :: else
        fi;
        if
        :: closed[x] -> at[x] = FREE
        :: else -> at[x] = ZOMBIE
        fi
    fi
}

/* A, D: chan_close_flipped, chan_wake_flipped. */
inline read_levels(x)
{
    if
    :: close_from_p[x] && !DOWN(x, P) ->
        close_from_p[x] = false;
        unmet = unmet && x != D;
        assert(at[x] != FREE && at[x] != NOWHERE);
        if
        :: gone[x]
        :: else ->
            if
            :: !told_close[x] && !lost[x] -> flip_to_p(x)
            :: else
            fi;
            peer_closed(x, false)
        fi
    :: else
    fi;
    if
    :: rung[x] && !DOWN(x, P) ->
        rung[x] = false;
        if
        :: x == D && unmet && at[D] != FREE ->
            unmet = false;
            if
            :: at[D] == ZOMBIE && !told_close[D] && !lost[D] -> flip_to_p(D)
            :: else
            fi
        :: else
        fi;
        seen = seen || (x == D && at[D] == OWNED)
    :: else
    fi
}

inline read_levels_p()
{
    if
    :: close_to_p[A] && !DOWN(P, A) -> close_to_p[A] = false; p_flipped(A)
    :: else
    fi;
    if
    :: close_to_p[D] && !DOWN(P, D) -> close_to_p[D] = false; p_flipped(D)
    :: else
    fi
}

inline p_flipped(x)
{
    assert(at[P] != FREE);
    if
    :: gone[P]
    :: else ->
        if
        :: x == place && !told_close[P] && !lost[P] -> flip_from_p(x)
        :: else
        fi;
        peer_closed(P, false)
    fi
}

/* x takes its link to P down; P its link to x. */
inline peer_lost(x)
{
    if
    :: at[x] != FREE && at[x] != NOWHERE && !gone[x] -> peer_closed(x, true)
    :: else
    fi
}

/* The link to H. */
inline home_lost(x)
{
    if
#ifndef HOME_OUTLIVED
    :: at[x] != FREE && at[x] != NOWHERE && !gone[x] -> lost[x] = true; closed[x] = true
#endif
    :: else
    fi
}

/* --- The cores ------------------------------------------------------------------------------- */

inline answered(ok)
{
    told = ok;
    if
#ifndef KEEP_BOTH
    :: ok == DONE -> at[A] = FREE
#endif
    :: else ->
        at[A] = OWNED
    fi;
    check()
}

#ifdef NO_LEVELS
#define LEVELS(x) skip
#else
#define LEVELS(x) read_levels(x)
#endif

proctype core_a()
{
    do
    :: atomic { ACTS(A) && !asked -> asked = true; at[A] = MOVING;
                if
                :: DOWN(A, H) -> answered(REFUSED)
                :: else ->
#ifdef FREE_EARLY
                    at[A] = FREE;
#endif
                    to_h[A]!MOVE
                fi }
    :: atomic { ACTS(A) && !DOWN(A, H) && nempty(from_h[A]) ->
                LEVELS(A);
                if
                :: from_h[A]?DONE -> answered(DONE)
                :: from_h[A]?REFUSED -> answered(REFUSED)
                fi }
    :: atomic { ACTS(A) && (close_from_p[A] || rung[A]) && !DOWN(A, P) -> read_levels(A) }
    :: atomic { ACTS(A) && may_close[A] && told != IDLE && at[A] == OWNED -> close_end(A) }
    :: atomic { ACTS(A) && core[P] != RUNS && !DOWN(A, P) -> DOWN(A, P) = true; peer_lost(A) }
    :: atomic { ACTS(A) && core[H] != RUNS && !DOWN(A, H) -> DOWN(A, H) = true; home_lost(A);
                if
                :: asked && told == IDLE -> answered(REFUSED)
                :: else
                fi }
    :: core[A] != RUNS -> break
    od
}

proctype core_d()
{
    do
    :: atomic { ACTS(D) && !DOWN(D, H) && from_h[D]?[GIVE] ->
                LEVELS(D);
                from_h[D]?GIVE;
                if
                :: at[D] = OWNED;
                   closed[D] = DOWN(D, P);
                   gone[D] = DOWN(D, P);
#ifndef UNMET_TELLS
                   unmet = true;
#endif
                   seen = news; /* it is opened, and its holder looks once */
                   check();
                   to_h[D]!DONE
                :: to_h[D]!REFUSED
                fi }
    :: atomic { ACTS(D) && !DOWN(D, H) && from_h[D]?[GONE] ->
                LEVELS(D);
                from_h[D]?GONE;
                if
                :: at[D] != FREE -> peer_closed(D, true)
                :: else
                fi;
                to_h[D]!DONE }
    :: atomic { ACTS(D) && (close_from_p[D] || rung[D]) && !DOWN(D, P) -> read_levels(D) }
    :: atomic { ACTS(D) && may_close[D] && at[D] == OWNED -> close_end(D) }
    :: atomic { ACTS(D) && core[P] != RUNS && !DOWN(D, P) -> DOWN(D, P) = true; peer_lost(D) }
    :: atomic { ACTS(D) && core[H] != RUNS && !DOWN(D, H) -> DOWN(D, H) = true; home_lost(D) }
    :: core[D] != RUNS -> break
    od
}

inline repeer() /* move_repeer, repeer_here */
{
    if
    :: at[P] == FREE || at[P] == ZOMBIE || gone[P] -> to_h[P]!REFUSED
    :: else ->
        place = D;
        if
        :: DOWN(P, D) -> peer_closed(P, true)
        :: else ->
            if
#ifndef NO_RING
            :: !closed[P] -> rung[D] = true
#endif
            :: else
            fi
        fi;
        to_h[P]!DONE
    fi
}

proctype core_p()
{
    do
    :: atomic { ACTS(P) && !news && at[P] == OWNED -> news = true;
                if
                :: closed[P]
                :: else -> rung[place] = true
                fi }
    :: atomic { ACTS(P) && may_close[P] && at[P] == OWNED -> close_end(P) }
    :: atomic { ACTS(P) && !DOWN(P, H) && from_h[P]?[REPEER] ->
#ifndef NO_LEVELS
                read_levels_p();
#endif
                from_h[P]?REPEER;
                repeer() }
    :: atomic { ACTS(P) && ((close_to_p[A] && !DOWN(P, A)) || (close_to_p[D] && !DOWN(P, D))) ->
                read_levels_p() }
    :: atomic { ACTS(P) && core[A] != RUNS && !DOWN(P, A) -> DOWN(P, A) = true;
                if
                :: place == A -> peer_lost(P)
                :: else
                fi }
    :: atomic { ACTS(P) && core[D] != RUNS && !DOWN(P, D) -> DOWN(P, D) = true;
                if
                :: place == D -> peer_lost(P)
                :: else
                fi }
    :: atomic { ACTS(P) && core[H] != RUNS && !DOWN(P, H) -> DOWN(P, H) = true; home_lost(P) }
    :: core[P] != RUNS -> break
    od
}

/* --- The home -------------------------------------------------------------------------------- */

inline settle()
{
    if
    :: move == IDLE && !freed ->
        released_m = released_m || (moved && fenced[D]) || (!moved && fenced[A]);
        released_p = released_p || fenced[P];
        if
        :: released_m && released_p && !doubt -> freed = true; check()
        :: else
        fi
    :: else
    fi
}

inline finish(ok)
{
    if
    :: ok == REFUSED -> released_m = false
    :: else
    fi;
    move = IDLE;
    if
    :: !DOWN(H, A) -> from_h[A]!ok
    :: else
    fi;
    settle()
}

inline tell_moved_gone()
{
    if
#ifndef NO_GONE
    :: !DOWN(H, D) -> move = TOLD_D; from_h[D]!GONE
#endif
    :: else -> finish(DONE)
    fi
}

inline h_lost(x)
{
    DOWN(H, x) = true;
#ifdef NO_FENCE
    fenced[x] = true;
#endif
    if
    :: x == D && move == GIVEN ->
#ifndef NO_DOUBT
        doubt = true;
#endif
#ifdef FORGET_A
        move = IDLE
#else
        finish(REFUSED)
#endif
    :: x == D && move == TOLD_D -> finish(DONE)
    :: x == P && move == TOLD_P -> tell_moved_gone()
    :: else
    fi;
#ifdef NO_FENCE
    settle();
#endif
    skip
}

/* chan_release_flipped */
inline take_release(x)
{
    release[x] = false;
    if
    :: x == P -> released_p = true
    :: x == A && !moved -> released_m = true
    :: x == D && (moved || move != IDLE) -> released_m = true
    :: else
    fi;
    settle()
}

/* The bits of all links that are up. */
inline read_releases()
{
#ifndef NO_LEVELS
    if :: release[A] && !DOWN(H, A) -> take_release(A) :: else fi;
    if :: release[D] && !DOWN(H, D) -> take_release(D) :: else fi;
    if :: release[P] && !DOWN(H, P) -> take_release(P) :: else fi
#else
    skip
#endif
}

proctype core_h()
{
    do
    :: atomic { ACTS(H) && !DOWN(H, A) && to_h[A]?[MOVE] -> read_releases(); to_h[A]?MOVE;
                if
                :: DOWN(H, D) -> from_h[A]!REFUSED
                :: else -> move = GIVEN; from_h[D]!GIVE
                fi }
    :: atomic { ACTS(H) && !DOWN(H, D) && nempty(to_h[D]) -> read_releases();
                if
                :: to_h[D]?REFUSED -> finish(REFUSED)
                :: move == GIVEN && to_h[D]?[DONE] ->
                    to_h[D]?DONE;
                    moved = true;
                    if
                    :: !DOWN(H, P) -> move = TOLD_P; from_h[P]!REPEER
                    :: else -> tell_moved_gone()
                    fi
                :: move != GIVEN && to_h[D]?[DONE] -> to_h[D]?DONE; finish(DONE)
                fi }
    :: atomic { ACTS(H) && !DOWN(H, P) && nempty(to_h[P]) -> read_releases();
                if
                :: to_h[P]?DONE -> finish(DONE)
                :: to_h[P]?REFUSED -> tell_moved_gone()
                fi }
    :: atomic { ACTS(H) && release[A] && !DOWN(H, A) -> take_release(A) }
    :: atomic { ACTS(H) && release[D] && !DOWN(H, D) -> take_release(D) }
    :: atomic { ACTS(H) && release[P] && !DOWN(H, P) -> take_release(P) }
    :: atomic { ACTS(H) && core[A] != RUNS && !DOWN(H, A) -> h_lost(A) }
    :: atomic { ACTS(H) && core[D] != RUNS && !DOWN(H, D) -> h_lost(D) }
    :: atomic { ACTS(H) && core[P] != RUNS && !DOWN(H, P) -> h_lost(P) }
    :: atomic { ACTS(H) && core[A] == OFF && DOWN(H, A) && !fenced[A] -> fenced[A] = true; settle() }
    :: atomic { ACTS(H) && core[D] == OFF && DOWN(H, D) && !fenced[D] ->
                fenced[D] = true; doubt = false; settle() }
    :: atomic { ACTS(H) && core[P] == OFF && DOWN(H, P) && !fenced[P] -> fenced[P] = true; settle() }
    :: core[H] != RUNS -> break
    od
}

/* At most one core is lost. */
proctype loss()
{
    if
    :: core[A] = SILENT; core[A] = OFF
    :: core[D] = SILENT; core[D] = OFF
    :: core[P] = SILENT; core[P] = OFF
    :: core[H] = SILENT; core[H] = OFF
    :: core[D] = SILENT
    :: true
    fi
}

/* --- When nothing more happens --------------------------------------------------------------- */

#define ALL_UP      (ACTS(A) && ACTS(D) && ACTS(P) && ACTS(H))
#define ENDED(x)    (at[x] == FREE || at[x] == NOWHERE)
#define TELLS(x)    (!HAS(x) || closed[x] || HAS(P)) /* who has an end knows if P's is gone, */
#define KNOWS_PEER  (!HAS(P) || closed[P] || (place == A && HAS(A)) || (place == D && HAS(D)))

proctype quiet()
{
    atomic {
        timeout ->
        check();
        assert(!ACTS(A) || (told != IDLE && at[A] != MOVING));
        assert(!ALL_UP || told != DONE || (at[A] == FREE && at[D] != NOWHERE));
        assert(!ALL_UP || told != REFUSED || (at[A] != FREE && at[D] == NOWHERE) || may_close[A]);
        assert(!ACTS(A) || TELLS(A));
        assert(!ACTS(D) || TELLS(D));
        assert(!ACTS(P) || KNOWS_PEER);
        assert(!(ACTS(P) && ACTS(D) && HAS(D) && HAS(P) && news && !closed[D]) || seen);
        assert(!ACTS(H) || !ACTS(A) || at[A] != ZOMBIE || HAS(P));
        assert(!ACTS(H) || !ACTS(D) || at[D] != ZOMBIE || HAS(P));
        assert(!ACTS(H) || !ACTS(P) || at[P] != ZOMBIE || HAS(A) || HAS(D));
        assert(!ALL_UP || freed || HAS(A) || HAS(D) || HAS(P))
    }
}

init
{
    atomic {
        at[A] = OWNED;
        at[P] = OWNED;
        if :: may_close[A] = true :: skip fi;
        if :: may_close[D] = true :: skip fi;
        if :: may_close[P] = true :: skip fi;
        run quiet();
        run core_a(); run core_d(); run core_p(); run core_h(); run loss()
    }
}
