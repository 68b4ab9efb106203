# Scripts of what is typed at the console of a simulated machine, and what must come back; the
# language is described in arch/host/script.c. A scenario is made for a number of cores.
# SPDX-License-Identifier: BSD-2-Clause

PROMPT = "<skerry> "
CALM = ["!kernel panic"]


def typed(command, *expected):
    """Type a command at the prompt; then wait for each text, in this order."""
    return [PROMPT, f">{command}", f"<{command}", *(f"<{text}" for text in expected)]


def script(*parts):
    return "\n".join(line for part in parts for line in part) + "\n"


HALT = typed("halt")
ECHO = typed("ping echo 3", "echo: 3 round trips")


def hello_on(cores):
    return [line for c in cores for line in typed(f"run -c {c} hello", f"hello from core {c}")]


def hello_everywhere(cores):
    return script(CALM, hello_on(range(cores)), typed("ps", "NAME", "init", "shell"), HALT)


def start_from_afar(cores):
    """A program on the last core starts one on another core."""
    to = 1 % cores
    return script(CALM, typed(f"run -c {cores - 1} spawner {to} hello", f"hello from core {to}",
                              "ended with status 0"), HALT)


def calls_from_all_cores(cores):
    calls = [line for c in range(cores)
             for line in typed(f"run -c {c} callbench echo 20",
                               f"callbench: 20 calls on core {c}", "0 deaths")]
    return script(CALM, calls, HALT)


def calls_at_once(cores):
    """Every core calls at the same time as the shell does."""
    parts = []
    for c in range(cores):
        parts += typed(f"spawn -c {c} callbench echo 40", "\n") + [f"=TID{c}"]
    parts += ECHO
    for c in range(cores):
        parts += typed(f"wait $TID{c}", "status 0")
    return script(CALM, parts, HALT)


def trouble_on_one_core(cores):
    """What crash, hog, flood and spin do on the last core harms nobody."""
    last = cores - 1
    return script(
        CALM,
        typed(f"run -c {last} crash", "fault: read of address 0x0"),
        typed(f"run -c {last} hog", "refused"),
        typed(f"run -c {last} flood echo", "full"),
        typed(f"spawn -c {last} spin", "\n"), ["=SPIN"],
        ECHO,
        typed(f"run -c {last} crash", "fault: read of address 0x0"),
        hello_on(range(cores)),
        ECHO,
        typed("kill $SPIN"),
        typed("wait $SPIN", "killed"),
        HALT)


def many_wait_for_another_core(cores):
    """Waits that never end leave room for what else is asked of that core's init."""
    last = cores - 1
    return script(
        CALM,
        typed(f"repeat 14 spawn spawner {last} spin", "\n"), ["=FIRST"],
        typed(f"stats {last}", f"core {last}: pages"),
        hello_on([last]),
        typed(f"spawn -c {last} spin", "\n"), ["=SPIN"],
        typed("kill $SPIN"),
        typed("wait $SPIN", "killed"),
        typed("kill $FIRST"),
        typed("wait $FIRST", "killed"),
        ECHO, HALT)


def floods(cores):
    """Whatever the service is, its answers come, and it goes on."""
    return script(CALM, typed("run flood echo", "flood: full", "answers"),
                  typed("run flood console", "flood: full", "answers"), ECHO, HALT)


def interrupts(cores):
    """Ctrl-C gives the prompt back, whatever it waits for."""
    last = cores - 1
    stop = ["~150", ">\x03", "<interrupted"]
    return script(
        CALM,
        typed(f"run -c {last} spin"), stop,
        typed(f"repeat 100 run -c {last} spin"), stop,
        typed(f"spawn -c {last} spin", "\n"), ["=SPIN"],
        typed("wait $SPIN"), stop,
        typed("kill $SPIN"),
        typed("wait $SPIN", "killed"),
        ECHO, HALT)


def line_editing(cores):
    """Arrow keys do nothing, Ctrl-C drops the line; exit gives a new shell."""
    return script(
        CALM,
        [PROMPT, ">he\x1b[A\x1b[1;5D\x1bOClp", "<this text"],
        [PROMPT, ">nonsense\x03ping echo 2", "<2 round trips"],
        typed("exit", "help lists the commands"),
        ECHO, HALT)


def killed(name):
    def scenario(cores):
        """The service is killed; it is back by its restart policy, and all goes on."""
        find, tid = typed(f"names {name}", f"{name} ") + ["=TID"], "$TID"
        if name == "shell":  # has no name; the third that starts on core 0
            find, tid = [], "0.3.1"
        # What is typed while nobody reads it may be lost: so only a return.
        return script(CALM, ECHO, find, [PROMPT, f">kill {tid}", "~50", ">"], ECHO,
                      hello_on(range(cores)), ECHO, HALT)
    scenario.__name__ = f"{name}_is_killed"
    return scenario


