#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Marks of programs: [marks] and tacho/mark.h."""
import collections
import csv
import filecmp
import os
import pathlib
import re
import shutil
import signal
import subprocess

import harness
from harness import (Recording, WAYS, check, check_books, check_equal, counts, details, ledger,
                     record, target, wait_for)

FILES = ("activity_detail.csv", "activity_ledger.csv", "robot_activity_data")


def settings(scratch, more="", record_keys="", programs=None):
    path = scratch / "tacho.conf"
    path.write_text(f"[record]\n{record_keys}\n[marks]\n"
                    f"programs = {programs or target('prog_marks')}\n{more}\n")
    return str(path)


def marked(scratch, *command, way=None, raw=None, status=0, **more):
    """Records prog_marks with these arguments. Returns (rows, directory, messages, its output)."""
    directory = scratch / "out"
    env = {"TACHO_PYTHON_FUNCTIONS": str(scratch / "functions")}
    if way:
        env["TACHO_ATTACH"] = way
    options = ("--raw", str(raw)) if raw else ()
    done, out, errors = record("-c", settings(scratch, **more), *options, "--",
                               target("prog_marks"), *map(str, command), directory=directory,
                               env=env)
    check_equal(done, status, f"exit status: {errors}")
    check_books(directory, errors)
    check_equal(counts(directory, "marks"), {}, "marks without a label")
    return details(directory), directory, errors, out


def endings(rows):
    return collections.Counter((row["state"], row["ended"]) for row in rows)


def counters(directory):
    with open(directory / "counters.csv", newline="") as file:
        return [(int(row["pid"]), row["name"], int(row["delta"]), int(row["total"]))
                for row in csv.DictReader(file, strict=True)]


# --- blocks on one thread ----------------------------------------------------------------------

def nested_test(way):
    def test(scratch):
        rows, _, _, _ = marked(scratch, "nested", way=way)
        check_equal(endings(rows), {("outer", "return"): 1, ("inner", "return"): 3,
                                    ("recursion", "return"): 100})
        check_equal([row["depth"] for row in rows if row["state"] == "inner"], [1] * 3)
        check_equal(sorted(row["depth"] for row in rows if row["state"] == "recursion"),
                    list(range(1, 101)))
        outer = next(row for row in rows if row["state"] == "outer")
        for row in rows:
            check_equal(row["binary"], target("prog_marks"))
            check(outer["start_ns"] <= row["start_ns"] and
                  row["start_ns"] + row["duration_ns"] <=
                  outer["start_ns"] + outer["duration_ns"], f"{row} is not in {outer}")
    return test


for _way in WAYS:
    globals()[f"test_blocks_nest_and_recurse ({_way})"] = nested_test(_way)


def test_blocks_and_counters_of_threads_are_all_there(scratch):
    rows, directory, _, _ = marked(scratch, "threads", 8, 500)
    check_equal(endings(rows), {("work", "return"): 4000, ("odd", "return"): 2000,
                                ("even", "return"): 2000})
    check_equal(len({row["tid"] for row in rows}), 8)
    check_equal(sorted(total for _, _, _, total in counters(directory)),
                list(range(1, 4001)), "totals")


def test_what_is_left_open_is_closed_as_what_it_was_left_by(scratch):
    rows, directory, _, _ = marked(scratch, "missing")
    check_equal(endings(rows), {("outer", "return"): 1, ("passed", "unwound"): 2,
                                ("thread", "thread_exit"): 1, ("process", "thread_exit"): 1})
    check_equal(counts(directory, "never begun"), {"unmatched_returns": 1})


def test_a_kill_and_an_exec_close_blocks(scratch):
    rows, _, _, _ = marked(scratch, "killed", status=128 + signal.SIGKILL)
    check_equal(endings(rows), {("killed", "killed"): 1, ("keyed", "killed"): 1})
    shutil.rmtree(scratch / "out")
    rows, _, _, _ = marked(scratch, "exec")
    check_equal(endings(rows), {("exec", "exec"): 1, ("keyed", "exec"): 1})


# --- blocks known by a key -----------------------------------------------------------------------

def test_keyed_blocks_end_in_other_threads_and_in_any_order(scratch):
    rows, directory, _, _ = marked(scratch, "keyed")
    check_equal(endings(rows), {("moved", "return"): 20, ("a", "return"): 2, ("b", "return"): 1,
                                ("again", "unwound"): 1, ("again", "return"): 1,
                                ("left", "thread_exit"): 1})
    for row in rows:
        check_equal(row["tid"], row["pid"], "the thread that began it")
        check((row["cpu_ns"] is None) == (row["state"] == "moved"), f"cpu_ns of {row}")


