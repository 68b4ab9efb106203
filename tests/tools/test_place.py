# A system in place, from *.link files to the image: small programs and a small kernel, linked by the
# real linker with the board's own scripts. The table says what lies where, the flash holds it, what
# did not change is not linked again, what does not fit is refused with the numbers.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import struct
import subprocess

import pytest
from test_manifest import Table, line_of, text

FLASH = 0x10000000
MANIFEST = """\
board = "mps2-an521"
cores = 2
flash = "64K"
ram = "32K"

[core.default]
tasks = 2
ends = 4
ports = 2
regions = 2
handles = 8
channels = 4

[device.uart0]
base = 0x50200000
size = "4K"
irq = 42

[program.init]
priority = 12
memory = "2K"
stack = "512"
channels = 2

[program.one]
place = 0
priority = 5
memory = "1536"
stack = "512"
devices = ["uart0"]

[program.sums]
place = 1
priority = 5
memory = "1K"
stack = "288"
fpu = true
"""
PROGRAM = """
volatile int data[3] = {1, 2, NUMBER}, zero[5], sk_self_block;
const int constant[16] = {NUMBER};
__attribute__((section(".text.start"))) void _start(void)
{
    for (int i = 0; i < 3; i++)
        zero[i] = data[i] + constant[i];
}
"""
KERNEL = """
    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x30000000, reset + 1, CORE, CORES, CORE0_TEXT, CORE1_TEXT, CORE0_RAM, CORE1_RAM
    .word LINK_BASE, SYSTEM_TABLE, KERNEL_RAM_LENGTH
    .section .port_state, "aw", %nobits
    .space 100
    .text
    .globl reset
    .thumb_func
reset: b reset
"""
PADDING = '.section .text.pad, "a"\n.globl pad\npad: .space {}\n'
CC = ["arm-none-eabi-gcc", "-mthumb", "-Os", "-nostdlib"]
NOFPU, FPU = ["-mcpu=cortex-m33+nofp+nodsp"], ["-mcpu=cortex-m33", "-mfloat-abi=softfp"]


class System:
    def __init__(self, tool, folder, root):
        self.tool, self.folder, self.root = tool, folder, root
        self.parts = folder / "parts"
        self.parts.mkdir()
        self.program("init", 7)
        self.program("one", 8)
        self.program("sums.fpu", 9, FPU)
        self.kernel()
        subprocess.run([*CC, *NOFPU, "-c", "-iquote", ".", "-iquote", "base", "-Ilib/copy",
                        "-U__UINT32_TYPE__", "-D__UINT32_TYPE__=unsigned int",
                        "-Iarch/armv8m/include", "-Iboard/mps2-an521/include", "-Iinclude",
                        "-Ibase/seam", "tools/image/sizes.c", "-o", self.parts / "sizes.o"],
                       cwd=root, check=True)

    def compile(self, name, source, flags, script, more=""):
        obj = self.folder / (name + ".o")
        path = self.folder / (name + (".c" if "void" in source else ".S"))
        path.write_text(source)
        subprocess.run([*CC, *flags, "-c", path, "-o", obj], check=True)
        (self.parts / (name + ".link")).write_text(" ".join(
            [*CC, *flags, "-Wl,--no-warn-rwx-segments", more, "-T",
             os.path.join(self.root, script), str(obj)]))

    def program(self, name, number, flags=NOFPU):
        self.compile(name, PROGRAM.replace("NUMBER", str(number)), flags,
                     "arch/armv8m/user/program.ld")

    def kernel(self, padding=4):
        self.compile("kernel", KERNEL + PADDING.format(padding), NOFPU,
                     "board/mps2-an521/kernel.ld", "-Wl,--defsym=KERNEL_STACK_BYTES=512")

    def place(self, manifest=MANIFEST, *arguments):
        self.manifest = self.folder / "x.toml"
        self.manifest.write_text(manifest)
        self.output = self.folder / "out" / "skerry.elf"
        self.output.parent.mkdir(exist_ok=True)
        result = self.tool("tools/skerry_image", "place", self.manifest, "--parts", self.parts,
                           "-o", self.output, *arguments)
        assert "Traceback" not in result.stderr, result.stderr
        return result

    def linked(self, result):
        return sorted(os.path.relpath(m, self.folder)
                      for m in re.findall(r"^  (/\S+\.elf)$", result.stdout, re.M))

    def flash(self):
        """Address and bytes of the image's one segment, and its entry."""
        data = self.output.read_bytes()
        entry, phoff = struct.unpack_from("<II", data, 24)
        kind, offset, vaddr, paddr, size, memsz, flags, _ = struct.unpack_from("<8I", data, phoff)
        assert (kind, vaddr, size, flags) == (1, paddr, memsz, 5)
        return vaddr, data[offset:offset + size], entry


