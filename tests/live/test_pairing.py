#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every call becomes one row that says how it ended: each scenario, way of attaching, exit mode."""
import collections
import statistics
import subprocess
import typing

import harness
from harness import WAYS, Recording, check, check_equal, start, target

MODES = ("fast", "safe")
LIMIT = 64  # calls of a thread that the kernel can have open when return addresses are replaced
SLACK_NS = 2_000_000


def all_of(n, ending, **more):
    """n calls that all end in one way."""
    return {"entries": n, ending: n, **more}


def returned(n, **more):
    return all_of(n, "returned", **more)


EACH_RETURNED = None  # as many as the program says it made


class Scenario(typing.NamedTuple):
    title: str
    program: str
    args: str
    expect: dict  # function: its ledger
    safe: dict = {}  # where exit = safe differs
    also: typing.Callable = None  # gets the Run
    modes: tuple = MODES


class Run:
    """A recorded run of a scenario and what the program says about itself."""

    def __init__(self, scratch, way, mode, scenario):
        program = target(scenario.program)
        self.mode, self.program = mode, program
        self.directory = scratch / "out"
        truth = scratch / "truth"
        states = {f.upper(): {"function": f"{program}:{f}", "exit": mode}
                  for f in scenario.expect}
        self.status, self.stdout, self.messages = harness.record(
            "-c", harness.config(scratch, states), "--", program, *scenario.args.split(),
            directory=self.directory, env={"TACHO_ATTACH": way, "TRUTH": str(truth)})
        self.truth = collections.defaultdict(list)
        for line in (self.stdout + (truth.read_text() if truth.exists() else "")).splitlines():
            key, value = line.rsplit(" ", 1)
            self.truth[key].append(int(value))

    def calls(self, function):
        """How often the function was called, says the program."""
        return sum(self.truth[f"calls {function}"])

    def rows(self, function=None):
        return [row for row in harness.details(self.directory)
                if function is None or row["state"] == function.upper()]

    def counted(self, function, expected):
        """The ledger of the function, its endings summed up as in the expected one."""
        counts = collections.Counter()
        for key, count in harness.counts(self.directory, function.upper()).items():
            counts[GONE if GONE in expected and key in GONE else key] += count
        return dict(counts)


# --- what else must hold ------------------------------------------------------------------------

def end_of(row):
    return row["start_ns"] + row["duration_ns"]


def depths(run, function):
    return sorted(row["depth"] for row in run.rows(function))


def check_measured(run):
    row, = run.rows()
    truth = {key: values[0] for key, values in run.truth.items()}
    expected = {"state": "MEASURED", "pid": truth["pid"], "tid": truth["tid"],
                "comm": 'a, "thread"', "ended": "return", "depth": 0,
                "binary": run.program, "function": "measured"}
    check_equal({key: row[key] for key in expected}, expected, "row")
    check(truth["wall_before"] <= row["start_ns"] <= truth["wall_inside"], (row, truth))
    check(end_of(row) <= truth["wall_after"], (row, truth))
    check(truth["inner"] <= row["duration_ns"] <= truth["outer"] + SLACK_NS, (row, truth))


def check_depths(run):
    check_equal(depths(run, "descend"), list(range(len(run.rows()))), "depths")


def check_nested(run):
    outer = sorted((row["start_ns"], end_of(row)) for row in run.rows("outer"))
    inner = sorted((row["start_ns"], end_of(row)) for row in run.rows("middle"))
    check(all(a <= b and d <= c for (a, c), (b, d) in zip(outer, inner)), "middle() is not inside")
    check_equal(collections.Counter(depths(run, "leaf")), {1: 100, 2: 200}, "depths of leaf()")


def check_threads(run):
    rows = collections.Counter(row["tid"] for row in run.rows())
    check_equal(rows, {tid: 1000 for tid in run.truth["tid"]}, "rows by thread")
    check_equal(len(rows), 8, "threads")


