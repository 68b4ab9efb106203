# From a manifest's tables to a system: every key is checked for its kind and range here; rules.py
# and calls.py check what only the whole shows. The language is docs/manifest.md.
# SPDX-License-Identifier: BSD-2-Clause

import re
from types import SimpleNamespace as Record

from . import calls, rules
from .boards import BOARDS, KIB
from .kinds import Bad, boolean, integer, is_int, list_of, one_of, show, size, size_text
from .rules import PLACE_ANY

CORES_MAX, PRIO_MAX, NAME_MAX, HANDLES_MAX = 8, 15, 31, 4096
RESTART = {"never": 0, "on-fault": 1, "always": 2}
RIGHTS = {"proc": 2, "core": 4}
FLAG_BOOT, FLAG_FPU = 1, 8
PROGRAM_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
NAME_PATTERN = re.compile(r"^([a-z0-9][a-z0-9._/-]*\*?|\*)$")
TOP_KEYS = {"board", "cores", "core", "device", "program"}
NEEDED = object()


def name_ok(v):
    return len(v) <= NAME_MAX and NAME_PATTERN.match(v)


PATTERNS = list_of(f"names of at most {NAME_MAX} of a-z 0-9 . _ / -, or beginnings of names and *",
                   name_ok)
NAMES = list_of(f"names of at most {NAME_MAX} of a-z 0-9 . _ / -",
                lambda v: name_ok(v) and not v.endswith("*"))
RIGHT_LIST = list_of("rights (" + ", ".join(f'"{r}"' for r in RIGHTS) + ")", lambda v: v in RIGHTS)
DEVICES = list_of("devices", lambda v: True)


# Keys of each kind of table: {key: (kind, default)}. Boards on which programs lie in place at
# addresses that are decided when the image is built have a few more, and smaller sizes.

def top_keys(board):
    beat = {"heartbeat_ms": (integer(0, 60000), 250)}
    if not board.in_place:
        return beat
    return {**beat, "flash": (size(64 * KIB, board.flash.bytes, KIB), board.flash.bytes),
            "ram": (size(16 * KIB, board.ram.bytes, KIB), board.ram.bytes)}


def core_keys(board):
    grain = board.granule
    least = 8 * KIB if board.in_place else 2048 * KIB
    kinds = {
        "ram": size(least, board.ram.bytes if board.in_place else 1 << 30, max(grain, 64)),
        "tasks": integer(1, 1024),
        "ends": integer(2, board.core_ends),
        "ports": integer(1, 1024),
        "regions": integer(1, 8192),
        "handles": integer(1, HANDLES_MAX),
        "log": size(256, 1 << 20, 64),
    }
    if board.in_place:
        kinds["channels"] = integer(1, 1024)
    keys = {key: (kind, board.core_defaults[key]) for key, kind in kinds.items()}
    return {**keys, "start": (boolean, True),
            "restart": (one_of({k: v for k, v in RESTART.items() if k != "always"}),
                        RESTART["never"]),
            "restart_limit": (integer(0, 255), 0),
            "backoff_ms": (integer(0, 60000), 100)}


def device_keys(board, cores):
    return {
        "base": (integer(0, (1 << 48) - 1), NEEDED),
        "size": (size(board.granule, 1 << 30, board.granule), NEEDED),
        "irq": (integer(0, 1019), 0),
        "core": (integer(0, cores - 1), None),
        "call": (boolean, False),
    }


