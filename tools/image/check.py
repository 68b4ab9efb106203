# From a manifest's tables to a system: every key is checked for its kind and range, then the whole
# for what only the whole shows (owners of devices, sums of budgets). The rules are docs/manifest.md.
# SPDX-License-Identifier: BSD-2-Clause

import re
from types import SimpleNamespace as Record

from .boards import BOARDS

CORES_MAX, PRIO_MAX, NAME_MAX, HANDLES_MAX = 8, 15, 31, 4096
PLACE_ANY = 0xFF
RESTART = {"never": 0, "on-fault": 1, "always": 2}
RIGHTS = {"proc": 2, "core": 4}
FLAG_BOOT = 1
KERNEL_RESERVE_KIB = 1024  # of each core's RAM, for the kernel's own tables and copied pages
SIZE = re.compile(r"^([1-9][0-9]*)([KM])$")
PROGRAM_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
NAME_PATTERN = re.compile(r"^([a-z0-9][a-z0-9._/-]*\*?|\*)$")


class Bad(Exception):
    """Carries what was expected."""


def show(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


# --- kinds of value: each takes a value, returns what goes into the record, or raises Bad ----------

def integer(low, high):
    def kind(value):
        if not is_int(value) or not low <= value <= high:
            raise Bad(f"an integer {low}..{high}")
        return value
    return kind


def boolean(value):
    if not isinstance(value, bool):
        raise Bad("true or false")
    return value


def size_kib(low, high):
    def text(kib):
        return f'"{kib // 1024}M"' if kib % 1024 == 0 else f'"{kib}K"'

    def kind(value):
        m = SIZE.match(value) if isinstance(value, str) else None
        kib = int(m[1]) * (1024 if m[2] == "M" else 1) if m else 0
        if not low <= kib <= high or kib % 4:
            raise Bad(f"a size in whole pages of 4K, {text(low)}..{text(high)}")
        return kib
    return kind


def one_of(words):
    def kind(value):
        if not isinstance(value, str) or value not in words:
            raise Bad("one of " + ", ".join(f'"{w}"' for w in words))
        return words[value]
    return kind


def list_of(what, accept):
    def kind(value):
        if not isinstance(value, list):
            raise Bad(f"a list of {what}")
        for v in value:
            if not isinstance(v, str) or not accept(v):
                raise Bad(f"a list of {what}; {show(v)} is none")
            if value.count(v) > 1:
                raise Bad(f"each of {what} once; {show(v)} is there twice")
        return value
    return kind


def pattern_ok(v):
    return len(v) <= NAME_MAX and NAME_PATTERN.match(v)


PATTERNS = list_of(f"names of at most {NAME_MAX} of a-z 0-9 . _ / -, or beginnings of names and *",
                   pattern_ok)
RIGHT_LIST = list_of("rights (" + ", ".join(f'"{r}"' for r in RIGHTS) + ")", lambda v: v in RIGHTS)
NEEDED = object()

CORE_KEYS = {  # key: (kind, default)
    "ram": (size_kib(2048, 1 << 20), 16384),
    "tasks": (integer(1, 1024), 48),
    "ends": (integer(2, 8192), 256),
    "ports": (integer(1, 1024), 32),
    "regions": (integer(1, 8192), 512),
    "handles": (integer(1, HANDLES_MAX), 128),
    "start": (boolean, True),
}
DEVICE_KEYS = {
    "base": (integer(0, (1 << 48) - 1), NEEDED),
    "size": (size_kib(4, 1 << 20), NEEDED),
    "irq": (integer(0, 1019), 0),
}
PROGRAM_KEYS = {
    "place": (None, "any"),
    "priority": (integer(0, PRIO_MAX), NEEDED),
    "memory": (size_kib(16, 1 << 20), NEEDED),
    "stack": (size_kib(4, 1 << 20), 32),
    "handles": (integer(1, HANDLES_MAX), 32),
    "ends": (integer(1, 8192), 16),
    "restart": (one_of(RESTART), RESTART["never"]),
    "restart_limit": (integer(0, 255), 0),
    "backoff_ms": (integer(0, 60000), 10),
    "boot": (boolean, False),
    "register": (PATTERNS, []),
    "resolve": (PATTERNS, []),
    "devices": (list_of("devices", lambda v: True), []),
    "rights": (RIGHT_LIST, []),
}


def check(source):
    """The system as records for table.pack; mistakes go to source.mistake."""
    return Checker(source).run()


class Checker:
    def __init__(self, source):
        self.source, self.mistake = source, source.mistake

    def run(self):
        top = self.source.data
        for key in top.keys() - {"board", "cores", "core", "device", "program"}:
            self.mistake((), key, "unknown; expected board, cores, include, [core.N], "
                                  "[device.NAME] or [program.NAME]")
        if not re.match(r"^[a-z][a-z0-9_-]{0,30}$", self.source.name):
            self.mistake((), None, "expected a file name of at most 31 of a-z 0-9 _ - before .toml")
        board = self.board(top)
        count = self.core_count(top, board)
        cores = self.cores(count)
        devices = self.devices(board)
        programs = self.programs(count)
        self.check_owners(devices, programs)
        self.check_budgets(board, cores, programs)
        return Record(name=self.source.name, board=top.get("board"), cores=cores,
                      devices=devices, programs=programs)

    def board(self, top):
        name = top.get("board")
        if not isinstance(name, str) or name not in BOARDS:
            known = ", ".join(f'"{b}"' for b in BOARDS)
            self.mistake((), "board", f"expected one of {known}, got "
                         f"{show(name) if name is not None else 'nothing'}")
            return None
        return BOARDS[name]

    def core_count(self, top, board):
        most = min(board.cores_max if board else CORES_MAX, CORES_MAX)
        count = top.get("cores")
        if not is_int(count) or not 1 <= count <= most:
            self.mistake((), "cores", f"expected an integer 1..{most}, got "
                         f"{show(count) if count is not None else 'nothing'}")
            return CORES_MAX
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

    def cores(self, count):
        tables = dict(self.tables("core"))
        base = self.fields(("core", "default"), tables.pop("default", {}), CORE_KEYS)
        own = {}
        for name, table in tables.items():
            if not (name.isdecimal() and str(int(name)) == name and int(name) < count):
                self.mistake(("core", name), None,
                             f'expected "default" or a core 0..{count - 1}')
                continue
            own[int(name)] = self.fields(("core", name), table, CORE_KEYS, base)
        cores = []
        for n in range(count):
            values = own.get(n, base)
            cores.append(Record(ram_kib=values["ram"], **{k: values[k] for k in
                         ("tasks", "ends", "ports", "regions", "handles", "start")}))
        if not cores[0].start:
            self.mistake(("core", "0" if 0 in own else "default"), "start",
                         "expected true for core 0: it is the one that starts the others")
        return cores

    def devices(self, board):
        devices = []
        for name, table in self.tables("device"):
            where = ("device", name)
            if not PROGRAM_NAME.match(name) or len(name) > NAME_MAX:
                self.mistake(where, None, f"expected a name of at most {NAME_MAX} of a-z 0-9 _")
            v = self.fields(where, table, DEVICE_KEYS)
            if v["base"] is NEEDED or v["size"] is NEEDED:
                continue
            dev = Record(name=name, base=v["base"], size_bytes=v["size"] * 1024, irq=v["irq"])
            if dev.base % 4096:
                self.mistake(where, "base", f"expected a multiple of 0x1000, got {dev.base:#x}")
            if board:
                self.check_device(where, dev, board)
            for other in devices:
                if dev.base < other.base + other.size_bytes and \
                        other.base < dev.base + dev.size_bytes:
                    self.mistake(where, "base", f"overlaps [device.{other.name}]")
                if dev.irq and dev.irq == other.irq:
                    self.mistake(where, "irq", f"{dev.irq} is [device.{other.name}]'s already")
            devices.append(dev)
        return devices

    def check_device(self, where, dev, board):
        end = dev.base + dev.size_bytes
        low, high = board.device_space
        if not (low <= dev.base and end <= high):
            self.mistake(where, "base", f"expected a device of the board, {low:#x}..{high:#x}, "
                         f"got {dev.base:#x}..{end:#x}")
        for name, (base, size) in board.kernel_devices.items():
            if dev.base < base + size and base < end:
                self.mistake(where, "base", f"overlaps the kernels' {name} at {base:#x}")
        if dev.irq and not board.irqs[0] <= dev.irq < board.irqs[1]:
            self.mistake(where, "irq", f"expected 0 or {board.irqs[0]}..{board.irqs[1] - 1}, "
                         f"got {dev.irq}")

    def programs(self, count):
        programs = []
        for name, table in self.tables("program"):
            where = ("program", name)
            if not PROGRAM_NAME.match(name) or len(name) > NAME_MAX:
                self.mistake(where, None, f"expected a name of at most {NAME_MAX} of a-z 0-9 _, "
                             "a letter first")
            v = self.fields(where, table, PROGRAM_KEYS)
            place = self.place(where, v["place"], count)
            if v["boot"] and place == PLACE_ANY and name != "init":
                self.mistake(where, "place", "expected a core for a program with boot = true, "
                             'got "any"')
            if v["memory"] is not NEEDED and v["stack"] >= v["memory"]:
                self.mistake(where, "stack", f"expected less than memory ({v['memory']}K), "
                             f"got {v['stack']}K")
            flags = FLAG_BOOT * v["boot"] + sum(RIGHTS[r] for r in v["rights"])
            programs.append(Record(
                name=name, place=place, mem_kib=v["memory"], stack_kib=v["stack"], flags=flags,
                **{k: v[k] for k in ("priority", "handles", "ends", "restart", "restart_limit",
                                     "backoff_ms", "boot", "register", "resolve", "devices")}))
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

    def check_owners(self, devices, programs):
        known, owner = {d.name for d in devices}, {}
        names = ", ".join(sorted(known)) or "none"
        for p in programs:
            where = ("program", p.name)
            for d in p.devices:
                if d not in known and d not in self.source.data.get("device", {}):
                    self.mistake(where, "devices", f"expected devices of this system ({names}), "
                                 f'got "{d}"')
                elif d in owner:
                    self.mistake(where, "devices", f'"{d}" belongs to [program.{owner[d]}] '
                                 "already; a device has one owner")
                owner.setdefault(d, p.name)

    def check_budgets(self, board, cores, programs):
        sound = [p for p in programs if p.mem_kib is not NEEDED]
        for p in sound:
            at = range(len(cores)) if p.place == PLACE_ANY else [p.place]
            for key, text in (("handles", "handles of one task"), ("ends", "channel ends")):
                least = min(getattr(cores[n], key) for n in at)
                if getattr(p, key) > least:
                    self.mistake(("program", p.name), key, f"expected at most the core's "
                                 f"{least} {text}, got {getattr(p, key)}")
        if board and sum(c.ram_kib for c in cores) > board.ram_kib:
            total = sum(c.ram_kib for c in cores)
            self.mistake(("core", "default"), "ram", f"all cores together have {total}K, "
                         f"the board has {board.ram_kib}K")
        # A program placed beyond the last running core runs on the last: try every number of cores.
        everywhere = [p for p in sound if p.name == "init"]
        for running in range(len(cores), 0, -1):
            for n in range(running):
                here = everywhere + [p for p in sound if p.boot and p not in everywhere and
                                     p.place != PLACE_ANY and min(p.place, running - 1) == n]
                need = sum(p.mem_kib for p in here) + KERNEL_RESERVE_KIB
                if need > cores[n].ram_kib:
                    table = str(n) if str(n) in self.source.data.get("core", {}) else "default"
                    names = ", ".join(p.name for p in here)
                    self.mistake(("core", table), "ram",
                                 f"core {n} has {cores[n].ram_kib}K, but with {running} cores "
                                 f"running its programs ({names}) and the kernel need {need}K")
                    return
                if len(here) > cores[n].tasks:
                    self.mistake(("core", "default"), "tasks", f"core {n} has {cores[n].tasks}, "
                                 f"but {len(here)} programs start there")
                    return
