# The boot archive holds system.bin and the programs of the manifest; a program that the kernels'
# loader would refuse is refused when the image is built.
# SPDX-License-Identifier: BSD-2-Clause
import struct
import subprocess

import pytest

MANIFEST = """\
board = "virt-arm64"
cores = 2
[program.init]
priority = 12
memory = "64K"
stack = "8K"
"""
LINE = f"{3}: [program.init] "
ET_EXEC, AARCH64, R, W, X = 2, 183, 4, 2, 1


def elf(segments=((0x400000, R | X, 100, 100),), entry=0x400000, kind=ET_EXEC, machine=AARCH64):
    """segments: (vaddr, flags, bytes in the file, bytes in memory)."""
    body, headers = b"", b""
    for vaddr, flags, filesz, memsz in segments:
        offset = 0x1000 + len(body) + vaddr % 0x1000
        headers += struct.pack("<IIQQQQQQ", 1, flags, offset, vaddr, vaddr, filesz, memsz, 0x1000)
        body += bytes(vaddr % 0x1000 + filesz)
        body += bytes(-len(body) % 0x1000)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, entry, 64, 0, 0, 64, 56,
                        len(segments), 64, 0, 0)
    return (head + headers).ljust(0x1000, b"\0") + body


@pytest.fixture
def build(tool, tmp_path):
    def run(data):
        (tmp_path / "x.toml").write_text(MANIFEST)
        (tmp_path / "bin").mkdir(exist_ok=True)
        if data is not None:
            (tmp_path / "bin" / "init").write_bytes(data)
        out = tmp_path / "archive.cpio"
        result = tool("tools/skerry_image", "build", tmp_path / "x.toml", "--bin",
                      tmp_path / "bin", "-o", out)
        assert "Traceback" not in result.stderr
        return result, out
    return run


def test_archive_is_what_cpio_reads(build, tmp_path):
    data = elf()
    result, out = build(data)
    assert result.returncode == 0, result.stderr
    names, at, archive, files = [], 0, out.read_bytes(), {}
    while True:
        assert archive[at:at + 6] == b"070701" and at % 4 == 0
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        size, name_size = fields[6], fields[11]
        name = archive[at + 110:at + 110 + name_size - 1].decode()
        begin = (at + 110 + name_size + 3) & ~3
        if name == "TRAILER!!!":
            break
        names.append(name)
        files[name] = archive[begin:begin + size]
        at = (begin + size + 3) & ~3
    assert names == ["system.bin", "bin/init"]
    assert files["bin/init"] == data and files["system.bin"][:4] == b"SSYS"


def test_archive_is_the_same_each_time(build):
    _, out = build(elf())
    first = out.read_bytes()
    build(elf())
    assert out.read_bytes() == first


BAD = [
    (None, "expected the program's file"),
    (b"", "expected an ELF file"),
    (b"#!/bin/sh\n" * 20, "expected an ELF file"),
    (elf()[:63], "expected an ELF file"),
    (elf()[:100], "cut short in its program headers"),
    (elf()[:0x1010], "the file is cut short"),
    (elf(machine=62), "expected code for aarch64 (183), got 62"),
    (elf(kind=3), "expected a static executable (type 2), got type 3"),
    (elf(((0x400000, R | W | X, 8, 8),)), "segment at 0x400000: writable and executable"),
    (elf(((0x400000, R | X, 9, 8),)), "more bytes in the file than in memory"),
    (elf(((0x400000, R | X, 8, 8), (0x400800, R | W, 8, 8))), "shares a page"),
    (elf(entry=0x500000), "expected the entry 0x500000 in an executable segment"),
    (elf(((0x400000, R | W, 8, 8),)), "expected the entry 0x400000 in an executable segment"),
    (elf(()), "expected program headers"),
    (elf(((0x400000, R | X, 8, 57 * 1024),)),
     "image and stack need 68 KiB, memory allows 64 KiB"),
    (elf(((0x400000, R | X, 8, 1 << 60),)), "expected less than 4 GiB"),
]


@pytest.mark.parametrize("data, message", BAD, ids=[m for _, m in BAD])
def test_bad_program(build, data, message):
    result, out = build(data)
    assert result.returncode == 1
    assert f"x.toml:{LINE}" in result.stderr and message in result.stderr
    assert not out.exists()


@pytest.mark.parametrize("cut", range(0, 0x1064, 97))
def test_program_cut_short_anywhere(build, cut):
    assert build(elf()[:cut])[0].returncode == 1


def test_real_program(build, tmp_path):
    (tmp_path / "p.c").write_text("void _start(void) { for (;;) ; }")
    subprocess.run(["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-fno-pie", "-no-pie",
                    "-Wl,-z,max-page-size=4096", "-Wl,-z,separate-code", "p.c", "-o", "p"],
                   cwd=tmp_path, check=True)
    result, _ = build((tmp_path / "p").read_bytes())
    assert result.returncode == 0, result.stderr