@pytest.fixture
def system(tool, tmp_path, root):
    return System(tool, tmp_path, root)


def refused(system, manifest):
    result = system.place(manifest)
    assert result.returncode == 1 and not system.output.exists()
    return result.stderr.splitlines()


IMAGE_KEYS = ("prog", "core", "pad", "entry", "text", "text_bytes", "rodata", "rodata_bytes", "ram",
              "ram_bytes", "data_load", "data_addr", "data_bytes", "bss_bytes", "stack_bytes")


def test_image(system):
    result = system.place()
    assert result.returncode == 0, result.stderr
    base, flash, entry = system.flash()
    vectors = struct.unpack_from("<11I", flash)
    assert base == FLASH and entry == vectors[1] and entry & 1
    core, cores, text0, text1, ram0, ram1, links, table_at, kernel_ram = vectors[2:]
    assert (core, cores, text0, ram0) == (0, 2, FLASH, 0x30000000)
    assert struct.unpack_from("<11I", flash, text1 - FLASH)[2:8] == (1, 2, text0, text1, ram0, ram1)
    assert text1 % 512 == 0 and ram1 == 0x30000000 + 16 * 1024
    assert links == ram0 + kernel_ram

    size = struct.unpack_from("<I", flash, table_at - FLASH + 8)[0]
    data = flash[table_at - FLASH:][:size]
    t = Table(data)
    images = [dict(zip(IMAGE_KEYS, row)) for row in t.images]
    names = [list(t.programs)[i["prog"]] for i in images]
    assert [(n, i["core"]) for n, i in zip(names, images)] == [
        ("init", 0), ("init", 1), ("one", 0), ("sums", 1)]
    for name, i in zip(names, images):
        number = {"init": 7, "one": 8, "sums": 9}[name]
        for key in ("text", "text_bytes", "rodata", "rodata_bytes", "ram", "ram_bytes"):
            assert i[key] % 32 == 0, key
        assert i["text"] <= i["entry"] & ~1 < i["text"] + i["text_bytes"] and i["entry"] & 1
        assert i["rodata"] == i["text"] + i["text_bytes"]
        assert number in struct.unpack_from("<16I", flash, i["rodata"] - FLASH)
        assert i["data_addr"] == i["ram"] + i["stack_bytes"]
        # Initial data is part of the table, which init may read.
        assert table_at <= i["data_load"] < i["data_load"] + i["data_bytes"] <= table_at + size
        assert struct.unpack_from("<3I", flash, i["data_load"] - FLASH) == (1, 2, number)
        start = i["data_addr"] + i["data_bytes"] + i["bss_bytes"]
        assert start % 8 == 0 and start + 320 <= i["ram"] + i["ram_bytes"]
        low, high = (ram0, ram1) if i["core"] == 0 else (ram1, 0x30008000)
        assert low <= i["ram"] and i["ram"] + i["ram_bytes"] <= high
    assert t.programs["sums"]["flags"] == 8
    assert t.programs["init"]["mem"] == 2 * 1056 and t.cores[0][0] == 4 * 1056
    assert text(t.devices[0][0]) == "uart0" and t.devices[0][4] == 0  # the core of its owner


