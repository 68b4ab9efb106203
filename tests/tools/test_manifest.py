# The image tool refuses each kind of mistake in a manifest, with file, line and what was expected,
# and turns a right one into the table that include/skerry/system.h describes.
# SPDX-License-Identifier: BSD-2-Clause
import re
import struct
import subprocess

import pytest

GOOD = """\
board = "virt-arm64"
cores = 4
heartbeat_ms = 125

[core.default]
ram = "8M"

[core.3]
tasks = 7
restart = "on-fault"
restart_limit = 3
backoff_ms = 50

[device.uart0]
base = 0x09000000
size = "4K"
irq = 33

[program.init]
priority = 12
memory = "1M"

[program.echo]
place = 2
priority = 8
memory = "512K"
stack = "32K"
restart = "always"
boot = true
register = ["echo"]
resolve = ["x*"]
devices = ["uart0"]
rights = ["proc", "core"]
"""


@pytest.fixture
def manifest(tmp_path):
    def write(text, name="x.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path
    return write


def line_of(text, part):
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def refused(tool, path):
    result = tool("tools/skerry_image", "check", path)
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()


def test_good_manifest(tool, manifest):
    path = manifest(GOOD)
    result = tool("tools/skerry_image", "check", path)
    assert (result.returncode, result.stderr) == (0, "")
    assert tool("tools/skerry_image", "info", path).stdout == "virt-arm64 4\n"


@pytest.mark.parametrize("system", ["demo", "ondemand"])
def test_systems_of_the_repository(tool, system):
    result = tool("tools/skerry_image", "check", f"systems/virt-arm64/{system}.toml")
    assert (result.returncode, result.stderr) == (0, "")


# (line of GOOD that is replaced, by what, the message). The mistake stands on the replaced line.
MISTAKES = [
    ('board = "virt-arm64"', 'board = "toaster"',
     'board: expected one of "virt-arm64", "mps2-an521", got "toaster"'),
    ("cores = 4", "cores = 9", "cores: expected an integer 1..8, got 9"),
    ("cores = 4", "cores = 0", "cores: expected an integer 1..8, got 0"),
    ("cores = 4", "cores = true", "cores: expected an integer 1..8, got true"),
    ('ram = "8M"', "ram = 8",
     '[core.default] ram: expected a size in whole pages of 4K, "2M".."1024M", got 8'),
    ('ram = "8M"', 'ram = "8G"', '[core.default] ram: expected a size in whole pages'),
    ('ram = "8M"', 'rom = "8M"', "[core.default] rom: unknown; expected one of ram, tasks"),
    ('ram = "8M"', "start = false", "[core.default] start: expected true for core 0"),
    ("[core.3]", "[core.4]", '[core.4] expected "default" or a core 0..3'),
    ("[core.3]", "[core.last]", '[core.last] expected "default" or a core 0..3'),
    ("tasks = 7", "tasks = 0", "[core.3] tasks: expected an integer 1..1024, got 0"),
    ("base = 0x09000000", "base = 0x09000100",
     "[device.uart0] base: expected a multiple of 0x1000, got 0x9000100"),
    ("base = 0x09000000", "base = 0x40000000",
     "[device.uart0] base: expected a device of the board, 0x8000000..0x40000000"),
    ("base = 0x09000000", "base = 0x08010000",
     "[device.uart0] base: overlaps the kernels' interrupt controller"),
    ("irq = 33", "irq = 27", "[device.uart0] irq: expected 0 or 32..1019, got 27"),
    ('size = "4K"', 'size = "5K"', "[device.uart0] size: expected a size in whole pages of 4K"),
    ("place = 2", "place = 4", '[program.echo] place: expected "any", "last" or a core 0..3, got 4'),
    ("place = 2", 'place = "first"',
     '[program.echo] place: expected "any", "last" or a core 0..3, got "first"'),
    ("place = 2", 'place = "any"',
     '[program.echo] place: expected a core for a program with boot = true'),
    ("priority = 8", 'priority = "high"',
     '[program.echo] priority: expected an integer 0..15, got "high"'),
    ("priority = 8", "priority = 16", "[program.echo] priority: expected an integer 0..15, got 16"),
    ('memory = "512K"', 'memory = "512"', "[program.echo] memory: expected a size"),
    ('stack = "32K"', 'stack = "512K"',
     "[program.echo] stack: expected less than memory (512K), got 512K"),
    ('restart = "always"', 'restart = "often"',
     '[program.echo] restart: expected one of "never", "on-fault", "always", got "often"'),
    ('restart = "always"', "restart_limit = 256",
     "[program.echo] restart_limit: expected an integer 0..255, got 256"),
    ('restart = "always"', "backoff_ms = -1", "[program.echo] backoff_ms: expected an integer"),
    ('restart = "always"', "handles = 129",
     "[program.echo] handles: expected at most the core's 128 handles of one task, got 129"),
    ('restart = "always"', "ends = 257",
     "[program.echo] ends: expected an integer 1..256, got 257"),
    ("tasks = 7", "ends = 513", "[core.3] ends: expected an integer 2..512, got 513"),
    ("tasks = 7", 'log = "100"', '[core.3] log: expected a size in multiples of 64 bytes, "256".."1M"'),
    ("boot = true", "boot = 1", "[program.echo] boot: expected true or false, got 1"),
    ('register = ["echo"]', 'register = "echo"', "[program.echo] register: expected a list of"),
    ('register = ["echo"]', 'register = ["a*b"]', '[program.echo] register: expected a list of'),
    ('register = ["echo"]', 'register = ["' + "a" * 32 + '"]', "[program.echo] register: expected"),
    ('register = ["echo"]', 'register = ["a", "a"]', '"a" is there twice'),
    ('register = ["echo"]', "register = [3]", "3 is none"),
    ('devices = ["uart0"]', 'devices = ["uart1"]',
     '[program.echo] devices: expected devices of this system (uart0), got "uart1"'),
    ('rights = ["proc", "core"]', 'rights = ["root"]',
     '[program.echo] rights: expected a list of rights ("proc", "core"); "root" is none'),
    ("[program.echo]", "[program.Echo]", "[program.Echo] expected a name of at most 31"),
    ("[program.echo]", "[program." + "e" * 32 + "]", "expected a name of at most 31"),
    ("[program.echo]", "[porgram.echo]", "porgram: unknown; expected board, cores"),
]


@pytest.mark.parametrize("old, new, message", MISTAKES)
def test_mistake(tool, manifest, old, new, message):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    path = manifest(text)
    lines = refused(tool, path)
    start = f"{path}:{line_of(text, new)}: "
    assert any(line.startswith(start) and message in line for line in lines), lines


def test_message_is_exactly_as_documented(tool, manifest):
    text = GOOD.replace("priority = 8", 'priority = "high"')
    path = manifest(text)
    assert refused(tool, path) == [f"{path}:{line_of(text, 'high')}: [program.echo] priority: "
                                   'expected an integer 0..15, got "high"']


def test_all_mistakes_are_reported_in_order(tool, manifest):
    text = GOOD.replace("cores = 4", "cores = 99").replace("irq = 33", "irq = -1") \
               .replace("priority = 8", "priority = 77")
    lines = refused(tool, manifest(text))
    assert len(lines) == 3
    numbers = [int(re.search(r":(\d+): ", line)[1]) for line in lines]
    assert numbers == sorted(numbers)


def test_missing_keys(tool, manifest):
    lines = refused(tool, manifest('[device.d]\n[program.init]\n'))
    text = "\n".join(lines)
    for expected in ("board: expected", "cores: expected", ":1: [device.d] base is missing",
                     ":1: [device.d] size is missing", ":2: [program.init] priority is missing",
                     ":2: [program.init] memory is missing"):
        assert expected in text


def test_no_init(tool, manifest):
    path = manifest(GOOD.replace("program.init", "program.unit"))
    assert any("expected a [program.init]" in line for line in refused(tool, path))


def test_init_on_one_core(tool, manifest):
    path = manifest(GOOD.replace("priority = 12", "priority = 12\nplace = 1"))
    assert any("every core has an init" in line for line in refused(tool, path))


def test_program_twice(tool, manifest):
    text = GOOD + '\n[program.echo]\npriority = 3\nmemory = "1M"\n'
    path = manifest(text)
    [line] = refused(tool, path)
    assert line.startswith(f"{path}:{GOOD.count(chr(10)) + 2}: not TOML: ")


def test_syntax_error(tool, manifest):
    path = manifest("board = \ncores = 4\n")
    [line] = refused(tool, path)
    assert line.startswith(f"{path}:1: not TOML: ")
    path = manifest('board = "virt')
    assert refused(tool, path)[0].startswith(f"{path}:1: not TOML: ")


def test_device_with_two_owners(tool, manifest):
    text = GOOD + '\n[program.more]\nplace = 0\npriority = 1\nmemory = "1M"\ndevices = ["uart0"]\n'
    path = manifest(text)
    n = len(text.splitlines())
    assert refused(tool, path) == [f'{path}:{n}: [program.more] devices: "uart0" belongs to '
                                   "[program.echo] already; a device has one owner"]


def test_device_of_a_program_that_runs_anywhere(tool, manifest):
    text = GOOD.replace('memory = "1M"', 'memory = "1M"\ndevices = ["uart0"]') \
               .replace('devices = ["uart0"]\nrights', "rights")
    path = manifest(text)
    assert refused(tool, path) == [
        f"{path}:{line_of(text, 'devices =')}: [program.init] devices: expected none, or a core as "
        'place: "uart0" has one owner, and place is "any"']


def test_device_of_another_core(tool, manifest):
    text = GOOD.replace("irq = 33", "irq = 33\ncore = 1")
    path = manifest(text)
    assert refused(tool, path) == [f"{path}:{line_of(text, 'place = 2')}: [program.echo] place: "
                                   "expected 1, the core of [device.uart0], got 2"]


def test_device_of_a_kernel_is_for_many(tool, manifest, tmp_path):
    text = GOOD.replace("irq = 33", "core = 3\ncall = true") \
               .replace('memory = "1M"', 'memory = "1M"\ndevices = ["uart0"]')
    out = tmp_path / "system.bin"
    result = tool("tools/skerry_image", "table", manifest(text), "-o", out)
    assert result.returncode == 0, result.stderr
    assert [d[4:6] for d in Table(out.read_bytes()).devices] == [(3, 1), (3, 1)]
    path = manifest(text.replace("core = 3\n", "irq = 33\n"))
    assert refused(tool, path) == [
        f"{path}:{line_of(text, 'call =')}: [device.uart0] call: expected a core too: whose kernel "
        "reads and writes it",
        f"{path}:{line_of(text, 'core = 3')}: [device.uart0] irq: expected none: call = true makes "
        "it a kernel's, no program waits for its interrupt"][::-1]


def test_five_devices(tool, manifest):
    text = GOOD
    for i in range(1, 5):
        text += f'\n[device.d{i}]\nbase = {0x0A000000 + i * 4096:#x}\nsize = "4K"\n'
    text = text.replace('devices = ["uart0"]', 'devices = ["uart0", "d1", "d2", "d3", "d4"]')
    [line] = refused(tool, manifest(text))
    assert "[program.echo] devices: expected at most 4 devices of one program, got 5" in line


CALLS = GOOD + """
[program.log]
place = 2
priority = 9
memory = "1M"
register = ["log"]
"""


def test_call_to_a_lower_priority(tool, manifest):
    text = CALLS.replace('resolve = ["x*"]', 'resolve = ["lo*"]').replace("priority = 9",
                                                                          "priority = 7")
    path = manifest(text)
    assert refused(tool, path) == [
        f"{path}:{line_of(text, 'resolve =')}: [program.echo] resolve: may wait for [program.log] "
        "of priority 7 on the same core, expected 8 or more; calls = [...] says which names it "
        "waits for"]
    path = manifest(text.replace('["lo*"]', '["lo*"]\ncalls = []'))
    assert tool("tools/skerry_image", "check", path).returncode == 0


def test_calls_that_go_round(tool, manifest):
    text = CALLS.replace('resolve = ["x*"]', 'resolve = ["log"]').replace("priority = 9",
                                                                          "priority = 8")
    text += 'resolve = ["*"]\n'
    path = manifest(text)
    [line] = refused(tool, path)
    assert "[program.echo] resolve: calls go round (echo -> log -> echo): " in line
    for calls in ('[]', '["log"]'):
        lines = tool("tools/skerry_image", "check", manifest(text + f"calls = {calls}\n")).stderr
        assert ("[program.log] calls: calls go round (log -> log): " in lines) == (calls != "[]")


def test_init_waits_for_a_program(tool, manifest):
    text = GOOD.replace("priority = 12", 'priority = 8\nresolve = ["echo"]')
    [line] = refused(tool, manifest(text))
    assert "[program.init] resolve: calls go round (init -> echo -> init)" in line


@pytest.mark.parametrize("calls, message", [
    ('["y"]', '[program.echo] calls: expected names that its resolve allows, got "y"'),
    ('["x"]', '[program.echo] calls: expected names that a program registers, got "x"'),
    ('["x*"]', "[program.echo] calls: expected a list of names"),
])
def test_wrong_calls(tool, manifest, calls, message):
    text = CALLS.replace('resolve = ["x*"]', f'resolve = ["x*"]\ncalls = {calls}')
    path = manifest(text)
    [line] = refused(tool, path)
    assert line.startswith(f"{path}:{line_of(text, 'calls =')}: {message}")


def test_reach(tool, manifest):
    text = CALLS + 'resolve = ["none"]\n[program.app]\npriority = 2\nmemory = "1M"\n' \
        'resolve = ["log", "echo"]\ncalls = ["log"]\n'
    text = text.replace('resolve = ["x*"]', 'resolve = ["log"]')
    lines = tool("tools/skerry_image", "reach", manifest(text)).stdout.splitlines()
    assert lines[1:] == [
        "  init  any core, priority 12  -> nobody",
        "  echo  core 2, priority  8  -> log; devices uart0",
        "  log   core 2, priority  9  -> nobody",
        "  app   any core, priority  2  -> echo (does not wait), log; devices uart0 (through echo)"]


def test_devices_that_overlap(tool, manifest):
    text = GOOD + '\n[device.copy]\nbase = 0x09000000\nsize = "4K"\nirq = 33\n'
    lines = "\n".join(refused(tool, manifest(text)))
    assert "[device.copy] base: overlaps [device.uart0]" in lines
    assert "[device.copy] irq: 33 is [device.uart0]'s already" in lines


def test_programs_that_do_not_fit_their_core(tool, manifest):
    text = GOOD.replace('ram = "8M"', 'ram = "2M"')
    path = manifest(text)
    [line] = refused(tool, path)
    assert line.startswith(f"{path}:{line_of(text, 'ram =')}: [core.default] ram: core 2 has 2048K")
    assert "(init, echo)" in line


def test_programs_that_fit_only_while_all_cores_run(tool, manifest):
    more = '\n[program.p{}]\nplace = {}\npriority = 1\nmemory = "4M"\nboot = true\n'
    path = manifest(GOOD + more.format(1, 3) + more.format(2, 0))
    [line] = refused(tool, path)
    assert "core 0 has 8192K, but with 1 cores running" in line


def test_cores_that_do_not_fit_the_board(tool, manifest):
    [line] = refused(tool, manifest(GOOD.replace('ram = "8M"', 'ram = "256M"')))
    assert "all cores together have 1024M, the board has 448M" in line


def test_include_is_overridden_key_by_key(tool, manifest, tmp_path):
    manifest(GOOD)
    path = manifest('include = "x.toml"\n[program.echo]\npriority = 3\n', "y.toml")
    out = tmp_path / "system.bin"
    assert tool("tools/skerry_image", "table", path, "-o", out).returncode == 0
    echo = Table(out.read_bytes()).programs["echo"]
    assert echo["priority"] == 3 and echo["place"] == 2


def test_mistake_in_an_included_file_names_that_file(tool, manifest):
    below = manifest(GOOD.replace("priority = 8", "priority = 88"))
    path = manifest('include = "x.toml"\n', "y.toml")
    [line] = refused(tool, path)
    assert line.startswith(f"{below}:{line_of(GOOD, 'priority = 8')}: ")


@pytest.mark.parametrize("value, message", [
    ('"gone.toml"', "found no file"), ('"y.toml"', "includes itself"), ("3", "expected a file name"),
])
def test_bad_include(tool, manifest, value, message):
    path = manifest(f"include = {value}\n", "y.toml")
    line = refused(tool, path)[0]
    assert line.startswith(f"{path}:1: include: ") and message in line


def test_no_such_manifest(tool, tmp_path):
    [line] = refused(tool, tmp_path / "none.toml")
    assert "cannot read the manifest" in line


@pytest.mark.parametrize("cut", range(0, len(GOOD), 13))
def test_a_manifest_cut_short_is_never_a_traceback(tool, manifest, cut):
    result = tool("tools/skerry_image", "check", manifest(GOOD[:cut]))
    assert result.returncode in (0, 1) and "Traceback" not in result.stderr


class Table:
    """system.bin, read by the layout of include/skerry/system.h."""

    def __init__(self, data):
        head = struct.unpack_from("<14I32s32sI4x", data)
        (self.magic, self.version, self.size, self.core_count, core_off, cores, prog_off, progs,
         dev_off, devs, perm_off, perms, image_off, images) = head[:14]
        self.name, self.board = text(head[14]), text(head[15])
        self.heartbeat_ms = head[16]
        self.cores = [struct.unpack_from("<2I6HBBH", data, core_off + 24 * i) for i in range(cores)]
        self.devices = [struct.unpack_from("<32sQIIBBH", data, dev_off + 52 * i)
                        for i in range(devs)]
        self.perms = [struct.unpack_from("<32sI", data, perm_off + 36 * i) for i in range(perms)]
        self.images = [struct.unpack_from("<HBB12I", data, image_off + 52 * i)
                       for i in range(images)]
        keys = ("name", "place", "priority", "restart", "restart_limit", "backoff_ms", "mem",
                "stack", "handles", "ends", "flags", "perm_first", "perm_count", "dev_first",
                "dev_count")
        rows = [struct.unpack_from("<32s4B3I2HI4H", data, prog_off + 64 * i) for i in range(progs)]
        self.programs = {text(r[0]): dict(zip(keys, r)) for r in rows}
        assert core_off % 4 == prog_off % 4 == perm_off % 4 == image_off % 4 == dev_off % 8 == 0


def text(field):
    return field.split(b"\0")[0].decode()


def test_table(tool, manifest, tmp_path):
    out = tmp_path / "system.bin"
    assert tool("tools/skerry_image", "table", manifest(GOOD), "-o", out).returncode == 0
    data = out.read_bytes()
    t = Table(data)
    assert (t.magic, t.version, t.size, t.core_count) == (0x53595353, 3, len(data), 4)
    assert (t.name, t.board, t.heartbeat_ms) == ("x", "virt-arm64", 125)
    assert t.cores[0] == (8 << 20, 8192, 48, 256, 32, 512, 128, 1, 0, 0, 100)
    assert t.cores[3] == (8 << 20, 8192, 7, 256, 32, 512, 128, 1, 1, 3, 50)
    init, echo = t.programs["init"], t.programs["echo"]
    assert (init["place"], init["priority"], init["flags"]) == (0xFF, 12, 0)
    assert (echo["place"], echo["priority"], echo["restart"]) == (2, 8, 2)
    assert (echo["mem"], echo["stack"], echo["flags"]) == (512 << 10, 32 << 10, 7)
    perms = t.perms[echo["perm_first"]:][:echo["perm_count"]]
    assert [(text(p), kind) for p, kind in perms] == [("echo", 1), ("x*", 2)]
    [dev] = t.devices[echo["dev_first"]:][:echo["dev_count"]]
    assert (text(dev[0]), *dev[1:]) == ("uart0", 0x09000000, 4096, 33, 0xFF, 0, 0)
    assert t.images == []


def test_table_has_the_sizes_of_the_header(tool, tmp_path, root):
    """The compiler and the tool agree on every size and offset."""
    program = tmp_path / "sizes.c"
    program.write_text("""
        #include <skerry/system.h>
        #include <stdio.h>
        int main(void)
        {
            printf("%zu %zu %zu %zu %zu %zu %zu %zu %zu", sizeof(struct sk_sys_header),
                   sizeof(struct sk_sys_core), sizeof(struct sk_sys_prog),
                   sizeof(struct sk_sys_dev), sizeof(struct sk_sys_perm),
                   sizeof(struct sk_sys_image),
                   offsetof(struct sk_sys_prog, flags), offsetof(struct sk_sys_prog, handles),
                   offsetof(struct sk_sys_header, name));
        }""")
    subprocess.run(["gcc", f"-I{root}/include", program, "-o", tmp_path / "sizes"], check=True)
    out = subprocess.run([tmp_path / "sizes"], capture_output=True, text=True, check=True).stdout
    assert out == "128 24 64 52 36 52 52 48 56"


@pytest.mark.parametrize("line, expected", [
    ("x = " + "[" * 3000, "nested too deeply"),
    ("cores = " + "9" * 4500, "not TOML"),
    ('include = "a\\u0000b"', "include: expected a file name"),
])
def test_what_the_reader_of_toml_does_not_catch(tool, manifest, line, expected):
    """Found by tests/fuzz/fuzz_manifest.py: each of these was a traceback."""
    mistakes = refused(tool, manifest(line + "\n" + GOOD))
    assert any(expected in m for m in mistakes)
