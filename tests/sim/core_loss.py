# What is typed while a core is lost under load, and what must come back; in the language of
# scenarios.py. The system beats every 20 ms: after 160 ms of silence a core is suspect.
# SPDX-License-Identifier: BSD-2-Clause

from scenarios import CALM, ECHO, HALT, echo_core, hello_on, script, typed

SILENCE_MS = 400  # suspect, ordered off, and quarantined if that has no effect


def load(cores, calls=500):
    """Each of them calls the service, again after it was lost, until it has had all answers."""
    return [line for c in cores
            for line in typed(f"spawn -c {c} callbench echo {calls}", "\n") + [f"=TID{c}"]]


def end_of_load(cores):
    return [line for c in cores for line in typed(f"wait $TID{c}", "status 0")]


def others_work(others, echo):
    """Programs start there, and call the service if that is still there."""
    return hello_on(others) + (ECHO if echo in others else [])


def back(victim, cores, epoch=2):
    """It begins anew with all that was there."""
    return typed(f"core start {victim}", f"core {victim} runs") + \
        typed("cores", f"core {victim}: running, epoch {epoch}") + hello_on(range(cores)) + ECHO


def lost(how, victim, steps):
    """`how` comes so many steps after the load has begun; the others go on, then it is back."""
    def scenario(cores):
        others = [c for c in range(cores) if c != victim]
        said = [] if how == "panic" else CALM
        return script(said, ECHO, hello_on(range(cores)), load(range(cores)),
                      [f"@in {steps} {how} {victim}", "^", f"~{SILENCE_MS}"],
                      typed("cores", f"core {victim}: fenced, epoch 1"),
                      typed(f"run -c {victim} hello", "hello: core is not running"),
                      others_work(others, echo_core(cores)), back(victim, cores),
                      end_of_load(others), ["~50", "@audit"], HALT)
    return scenario


def late(victim, steps):
    """A core that cannot be forced is quarantined; it wakes up and halts itself."""
    def scenario(cores):
        others = [c for c in range(cores) if c != victim]
        return script(CALM, ECHO, hello_on(range(cores)), ["@unforced"], load(range(cores)),
                      [f"@in {steps} freeze {victim}", "^", f"~{SILENCE_MS}"],
                      typed("cores", f"core {victim}: quarantined, epoch 1"),
                      typed(f"core start {victim}", f"core {victim}"),
                      typed("cores", f"core {victim}: quarantined, epoch 1"),
                      others_work(others, echo_core(cores)), ["@audit", f"@thaw {victim}", "~60"],
                      typed("cores", f"core {victim}: fenced, epoch 1"),
                      [f"@seen {victim} its parent has given it up"],
                      others_work(others, echo_core(cores)), back(victim, cores),
                      end_of_load(others), ["~50", "@audit"], HALT)
    return scenario


def two(how, steps, between):
    """Cores 1 and 2, of four, almost at once."""
    def scenario(cores):
        others = [c for c in range(cores) if c not in (1, 2)]
        return script(CALM if how != "panic" else [], ECHO, hello_on(range(cores)), load(range(cores)),
                      [f"@in {steps} {how} 1", f"@in {steps + between} {how} 2", "^",
                       f"~{SILENCE_MS}"],
                      typed("cores", "core 1: fenced, epoch 1", "core 2: fenced, epoch 1"),
                      hello_on(others), typed("core start 2", "core 2 runs"),
                      back(1, cores), end_of_load(others), ["~50", "@audit"], HALT)
    return scenario


def late_core_0(how):
    """A core 0 that was only slow finds out that all have given it up, and halts."""
    return ["@thaw 0", "~60", "@seen 0 all have given it up"] if how == "late" else []


def loss_of_core_0(how, steps):
    return [f"@in {steps} {'freeze' if how == 'late' else how} 0", "^", f"~{SILENCE_MS}"] + \
        late_core_0(how)


def of_core_0(how, steps):
    """Nobody is at the console any more: the logs of the others tell what became of their calls."""
    def scenario(cores):
        parts = []
        for c in range(1, cores):
            parts += typed(f"spawn -c {c} callbench echo 3000", "\n")
            parts += typed(f"spawn -c {c} callbench nobody 1", "\n") + ["=TID"]
        told = []
        for c in range(1, cores):
            told += [f"@seen {c} callbench: 3000 calls on core {c}",
                     f"@seen {c} callbench: nobody: timed out"]
        return script(ECHO, hello_on(range(cores)), parts,
                      loss_of_core_0(how, steps), ["~30000"], told, ["@audit", "."])
    return scenario


def of_core_0_elsewhere(how, steps):
    """With names, console and shell on core 1 (systems/virt-arm64/elsewhere.toml): all that DESIGN.md
    says can be seen and typed. Nobody starts a core any more."""
    def scenario(cores):
        others = range(1, cores)
        last = cores - 1
        state = "suspect" if how == "freeze" else "fenced"  # nobody has started it: nobody orders it off
        return script([] if how == "panic" else CALM, ECHO, hello_on(range(cores)),
                      load(others, 1500),
                      loss_of_core_0(how, steps),
                      typed("cores", f"core 0: {state}, epoch 1",
                            *(f"core {c}: running, epoch 1" for c in others)),
                      end_of_load(others), ECHO, typed("names echo", "echo "), ["=ECHO"],
                      typed("kill $ECHO"), ["~20"], ECHO,  # its core's init starts it again
                      hello_on(others), typed("run -c 0 hello", "hello: core is not running"),
                      typed(f"run -c {last} spawner 1 hello", "hello from core 1",
                            "ended with status 0"),
                      typed(f"core restart {last}", f"core {last}"),
                      typed("core start 0", "core 0"),
                      typed("cores", f"core 0: {state}, epoch 1",
                            *(f"core {c}: running, epoch 1" for c in others)),
                      ["@audit"], HALT)
    return scenario