def check_processes(run):
    rows = collections.Counter(row["pid"] for row in run.rows())
    check_equal(rows, {pid: 50 for pid in run.truth["pid"]}, "rows by process")
    check_equal(len(rows), 20, "processes")


def check_tail(run):
    """A replaced return address is reached once for both; otherwise the jump ends front()."""
    fronts, backs = run.rows("front"), run.rows("back")
    nexts = [front["start_ns"] for front in fronts[1:]] + [float("inf")]
    for front, back, next_ns in zip(fronts, backs, nexts):
        if run.mode == "safe":
            check(end_of(front) <= back["start_ns"], (front, back))
        else:
            check(end_of(back) <= end_of(front) <= next_ns, (front, back, next_ns))
    # The thread may have lost its CPU between the two, but not each time.
    apart = [end_of(front) - end_of(back) for front, back in zip(fronts, backs)]
    check(run.mode == "safe" or statistics.median(apart) < SLACK_NS, apart)


def check_interrupted(run):
    check_equal(collections.Counter(depths(run, "raising")), {0: 50, 1: 50}, "depths")


def check_alarms(run):
    interrupted = collections.Counter(depths(run, "busy"))
    check(set(interrupted) <= {0, 1} and interrupted[1] <= 200, interrupted)
    check(interrupted[1] > 0, "no signal came during a call")


def check_forks(run):
    check_equal(len({row["pid"] for row in run.rows("forks")}), 1, "processes with a row")
    check_equal(len({row["pid"] for row in run.rows("leaf")}), 5, "children")


def check_vforks(run):
    check_equal(len({row["pid"] for row in run.rows("vforks")}), 1, "processes with a row")
    check_equal(len({row["pid"] for row in run.rows("leaf")}), 6, "parent and children")


def check_exec(run):
    check_equal({row["pid"] for row in run.rows()}, set(run.truth["pid"]), "process")


def check_thread_exec(run):
    check_exec(run)
    check_equal([row["tid"] for row in run.rows("execs")], run.truth["tid"], "thread")
    check(run.truth["pid"][0] in [row["tid"] for row in run.rows("waits")], "first thread")


def check_leaving(run):
    for function in ("leaf", "leaves"):
        check_equal(sorted(row["tid"] for row in run.rows(function)), sorted(run.truth["tid"]),
                    f"threads of {function}()")


# --- the scenarios ------------------------------------------------------------------------------

# What is jumped over is seen to be gone at the next call if return addresses are replaced, and at
# the end of the thread at the latest otherwise.
GONE = ("unwound", "thread_exit")