def echo_dies_in_calls(cores):
    """Killed amid calls: they end with peer dead; the caller connects to the next one."""
    return script(
        CALM, ECHO,
        typed("names echo", "echo "), ["=ECHO"],
        typed(f"spawn -c {cores - 1} callbench echo 1000000", "\n"), ["=CALLER"],
        ["~25"],  # it may have to try for its connection more than once
        typed("kill $ECHO"),
        ["<callbench: peer is dead"],
        ["~20"],
        ECHO,
        typed("kill $CALLER"),
        typed("wait $CALLER", "killed"),
        ECHO, HALT)


def stats(name, cores):
    """Remember what is in use on each core."""
    return [line for c in range(cores)
            for line in typed(f"stats {c}", f"core {c}: ") + [f":{name}{c}"]]


def same(name, cores):
    """It is what was remembered."""
    return [line for c in range(cores)
            for line in typed(f"stats {c}", f"core {c}: ${name}{c}")]


def cycles(cores):
    """Programs come and go; then every page, handle and channel is back."""
    def work(times):
        return [line for c in range(cores)
                for line in typed(f"repeat {times} run -c {c} hello", f"hello from core {c}") +
                typed(f"repeat {times} run -c {c} crash", "fault")]
    return script(CALM, ECHO, work(1), ["~20"], stats("BEFORE", cores), work(6), ["~20"],
                  same("BEFORE", cores),
                  HALT)


def session(server, clients, times=1):
    """A service on one core keeps tables for clients on others, in the clients' memory; it is killed
    while they have theirs."""
    parts = typed(f"spawn -c {server} tables", "\n") + ["=SERVICE"]
    for c in clients:
        parts += typed(f"repeat {times} run -c {c} session tables 40", "session: 40 values kept")
    parts += typed(f"run -c {clients[-1]} session tables 1000", "values kept") * times
    parts += typed(f"spawn -c {clients[0]} session tables 250", "\n") + ["=CLIENT"]
    return parts + typed("kill $SERVICE") + typed("wait $SERVICE", "killed") + \
        typed("wait $CLIENT", "status")


def sessions(cores):
    """Whoever dies, every page is back where it was."""
    once = [line for c in range(cores)[-3:]
            for line in session(c, [c, (c + 1) % cores])]
    return script(CALM, ECHO, hello_on(range(cores)), once, ["~20"], stats("BEFORE", cores), once, ["~20"],
                  same("BEFORE", cores), HALT)


def sessions_and_deaths(cores):
    """Services and clients die at any step; then all is well again."""
    work = [line for c in range(cores)
            for line in typed(f"spawn -c {c} session tables 20 30")] + typed("spawn -c 1 tables")
    again = [line for c in range(cores) for line in typed(f"spawn -c {c} tables")]
    return script(["@calm"], CALM, ECHO, work, ["@storm", "~100", "@calm",
                  "~2000", ">", "~10"], again, typed("run session tables 9", "9 values kept"),
                  ECHO, ["@audit"], hello_on(range(cores)), HALT)


def nonsense(cores):
    """Each gets one clear line, and the prompt again."""
    return script(
        CALM,
        typed("frobnicate", "frobnicate"),
        typed("run nothing", "no such program: nothing"),
        typed(f"run -c {cores} hello", f"{cores}"),
        typed("run -c 99999999999 hello", "9999"),
        typed("kill 0.77.1", "0.77.1"),
        typed("kill x", "no such task: x"),
        typed("kill 0.0.1", "init cannot be killed"),
        typed("wait 0.1.99", "0.1.99"),
        typed("wait 0.0.1", "init ends only with its core"),
        typed(f"run spawner {cores} hello", "no such core"),
        typed("ping nobody", "no such name: nobody"),
        typed("ping echo 0", "not a count"),
        typed(f"core start {cores}"),
        typed("core start 0", "runs already"),
        typed("help", "this text"),
        ECHO, HALT)


def one_core_breaks(cores):
    """A kernel panics: its core is lost, the others go on, and it is started again by policy."""
    victim = cores - 1
    return script(
        ECHO, hello_on(range(cores)),
        [f"@panic {victim}"],
        ["~20"],
        typed("cores", f"core {victim}: fenced, epoch 1; starts again soon"),
        hello_on(range(victim)),
        ["~300"],
        typed("cores", f"core {victim}: running, epoch 2"),
        hello_on(range(cores)), ECHO,
        HALT)


