# Kinds of value that a key of a manifest may have: each takes a value and returns what goes into the
# record, or raises Bad with what was expected.
# SPDX-License-Identifier: BSD-2-Clause

import re

KIB = 1024
SIZE = re.compile(r"^([1-9][0-9]*)([KM]?)$")
FACTOR = {"": 1, "K": KIB, "M": KIB * KIB}


class Bad(Exception):
    """Carries what was expected."""


def show(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def size_text(count):
    """As it would stand in a manifest: "512", "2K", "16M"."""
    for unit in ("M", "K"):
        if count and count % FACTOR[unit] == 0:
            return f"{count // FACTOR[unit]}{unit}"
    return str(count)


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


def size(low, high, granule):
    """Bytes, from a string."""
    unit = "whole pages of 4K" if granule == 4 * KIB else f"multiples of {granule} bytes"

    def kind(value):
        m = SIZE.match(value) if isinstance(value, str) else None
        count = int(m[1]) * FACTOR[m[2]] if m else 0
        if not low <= count <= high or count % granule:
            raise Bad(f'a size in {unit}, "{size_text(low)}".."{size_text(high)}"')
        return count
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