def test_a_block_that_begins_without_a_label_has_that_of_its_end(scratch):
    rows, directory, _, _ = marked(scratch, "late")
    check_equal(endings(rows), {("odd", "return"): 5, ("even", "return"): 5, ("told", "return"): 1,
                                ("unlabelled", "return"): 1, ("unlabelled", "unwound"): 1,
                                ("unlabelled", "thread_exit"): 1})
    check_equal([(row["state"], row["number"], row["path"]) for row in rows if row["number"]],
                [("even", str(i), "/even") if i % 2 == 0 else ("odd", str(i), "/odd")
                 for i in range(1, 11)] + [("unlabelled", "13", "")])
    check_equal(counts(directory, "odd"), {"entries": 5, "returned": 5, "unmatched_returns": 5})
    check_equal(counts(directory, "unlabelled"), {"entries": 3, "returned": 1, "unwound": 1,
                                                  "thread_exit": 1, "unmatched_returns": 1})


def test_labels_that_are_told_late_are_selected_by_globs(scratch):
    rows, directory, _, _ = marked(scratch, "late", more="labels = o*")
    check_equal(endings(rows), {("odd", "return"): 5})
    check_equal([row["number"] for row in rows], ["1", "3", "5", "7", "9"])
    check_equal(set(ledger(directory)), {"marks", "odd"})


def test_labels_that_are_told_late_keep_to_the_limit(scratch):
    rows, _, errors, _ = marked(scratch, "late", more="limit = 2")
    check_equal(endings(rows)["odd", "return"], 5)
    check_equal(endings(rows)["other", "return"], 6)
    check_equal(errors.count("more than 2 labels"), 1, errors)


def test_a_suspended_block_has_the_time_of_all_threads_that_ran_it(scratch):
    rows, _, _, out = marked(scratch, "suspended")
    used_ns = int(out)
    check_equal(endings(rows), {("suspended", "return"): 1})
    cpu_ns = rows[0]["cpu_ns"]
    # What burn() used itself, and some microseconds around it; 60 ms more were not in the block.
    check(used_ns * 0.95 <= cpu_ns <= used_ns * 1.1 + 5e6, f"{cpu_ns} ns, {used_ns} by its clocks")
    check(rows[0]["duration_ns"] >= used_ns + 80e6, "suspended time is part of the duration")


# --- labels --------------------------------------------------------------------------------------

def test_labels_beyond_the_limit_are_others_and_lose_nothing(scratch):
    rows, _, errors, _ = marked(scratch, "storm", 3000, more="limit = 5")
    ends = endings(rows)
    check_equal(len({row["state"] for row in rows}), 6)
    check_equal(ends["other", "return"] + ends["other", "unwound"], 6000 - 5)
    # An outer block's end finds its own beginning, and closes the inner one.
    check_equal(sum(n for (_, ended), n in ends.items() if ended == "return"), 3000)
    check_equal(sum(n for (_, ended), n in ends.items() if ended == "unwound"), 3000)
    check_equal(errors.count("more than 5 labels"), 1, errors)


def test_a_label_of_a_state_of_python_functions_is_its_own_without_any_python(scratch):
    rows, directory, _, _ = marked(scratch, "nested",
                                   more="[state outer]\npython = module:function")
    check_equal(endings(rows)["outer", "return"], 1)
    check_equal({row["binary"] for row in rows}, {target("prog_marks")})
    check_equal(counts(directory, "outer"), {"entries": 1, "returned": 1})


def test_only_labels_that_a_glob_selects_are_recorded(scratch):
    rows, directory, _, _ = marked(scratch, "nested", more="labels = in*, rec[a-z]rsion")
    check_equal(endings(rows), {("inner", "return"): 3, ("recursion", "return"): 100})
    check("outer" not in ledger(directory), "a label that is not selected")
    check_equal([row["depth"] for row in rows if row["state"] == "inner"], [0] * 3)


def test_only_processes_that_a_glob_selects_are_recorded(scratch):
    rows, _, _, _ = marked(scratch, "nested", more="process = *prog_marks missing")
    check_equal(rows, [])
    shutil.rmtree(scratch / "out")
    rows, _, _, _ = marked(scratch, "missing", more="process = *prog_marks missing")
    check_equal(len(rows), 5)