def test_map(system):
    out = system.place().stdout
    written = (system.output.parent / "map.txt").read_text()
    assert out.endswith(written)
    assert re.search(r"^  kernel of core 1 +\d+  0x10000200$", written, re.M)
    # stack 512, data 12 rounded to 16 and bss, start block 320; the rest of 1536 is heap
    m = re.search(r"^  one +512 +(\d+) +320 +(\d+) +1,536  0x3\w+$", written, re.M)
    assert m and 512 + int(m[1]) + 320 + int(m[2]) == 1536
    used = re.findall(r"used ([\d,]+) of ([\d,]+), left ([\d,]+)", written)
    numbers = [[int(n.replace(",", "")) for n in row] for row in used]
    assert [row[1] for row in numbers] == [64 * 1024, 16 * 1024, 16 * 1024]
    assert all(a + c == b for a, b, c in numbers)
    assert "who can reach whom" in written


def test_unchanged_is_not_linked_again(system):
    assert system.linked(system.place()) == [
        "measured/init.elf", "measured/kernel.elf", "measured/one.elf", "measured/sums.elf",
        "out/bin/init.0.elf", "out/bin/init.1.elf", "out/bin/one.0.elf", "out/bin/sums.1.elf",
        "out/kernel.0.elf", "out/kernel.1.elf"]
    assert system.linked(system.place()) == []
    system.program("one", 88)  # no change of size: nothing moves
    assert system.linked(system.place()) == ["measured/one.elf", "out/bin/one.0.elf"]
    assert b"\x58\0\0\0" in system.flash()[1]
    os.remove(system.folder / "out/kernel.1.elf")
    assert system.linked(system.place()) == ["out/kernel.1.elf"]


def test_the_same_image_each_time(system):
    system.place()
    first = system.output.read_bytes()
    for path in system.folder.glob("**/*.stamp"):
        path.unlink()
    system.place()
    assert system.output.read_bytes() == first


def test_place_is_one_line(system):
    result = system.place(MANIFEST.replace("place = 0", "place = 1"))
    assert result.returncode == 0
    assert "out/bin/one.1.elf" in system.linked(result)


def test_one_core(system):
    result = system.place(MANIFEST, "--cores", "1")
    assert result.returncode == 0, result.stderr
    _, flash, _ = system.flash()
    vectors = struct.unpack_from("<11I", flash)
    assert vectors[3] == 1 and vectors[5] == vectors[7] == vectors[8] == 0
    assert "left out: sums needs an FPU, which core 1 has, not core 0" in result.stdout
    assert "used" in result.stdout and "32,768" in result.stdout
    t = Table(flash[vectors[9] - FLASH:])
    assert list(t.programs) == ["init", "one"] and t.core_count == 1
    assert [row[1] for row in t.images] == [0, 0]


def test_too_little_memory_for_a_program(system):
    manifest = MANIFEST.replace('memory = "1536"', 'memory = "768"')
    [line] = refused(system, manifest)
    assert re.fullmatch(
        rf"{system.manifest}:{line_of(manifest, '768')}: \[program.one\] memory: needs 872 bytes "
        r"\(stack 512, data 16, bss 24, start block 320\), has 768", line), line


def test_too_little_flash(system):
    system.kernel(40000)
    [line] = refused(system, MANIFEST)
    assert re.fullmatch(
        rf"{system.manifest}:{line_of(MANIFEST, 'flash')}: flash: the system needs 8\d\d\d\d bytes, "
        r"has 65536; the largest: kernel of core 1 40\d\d\d, kernel of core 0 40\d\d\d, .*", line)


def test_too_little_ram(system):
    manifest = MANIFEST.replace('ram = "32K"', 'ram = "16K"')
    [line] = refused(system, manifest)
    m = re.fullmatch(
        rf"{system.manifest}:{line_of(manifest, 'ram')}: ram: the system needs (\d+) bytes "
        r"\(core 0 (\d+), core 1 (\d+)\), has 16384", line)
    assert m and int(m[1]) == int(m[2]) + int(m[3]) > 16384


