/* Two kernels, X and Y, whose parent Z suspects, orders off, and starts again; the link between them
 * (docs/adr/0011, 0013). Each lends the other a page, over and over, is told of it by a request in
 * the ring, and gets it back by a level bit. Any of them may be given up at any moment, rightly or
 * not, stop between any two steps and go on later, or panic.
 *
 * X and Y are kernel(): link_init, link_held and boot_init, then, in any order and again and again,
 * look (epoch_of, look_closely, hello, hear), link_down with core_lost, read_levels with still,
 * read_ring, link_request, link_flip, fenced, look_at_over, kern_panic. Z is
 * parent(): core_lost and order_off, poll, begin. A step is one access of the seam, or several of
 * which the order does not matter.
 *
 * Checked: a page is handed out only while nobody else can touch it: what was lent to a core that
 * was lost not before that core is off, and none by a new kernel while somebody may still read what
 * the old one lent; what is taken from a link comes from the kernel it is with, was meant for this
 * one, and nothing from an epoch that was given up; a kernel that its parent has given up does not
 * run on; and when nothing more happens: two kernels that run and do not know of a loss speak to
 * each other, and each page is where the two sides say it is.
 *
 * Left out: that X or Y gives up Z (who has is not halted by Z's word; core 0, which halts when all have
 * given it up, is such a Z: tests/unit/test_kernel_core_late.c), what Z lends and what is lent to it, names that a third kernel tells (generations, and
 * look_all, which is for them; tests/sim has it), rings of more than one slot, answers (a page that is lent is the credit), tags (two epochs use the same here:
 * nothing may depend on them), doorbells and when the timer comes (wake.pml), torn epochs (check).
 *
 * Mistakes, each of which must be found (test_models.py):
 *   REUSE_EARLY    what a core held is free when it is lost
 *   NO_HOLD        a new kernel hands out memory at once
 *   HOLD_ON        what the old kernel lent is let go of after hello
 *   TAKE_OLD       an epoch that was given up is spoken to again
 *   HEAR_ALL       a link is up before the other side has named this epoch
 *   CLEAR_LATE     hello clears its page after it has named the epoch
 *   NO_STILL       bits are used without another look at the epoch
 *   STALE_PEER     a booting kernel leaves in its page which epoch the old one spoke to
 *   LATE_RUNS      a kernel does not look whether it was given up
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOSSES
#define LOSSES 1
#endif
#define LOSE_BOTH (LOSSES > 1) /* one alone may be X: the two are alike */
#ifndef GIVES
#define GIVES 1 /* pages that a kernel lends in its life */
#endif

mtype = { NONE, DOWN, HELLO, UP };
mtype = { EMPTY, MESSAGE, MARK };
mtype = { FREE, LENT, DOUBT, HELD };

#define IN (1 - me)

/* What kernel [i] writes for the other one. */
bool there[2];       /* magic */
byte epoch[2], names[2], dead[2], over[2];
bool back[2];        /* the level bit: release */
mtype slot[2] = EMPTY; /* of its ring: the other one marks it */

/* Ghosts: which kernel wrote what is there, and for whom. */
byte slot_by[2], slot_to[2], back_by[2], back_to[2];

byte runs[2];        /* the epoch of the kernel that runs; 0: off */
byte last[2];        /* the last that was started */
byte given_up[2];    /* by Z: its word `over` */
byte holds[2];       /* the kernel that runs may touch what this epoch of the other one lent it */
byte losses;
bool forces;         /* the machine lets Z order a core off */
bool asleep[2] = true;
byte apart[2];       /* two kernels of which one has given up the other, without Z */

mtype link[2] = NONE, page[2] = FREE;
byte with[2];        /* peer_epoch */
byte least[2];
byte gives[2], mistrusts;

#ifdef TAKE_OLD
#define LEAST(me) 0
#else
#define LEAST(me) least[me]
#endif
#ifdef HEAR_ALL
#define HEARS(me) true
#else
#define HEARS(me) (names[IN] == runs[me])
#endif
#define EPOCH_THERE (there[IN] -> epoch[IN] : 0)

inline hand_out(me) { assert(holds[IN] == 0) }

/* What is free may be handed out. */
inline free(me) { page[me] = FREE; hand_out(me) }