def program_keys(board):
    grain = board.granule
    least = 512 if board.in_place else 16 * KIB
    keys = {
        "place": (None, "any"),
        "priority": (integer(0, PRIO_MAX), NEEDED),
        "memory": (size(least, board.ram.bytes if board.in_place else 1 << 30, grain), NEEDED),
        "stack": (size(256 if board.in_place else grain, 1 << 30, grain), board.stack_default),
        "handles": (integer(1, HANDLES_MAX), 32 if not board.in_place else 8),
        "ends": (integer(1, board.task_ends), 16 if not board.in_place else 4),
        "restart": (one_of(RESTART), RESTART["never"]),
        "restart_limit": (integer(0, 255), 0),
        "backoff_ms": (integer(0, 60000), 10),
        "boot": (boolean, False),
        "fpu": (boolean, False),
        "register": (PATTERNS, []),
        "resolve": (PATTERNS, []),
        "calls": (NAMES, None),
        "devices": (DEVICES, []),
        "rights": (RIGHT_LIST, []),
    }
    if board.in_place:
        keys["channels"] = (integer(0, 1024), 2)
    return keys


def check(source, cores=None):
    """The system as records, for `cores` cores where the image is made for fewer than the manifest
    says; mistakes go to source.mistake."""
    return Checker(source, cores).run()


