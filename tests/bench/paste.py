#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Puts the sections of a run into the documents that show them: paste.py BUILD/bench.md.

What is between `<!-- bench: NAME -->` and `<!-- end -->` is replaced by the section of that name. A
run of some subjects only (ONLY=) replaces only theirs.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = ("docs/PERFORMANCE.md", "README.md")
SECTION = re.compile(r"<!-- bench: ([a-z-]+) -->\n(.*?)<!-- end -->\n", re.S)


def sections(text):
    return {name: body for name, body in SECTION.findall(text)}


def pasted(text, found):
    """The text with the sections that there are, and the names of those replaced."""
    names = []

    def replace(match):
        if match[1] not in found:
            return match[0]
        names.append(match[1])
        return f"<!-- bench: {match[1]} -->\n{found[match[1]]}<!-- end -->\n"

    return SECTION.sub(replace, text), names


def main():
    source = pathlib.Path(sys.argv[1])
    if not source.exists():
        sys.exit(f"paste: no {source}; make bench writes it")
    found = sections(source.read_text())
    for name in DOCUMENTS:
        path = TOP / name
        text, names = pasted(path.read_text(), found)
        path.write_text(text)
        print(f"{name}: {', '.join(names) or 'nothing'}")


if __name__ == "__main__":
    main()
