#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Arguments, return values, pairs of places, USDT marks, and calls that are too many."""
import csv
import os
import pathlib
import subprocess

import harness
from harness import (WAYS, check, check_equal, config, counts, details, ledger, record, target,
                     check_books)

MODES = ("safe", "fast")


def rows_of(scratch, states, *command, way=None, **settings):
    """Records the command; returns (rows of activity_detail.csv, directory, messages)."""
    directory = scratch / "out"
    env = {"TACHO_ATTACH": way} if way else None
    untraced = subprocess.run(command, capture_output=True, text=True)
    status, out, errors = record("-c", config(scratch, states, **settings), "--", *command,
                                 directory=directory, env=env)
    check_equal(status, untraced.returncode, f"exit status: {errors}")
    check_equal(out, untraced.stdout, "output")
    check_books(directory, errors)
    return details(directory), directory, errors


def column(rows, state, name):
    return [row[name] for row in rows if row["state"] == state]


# --- arguments and return values -------------------------------------------------------------

EIGHT = ("arg1:s8 as a, arg2:u16 as b, arg3:s32 as c, arg4:u64 as d, arg5:ptr as e, "
         "arg6:bool as f, arg7:s32 as g, arg8:u64 as h")
EIGHT_VALUES = ["-8", "60000", "-320000", "18000000000000000000", "0x1234", "1", "-7", "99"]


def arguments_test(way, mode):
    def test(scratch):
        program = target("prog_values")
        rows, _, _ = rows_of(scratch, {"T": {"function": f"{program}:take_eight",
                                             "capture": EIGHT, "exit": mode}},
                             program, "values", way=way)
        check_equal([[row[c] for c in "abcdefgh"] for row in rows], [EIGHT_VALUES])
    return test


for _way in WAYS:
    for _mode in MODES:
        globals()[f"test_arguments_in_registers_and_on_the_stack ({_way}, {_mode})"] = \
            arguments_test(_way, _mode)


def test_without_types_debugging_information_says_them(scratch):
    program = target("prog_values")
    rows, _, _ = rows_of(
        scratch, {"T": {"function": f"{program}:take_eight",
                        "capture": "a, b, c, d, e, f, arg7:s32 as g, arg8:u64 as h"}},
        program, "values")
    check_equal([[row[c] for c in "abcdefgh"] for row in rows], [EIGHT_VALUES])


def test_strings_are_whole_escaped_and_cut_visibly(scratch):
    program = target("prog_values")
    rows, _, _ = rows_of(
        scratch, {"T": {"function": f"{program}:take_text",
                        "capture": "arg1:string as text, arg2:string[64] as other"}},
        program, "values")
    check_equal(column(rows, "T", "text"),
                ["plain", 'comma, "quote"\\x0a\\xff', "x" * 63 + "…", ""])
    check_equal(column(rows, "T", "other"), ["", "two", "e" * 63, ""])


def test_what_a_function_returns_is_captured(scratch):
    program = target("prog_values")
    rows, _, _ = rows_of(
        scratch, {"TEXT": {"function": f"{program}:return_text",
                           "capture": "return:string as text"},
                  "LONG": {"function": f"{program}:return_long",
                           "capture": "arg1:s64 as given, return:s64 as got"}},
        program, "values")
    check_equal(column(rows, "TEXT", "text"), ["returned"])
    check_equal(column(rows, "LONG", "got"), column(rows, "LONG", "given"))
    check_equal(column(rows, "LONG", "got"),
                ["0", "1", "-1", "7", "2147483647", "-2147483648"])


FAILURES = {  # function, rule: what it says of 0, 1, -1, 7, INT32_MAX, INT32_MIN
    ("return_int", "return < 0"): "001001",
    ("return_int", "return:s32 < 0"): "001001",
    ("return_int", "return == 0"): "100000",
    ("return_int", "return != 0"): "011111",
    ("return_int", "return >= 7"): "000110",
    ("return_int", "return:u32 == 0xffffffff"): "001000",
    ("return_int", "return:u8 > 200"): "001010",
    ("return_long", "return < 0"): "001001",
    ("return_long", "return:s64 <= -1"): "001001",
    ("return_pointer", "return == NULL"): "100000",
    ("return_pointer", "return:ptr != 0"): "011111",
}


def failed_if_test(function, rule, expected, mode):
    def test(scratch):
        program = target("prog_values")
        rows, _, _ = rows_of(scratch, {"T": {"function": f"{program}:{function}",
                                             "failed-if": rule, "exit": mode}},
                             program, "values")
        check_equal("".join(column(rows, "T", "failed")), expected)
        check(all(column(rows, "T", "return_value")), "return_value is empty")
    return test


for (_function, _rule), _expected in FAILURES.items():
    for _mode in MODES:
        globals()[f"test_{_function} failed-if {_rule} ({_mode})"] = \
            failed_if_test(_function, _rule, _expected, _mode)


# --- pairs of places -------------------------------------------------------------------------