def test_too_many_blocks_are_summarised(scratch):
    directory = scratch / "out"
    status, _, errors = record("-c", settings(scratch, record_keys="rate-limit = 1000"), "--",
                               target("prog_marks"), "many", "50000", directory=directory)
    check_equal(status, 0, errors)
    check_equal(ledger(directory)["many"]["entries"], 50000)
    with open(directory / "activity_summary.csv", newline="") as file:
        summarised = sum(int(row["returned"]) for row in csv.DictReader(file))
    rows = details(directory)
    check(len(rows) >= 1000, f"{len(rows)} rows")
    check(summarised > 0, "nothing was summarised")
    check_equal(len(rows) + summarised, 50000)


# --- attributes and counters -----------------------------------------------------------------------

def test_attributes_and_failures_are_columns(scratch):
    rows, _, _, _ = marked(scratch, "said")
    said = {row["state"]: [row[c] for c in ("lines", "path", "failed", "failure")]
            for row in rows}
    check_equal(said, {
        "inner": ["8", '/tmp/a,"b"\\x0a', "1", "no such file"],
        "outer": ["-3", "x" * 127 + "…", "0", ""],
        "keyed": [str(-2**63), "", "1", "cancelled"],
        "plain": ["", "", "0", ""]})


def test_a_program_that_cannot_say_so_is_not_known_to_have_failed_or_not(scratch):
    program, directory = scratch / "silent", scratch / "out"
    include = pathlib.Path(__file__).resolve().parents[2] / "include"
    subprocess.run(["gcc", f"-I{include}", "-x", "c", "-", "-o", program], check=True, text=True,
                   input="#include <tacho/mark.h>\nint main(void) { TACHO_SCOPE(\"x\"); }")
    status, _, errors = record("-c", settings(scratch, programs=program), "--", str(program),
                               directory=directory)
    check_equal(status, 0, errors)
    check_equal([(row["ended"], row["failed"]) for row in details(directory)], [("return", "")])


def test_attributes_beyond_the_limit_are_dropped_and_counted(scratch):
    rows, _, errors, _ = marked(scratch, "names", 20)
    check_equal([rows[0][f"name {i}"] for i in range(16)], [str(i) for i in range(16)])
    check("name 16" not in rows[0], "a 17th column")
    check("4 attributes of marked blocks are missing" in errors, errors)


def test_counters_add_up_in_each_process(scratch):
    _, directory, _, _ = marked(scratch, "counters")
    rows = counters(directory)
    parent, child = rows[0][0], rows[3][0]
    check(parent != child, "one process")
    check_equal(rows, [(parent, "hits", 1, 1), (parent, "hits", 41, 42),
                       (parent, "misses", -5, -5), (child, "hits", 100, 100),
                       (parent, "hits", -2, 40)])


def test_counters_that_are_too_many_are_counted_still(scratch):
    directory = scratch / "out"
    status, _, errors = record("-c", settings(scratch, record_keys="rate-limit = 500"), "--",
                               target("prog_marks"), "threads", "4", "1000", directory=directory)
    check_equal(status, 0, errors)
    rows = counters(directory)
    missing = re.search(r"(\d+) rows of counters are missing", errors)
    check(missing, errors)
    check_equal(len(rows) + int(missing[1]), 4000)
    check(rows[-1][3] >= len(rows), f"the total has no more than its rows: {rows[-1]}")


# --- the rest of the recorder ------------------------------------------------------------------------

def test_a_replay_has_the_same_files(scratch):
    program = target("prog_marks")
    raw = scratch / "stream"
    script = "; ".join(f"{program} {what}" for what in
                       ("nested", "keyed", "missing", "said", "counters", "storm 50"))
    status, _, errors = record("-c", settings(scratch, more="limit = 20"), "--raw", str(raw),
                               "--", "sh", "-c", script, directory=scratch / "out")
    check_equal(status, 0, errors)
    subprocess.run([harness.TACHO, "replay", "-d", str(scratch / "again"), str(raw)], check=True,
                   capture_output=True)
    for name in FILES + ("counters.csv", "activity_detail.csv.1"):
        check(filecmp.cmp(scratch / "out" / name, scratch / "again" / name, shallow=False),
              f"{name} of the replay differs")


def test_a_program_that_appears_while_recording_is_recorded(scratch):
    program = scratch / "late"
    path = settings(scratch, programs=str(program))
    with Recording("-c", path, directory=scratch / "out") as recording:
        recording.until_ready()
        check("pending" in recording.messages(), recording.messages())
        shutil.copy(target("prog_marks"), scratch / "new")
        os.rename(scratch / "new", program)
        recording.until_told(program, "is attached")
        for _ in range(2):
            subprocess.run([str(program), "nested"], check=True)
        check_equal(recording.stop(), 0, recording.messages())
    check_equal(endings(details(scratch / "out"))["recursion", "return"], 200)