class Checker:
    def __init__(self, source, cores):
        self.source, self.mistake, self.wanted = source, source.mistake, cores

    def run(self):
        top = self.source.data
        board = self.board(top)
        limits = top_keys(board)
        for key in top.keys() - TOP_KEYS - limits.keys():
            self.mistake((), key, "unknown; expected " + ", ".join(
                ["board", "cores", *limits, "include", "[core.N]", "[device.NAME]"])
                + " or [program.NAME]")
        if not re.match(r"^[a-z][a-z0-9_-]{0,30}$", self.source.name):
            self.mistake((), None, "expected a file name of at most 31 of a-z 0-9 _ - before .toml")
        limit = self.fields((), {k: top[k] for k in limits if k in top}, limits)
        declared = self.core_count(top, board)
        system = Record(name=self.source.name, board_name=top.get("board"), board=board,
                        heartbeat_ms=limit["heartbeat_ms"],
                        declared=declared, count=min(declared, self.wanted or declared),
                        flash_bytes=limit.get("flash"), ram_bytes=limit.get("ram"), left_out=[])
        system.cores = self.cores(board, declared)[:system.count]
        system.devices = self.devices(board, declared)
        system.programs = self.programs(board, declared)
        rules.check(self.source, system)
        if not self.source.mistakes:  # needs every priority and permission
            calls.check(self.source, system)
        return system

    def board(self, top):
        """The board, or if it is none the first that there is, to go on with."""
        name = top.get("board")
        known_board = isinstance(name, str) and name in BOARDS
        if not known_board:
            known = ", ".join(f'"{b}"' for b in BOARDS)
            self.mistake((), "board", f"expected one of {known}, got "
                         f"{show(name) if name is not None else 'nothing'}")
            return next(iter(BOARDS.values()))
        return BOARDS[name]

    def core_count(self, top, board):
        most = min(board.cores_max, CORES_MAX)
        count = top.get("cores")
        if not is_int(count) or not 1 <= count <= most:
            self.mistake((), "cores", f"expected an integer 1..{most}, got "
                         f"{show(count) if count is not None else 'nothing'}")
            return most
        return count

    def tables(self, kind):
        """(name, table) of each [kind.name]; anything else there is a mistake."""
        group = self.source.data.get(kind, {})
        if not isinstance(group, dict):
            self.mistake((), kind, f"expected tables [{kind}.NAME], got {show(group)}")
            return
        for name, table in group.items():
            if isinstance(table, dict):
                yield name, table
            else:
                self.mistake((kind,), name, f"expected a table [{kind}.{name}], "
                             f"got {show(table)}")

    def fields(self, where, table, keys, defaults=None):
        """The table's values by key, defaults where it says nothing or something wrong."""
        values = {}
        for key in table.keys() - keys.keys():
            self.mistake(where, key, "unknown; expected one of " + ", ".join(keys))
        for key, (kind, default) in keys.items():
            values[key] = defaults[key] if defaults else default
            if key not in table:
                if default is NEEDED:
                    self.mistake(where, None, f"{key} is missing")
                continue
            try:
                values[key] = kind(table[key]) if kind else table[key]
            except Bad as e:
                self.mistake(where, key, f"expected {e}, got {show(table[key])}")
        return values

    def cores(self, board, count):
        keys = core_keys(board)
        tables = dict(self.tables("core"))
        base = self.fields(("core", "default"), tables.pop("default", {}), keys)
        own = {}
        for name, table in tables.items():
            if not (name.isdecimal() and str(int(name)) == name and int(name) < count):
                self.mistake(("core", name), None,
                             f'expected "default" or a core 0..{count - 1}')
                continue
            own[int(name)] = self.fields(("core", name), table, keys, base)
        cores = []
        for n in range(count):
            values = own.get(n, base)
            cores.append(Record(
                number=n, where=("core", str(n) if n in own else "default"),
                ram_bytes=values["ram"], log_bytes=values["log"], channels=values.get("channels"),
                **{k: values[k] for k in ("tasks", "ends", "ports", "regions", "handles",
                                          "start", "restart", "restart_limit", "backoff_ms")}))
        if not cores[0].start:
            self.mistake(cores[0].where, "start",
                         "expected true for core 0: it is the one that starts the others")
        return cores

    def devices(self, board, count):
        devices = []
        for name, table in self.tables("device"):
            where = ("device", name)
            if not PROGRAM_NAME.match(name) or len(name) > NAME_MAX:
                self.mistake(where, None, f"expected a name of at most {NAME_MAX} of a-z 0-9 _")
            v = self.fields(where, table, device_keys(board, count))
            if v["base"] is NEEDED or v["size"] is NEEDED:
                continue
            if v["call"] and v["core"] is None:
                self.mistake(where, "call", "expected a core too: whose kernel reads and writes it")
            dev = Record(name=name, base=v["base"], size_bytes=v["size"], irq=v["irq"],
                         core=v["core"], call=v["call"])
            rules.check_device(self.source, board, dev, devices)
            devices.append(dev)
        return devices

    def programs(self, board, count):
        programs = []
        keys = program_keys(board)
        for name, table in self.tables("program"):
            where = ("program", name)
            if not PROGRAM_NAME.match(name) or len(name) > NAME_MAX:
                self.mistake(where, None, f"expected a name of at most {NAME_MAX} of a-z 0-9 _, "
                             "a letter first")
            v = self.fields(where, table, keys)
            place = self.place(where, v["place"], count)
            if v["boot"] and place == PLACE_ANY and name != "init":
                self.mistake(where, "place", "expected a core for a program with boot = true, "
                             'got "any"')
            if v["memory"] is not NEEDED and v["stack"] >= v["memory"]:
                self.mistake(where, "stack", f"expected less than memory ({size_text(v['memory'])}), "
                             f"got {size_text(v['stack'])}")
            flags = (FLAG_BOOT * v["boot"] + FLAG_FPU * v["fpu"] +
                     sum(RIGHTS[r] for r in v["rights"]))
            programs.append(Record(
                name=name, where=where, place=place, mem_bytes=v["memory"],
                stack_bytes=v["stack"], flags=flags, channels=v.get("channels"),
                **{k: v[k] for k in ("priority", "handles", "ends", "restart", "restart_limit",
                                     "backoff_ms", "boot", "fpu", "register", "resolve", "calls",
                                     "devices")}))
        if not any(p.name == "init" for p in programs):
            self.mistake((), None, "expected a [program.init]: it starts all others")
        return programs

    def place(self, where, value, count):
        if value == "any":
            return PLACE_ANY
        if value == "last":
            return count - 1
        if not is_int(value) or not 0 <= value < count:
            self.mistake(where, "place", f'expected "any", "last" or a core 0..{count - 1}, '
                         f"got {show(value)}")
            return PLACE_ANY
        if where[1] == "init":
            self.mistake(where, "place", f'expected "any": every core has an init, got {value}')
        return value
