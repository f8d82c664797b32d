#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Checks answers of ours against Python's: lines of hexadecimal fields, on standard input.

    fnmatch PATTERN TEXT 0|1
    command RAW TEXT            RAW as in /proc/PID/cmdline
    float   TEXT VALUE          VALUE as repr() has it; empty: refused
"""
import fnmatch
import io
import math
import sys
import warnings


def decode(field):
    return bytes.fromhex(field).decode("utf-8", "surrogateescape")


def matches(pattern, text):
    return fnmatch.fnmatchcase(decode(text), decode(pattern))


def command(raw):
    """psutil 6.0's Process.cmdline(), and what performance-metrics makes of it."""
    data = io.TextIOWrapper(io.BytesIO(bytes.fromhex(raw)), "utf-8", "surrogateescape").read()
    if not data:
        return ""
    sep = "\0" if data.endswith("\0") else " "
    if data.endswith(sep):
        data = data[:-1]
    arguments = data.split(sep)
    if sep == "\0" and len(arguments) == 1 and " " in data:
        arguments = data.split(" ")
    formatted = " ".join(argument.strip() for argument in arguments).strip()
    return formatted.replace("\0", " ").strip()  # ours alone: no NUL is left


def number(text):
    try:
        value = float(decode(text))
    except ValueError:
        return ""
    written = any(character.isdigit() for character in decode(text))
    return repr(value) if math.isfinite(value) or written else ""


def right(fields):
    kind, *rest = fields
    if kind == "fnmatch":
        return matches(rest[0], rest[1]) == (rest[2] == "1")
    if kind == "command":
        return command(rest[0]).encode("utf-8", "surrogateescape") == bytes.fromhex(rest[1])
    expected = number(rest[0])
    return expected == repr(float(decode(rest[1]))) if rest[1] and expected else expected == rest[1]


def main():
    warnings.simplefilter("ignore", FutureWarning)  # "possible nested set"
    cnt = 0
    for line in sys.stdin:
        cnt += 1
        fields = line.rstrip("\n").split(" ")
        if not right(fields):
            sys.exit(f"not as in Python: {fields[0]} "
                     f"{[bytes.fromhex(f) if len(f) % 2 == 0 else f for f in fields[1:]]}")
    print(cnt)


if __name__ == "__main__":
    main()