SCENARIOS = [
    Scenario("a thousand calls are a thousand rows", "prog_calls", "leaf 1000",
             {"leaf": returned(1000)}),
    Scenario("each field of a row is true", "prog_calls", "measured",
             {"measured": returned(1)}, also=check_measured),
    Scenario("recursion of 64 levels is complete", "prog_calls", f"descend {LIMIT}",
             {"descend": returned(LIMIT)}, also=check_depths),
    Scenario("recursion of 201 levels is a row or counted each", "prog_calls", "descend 201",
             {"descend": {"entries": 201, "returned": LIMIT, "lost_nesting": 201 - LIMIT}},
             safe={"descend": returned(201)}, also=check_depths),
    Scenario("recursion of 10000 levels is complete", "prog_calls", "descend 10000",
             {"descend": returned(10000)}, also=check_depths, modes=("safe",)),
    Scenario("states nest", "prog_calls", "nested 100",
             {"outer": returned(100), "middle": returned(100), "leaf": returned(300)},
             also=check_nested),
    Scenario("threads do not mix", "prog_calls", "threads 1000",
             {"leaf": returned(8000)}, also=check_threads),
    Scenario("processes do not mix", "prog_calls", "processes 50",
             {"leaf": returned(1000)}, also=check_processes),
    Scenario("a tail call and its caller both have a row", "prog_calls", "tail 20",
             {"front": returned(20), "back": returned(20)}, also=check_tail),
    Scenario("functions that tail call each other have a row each time", "prog_calls",
             "siblings 40", {"ping": returned(20), "pong": returned(20), "leaf": returned(1)}),
    Scenario("101 tail calls in a row are a row or counted each", "prog_calls", "siblings 101",
             {"ping": {"entries": 51, "returned": 32, "lost_nesting": 19},
              "pong": {"entries": 50, "returned": 32, "lost_nesting": 18},
              "leaf": returned(1)},
             safe={"ping": returned(51), "pong": returned(50)}),
    Scenario("a signal handler may call the function that it interrupts", "prog_calls",
             "raise 50", {"raising": returned(100)}, also=check_interrupted),
    Scenario("a signal may come at any moment of a call", "prog_calls", "alarms",
             {"busy": EACH_RETURNED}, also=check_alarms),
    Scenario("a fork inside a call invents no row for the child", "prog_ends", "fork 5",
             {"forks": returned(5, unmatched_returns=5), "leaf": returned(10)},
             also=check_forks),
    Scenario("a vfork inside a call leaves the call alone", "prog_ends", "vfork 5",
             {"vforks": returned(5), "leaf": returned(10)}, also=check_vforks),
    Scenario("an exec ends the call that made it", "prog_ends", "exec",
             {"execs": all_of(1, "exec"), "leaf": returned(5)}, also=check_exec),
    Scenario("an exec ends the calls of other threads", "prog_ends", "thread_exec",
             {"execs": all_of(1, "exec"), "waits": all_of(2, "exec"), "leaf": returned(3)},
             also=check_thread_exec),
    Scenario("pthread_exit ends the call that made it", "prog_ends", "pthread_exit 3",
             {"leaves": all_of(3, "thread_exit"), "leaf": returned(3)}, also=check_leaving),
    Scenario("pthread_cancel ends the call of the thread", "prog_ends", "cancel 3",
             {"waits": all_of(3, "thread_exit"), "leaf": returned(2)}),
    Scenario("exit ends the calls of all threads", "prog_ends", "exit 7",
             {"quits": all_of(1, "thread_exit"), "waits": all_of(1, "thread_exit")}),
    Scenario("SIGKILL ends the calls of all threads", "prog_ends", "die 9",
             {"dies": all_of(1, "killed"), "waits": all_of(1, "killed")}),
    Scenario("SIGSEGV ends the calls of all threads", "prog_ends", "die 11",
             {"dies": all_of(1, "killed"), "waits": all_of(1, "killed")}),
    Scenario("a longjmp out of calls ends them", "prog_ends", "caught 20",
             {"catches": returned(20), "leaf": returned(20),
              "passed": all_of(20, "unwound"), "jumps": all_of(20, "unwound")},
             safe={"passed": all_of(20, GONE), "jumps": all_of(20, GONE)}),
    Scenario("a thousand longjmps lose no row", "prog_ends", "longjmp 1000",
             {"leaf": returned(1),
              "passed": all_of(1000, "unwound"), "jumps": all_of(1000, "unwound")},
             safe={"passed": all_of(1000, GONE), "jumps": all_of(1000, GONE)}),
    Scenario("after a longjmp out of recursion calls are recorded", "prog_ends",
             "longjmp_deep 20",
             {"descend": all_of(20, "unwound"), "leaf": returned(5)},
             safe={"descend": all_of(20, GONE)}),
    # The kernel forgets what was jumped over when it replaces the next return address, and that
    # it does not do while it has 64: until the thread ends, nothing can be recorded, but counted.
    Scenario("after a longjmp out of 64 levels no call is lost in silence", "prog_ends",
             f"longjmp_deep {LIMIT}",
             {"descend": all_of(LIMIT, "unwound"), "leaf": all_of(5, "lost_nesting")},
             safe={"descend": all_of(LIMIT, GONE), "leaf": returned(5)}),
]

