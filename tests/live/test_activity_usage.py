#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a call's time went by, and what its thread used: against what the program says of itself.

That the three parts make the duration is checked for every row that any live test reads
(harness.details).
"""
import pathlib
import subprocess

import harness
from harness import (PARTS, USAGE, WAYS, Recording, check, check_equal, config, counts, details,
                     record, start, target, wait_for)

MODES = ("fast", "safe")
CLOSE_NS = 3_000_000
PART_NS = 100_000_000  # PART_MS of prog_usage.c
PAGES = 500
ENOUGH_NS = PART_NS // 10 + CLOSE_NS  # for a part to be told from none


def rows_of(scratch, function, *command, way=None, mode="fast", ends=0):
    """Records the calls of a function of prog_usage. Returns (rows, [what it said of each])."""
    directory, truth = scratch / "out", scratch / "truth"
    settings = config(scratch, {"S": {"function": f"{target('prog_usage')}:{function}",
                                      "exit": mode}}, rate_limit=0)
    env = {"TRUTH": str(truth), **({"TACHO_ATTACH": way} if way else {})}
    status, _, errors = record("-c", settings, "--", target("prog_usage"), *command,
                               directory=directory, env=env)
    check_equal(status, ends, errors)
    return details(directory), accounts_in(truth)


def accounts_in(truth):
    if not truth.exists():
        return []
    accounts = []
    for line in truth.read_text().splitlines():
        key, number = line.split()
        if key == "inside_duration_ns":
            accounts.append({})
        accounts[-1][key] = int(number)
    for account in accounts:
        for where in ("inside", "around"):
            account[f"{where}_blocked_ns"] = account[f"{where}_duration_ns"] - \
                account[f"{where}_cpu_ns"] - account[f"{where}_runqueue_ns"]
    return accounts


def check_close(actual, expected, within, what):
    check(actual is not None and abs(actual - expected) <= within,
          f"{what}: is {actual}, should be {expected}, +/- {within}")


def check_account(row, account):
    """The probes are between what the function measures inside and what its caller measures around
    it, and whatever comes in between there is in the one or the other."""
    for column in USAGE:
        within = CLOSE_NS if column in PARTS else 0
        least, most = account[f"inside_{column}"], account[f"around_{column}"]
        check(row[column] is not None and least - within <= row[column] <= most + within,
              f"{column}: is {row[column]}, should be {least} to {most}, +/- {within}: {row}")


# --- against the thread's own accounts -------------------------------------------------------

def work_test(way, mode):
    def test(scratch):
        rows, accounts = rows_of(scratch, "works", "work", "2", way=way, mode=mode)
        check_equal(len(rows), 2, "rows")
        check_equal(len(accounts), 2, "accounts")
        for row, account in zip(rows, accounts):
            check_account(row, account)
            # and the accounts are of what was done
            check(row["cpu_ns"] > 2 * PART_NS - CLOSE_NS, f"{row}")
            check(row["runqueue_ns"] > PART_NS / 4, f"the rival did not compete: {row}")
            check(row["blocked_ns"] > PART_NS - CLOSE_NS, f"{row}")
            check(row["minor_faults"] >= PAGES, f"{row}")
            check(row["voluntary_switches"] >= 1 and row["involuntary_switches"] >= 2, f"{row}")
    return test


for _way in WAYS:
    for _mode in MODES:
        globals()[f"test_computing_sleeping_and_competing_on_two_CPUs ({_way}, {_mode})"] = \
            work_test(_way, _mode)


def sleep_test(mode):
    def test(scratch):
        rows, accounts = rows_of(scratch, "sleeps", "doze", "3", mode=mode)
        check_equal(len(rows), 3)
        for row, account in zip(rows, accounts):
            check_account(row, account)
            check(row["blocked_ns"] >= PART_NS - CLOSE_NS, f"a call that slept: {row}")
            check(row["voluntary_switches"] >= 1, f"{row}")
    return test


for _mode in MODES:
    globals()[f"test_what_came_before_a_call_is_none_of_its ({_mode})"] = sleep_test(_mode)


# --- short calls, calls in calls -------------------------------------------------------------

def short_test(mode):
    def test(scratch):
        rows, _ = rows_of(scratch, "leaf", "leaf", "2000", mode=mode)
        check_equal(len(rows), 2000)
        undisturbed = [row for row in rows
                       if not row["voluntary_switches"] and not row["involuntary_switches"]]
        check(len(undisturbed) > 1000, f"{len(undisturbed)} of 2000 calls were not disturbed")
        for row in undisturbed:
            if row["duration_ns"] < 1_000_000:
                check_equal(row["cpu_ns"], row["duration_ns"], f"{row}")
        check_equal({row["blocked_ns"] for row in rows if not row["voluntary_switches"]}, {0})
    return test


def recursion_test(mode):
    def test(scratch):
        rows, _ = rows_of(scratch, "descend", "recurse", "9", mode=mode)
        rows.sort(key=lambda row: -row["depth"])
        check_equal([row["depth"] for row in rows], list(range(9, -1, -1)))
        for level, row in enumerate(rows, 1):
            check(row["cpu_ns"] >= level * 1_000_000, f"computed {level} ms: {row}")
            check(row["blocked_ns"] >= level * 900_000, f"slept {level} ms: {row}")
            check(row["voluntary_switches"] >= level, f"slept {level} times: {row}")
        for inner, outer in zip(rows, rows[1:]):
            for column in USAGE:
                check(outer[column] >= inner[column], f"{column} of {outer} and inside: {inner}")
    return test


for _mode in MODES:
    globals()[f"test_a_short_call_is_on_a_CPU_all_the_time ({_mode})"] = short_test(_mode)
    globals()[f"test_an_outer_call_has_what_the_inner_ones_have ({_mode})"] = recursion_test(_mode)


# --- calls that do not return ----------------------------------------------------------------

def ending_test(ended, function, command, mode, ends):
    def test(scratch):
        rows, _ = rows_of(scratch, function, *command, mode=mode, ends=ends)
        check_equal([row["ended"] for row in rows], [ended])
        row = rows[0]
        check(PART_NS - CLOSE_NS <= row["cpu_ns"] < 2 * PART_NS, f"computed 100 ms: {row}")
        check(row["blocked_ns"] >= PART_NS - CLOSE_NS, f"slept 100 ms: {row}")
        check(row["voluntary_switches"] >= 1, f"{row}")
    return test


for _mode in MODES:
    globals()[f"test_a_call_that_a_signal_ended ({_mode})"] = \
        ending_test("killed", "dies", ("die", "9"), _mode, 137)
    globals()[f"test_a_call_that_exit_ended ({_mode})"] = \
        ending_test("thread_exit", "quits", ("quit", "0"), _mode, 0)


def open_rows(scratch, function, threads, enough, *command):
    """The rows of calls in which prog_usage is when the recording ends: when all threads are in
    there, enough(pid) makes the condition to wait for."""
    directory = scratch / "out"
    settings = config(scratch, {"S": {"function": f"{target('prog_usage')}:{function}"}})
    with Recording("-c", settings, directory=directory) as recording:
        recording.until_ready()
        with start("prog_usage", *command) as program:
            for _ in range(threads):
                check_equal(program.hear(), "inside")
            wait_for(enough(program.pid), "what the calls are to do")
            wait_for(lambda: (directory / "activity_ledger.csv").exists()
                     and "S" in harness.ledger(directory) and counts(directory, "S"),
                     "the calls to be in the ledger")
            check_equal(recording.stop(), 0, recording.messages())
    rows = details(directory)
    check_equal([row["ended"] for row in rows], ["open"] * threads)
    return rows


def is_asleep(pid):
    return lambda: harness.state_in(f"/proc/{pid}/stat") == "S"


def times_of_threads(pid):
    """How long each thread has been on a CPU and has waited for one, in one list."""
    paths = sorted(pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return [int(word) for path in paths for word in path.read_text().split()[:2]]


def have_shared(pid):
    """Each thread computed, and waited for the other."""
    before = times_of_threads(pid)
    return lambda: all(now - then > ENOUGH_NS
                       for now, then in zip(times_of_threads(pid), before, strict=True))


def test_an_open_call_that_is_asleep(scratch):
    row, = open_rows(scratch, "stays", 1, is_asleep, "stay", "150")
    check_close(row["cpu_ns"], 155_000_000, 5_000_000, f"computed 150 ms: {row}")
    check(row["runqueue_ns"] < row["duration_ns"] - row["cpu_ns"], f"{row}")
    check(row["blocked_ns"] > 0 and row["voluntary_switches"] >= 1, f"{row}")


def test_open_calls_that_share_a_CPU(scratch):
    rows = open_rows(scratch, "spins", 2, have_shared, "spin", "2")
    for row in rows:
        check(row["cpu_ns"] > PART_NS / 10, f"{row}")
        check(row["runqueue_ns"] > PART_NS / 10, f"{row}")
        check(row["blocked_ns"] < CLOSE_NS, f"a call that never slept: {row}")


# --- pairs and points ------------------------------------------------------------------------

def test_a_pair_has_what_its_thread_used(scratch):
    program = target("prog_usage")
    directory = scratch / "out"
    settings = config(scratch, {"P": {"begin": f"{program}:sleeps", "end": f"{program}:leaf"}})
    status, _, errors = record("-c", settings, "--", program, "pair", directory=directory)
    check_equal(status, 0, errors)
    row, = details(directory)
    check(row["blocked_ns"] >= PART_NS - CLOSE_NS and row["cpu_ns"] < PART_NS, f"{row}")


def test_what_a_pair_of_two_threads_used_is_unknown(scratch):
    program = target("prog_usage")
    directory = scratch / "out"
    settings = config(scratch, {"P": {"begin": f"{program}:sleeps", "end": f"{program}:leaf"}})
    status, _, errors = record("-c", settings, "--", program, "pass_on", directory=directory)
    check_equal(status, 0, errors)
    row, = details(directory)
    check_equal([row[column] for column in USAGE], [None] * len(USAGE))
    check(row["duration_ns"] >= PART_NS, f"{row}")


# --- only for those who want it --------------------------------------------------------------

def test_the_parts_survive_a_replay(scratch):
    raw = scratch / "raw"
    directory = scratch / "out"
    status, _, errors = record("-s", f"S={target('prog_usage')}:sleeps", "--raw", str(raw), "--",
                               target("prog_usage"), "doze", "1", directory=directory)
    check_equal(status, 0, errors)
    subprocess.run([harness.TACHO, "replay", "-d", str(scratch / "again"), str(raw)], check=True,
                   capture_output=True)
    check_equal((scratch / "again" / "activity_detail.csv").read_bytes(),
                (directory / "activity_detail.csv").read_bytes())
    check(None not in [details(directory)[0][part] for part in PARTS])


if __name__ == "__main__":
    harness.main()