def calls_while_a_core_breaks(cores):
    """Calls to a core that breaks end, those between others go on."""
    victim = cores - 1
    return script(
        ECHO,
        typed(f"spawn -c {victim} callbench echo 100000", "\n"),
        [f"@panic {victim}"],
        ["~20"],
        typed("cores", f"core {victim}: fenced"),
        ECHO, hello_on(range(victim)),
        ["~300"], hello_on(range(cores)), ECHO,
        HALT)


def garbage_in_channels(cores):
    """Any bytes in any ring: programs may come to grief, kernels and the machine may not."""
    work = [line for c in range(cores)
            for line in typed(f"spawn -c {c} callbench echo 1000")]
    return script(["@calm"], CALM, ECHO, work,
                  ["@storm", "~300", "@calm", "~300", "@audit", "."])


def garbage_on_links(cores):
    """Any bytes from another kernel: the link may go, core 0 goes on with itself."""
    work = [line for c in range(cores) for line in typed(f"spawn -c {c} callbench echo 100")]
    return script(CALM, ECHO, work, ["@link 5", "~50", "@link 20", "~200", "@audit", "."])


def tasks_fault_at_random(cores):
    """Any task but init dies anywhere; when that stops, the system is whole again."""
    return script(CALM, ["~400", "@calm", "~2000", ">", "~10"], ECHO, hello_on(range(cores)), HALT)


def cores_on_demand(cores):
    """With the system `ondemand`: cores run when they are told to, from the last to the first."""
    parts = []
    for c in range(cores - 1, 0, -1):
        parts += typed("cores", f"core {c}: off")
        parts += typed(f"run -c {c} hello", "core is not running")
        parts += typed(f"core start {c}", f"core {c} runs")
        parts += hello_on([c])
        parts += typed(f"core start {c}", f"core {c} runs already")
    return script(CALM, parts, hello_on(range(cores)), ECHO, HALT)


# --- Cores that begin anew ---------------------------------------------------------------------------

def again(core):
    return typed(f"core restart {core}", f"core {core} runs again")


def echo_core(cores):
    return min(2, cores - 1)


def restart_of_an_idle_core(cores):
    """Its programs come back, its names too; nobody else notices."""
    parts = []
    for c in range(1, cores):
        parts += again(c) + typed("cores", f"core {c}: running, epoch 2") + hello_on([c])
    return script(CALM, parts, ECHO, hello_on(range(cores)), typed("names", "echo"), ECHO,
                  typed("core restart 0", "core 0 boots the machine"),
                  typed(f"core restart {cores}", "no such core"), HALT)


def restart_under_calls(cores):
    """The callee's core begins anew while every other one calls it: callers learn, and go on."""
    victim = echo_core(cores)
    others = [c for c in range(cores) if c != victim]
    parts = []
    for c in others:
        parts += typed(f"spawn -c {c} callbench echo 1000000", "\n") + [f"=TID{c}"]
    parts += ["~20"]
    for n in range(3):
        parts += again(victim) + ["~10"] + ECHO
    for c in others:
        parts += typed(f"kill $TID{c}") + typed(f"wait $TID{c}", "killed")
    return script(CALM, ECHO, parts, ECHO, hello_on(range(cores)), HALT)


def restart_of_callers(cores):
    """The callers' core begins anew: the service and its core lose them, and nothing else."""
    victim = 1
    parts = []
    for n in range(3):
        for i in range(3):
            parts += typed(f"spawn -c {victim} callbench echo 1000000", "\n")
        parts += ["~3"] + again(victim)
    return script(CALM, ECHO, parts, ECHO, hello_on(range(cores)), HALT)


def restart_while_connecting(cores):
    """Programs of all cores connect, over three cores, while one of them begins anew."""
    parts = []
    for victim in range(1, cores):
        for c in range(cores):
            parts += typed(f"spawn -c {c} spawner {(c + 1) % cores} hello", "\n")
        parts += again(victim)
    return script(CALM, ECHO, parts, ["~200", ">"], ECHO, hello_on(range(cores)), HALT)


def restart_where_names_runs(cores):
    """With `names` on core 1: all names are gone, and come back from the inits."""
    return script(CALM, ECHO, again(1), ECHO, typed("names", "console"), hello_on(range(cores)),
                  again(1), again(1), ECHO, hello_on(range(cores)), HALT)


def many_restarts(times):
    def scenario(cores):
        """Then every page, handle and channel is back, on every core."""
        victim = cores - 1
        once = again(victim) + ["~30"] + ECHO + hello_on(range(cores))
        return script(CALM, ECHO, hello_on(range(cores)), once, once, ["~20"],
                      stats("BEFORE", cores), again(victim) * times,
                      ["~30"], ECHO, hello_on(range(cores)), ["~100", ">", "~20"],
                      same("BEFORE", cores), typed("cores", f"core {victim}: running, epoch"),
                      HALT)
    scenario.__name__ = f"restarts_{times}"
    return scenario