def test_too_little_ram_for_a_core(system):
    manifest = MANIFEST + '\n[core.1]\nram = "8K"\n[core.0]\nram = "16K"\n[program.big]\nplace = 1\n' \
        'priority = 1\nmemory = "4K"\n'
    system.program("big", 1)
    [line] = refused(system, manifest)
    start = f"{system.manifest}:{line_of(manifest, '[core.1]') + 1}: [core.1] ram: core 1 needs "
    assert line.startswith(start)
    assert "bytes, has 8192: kernel of core 1 " in line and "big (core 1) 4096" in line


@pytest.mark.parametrize("old, new, message", [
    ("fpu = true", "fpu = 1", "[program.sums] fpu: expected true or false, got 1"),
    ("place = 1", "place = 0", "[program.sums] place: expected a core with an FPU (1), got 0"),
    ("place = 1", 'place = "any"',
     '[program.sums] place: expected a core with an FPU (1), got "any"'),
    ('memory = "1536"', 'memory = "1537"',
     '[program.one] memory: expected a size in multiples of 32 bytes, "512".."128K", got "1537"'),
    ('stack = "288"', 'stack = "1K"', "[program.sums] stack: expected less than memory (1K), got 1K"),
    ('flash = "64K"', 'flash = "8M"',
     'flash: expected a size in multiples of 1024 bytes, "64K".."4M", got "8M"'),
    ('ram = "32K"', 'ram = "256K"', 'ram: expected a size in multiples of 1024 bytes, "16K".."128K"'),
    ("cores = 2", "cores = 3", "cores: expected an integer 1..2, got 3"),
    ("ends = 4", "ends = 65", "[core.default] ends: expected an integer 2..64, got 65"),
    ("channels = 4", "channels = 1",
     "[program.init] channels: expected at most the core's 1 channels, got 2"),
    ("base = 0x50200000", "base = 0x50200010",
     "[device.uart0] base: expected a multiple of 0x20, got 0x50200010"),
    ("base = 0x50200000", "base = 0x60000000",
     "[device.uart0] base: expected a device of the board, 0x40000000..0x60000000"),
    ("base = 0x50200000", "base = 0x50003000",
     "[device.uart0] base: overlaps the kernels' doorbells (MHU0, MHU1) at 0x50003000"),
    ("base = 0x50200000", "base = 0x40000000",  # the same by its other alias
     "[device.uart0] base: overlaps the kernels' clock (TIMER0) at 0x50000000"),
    ("irq = 42", "irq = 6", "[device.uart0] irq: 6 is the kernels' doorbell"),
    ("irq = 42", "irq = 64", "[device.uart0] irq: expected 0 or 1..63, got 64"),
    ("irq = 42", "irq = 42\ncore = 1",
     "[program.one] place: expected 1, the core of [device.uart0], got 0"),
])
def test_mistake(tool, tmp_path, old, new, message):
    assert old in MANIFEST
    path = tmp_path / "x.toml"
    path.write_text(MANIFEST.replace(old, new, 1) if "place = 1" not in old else
                    MANIFEST.replace(old, new))
    result = tool("tools/skerry_image", "check", path)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert any(message in line for line in result.stderr.splitlines()), result.stderr


def test_too_many_protection_regions(tool, tmp_path):
    text = MANIFEST
    for i in range(1, 6):
        text += f'\n[device.d{i}]\nbase = {0x50201000 + i * 4096:#x}\nsize = "32"\n'
    names = ", ".join(f'"d{i}"' for i in range(1, 6))
    path = tmp_path / "x.toml"
    path.write_text(text.replace('devices = ["uart0"]', f'devices = ["uart0", {names}]'))
    lines = tool("tools/skerry_image", "check", path).stderr
    assert "[program.one] devices: needs 9 protection regions (3 for its image, 6 for devices), the " \
        "board has 8 for a task" in lines