inline let_go(me) { holds[me] = 0 }

/* link_down, core_lost */
inline link_down(me)
{
    link[me] = DOWN;
    if
    :: dead[IN] != with[me] -> over[me] = with[me]
    :: else
    fi;
    if
    :: page[me] == LENT -> page[me] = DOUBT
    :: else
    fi;
#ifdef REUSE_EARLY
    if
    :: page[me] == DOUBT -> free(me)
    :: else
    fi
#endif
}

/* One step: what nobody but this kernel looks at until it has named the epoch. */
inline clear(me)
{
    dead[me] = 0;
    over[me] = 0;
    back[me] = false;
    back_by[me] = 0;
    slot[me] = EMPTY
}

inline hello(me)
{
    link[me] = HELLO;
    with[me] = e;
    least[me] = e + 1;
    seen_back = false;
    my_back = false;
    slot[IN] = EMPTY;
    if
    :: page[me] == DOUBT || page[me] == LENT -> free(me)
    :: else
    fi;
#ifndef CLEAR_LATE
    clear(me);
#endif
#ifndef HOLD_ON
    let_go(me);
#endif
    skip
}

/* What it sees is one step, what it writes another. */
inline look(me)
{
    atomic {
        e = EPOCH_THERE;
        greets = false;
        if
        :: (link[me] == HELLO || link[me] == UP) && e != with[me] -> link_down(me)
        :: else
        fi;
        if
        :: e != 0 && dead[IN] == e ->
            if
            :: link[me] != DOWN -> link_down(me)
            :: else
            fi
        :: (link[me] == NONE || link[me] == DOWN) && e != 0 && dead[IN] != e && e >= LEAST(me) ->
            hello(me);
            greets = true
        :: else
        fi
    };
    if
    :: greets ->
        names[me] = e;
#ifdef CLEAR_LATE
        atomic { clear(me) };
#endif
#ifdef HOLD_ON
        let_go(me);
#endif
        skip
    :: else
    fi;
    atomic {
        if
        :: link[me] == HELLO && HEARS(me) -> link[me] = UP
        :: else
        fi
    }
}

/* Would it change anything? */
#define NEWS(me) ((EPOCH_THERE != 0 && dead[IN] != EPOCH_THERE && EPOCH_THERE >= LEAST(me) && \
                   (link[me] == NONE || link[me] == DOWN)) || \
                  ((link[me] == HELLO || link[me] == UP) && \
                   (EPOCH_THERE != with[me] || dead[IN] == EPOCH_THERE)) || \
                  (link[me] == HELLO && names[IN] == runs[me]))

inline take(me, by, to)
{
    assert(by == with[me] && to == runs[me])
}

inline boot(me)
{
#ifdef STALE_PEER
    there[me] = false;
#else
    atomic { there[me] = false; names[me] = 0 };
#endif
    epoch[me] = runs[me];
    atomic { clear(me) };
    there[me] = true
}

#define LINK_HELD (EPOCH_THERE != 0 && names[IN] != 0 && names[IN] != runs[me] && \
                   dead[IN] != EPOCH_THERE && runs[IN] != 0)