# --- With the programs of the system `stress` (test_scenarios.py) --------------------------------------

def spawned(cores, program):
    """Start it on each core, program(core) with its arguments, and remember the tids."""
    return [line for c in cores
            for line in typed(f"spawn -c {c} {program(c)}", "\n") + [f"=TID{c}"]]


def ended(cores, *how):
    return [line for c in cores for line in typed(f"wait $TID{c}", *how)]


def many_clients(cores):
    """Four connections from each core, all asked before the first answer is taken."""
    return script(CALM, ECHO, spawned(range(cores), lambda c: "portclients echo 4 8 quiet"),
                  ended(range(cores), "status 0"), ECHO, HALT)


def many_clients_of_a_service_that_dies(cores):
    """They are told, connect again and go on; then all is back."""
    work = spawned(range(cores), lambda c: "portclients echo 3 60 quiet")
    parts = work + ["~15", *typed("kill $ECHO"), "~15"] + ended(range(cores), "status 0")
    return script(CALM, ECHO, hello_on(range(cores)), typed("names echo", "echo "), ["=ECHO"],
                  stats("BEFORE", cores), parts, ECHO, ["~30"], same("BEFORE", cores), HALT)


def device_from_all_cores(cores):
    """Registers of a device that core 1's kernel has, from everywhere at once."""
    return script(CALM, spawned(range(cores), lambda c: f"portdevice {c} 12 quiet"),
                  ended(range(cores), "status 0"),
                  *[typed(f"run -c {c} portdevice {c} 3", "3 right, none lost: ok")
                    for c in range(cores)], HALT)


def device_whose_core_begins_again(cores):
    """What is asked of a lost kernel ends, and is asked of the next one."""
    others = [c for c in range(cores) if c != 1]
    parts = spawned(others, lambda c: f"portdevice {c} 40 quiet")
    for n in range(3):
        parts += ["~3"] + again(1)
    return script(CALM, ECHO, parts, ended(others, "status 0"), ECHO, HALT)


STRESS = [(many_clients, 1), (many_clients_of_a_service_that_dies, 1), (device_from_all_cores, 2),
          (device_whose_core_begins_again, 2)]  # and the least cores


# --- Cores that begin anew without a word ---------------------------------------------------------------

def restarts_unasked(cores):
    """Cores begin anew at any step, without a word; when that stops, the system is whole again, and
    what was in use on core 0 still is."""
    settle = ["~400", ">", "~20"] + ECHO + hello_on(range(cores)) + ["~100", ">", "~20"]
    work = [line for c in range(cores)
            for line in typed(f"spawn -c {c} callbench echo 300")]
    return script(["@calm"], CALM, ECHO, hello_on(range(cores)), settle, stats("BEFORE", 1),
                  work, ["@storm", "~60", "@calm", "~1000"], settle, same("BEFORE", 1), HALT)


def restarts_and_lost_doorbells(cores):
    """With nothing rung, only time is lost."""
    return restarts_unasked(cores)


def one_restart_unasked(cores):
    """The same, once, at a chosen step, in the middle of everything that this system does."""
    work = [line for c in range(cores)
            for line in typed(f"spawn -c {c} callbench echo 20") +
            typed(f"spawn -c {c} spawner {(c + 1) % cores} hello")]
    return script(CALM, work, ["~600", "@calm", ">", "~20"], ECHO, hello_on(range(cores)),
                  ["@audit"], HALT)


RESTARTS = [restart_of_an_idle_core, restart_under_calls, restart_of_callers,
            restart_while_connecting, many_restarts(5)]

ALWAYS = [hello_everywhere, start_from_afar, calls_from_all_cores, calls_at_once,
          trouble_on_one_core, killed("echo"), killed("names"), killed("console"), killed("shell"),
          echo_dies_in_calls, cycles, sessions, nonsense, many_wait_for_another_core, floods,
          interrupts, line_editing]

# (scenario, least cores, options of the simulation)
FAULTY = [
    (one_core_breaks, 2, ["--allow-panic"]),
    (calls_while_a_core_breaks, 2, ["--allow-panic"]),
    (garbage_in_channels, 1, ["--scribble-chan", "3000"]),
    (garbage_on_links, 2, []),
    (tasks_fault_at_random, 1, ["--fault-task", "30000"]),
    (sessions_and_deaths, 2, ["--fault-task", "6000"]),
    (restarts_unasked, 2, ["--restart-core", "30000"]),
    (restarts_and_lost_doorbells, 2, ["--restart-core", "8000", "--lost-bell", "8"]),
]
