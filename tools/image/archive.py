# The boot archive: cpio in the "newc" format, the same bytes for the same files.
# SPDX-License-Identifier: BSD-2-Clause


def pad(data):
    return data + bytes(-len(data) % 4)


def member(name, data, number, mode):
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    header = b"070701" + b"".join(b"%08X" % f for f in fields)
    return pad(header + name.encode() + b"\0") + pad(data)


def pack(files):
    """files: [(name, bytes)], in the order in which they stand in the archive."""
    out = b"".join(member(name, data, i, 0o100644) for i, (name, data) in enumerate(files, 1))
    return out + member("TRAILER!!!", b"", 0, 0)
