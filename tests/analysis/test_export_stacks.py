#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho export of who called whom: flame graphs, and profiles that Python prints."""
import collections
import pstats
import random
import subprocess
import sys

from exports import RECORDING, check_golden, detail, export, nested_calls
import harness
from harness import check, check_equal


# --- folded and pstats ------------------------------------------------------------------------

def parents(rows):
    """Of rows in the order of their ends: the index of each one's caller, or None."""
    return [next((j for j in range(i + 1, len(rows)) if rows[j][3] < row[3]), None)
            for i, row in enumerate(rows)]


def stack_of(rows, above, i):
    stack = []
    while i is not None:
        stack.insert(0, rows[i][0])
        i = above[i]
    return stack


def self_times(rows, above):
    own = [row[2] for row in rows]
    for i, parent in enumerate(above):
        if parent is not None:
            own[parent] -= rows[i][2]
    return own


def random_recordings(seed):
    rng = random.Random(seed)
    for _ in range(20):
        rows = []
        for root in range(3):
            nested_calls(rng, 1795317606000000000 + 5000 * root, 3000, 0, rows)
        yield rows


def parse_folded(output):
    stacks = {}
    for line in output.decode().splitlines():
        stack, weight = line.rsplit(" ", 1)
        check(stack not in stacks, f"twice: {stack}")
        stacks[stack] = int(weight)
    return stacks


def test_folded_is_as_before(scratch):
    check_golden("folded", export("--format", "folded", RECORDING)[0])
    output, errors = export("--format", "folded", "--weight", "cpu", RECORDING)
    check_golden("folded-cpu", output)
    check("of 3 calls the processor time is not known" in errors, errors)


def test_folded_has_the_time_of_each_stack_itself(scratch):
    for rows in random_recordings(3):
        above = parents(rows)
        expected = collections.Counter()
        for i, own in enumerate(self_times(rows, above)):
            expected[";".join(stack_of(rows, above, i))] += own
        stacks = parse_folded(export("--format", "folded", "-", stdin=detail(rows))[0])
        check_equal(stacks, {stack: own for stack, own in expected.items() if own})


def test_folded_gives_calls_of_a_lost_caller_to_the_next_one(scratch):
    rows = [("C", 15, 5, 2), ("B", 40, 10, 1), ("C", 45, 1, 2), ("A", 10, 90, 0), ("C", 200, 1, 1)]
    output = export("--format", "folded", "-", stdin=detail(rows))[0]
    check_equal(parse_folded(output), {"A": 74, "A;C": 6, "A;B": 10, "C": 1})


def test_folded_needs_processor_times_only_if_told_so(scratch):
    rows = detail([("S", 1, 2, 0)])
    check_equal(export("--format", "folded", "-", stdin=rows)[0], b"S 2\n")
    _, errors = export("--format", "folded", "--weight", "cpu", "-", stdin=rows, status=1)
    check("no call has a processor time" in errors, errors)
    _, errors = export("--format", "folded", "--weight", "cup", "-", stdin=rows, status=2)
    check("neither wall nor cpu" in errors, errors)


def test_folded_holds_a_loop_of_a_hundred_thousand_calls_in_a_call(scratch):
    rows = [("S" if i % 3 else "T", 10 * i, 4, 1) for i in range(200000)] + [("R", 0, 2000000, 0)]
    output = export("--format", "folded", "-", stdin=detail(rows))[0]
    check_equal(parse_folded(output), {"R;S": 4 * 133333, "R;T": 4 * 66667, "R": 1200000})


def test_folded_survives_a_tower_of_calls(scratch):
    rows = [("S", 100000 - i, 2 * i, 20000 - i) for i in range(20000)]
    stacks = parse_folded(export("--format", "folded", "-", stdin=detail(rows))[0])
    check(max(stack.count(";") for stack in stacks) <= 1024, "a stack without end")


def load_pstats(scratch, *arguments, stdin=b""):
    path = scratch / "profile"
    export("--format", "pstats", "-o", path, *arguments, stdin=stdin)
    return pstats.Stats(str(path)).stats


def profile(rows):
    """What cProfile would have: _lsprof.c, ptrace_enter_call and Stop."""
    above = parents(rows)
    calls = [dict(key=("~", 0, row[0]), parent=above[i], total=row[2], own=own)
             for i, (row, own) in enumerate(zip(rows, self_times(rows, above)))]
    stats = {}
    for call in calls:
        outer, at = [], call
        while at["parent"] is not None:
            outer.append((calls[at["parent"]], at))
            at = calls[at["parent"]]
        recursive = any(caller["key"] == call["key"] for caller, _ in outer)
        entry = stats.setdefault(call["key"], [0, 0, 0, 0, {}])
        entry[0] += not recursive
        entry[1] += 1
        entry[2] += call["own"]
        entry[3] += 0 if recursive else call["total"]
        if outer:
            caller = outer[0][0]
            edges = [(c["key"], d["key"]) for c, d in outer[1:]]
            recursive = (caller["key"], call["key"]) in edges
            edge = entry[4].setdefault(caller["key"], [0, 0, 0, 0])
            edge[0] += 1
            edge[1] += not recursive
            edge[2] += call["own"]
            edge[3] += 0 if recursive else call["total"]
    return stats


def in_ns(stats):
    return {key: [cc, nc, round(tt * 1e9), round(ct * 1e9),
                  {k: [a, b, round(c * 1e9), round(d * 1e9)] for k, (a, b, c, d) in callers.items()}]
            for key, (cc, nc, tt, ct, callers) in stats.items()}


def test_pstats_is_as_before(scratch):
    check_golden("pstats", export("--format", "pstats", RECORDING)[0])


def test_pstats_is_printed_by_Python(scratch):
    path = scratch / "profile"
    export("--format", "pstats", "-o", path, RECORDING)
    done = subprocess.run([sys.executable, "-m", "pstats", str(path)], capture_output=True,
                          input=b"sort cumulative\nstats\ncallers\n", timeout=harness.DEADLINE_S)
    text = done.stdout.decode()
    check("8 function calls (7 primitive calls)" in text, text)
    check("3/2" in text and "/usr/bin/motord:0(STEP)" in text, text)


def test_pstats_is_what_cProfile_would_have(scratch):
    for rows in random_recordings(4):
        check_equal(in_ns(load_pstats(scratch, "-", stdin=detail(rows))), profile(rows))


def test_pstats_has_numbers_of_any_size(scratch):
    rows = [("S", 5 * i, 3, 0) for i in range(40000)] + [("L", 0, 10**18, 0)]
    stats = load_pstats(scratch, "-", stdin=detail(rows))
    check_equal(stats["~", 0, "S"][:2], (40000, 40000))
    check_equal(stats["~", 0, "L"][3], 1e9)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