proctype kernel(bit me)
{
    byte e, n_by, n_to;
    bool seen_back, my_back, changed, greets;
    do
    :: atomic { !asleep[me] -> e = 0; seen_back = false; my_back = false };
        {
            if
            :: runs[me] == 1 -> atomic { epoch[me] = 1; there[me] = true }
            :: else -> boot(me)
            fi;
#ifndef NO_HOLD
            page[me] = HELD;
#else
            atomic { free(me) };
#endif
            do
            :: NEWS(me) -> look(me)
            :: atomic { page[me] == HELD && !LINK_HELD -> free(me) }
            /* It suspects the other one, perhaps wrongly. */
            :: link[me] == UP && mistrusts == 0 ->
                atomic { mistrusts = 1; apart[me] = runs[me]; apart[IN] = with[me]; link_down(me) }
            /* It lends, */
            :: link[me] == UP && page[me] == FREE && gives[me] < GIVES ->
                atomic { hand_out(me); page[me] = LENT; gives[me]++;
                         assert(slot[me] != MESSAGE);
                         slot[me] = MESSAGE; slot_by[me] = runs[me]; slot_to[me] = with[me] }
            /* is told of a loan, */
            :: link[me] == UP && slot[IN] == MESSAGE ->
                atomic { n_by = slot_by[IN]; n_to = slot_to[IN]; slot[IN] = MARK };
                look(me);
                if
                :: link[me] == UP && with[me] == n_by ->
                    atomic { take(me, n_by, n_to); holds[me] = n_by }
                :: else
                fi
            /* gives back, */
            :: link[me] == UP && holds[me] != 0 && holds[me] == with[me] ->
                atomic { let_go(me); my_back = !my_back; back[me] = my_back; back_by[me] = runs[me]; back_to[me] = with[me] }
            /* and gets back. */
            :: link[me] == UP && back[IN] != seen_back ->
                atomic { changed = back[IN] != seen_back; seen_back = back[IN];
                         n_by = back_by[IN]; n_to = back_to[IN] };
                if
#ifndef NO_STILL
                :: changed && epoch[IN] == with[me] ->
#else
                :: changed ->
#endif
                    atomic { take(me, n_by, n_to);
                             if
                             :: page[me] == LENT -> free(me)
                             :: else
                             fi }
                :: else
                fi
            /* port_core_off: the fence. */
            :: atomic { page[me] == DOUBT && link[me] == DOWN && runs[IN] == 0 -> free(me) }
#ifndef LATE_RUNS
            /* look_at_over: it halts itself. */
            :: given_up[me] == runs[me] ->
                atomic { dead[me] = runs[me]; holds[me] = 0 };
                goto halted
#endif
            :: over[IN] == runs[me] && EPOCH_THERE != 0 && (link[me] == HELLO || link[me] == UP) ->
                link_down(me)
            /* kern_panic */
            :: losses < LOSSES && (me == 0 || LOSE_BOTH) -> losses++;
                atomic { dead[me] = runs[me]; holds[me] = 0 };
                goto halted
            od
        } unless { runs[me] == 0 };
halted:
        atomic { runs[me] = 0; asleep[me] = true; holds[me] = 0; link[me] = NONE; with[me] = 0; least[me] = 0;
                 page[me] = FREE; gives[me] = 0 }
    od
}

/* Z: gives a child up, rightly or not; orders it off if the machine can; starts
 * those that are off. */
proctype parent()
{
    bit c;
    do
    :: atomic { losses < LOSSES && runs[0] != 0 && given_up[0] != runs[0] ->
                losses++; given_up[0] = runs[0] }
    :: atomic { losses < LOSSES && LOSE_BOTH && runs[1] != 0 && given_up[1] != runs[1] ->
                losses++; given_up[1] = runs[1] }
    :: atomic { forces && runs[0] != 0 && given_up[0] == runs[0] ->
                runs[0] = 0; holds[0] = 0 }
    :: atomic { forces && runs[1] != 0 && given_up[1] == runs[1] ->
                runs[1] = 0; holds[1] = 0 }
    :: atomic { asleep[0] && last[0] <= LOSSES -> last[0]++; asleep[0] = false; runs[0] = last[0] }
    :: atomic { asleep[1] && last[1] <= LOSSES -> last[1]++; asleep[1] = false; runs[1] = last[1] }
    od
}

proctype quiet()
{
    atomic {
        timeout ->
        assert(runs[0] != 0 && runs[1] != 0);
        assert(runs[0] != given_up[0] && runs[1] != given_up[1]);
        assert((link[0] == UP && link[1] == UP && with[0] == runs[1] && with[1] == runs[0] &&
                page[0] == FREE && page[1] == FREE && holds[0] == 0 && holds[1] == 0) ||
               (link[0] == DOWN && link[1] == DOWN && apart[0] == runs[0] && apart[1] == runs[1]))
    }
}

init
{
    atomic {
        if :: losses = 0 :: losses = 1 :: losses = LOSSES fi;
        if :: mistrusts = 0 :: mistrusts = 1 fi;
        if :: forces = true :: skip fi;
        asleep[0] = false; asleep[1] = false; runs[0] = 1; runs[1] = 1; last[0] = 1; last[1] = 1;
        run quiet(); run kernel(0); run kernel(1); run parent()
    }
}
