#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Garbage collection of programs for Python that know nothing of marks: [marks] and the probes that
CPython has of its own."""
import collections
import csv
import glob
import json
import os
import pathlib
import subprocess

import harness
from harness import (Recording, Skip, WAYS, check, check_books, check_equal, counts, details,
                     ledger, record, wait_for)

PYTHON = "/usr/bin/python3"  # the distribution's, with probes; PATH may name another
LIBRARIES = sorted(glob.glob(f"/usr/lib/{os.uname().machine}-linux-gnu/libpython3*.so.1.0"))

# Ends before the interpreter collects for the last time, and says what it knows itself.
PROGRAM = """
import gc, json, os
for i in range(60):
    for _ in range(i):
        ring = []
        ring.append(ring)
    ring = None
    gc.collect(i % 3)
kept = [[] for i in range(100000)]
gc.disable()
os.write(1, json.dumps([os.getpid(), gc.get_stats()]).encode() + b"\\n")
os._exit(0)
"""


def settings(scratch, programs=PYTHON, more=""):
    path = scratch / "tacho.conf"
    path.write_text(f"[record]\nflush = 50ms\n[marks]\nprograms = {programs}\n{more}\n")
    return str(path)


def recorded(scratch, command=(PYTHON, "-c", PROGRAM), way=None, **more):
    """Runs the program. Returns (rows, counters, what it said itself)."""
    directory = scratch / "out"
    status, out, errors = record("-c", settings(scratch, **more), "--", *command,
                                 directory=directory, env={"TACHO_ATTACH": way} if way else None)
    check_equal(status, 0, errors)
    check_books(directory, errors)
    return details(directory), totals(directory), [json.loads(line) for line in out.splitlines()]


def totals(directory):
    """The last total of each counter, by process; that all rows add up to it is checked."""
    found, sums = {}, collections.Counter()
    path = directory / "counters.csv"
    if not path.exists():
        return found
    for row in harness.csv_rows(path):
        key = int(row["pid"]), row["name"]
        sums[key] += int(row["delta"])
        found[key] = int(row["total"])
        check_equal(found[key], sums[key], str(row))
    return found


def total(stats, what):
    return sum(generation[what] for generation in stats)


def check_told(rows, counters, said):
    """Does what was recorded agree with what each process knows of itself?"""
    for pid, stats in said:
        pauses = [row for row in rows if row["pid"] == pid]
        check_equal({(row["state"], row["ended"]) for row in pauses}, {("gc pause", "return")})
        check_equal(collections.Counter(row["generation"] for row in pauses),
                    {str(i): generation["collections"] for i, generation in enumerate(stats)})
        check_equal(counters[pid, "gc collections"], total(stats, "collections"))
        check_equal(counters[pid, "gc collected"],
                    total(stats, "collected") + total(stats, "uncollectable"))
    check_equal({pid for pid, _ in counters}, {pid for pid, _ in said})


def counts_test(way):
    def test(scratch):
        rows, counters, said = recorded(scratch, way=way)
        check_told(rows, counters, said)
        check(total(said[0][1], "collected") >= 1700, str(said))
    return test


for _way in WAYS:
    globals()[f"test_collections_are_as_many_as_the_program_counts ({_way})"] = counts_test(_way)


def test_what_cannot_be_freed_is_found_as_well(scratch):
    has_type = subprocess.run([PYTHON, "-c", "import _testcapi; _testcapi.with_tp_del"],
                              capture_output=True)
    if has_type.returncode:
        raise Skip("there is no type whose objects cannot be freed")
    program = PROGRAM.replace("gc.disable()", """
import _testcapi
class Stuck:
    def __tp_del__(self): pass