def recorded(directory):
    """Is there any row yet?"""
    data = directory / "robot_activity_data"
    return data.exists() and data.stat().st_size > 0


def test_a_glob_stands_for_the_programs_that_have_marks(scratch):
    (scratch / "bin").mkdir()
    shutil.copy(target("prog_marks"), scratch / "bin" / "one")
    shutil.copy(target("prog_calls"), scratch / "bin" / "two")
    shutil.copy(target("prog_marks"), scratch / "bin" / "three")
    (scratch / "bin" / "four").write_text("no program")
    path = settings(scratch, programs=f"{scratch}/bin/*")
    done = subprocess.run([harness.TACHO, "check", "-c", path], capture_output=True, text=True)
    check_equal(done.returncode, 0, done.stdout + done.stderr)
    status, _, errors = record("-c", path, "--", "sh", "-c",
                               f"{scratch}/bin/one nested; {scratch}/bin/three nested",
                               directory=scratch / "out")
    check_equal(status, 0, errors)
    check_equal(endings(details(scratch / "out"))["recursion", "return"], 200)
    check("pending" not in errors, errors)


def test_a_stripped_program_has_its_marks_still(scratch):
    program = scratch / "stripped"
    subprocess.run(["strip", "-o", str(program), target("prog_marks")], check=True)
    status, _, errors = record("-c", settings(scratch, programs=str(program)), "--",
                               str(program), "nested", directory=scratch / "out")
    check_equal(status, 0, errors)
    check_equal(endings(details(scratch / "out"))["recursion", "return"], 100)


def test_marks_and_calls_are_recorded_side_by_side(scratch):
    program = target("prog_marks")
    for mode in ("fast", "safe"):
        path = settings(scratch, more=f"[state CALL]\nfunction = {program}:recurse\n"
                        f"exit = {mode}")
        status, _, errors = record("-c", path, "--", program, "nested",
                                   directory=scratch / mode)
        check_equal(status, 0, errors)
        check_books(scratch / mode, errors)
        rows = details(scratch / mode)
        check_equal(endings(rows)["recursion", "return"], 100)
        book = counts(scratch / mode, "CALL")
        check_equal(book["entries"], 100)
        check_equal(book.get("returned", 0) + book.get("lost_nesting", 0), 100)
        depths = {row["depth"] for row in rows if row["state"] == "recursion"}
        check_equal(len(depths), 100 if mode == "safe" else len(depths))


def test_a_feature_flag_turns_marks_off_and_on(scratch):
    flag = scratch / "flags.json"
    flag.write_text('{"on": false}')
    path = settings(scratch, more=f"[feature-flag]\nfile = {flag}\nkey = on\n",
                    record_keys="flush = 50ms")
    program = target("prog_marks")
    with Recording("-c", path, directory=scratch / "out") as recording:
        recording.until_ready()
        subprocess.run([program, "nested"], check=True)
        (scratch / "new").write_text('{"on": true}')
        os.rename(scratch / "new", flag)
        wait_for(lambda: not subprocess.run([program, "missing"], check=True).returncode and
                 recorded(scratch / "out"), "the flag to be seen")
        # The one that was seen may have been on its way as the flag was.
        subprocess.run([program, "missing"], check=True)
        check_equal(recording.stop(), 0, recording.messages())
    states = {row["state"] for row in details(scratch / "out")}
    check("recursion" not in states and "outer" in states, str(states))


def test_a_reload_keeps_what_is_recorded(scratch):
    program = target("prog_marks")
    path = settings(scratch, record_keys="flush = 50ms")
    with Recording("-c", path, directory=scratch / "out") as recording:
        recording.until_ready()
        subprocess.run([program, "nested"], check=True)
        settings(scratch, more=f"limit = 7\n[state CALL]\nfunction = {program}:recurse\n",
                 record_keys="flush = 50ms")
        recording.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "settings reloaded" in recording.messages(), "the reload")
        check("[marks] is taken at the next start" in recording.messages(),
              recording.messages())
        subprocess.run([program, "nested"], check=True)
        subprocess.run([program, "said"], check=True)
        check_equal(recording.stop(), 0, recording.messages())
    check_books_of_parts(scratch / "out")
    check_equal(counts(scratch / "out", "recursion"), {"entries": 200, "returned": 200})
    check_equal(ledger(scratch / "out")["CALL"]["entries"], 100)


def check_books_of_parts(directory):
    """The detail file was begun anew for the attributes: the ledger is what counts."""
    ledger(directory)
    check((pathlib.Path(directory) / "activity_detail.csv.1").exists(), "no older part")


if __name__ == "__main__":
    harness.main()
