#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The survival matrix: every kind of program behaves as if nobody recorded it, and is recorded.

A cell is `survival/CASE/EXIT/WHEN`. WHEN is `before` (the recorder is there when the program
starts), `attach` and `attach-inside` (it comes between two rounds of the program, and within a
call), `detach-inside` and `detach` (it goes within a call, and between two rounds). The program
stands still at that moment, so that all counts are exact.
"""
import collections
import contextlib
import functools
import pathlib
import tempfile
import threading
import time

import harness
from harness import ENDINGS, Recording, Skip, check, check_equal
from survival_cases import CASES, Case
from survival_run import GATES, Program, Truth

MODES = ("auto", "safe")
WHEN = {  # at which gate the recorder comes, and goes
    "before": (None, None),
    "attach": (0, None),
    "attach-inside": (1, None),
    "detach-inside": (None, 1),
    "detach": (None, 2),
}
NAP_NS = 20_000_000
SLACK_NS = 1_000_000
JOBS = 2


# --- the program alone --------------------------------------------------------------------------

@functools.lru_cache(maxsize=None)
def untraced_lock(case):
    return threading.Lock()


@functools.lru_cache(maxsize=None)
def run_untraced(case):
    with tempfile.TemporaryDirectory(prefix="tacho-test-") as scratch, \
            Program(pathlib.Path(scratch), case) as program:
        program.start(gated=False)
        outcome = program.outcome()
        truth = Truth(program.truth_path)
    check_equal(len(truth.phases), GATES + 1, "phases of the program: the test itself")
    for function in function_names(case, counted=True):
        counts = truth.counts(function)
        check(counts["entries"], f"{function}() is never called: the test itself")
        check_equal(sum(counts[key] for key in ENDINGS), counts["entries"],
                    f"endings of {function}(): the test itself")
    return outcome


def untraced(case):
    """The outcome of the program when nobody records it."""
    with untraced_lock(case):
        return run_untraced(case)


# --- the program recorded -----------------------------------------------------------------------

def function_names(case, counted=False):
    names = [entry.rpartition(":")[2].rpartition(".")[2] for entry in case.functions.split()]
    return [name for name in names if not counted or name not in case.uncounted.split()]


def states(program, mode):
    """One state for each function, named after it."""
    result = {}
    for entry in program.case.functions.split():
        file, _, function = entry.rpartition(":")
        name = function.rpartition(".")[2].upper()
        result[name] = {"function": f"{program.file(file)}:{function}", "exit": mode}
    return result


class Run:
    """A program that is recorded from one gate to another; None: from its start, to its end."""

    def __init__(self, scratch, case, mode, attach_at=None, detach_at=None):
        self.case, self.mode = case, mode
        # the phases of the program that are recorded: a slice
        self.first = 0 if attach_at is None else attach_at + 1
        self.last = None if detach_at is None else detach_at + 1
        self.directory, self.recording = scratch / "out", None
        with contextlib.ExitStack() as self.cleanup:
            program = self.cleanup.enter_context(Program(scratch, case))
            self.config = harness.config(scratch, states(program, mode))
            self._run(program, attach_at, detach_at)
            self.messages = self.recording.messages()
        self.done_ns = time.time_ns()
        self.truth = Truth(program.truth_path)
        self.rows = harness.details(self.directory) if self.status == 0 else []

    def _run(self, program, attach_at, detach_at):
        if attach_at is None:
            self._attach()
        gated = (attach_at, detach_at) != (None, None)
        program.start(gated)
        for gate in range(GATES if gated else 0):
            program.until_gate(gate)
            if gate == attach_at:
                self._attach()
            if gate == detach_at:
                self.recording.stop()
            program.pass_gate()
        self.outcome = program.outcome()
        self.status = self.recording.stop()

    def _attach(self):
        recording = Recording("-c", self.config, directory=self.directory)
        self.recording = self.cleanup.enter_context(recording)
        try:
            recording.until_ready()
        except AssertionError:
            messages = recording.messages().strip().replace(f"{self.directory.parent}/", "")
            if self.case.may_be_refused and self.case.may_be_refused in messages:
                raise Skip("refused: " + messages) from None
            raise


def end_of(row):
    return row["start_ns"] + row["duration_ns"]


def open_after(counts):
    return counts["entries"] - sum(counts[key] for key in ENDINGS if key != "open")


def fold_open_calls(counts):
    """Where it depends on the exit mode whether a call is over, or open, or lost."""
    counts["returned"] += counts.pop("open", 0) + counts.pop("lost_nesting", 0)


def count_wrong(run, function):
    """What the ledger says of a function, if it is not what the program says."""
    book = harness.ledger(run.directory).get(function.upper(), {})
    book = collections.Counter({key: n for key, n in book.items() if n and key != "time_ns"})
    truth = run.truth.counts(function, run.first, run.last)
    not_seen = open_after(run.truth.counts(function, 0, run.first))  # open when we came
    unmatched = truth.pop("unmatched_returns", 0), book.pop("unmatched_returns", 0)
    if run.last is not None:
        truth["open"] = open_after(truth)
    if run.case.unlike_fast and run.mode == "auto":
        fold_open_calls(truth)
        fold_open_calls(book)
    missing = truth - book
    returns_missing = missing["returned"]
    fine = not book - truth and sum(missing.values()) == not_seen and \
        unmatched[1] <= unmatched[0] + returns_missing and \
        (run.mode == "auto" or unmatched[1] == unmatched[0] + returns_missing)
    if fine:
        return ""
    return (f"{function}() {dict(book)} + {unmatched[1]} unmatched, should be {dict(+truth)} "
            f"+ {unmatched[0]} unmatched, of which {not_seen} began before the recorder")


def check_counts(run):
    """The ledger says what the program says."""
    wrong = [count_wrong(run, function) for function in function_names(run.case, counted=True)]
    check(not any(wrong), "; ".join(filter(None, wrong)))


def check_times(run):
    """Each row is within the run of the program."""
    for row in run.rows:
        check(run.truth.begin_ns <= row["start_ns"], f"began before the program: {row}")
        check(end_of(row) <= run.done_ns, f"ended after the program: {row}")
        if row["ended"] in ("return", "exception", "unwound"):
            check(end_of(row) <= (run.truth.end_ns or run.done_ns), f"ended too late: {row}")


def check_passed(run):
    """Calls that an exception or a jump passes end then, and not when their stack is used again.
    The first ones may have no row: they began before the recorder."""
    phases = range(GATES + 1)[run.first:run.last]
    truth = collections.defaultdict(list)
    for passed in run.truth.passed:
        if passed.phase in phases:
            truth[passed.function, passed.tid].append(passed)
    for row in sorted(run.rows, key=lambda row: row["start_ns"], reverse=True):
        if row["state"].lower() in run.case.uncounted.split():
            continue
        if row["ended"] in ("exception", "unwound"):
            passed = truth[row["state"].lower(), row["tid"]]
            check(passed, f"no call was passed: {row}")
            call = passed.pop()
            check(call.left_ns - SLACK_NS <= end_of(row) <= call.caught_ns + SLACK_NS,
                  f"did not end when it was passed: {row}, ended at {end_of(row)}: {call}")


def check_sleeps(run):
    """The calls that sleep last as long as the program measures it."""
    rows = [row for row in run.rows if row["state"] == "SLEEPS"]
    for row in rows:
        around = [slept for slept in run.truth.slept if slept.start_ns <= row["start_ns"] and
                  end_of(row) <= slept.start_ns + slept.around_ns + SLACK_NS]
        check_equal(len(around), 1, f"sleeps of the program around {row}")
        check(max(NAP_NS, around[0].inside_ns) <= row["duration_ns"] <= around[0].around_ns,
              f"{row} did not last as long as {around}")


def check_cell(scratch, case, mode, when):
    expected = untraced(case)
    run = Run(scratch, case, mode, *WHEN[when])
    check_equal(run.outcome, expected, f"the program's end and output; recorder: {run.messages}")
    check_equal(run.status, 0, f"exit status of the recorder: {run.messages}")
    harness.check_books(run.directory, run.messages)
    check_counts(run)
    check_times(run)
    check_passed(run)
    check_sleeps(run)


# --- recorders that come and go while threads call without a pause ------------------------------

HOT = Case("hot", "survive_threads", "hot", "turns twirls", uncounted="turns twirls")
HOT_THREADS, TIMES = 2, 5


def check_hot_recording(directory, messages, hijacked):
    harness.check_books(directory, messages)
    endings = collections.Counter((row["state"], row["ended"])
                                  for row in harness.details(directory))
    for state in ("TURNS", "TWIRLS"):
        check(endings.pop((state, "return"), 0), f"{state}: nothing was recorded")
        check(endings.pop((state, "open"), 0) <= HOT_THREADS, f"{state}: more open than threads")
        check(harness.counts(directory, state).get("unmatched_returns", 0) <= HOT_THREADS,
              f"{state}: more unmatched returns than calls were open")
    # Where return addresses are replaced, the kernel loses one return in some ten thousand comings
    # and goings of probes; the next call shows that the frame is gone.
    for state in ("TURNS", "TWIRLS"):
        check(endings.pop((state, "unwound"), 0) <= (HOT_THREADS if hijacked else 0),
              f"{state}: calls that returned are called unwound")
    check(not endings, f"calls that did not just return: {endings}")


def record_hot(config, directory, way, hijacked):
    with Recording("-c", config, directory=directory, env={"TACHO_ATTACH": way}) as recording:
        recording.until_ready()
        rows = directory / "robot_activity_data"
        harness.wait_for(lambda: rows.stat().st_size > 10000, "rows of both functions")
        check_equal(recording.stop(), 0, recording.messages())
        check_hot_recording(directory, recording.messages(), hijacked)


def check_coming_and_going(scratch, mode, way):
    expected = untraced(HOT)
    with Program(scratch, HOT) as program:
        config = harness.config(scratch, states(program, mode), flush="20ms")
        program.start(gated=True)
        for gate in range(GATES):
            program.until_gate(gate)
            for i in range(TIMES if gate == 1 else 0):
                record_hot(config, scratch / f"out{i}", way, mode == "auto")
            program.pass_gate()
        check_equal(program.outcome(), expected, "the program's end and output")


# --- the test can fail --------------------------------------------------------------------------

def check_harm_is_seen(scratch, case):
    """exit = fast is known to kill these programs. If it did not show, nothing would."""
    expected = untraced(case)
    outcome = Run(scratch, case, "fast").outcome
    if outcome == expected:
        raise Skip("this kernel lets the program live")
    check(outcome[0] != expected[0], f"the exit status is the same: {outcome}")


def add_tests():
    for case in CASES:
        for mode in MODES:
            for when in WHEN:
                globals()[f"test_survival/{case.name}/{mode}/{when}"] = functools.partial(
                    check_cell, case=case, mode=mode, when=when)
    for mode in MODES:
        for way in ("session", "multi"):
            globals()[f"test_survival/hot/{mode}/{way}"] = functools.partial(
                check_coming_and_going, mode=mode, way=way)
    for case in CASES:
        if case.name in ("throw", "coroutines", "go"):
            globals()[f"test_survival/control/{case.name}/fast"] = functools.partial(
                check_harm_is_seen, case=case)


add_tests()

if __name__ == "__main__":
    harness.main(jobs=JOBS)