def jobs_test(way):
    def test(scratch):
        program = target("prog_values")
        rows, directory, _ = rows_of(
            scratch, {"JOB": {"begin": f"{program}:job_begins", "end": f"{program}:job_ends",
                              "key": "arg1:u64, arg2:u64", "capture": "arg1:u64 as id"}},
            program, "jobs", way=way)
        ended = sorted((row["id"], row["ended"]) for row in rows)
        check_equal(ended, [("1", "return"), ("2", "return"), ("3", "return"), ("3", "unwound"),
                            ("4", "thread_exit"), ("5", "thread_exit")])
        for row in rows:
            if row["id"] in "12":
                check(row["duration_ns"] >= 5_000_000, f"job {row['id']}: {row}")
        check_equal(counts(directory, "JOB"),
                    {"entries": 6, "returned": 3, "unwound": 1, "thread_exit": 2,
                     "unmatched_returns": 2})
    return test


for _way in WAYS:
    globals()[f"test_a_pair_of_places_is_matched_by_its_key_across_threads ({_way})"] = \
        jobs_test(_way)


# --- USDT ------------------------------------------------------------------------------------

USDT_PROGRAMS = ("usdt_gcc_O0", "usdt_gcc_O2", "usdt_clang_O2", "usdt_static", "usdt_nopie")
IN_MEMORY = ["-8", "200", "-1600", "60000", "-320000", "4000000000", "-6400000000000",
             "18000000000000000000"]


def usdt_test(name, way):
    def test(scratch):
        program = target(name)
        captures = ", ".join(f"arg{n} as v{n}" for n in range(1, 9))
        rows, _, _ = rows_of(scratch, {"M": {"function": f"{program}:usdt:tacho_test:in_memory",
                                             "capture": captures}}, program, "text", way=way)
        check_equal([[row[f"v{n}"] for n in range(1, 9)] for row in rows], [IN_MEMORY])
        check_equal(column(rows, "M", "duration_ns"), [0])
    return test


for _name in USDT_PROGRAMS:
    globals()[f"test_arguments_of_marks_are_read ({_name})"] = usdt_test(_name, None)
for _way in WAYS:
    globals()[f"test_arguments_of_marks_are_read ({_way})"] = usdt_test("usdt_gcc_O2", _way)


# --- too many --------------------------------------------------------------------------------

def summary(directory):
    path = pathlib.Path(directory) / "activity_summary.csv"
    with open(path, newline="") as file:
        return [{k: v if k == "state" else int(v) for k, v in row.items()}
                for row in csv.DictReader(file, strict=True)]


def guard_test(mode, calls):
    def test(scratch):
        program = target("prog_values")
        directory = scratch / "out"
        path = config(scratch, {"HOT": {"function": f"{program}:hot", "exit": mode,
                                        "rate-limit": 1000}})
        status, _, errors = record("-c", path, "--", program, "hot", str(calls),
                                   directory=directory)
        check_equal(status, 0, errors)
        check("rate-limit" in errors, errors)
        book, rows, sums = ledger(directory)["HOT"], details(directory), summary(directory)
        check_equal((book["entries"], book["returned"]), (calls, calls), errors)
        check_equal(len(rows) + sum(s["count"] for s in sums), calls, "rows and summaries")
        check(len(rows) >= 1000, f"{len(rows)} rows")
        check(sums, "nothing was summarised")
        for s in sums:
            buckets = [v for k, v in s.items() if k.startswith("ge_")]
            check_equal(sum(buckets), s["count"], f"buckets of {s}")
            check_equal(s["returned"], s["count"], f"endings of {s}")
            check(s["min_ns"] * s["count"] <= s["sum_ns"] <= s["max_ns"] * s["count"], f"{s}")
            check(s["from_ns"] <= s["to_ns"], f"{s}")
    return test


globals()["test_calls_beyond_the_limit_are_summarised_exactly (fast)"] = guard_test("fast", 100_000)
globals()["test_calls_beyond_the_limit_are_summarised_exactly (safe)"] = guard_test("safe", 30_000)


def test_without_a_limit_every_call_has_a_row(scratch):
    program = target("prog_values")
    rows, directory, errors = rows_of(
        scratch, {"HOT": {"function": f"{program}:hot", "exit": "fast", "rate-limit": 0}},
        program, "hot", "100000", ring_size="64M")  # has room for all of them
    check_equal(len(rows), 100_000, errors)
    check(not os.path.exists(directory / "activity_summary.csv"), "a summary was written")


# --- names -----------------------------------------------------------------------------------

def test_a_source_line_begins_a_call(scratch):
    program = target("prog_values")
    source = pathlib.Path(__file__).resolve().parents[1] / "targets" / "prog_values.c"
    lines = source.read_text().splitlines()
    begins = next(n for n, text in enumerate(lines, 1) if text.startswith("FUNCTION int hot"))
    line = next(n for n, text in enumerate(lines, 1) if n > begins and "return x + 1" in text)
    rows, _, _ = rows_of(scratch, {"HOT": {"function": f"{program}:prog_values.c:{line}"}},
                         program, "hot", "10")
    check_equal(len(rows), 10)


def test_a_glob_takes_all_that_match(scratch):
    program = target("prog_values")
    rows, directory, _ = rows_of(scratch, {"R": {"function": f"{program}:return_*",
                                                 "many": "yes"}}, program, "values")
    check_equal(counts(directory, "R"), {"entries": 19, "returned": 19})
    check_equal({row["function"] for row in rows}, {"return_*"})


if __name__ == "__main__":
    harness.main()
