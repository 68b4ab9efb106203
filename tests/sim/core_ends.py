# Scripts in which cores are ended by the shell's orders, and come back by policy.
# SPDX-License-Identifier: BSD-2-Clause
from scenarios import CALM, ECHO, HALT, PROMPT, echo_core, hello_on, script, typed


def runs(core, epoch):
    return typed("cores", f"core {core}: running, epoch {epoch}")


def back(core, epoch):
    return runs(core, epoch) + hello_on([core])


def crash(core):
    """What the kernel there says goes between what is echoed of this."""
    return [PROMPT, f">core crash {core}", f"<core {core} has panicked"]


def under_calls(cores, victim, order):
    """A caller on another core, that is told and goes on with the next epoch's service."""
    return typed(f"spawn -c {(victim + 1) % cores} callbench echo 1000000", "\n") + \
        ["=CALLER", "~20"] + order + ["<callbench: peer is dead", "~150"] + \
        typed("kill $CALLER") + typed("wait $CALLER", "killed")


def core_crashes(cores):
    """Asked to panic: callers are told, names come back, the record says how it was."""
    victim = echo_core(cores)
    parts = []
    for n in range(2):
        parts += under_calls(cores, victim, crash(victim)) + ["~200"] + back(victim, n + 2) + ECHO
        parts += typed(f"log {victim}", f"core {victim}, epoch {n + 1} ended: panic: asked to panic",
                       "pc 0x", "last lines", "panic: asked to panic", f"core {victim} now",
                       f"core {victim} of {cores}, epoch {n + 2}")
    return script(ECHO, parts, hello_on(range(cores)), HALT)


def core_hangs(cores):
    """It answers nobody: it is suspect, forced off, and started again."""
    victim = echo_core(cores)
    hang = typed(f"core hang {victim}", f"core {victim} answers no more")
    parts = under_calls(cores, victim, hang) + back(victim, 2) + ECHO
    parts += typed(f"log {victim}", f"core {victim}, epoch 1 ended: ordered off", "asked to hang",
                   f"core {victim} now")
    parts += hang + typed(f"core restart {victim}", f"core {victim} runs again") + back(victim, 3)
    parts += hang + typed(f"core stop {victim}", f"core {victim} is off") + ["~4000"]
    parts += typed("cores", f"core {victim}: fenced, epoch 3; stopped")
    return script(CALM, ECHO, parts, hello_on([0]), HALT)


def core_hangs_late(cores):
    """Its answer comes when init does not wait for it any more: that it is lost tells the same."""
    victim = echo_core(cores)
    return script(CALM, ECHO, [PROMPT, f"@freeze {victim}", f">core hang {victim}", "~400",
                               f"@thaw {victim}", f"<core {victim} answers no more"],
                  ["~500"], back(victim, 2), HALT)


def core_stops(cores):
    """It stays off until it is started; meanwhile each order gets one clear line."""
    parts = []
    for c in range(1, cores):
        parts += typed(f"core stop {c}", f"core {c} is off") + ["~3000"]
        parts += typed("cores", f"core {c}: fenced, epoch 1; stopped")
        parts += typed(f"run -c {c} hello", "hello: core is not running")
        for order in ("stop", "crash", "hang"):
            parts += typed(f"core {order} {c}", f"core {c}: core is not running")
        parts += typed(f"log {c}", f"core {c}, epoch 1 ended: stopped", "core is not running")
        parts += typed(f"core start {c}", f"core {c} runs") + back(c, 2)
        parts += typed(f"core stop {c}", f"core {c} is off")
        parts += typed(f"core restart {c}", f"core {c} runs again") + back(c, 3)
    for order in ("stop", "restart", "crash", "hang"):
        parts += typed(f"core {order} 0", "core 0 boots the machine")
        parts += typed(f"core {order} {cores}", f"no such core: {cores}")
    return script(CALM, parts, typed("core start 0", "core 0 runs already"),
                  typed("core frobnicate 1", "usage: core "), typed("core stop", "usage: core "),
                  hello_on(range(cores)), ECHO, HALT)


def core_is_given_up(cores):
    """Crashed as soon as it runs, until the limit of the manifest; then it is started by hand."""
    victim = cores - 1
    parts = []
    for n in range(6):
        parts += crash(victim) + \
            [f"~{150 + (100 << n)}"]
    parts += typed("cores", f"core {victim}: fenced, epoch 6; given up")
    parts += typed("log 0", f"core {victim} was lost too often: given up")
    parts += typed(f"core start {victim}", f"core {victim} runs") + back(victim, 7)
    parts += crash(victim)
    parts += typed(f"core stop {victim}", f"core {victim} is off")  # before its pause is over
    parts += ["~1000"] + typed("cores", f"core {victim}: fenced, epoch 7; stopped")
    return script(parts, hello_on(range(victim)), HALT)


def core_crashes_now_and_then(cores):
    """More often than the limit, but each time it has run for a while: it is not given up."""
    victim = cores - 1
    parts = []
    for n in range(7):
        parts += ["~6000"] + crash(victim) + ["~200"]
    return script(parts, back(victim, 8), ECHO, HALT)


def core_that_is_not_restarted(cores):
    """With `never`: it stays as it is when it is lost, until it is started."""
    victim = cores - 1
    parts = []
    for n in range(2):
        parts += crash(victim) + ["~1000"]
        parts += typed("cores", f"core {victim}: fenced, epoch {n + 1}", "skerry")
        parts += [f">core start {victim}", f"<core {victim} runs"] + back(victim, n + 2)
    parts += crash(victim) + typed(f"core restart {victim}", f"core {victim} runs again")
    return script(["!starts again soon"], parts, hello_on(range(cores)), ECHO, HALT)


def hung_core_is_quarantined(cores):
    """On a machine that cannot force it: it stays out, that is said, and the others go on."""
    victim = cores - 1
    forced = f"core {victim} cannot be forced on this machine"
    return script(CALM, typed(f"core hang {victim}", f"core {victim} answers no more"), ["~6000"],
                  typed("cores", f"core {victim}: quarantined, epoch 1"),
                  typed(f"core restart {victim}", forced), typed(f"core stop {victim}", forced),
                  typed(f"core start {victim}", f"core {victim} is lost, and not seen off"),
                  typed(f"core crash {victim}", f"core {victim}: core is not running"),
                  typed(f"run -c {victim} hello", "hello: core is not running"),
                  typed("cores", f"core {victim}: quarantined, epoch 1"),
                  hello_on(range(victim)), HALT)


def orders_from_another_core(cores):
    """With the shell on core 1: all goes through core 0; the shell's own core is not for it."""
    victim = cores - 1
    parts = []
    for order in ("stop", "crash", "hang"):
        parts += typed(f"core {order} 1", "core 1 is the one that this shell runs on")
    parts += crash(victim) + ["~20"]
    parts += typed("cores", f"core {victim}: fenced, epoch 1; starts again soon") + ["~300"]
    parts += back(victim, 2)
    parts += typed(f"log {victim}", f"core {victim}, epoch 1 ended: panic: asked to panic")
    parts += typed(f"core stop {victim}", f"core {victim} is off")
    parts += typed("cores", f"core {victim}: fenced, epoch 2; stopped")
    return script(parts, typed("core stop 0", "core 0 boots the machine"), HALT)


# Some of these kernels panic, as they are asked to.
ENDS = [core_crashes, core_hangs, core_hangs_late, core_stops, core_is_given_up, core_crashes_now_and_then]