untraced_runs = {}


def untraced(program, args):
    """Exit status and output without a recorder."""
    if (program, args) not in untraced_runs:
        done = subprocess.run([target(program), *args.split()], stdout=subprocess.PIPE,
                              timeout=harness.DEADLINE_S)
        status = 128 - done.returncode if done.returncode < 0 else done.returncode
        untraced_runs[program, args] = status, done.stdout.decode()
    return untraced_runs[program, args]


def check_scenario(scratch, way, mode, scenario):
    run = Run(scratch, way, mode, scenario)
    check_equal((run.status, run.stdout), untraced(scenario.program, scenario.args),
                f"status and output; recorder: {run.messages}")
    harness.check_books(run.directory, run.messages)
    expect = {**scenario.expect, **(scenario.safe if mode == "safe" else {})}
    for function, counts in expect.items():
        if counts is EACH_RETURNED:
            counts = returned(run.calls(function))
        check_equal(counts["entries"], run.calls(function), f"{function}(): the test itself")
        check_equal(run.counted(function, counts), counts, f"{function}()")
    if scenario.also:
        scenario.also(run)


# --- beginning and ending in the middle of a call -----------------------------------------------

def listening_states(mode):
    return {f.upper(): {"function": f"{target('prog_ends')}:{f}", "exit": mode}
            for f in ("listens", "leaf")}


def check_late_attach(scratch, way, mode):
    config = harness.config(scratch, listening_states(mode))
    with start("prog_ends", "listen") as program:
        check_equal(program.hear(), "inside", "program")
        with Recording("-c", config, "-p", str(program.pid), directory=scratch / "out",
                       env={"TACHO_ATTACH": way}) as recording:
            recording.until_ready()
            program.say("return")
            check_equal(program.ask("5"), "done", "program")
            check_equal(program.end(), (0, "calls leaf 5\n"), "end of the program")
            check_equal(recording.wait(), 0, recording.messages())
            harness.check_books(recording.directory, recording.messages())
    check_equal(harness.counts(scratch / "out", "LEAF"), returned(5), "leaf()")
    check_equal(harness.counts(scratch / "out", "LISTENS"),
                {"unmatched_returns": 1} if mode == "safe" else {}, "listens()")


def check_early_stop(scratch, way, mode):
    config = harness.config(scratch, listening_states(mode))
    with Recording("-c", config, directory=scratch / "out",
                   env={"TACHO_ATTACH": way}) as recording:
        recording.until_ready()
        with start("prog_ends", "listen") as program:
            check_equal(program.hear(), "inside", "program")
            check_equal(recording.stop(), 0, recording.messages())
            program.say("return")
            check_equal(program.ask("5"), "done", "program")
            check_equal(program.end(), (0, "calls leaf 5\n"), "end of the program")
        harness.check_books(recording.directory, recording.messages())
        check(" 1 open," in recording.messages(), recording.messages())
    check_equal(harness.counts(scratch / "out", "LISTENS"), all_of(1, "open"), "listens()")
    row, = harness.details(scratch / "out")
    check_equal((row["ended"], row["pid"]), ("open", program.pid), "row")
    check_equal(harness.activities(scratch / "out"), [], "robot_activity_data")


# --- one test for each --------------------------------------------------------------------------

def add_test(title, way, mode, function, *args):
    globals()[f"test_{title} ({way}, {mode})"] = (
        lambda scratch: function(scratch, way, mode, *args))


for _way in WAYS:
    for _mode in MODES:
        for _scenario in SCENARIOS:
            if _mode in _scenario.modes:
                add_test(_scenario.title, _way, _mode, check_scenario, _scenario)
        add_test("a call that began before the recorder has no row", _way, _mode,
                 check_late_attach)
        add_test("a call that outlives the recorder is open", _way, _mode, check_early_stop)

if __name__ == "__main__":
    harness.main()
