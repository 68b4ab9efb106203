# The scripts by name, for `./skerry sim`, and what each of them needs.
# SPDX-License-Identifier: BSD-2-Clause
import core_ends
import scenarios
from scenarios import PROMPT, script


class Session:
    """A script by its number of cores, the least of these, and how the simulation is called."""

    def __init__(self, script, least=1, options=(), system="demo"):
        self.script, self.least, self.options, self.system = script, least, list(options), system


def demo(cores):
    """Everything that the demo system does; whatever is lost by the plan, it is whole again."""
    each = [line for c in range(cores)
            for line in (f"+spawn -c {c} callbench echo 20|{c}.",
                         f"+spawn -c {c} spawner {(c + 1) % cores} hello|{c}.",
                         f"+run -c {c} hello|hello from core {c}")]
    return script([PROMPT], each, ["+ping echo 3|echo: 3 round trips", "~900", "@audit",
                                   "+ping echo 2|echo: 2 round trips", "+halt|(until it is off)"])


SESSIONS = {"demo": Session(demo)}
SESSIONS.update({s.__name__: Session(s) for s in scenarios.ALWAYS})
SESSIONS["cores_on_demand"] = Session(scenarios.cores_on_demand, 2, system="ondemand")
SESSIONS.update({s.__name__: Session(s, 2) for s in scenarios.RESTARTS})
SESSIONS.update({s.__name__: Session(s, 2, ["--allow-panic"]) for s in core_ends.ENDS})
SESSIONS.update({s.__name__: Session(s, least, options) for s, least, options in scenarios.FAULTY})
