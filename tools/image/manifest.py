# Reads a manifest and what it includes, and remembers on which line each key stands, which tomllib
# does not tell. Mistakes are collected here, so that all of them are reported at once.
# SPDX-License-Identifier: BSD-2-Clause

import os
import re
import tomllib

TABLE = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=""")
AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)$")


def dotted(text):
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def index_lines(text):
    """{path of a table or key: line number}; a path is a tuple of names."""
    lines, here = {}, ()
    for number, line in enumerate(text.splitlines(), 1):
        if m := TABLE.match(line):
            here = dotted(m[1])
            for depth in range(1, len(here) + 1):
                lines.setdefault(here[:depth], number)
        elif m := KEY.match(line):
            lines.setdefault(here + dotted(m[1]), number)
    return lines


def merge(below, above):
    """above wins key by key; tables are merged, everything else is replaced."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = merge(old, value) if both else value
    return result


class Source:
    """data: the merged manifest. where: {path: (file, line)}."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path).removesuffix(".toml")
        self.data, self.where, self.mistakes = {}, {}, []

    def find(self, path):
        """(file, line) of the key or table, or of the nearest table around it."""
        while path:
            if path in self.where:
                return self.where[path]
            path = path[:-1]
        return (self.path, 1)

    def mistake(self, table, key, text):
        """table is a path such as ("program", "echo"); key is one of its keys or None."""
        file, line = self.find(table + ((key,) if key else ()))
        place = (f"[{'.'.join(table)}] " if table else "") + (f"{key}: " if key else "")
        self.mistake_at(file, line, place + text)

    def mistake_at(self, file, line, text):
        if (file, line, text) not in self.mistakes:
            self.mistakes.append((file, line, text))

    def mistake_lines(self):
        return [f"{file}:{line}: {text}" for file, line, text in sorted(self.mistakes)]


def read(path):
    source = Source(path)
    source.data = read_file(source, path, [])
    return source


def read_file(source, path, chain):
    """The merged tables of path and what it includes; chain: the files that include it."""
    try:
        with open(path, "rb") as f:
            text = f.read().decode("utf-8")
    except OSError as e:
        source.mistake_at(path, 1, f"cannot read the manifest: {e.strerror}")
        return {}
    except UnicodeDecodeError:
        source.mistake_at(path, 1, "expected UTF-8 text")
        return {}
    try:
        data = tomllib.loads(text)
    except RecursionError:
        source.mistake_at(path, 1, "nested too deeply")
        return {}
    except ValueError as e:  # not TOML, or a number or date that is none
        m = AT_LINE.search(str(e))
        line = int(m[1]) if m else len(text.splitlines()) or 1
        source.mistake_at(path, line, f"not TOML: {AT_LINE.sub('', str(e))}")
        return {}

    lines = index_lines(text)
    include = data.pop("include", None)
    below = {}
    if include is not None:
        target = os.path.join(os.path.dirname(path), include) if isinstance(include, str) else ""
        line = lines.get(("include",), 1)
        if not target or "\0" in target:
            source.mistake_at(path, line, f"include: expected a file name, got {include!r}")
        elif os.path.realpath(target) in chain + [os.path.realpath(path)]:
            source.mistake_at(path, line, f"include: {include} includes itself")
        elif not os.path.isfile(target):
            source.mistake_at(path, line, f"include: expected a manifest, found no file {target}")
        else:
            below = read_file(source, target, chain + [os.path.realpath(path)])
    for key, line in lines.items():
        source.where[key] = (path, line)
    return merge(below, data)