def test_programs_that_start_want_more_channels_than_there_are(tool, tmp_path):
    text = MANIFEST.replace("place = 0", "place = 0\nboot = true\nchannels = 3")
    path = tmp_path / "x.toml"
    path.write_text(text)
    [line] = tool("tools/skerry_image", "check", path).stderr.splitlines()
    assert line == (f"{path}:{line_of(text, 'channels = 4')}: [core.default] channels: core 0 has 4, "
                    "but its programs (init, one) may use 5")


def test_keys_of_boards_in_place_are_for_those(tool, tmp_path):
    text = MANIFEST.replace("mps2-an521", "virt-arm64")
    path = tmp_path / "x.toml"
    path.write_text(text)
    lines = tool("tools/skerry_image", "check", path).stderr
    assert "flash: unknown; expected board, cores, heartbeat_ms, include" in lines
    assert "[core.default] channels: unknown; expected one of ram, tasks" in lines


@pytest.mark.parametrize("damage, message", [
    (lambda s: (s.parts / "one.link").unlink(), "which says how one is linked"),
    (lambda s: s.compile("one", "void _start(void) { nothing(); }", NOFPU,
                         "arch/armv8m/user/program.ld"), "one does not link:"),
    (lambda s: (s.parts / "sizes.o").write_bytes(b"nothing"), "expected an ELF file"),
])
def test_what_cannot_be_linked(system, damage, message):
    damage(system)
    result = system.place()
    assert result.returncode == 1 and message in result.stderr
    assert not system.output.exists()


def test_sizes_of_the_board_are_those_of_its_headers(tmp_path, root):
    """boards.py and <skerry/machine.h> agree."""
    import sys
    sys.path.insert(0, os.path.join(root, "tools"))
    from image.boards import BOARDS
    from image.table import UNITS
    for name, include in (("virt-arm64", []), ("mps2-an521", ["-Iarch/armv8m/include"])):
        (tmp_path / "x.c").write_text("#include <skerry/link.h>\nint sizes[] = {SK_PAGE_BYTES, "
                                      "SK_TASK_ENDS_MAX, SK_LINK_ENDS, SK_DEVICE_BYTES};\n")
        out = subprocess.run(["gcc", "-E", "-P", *include, "-Iinclude", tmp_path / "x.c"], cwd=root,
                             capture_output=True, text=True, check=True).stdout
        words = re.search(r"int sizes\[\] = \{(.*)\};", out)[1].replace("u", "").split(", ")
        board = BOARDS[name]
        assert [eval(w) for w in words] == [UNITS[board.in_place], board.task_ends,
                                            board.core_ends, board.granule]


def checked(tool, path, text, *arguments):
    path.write_text(text)
    result = tool("tools/skerry_image", "check", path, *arguments)
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()


def test_cores_that_want_more_ram_than_there_is(tool, tmp_path):
    text = MANIFEST.replace("tasks = 2", 'tasks = 2\nram = "24K"')
    [line] = checked(tool, tmp_path / "x.toml", text)
    assert "[core.default] ram: all cores together have 48K, the system has 32K" in line


def test_more_programs_start_than_there_are_tasks(tool, tmp_path):
    text = MANIFEST.replace("tasks = 2", "tasks = 1").replace("place = 0", "place = 0\nboot = true")
    [line] = checked(tool, tmp_path / "x.toml", text)
    assert "[core.default] tasks: core 0 has 1, but 2 programs start there (init, one)" in line


def test_priorities_count_on_one_core_only(tool, tmp_path):
    """An image in place is for so many cores: what never shares one may have any priority."""
    text = MANIFEST.replace("place = 0", 'place = 0\nregister = ["low"]').replace(
        "place = 1\npriority = 5", 'place = 1\npriority = 9\nresolve = ["low"]')
    text = text.replace("fpu = true\n", "")
    assert checked(tool, tmp_path / "x.toml", text) == []
    [line] = checked(tool, tmp_path / "x.toml", text, "--cores", "1")
    assert "[program.sums] resolve: may wait for [program.one] of priority 5 on the same core" in line