Stuck = _testcapi.with_tp_del(Stuck)
stuck = Stuck()
stuck.itself = stuck
del stuck
gc.collect()
gc.disable()""")
    rows, counters, said = recorded(scratch, (PYTHON, "-c", program))
    check(total(said[0][1], "uncollectable") > 0, str(said))
    check_told(rows, counters, said)


def test_each_process_has_counters_of_its_own(scratch):
    script = 'for i in 1 2 3; do "$0" -c "$1" & done; wait'
    rows, counters, said = recorded(scratch, ("sh", "-c", script, PYTHON, PROGRAM))
    check_equal(len({pid for pid, _ in said}), 3)
    check_told(rows, counters, said)


def test_an_interpreter_in_a_library_is_as_good(scratch):
    for library in LIBRARIES:
        listed = subprocess.run([harness.TACHO, "list", library, "usdt:python:gc__*"],
                                capture_output=True, text=True)
        if "gc__done" in listed.stdout:
            break
    else:
        raise Skip("there is no libpython3 with probes")
    (scratch / "main.c").write_text("int Py_BytesMain(int, char **);\n"
                                    "int main(int n, char **v) { return Py_BytesMain(n, v); }\n")
    program = scratch / "embeds"
    subprocess.run([os.environ.get("CC", "cc"), "-o", program, scratch / "main.c", library],
                   check=True)
    name = pathlib.Path(library).name.removesuffix(".0")  # as it is looked for in a cache
    rows, counters, said = recorded(scratch, (str(program), "-c", PROGRAM), programs=name)
    check_told(rows, counters, said)
    check_equal({os.path.realpath(row["binary"]) for row in rows}, {os.path.realpath(library)})


def test_a_glob_counts_an_interpreter_with_several_names_once(scratch):
    rows, counters, said = recorded(scratch, programs=f"{PYTHON}*")
    check_told(rows, counters, said)


def test_pauses_may_be_left_out_by_their_label(scratch):
    rows, counters, said = recorded(scratch, more="labels = *request*")
    check_equal(rows, [])
    check_equal(counters[said[0][0], "gc collections"], total(said[0][1], "collections"))


def test_a_pause_lies_in_the_block_that_it_stops(scratch):
    package = pathlib.Path(harness.TACHO).parent / "python"
    programs = f"{PYTHON}, {package}/_tacho_marks.abi3.so"
    program = ("import gc, os, tacho\ngc.disable()\n"
               "with tacho.time_it('around'):\n    gc.collect(1)\nos._exit(0)\n")
    for labels, expected in (("*", {"gc pause": "1", "around": ""}), ("a*", {"around": ""})):
        (scratch / labels[0]).mkdir()
        rows, _, _ = recorded(
            scratch / labels[0], ("env", f"PYTHONPATH={package}", PYTHON, "-c", program),
            programs=programs, more=f"labels = {labels}")
        around = next(row for row in rows if row["state"] == "around")
        inner = [row for row in rows if row["depth"] > 0] + [around]
        check_equal({row["state"]: row.get("generation", "") for row in inner}, expected)


def test_a_program_that_runs_already_is_recorded_from_then_on(scratch):
    program = ("import gc\nprint('ready', flush=True)\n"
               "while input():\n    print(gc.collect(), flush=True)\n")
    directory = scratch / "out"
    with harness.Conversation(subprocess.Popen(
            [PYTHON, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)) as running:
        check_equal(running.hear(), "ready")
        with Recording("-c", settings(scratch), "-p", str(running.pid),
                       directory=directory) as recording:
            recording.until_ready()
            found = sum(int(running.ask("collect")) for _ in range(10))
            wait_for(lambda: totals(directory).get((running.pid, "gc collections")) == 10,
                     "ten collections")
            check_equal(recording.stop(), 0, recording.messages())
        check_equal(totals(directory)[running.pid, "gc collected"], found)
        check_equal(counts(directory, "gc pause"), {"entries": 10, "returned": 10})
        running.say("")


def test_quantumleap_has_the_series(scratch):
    _, _, said = recorded(scratch)
    (pid, stats), = said
    subprocess.run([harness.TACHO, "export", "--format", "quantumleap", "-o", scratch / "ql",
                    scratch / "out"], check=True)
    path, = (scratch / "ql").glob("runtime.*.csv")
    series = collections.defaultdict(list)
    with open(path, newline="") as file:
        for row in csv.DictReader(file, strict=True):
            check_equal(row["PID"], str(pid))
            series[row["Label"]].append((int(row["Timepoint"]), int(row["Measurement"])))
    check_equal(set(series), {"gc collections", "gc collected"})
    check_equal([time for time, _ in series["gc collections"]],
                [time for time, _ in series["gc collected"]], "the moments")
    check_equal([n for _, n in series["gc collections"]],
                list(range(1, total(stats, "collections") + 1)))
    check_equal(series["gc collected"][-1][1], total(stats, "collected"))
    check("gc pause" in ledger(scratch / "out"), "no pauses")


if __name__ == "__main__":
    harness.main()
