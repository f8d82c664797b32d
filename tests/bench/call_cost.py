# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What recording a call costs the program that is recorded."""
import functools

import tracers
from bench import Contender, Sample

TITLE = "What a recorded call costs"
BUDGET_S = 400
NOTES = ("mean, ns", "recorded", "lost, as it says", "program")
ROUNDS = 3  # in the first group two more: what was asked for is about that

# function of tests/bench/calls.c: (what it begins with, whether a probe there is single-stepped)
FUNCTIONS = {
    "push": ("`push`", False),
    "cet": ("`endbr64`, then `push`", True),
    "sub": ("`sub`", True),
    "mov": ("`mov`", True),
    "nop": ("a 5-byte `nop`", False),
}
CHEAP_CALLS, STEPPED_CALLS = 200_000, 30_000
FLOOR = "floor: empty programs at both ends"
LEAST = "the least that records: two clocks, a record"
FAST = "Tachograph, fast"
HISTOGRAM = "map and histogram"
NEWER_HISTOGRAM = f"newer bpftrace, {HISTOGRAM}"
GROUPS = {name: f"**A function that begins with {words}**"
          for name, (words, _) in FUNCTIONS.items()}


class Group:
    """The contenders of one function; the costs are above what the call costs untraced."""

    def __init__(self, bench, name):
        self.bench, self.name, self.function = bench, name, f"entry_{name}"
        self.stepped = FUNCTIONS[name][1]
        self.untraced_ns = None

    def target(self, stepped):
        calls = STEPPED_CALLS if stepped else CHEAP_CALLS
        return tracers.Target(self.bench.program("calls"), self.name, 1,
                              self.bench.few(calls, 1000))

    def untraced(self):
        target = tracers.Target(self.bench.program("calls"), self.name, 1,
                                self.bench.few(20_000_000, 100_000))
        traced = tracers.untraced(self.bench, target)
        self.untraced_ns = traced.ns
        return Sample(traced.ns, {"mean, ns": traced.mean_ns, "program": "right result"})

    def contender(self, name, trace, stepped, rounds=0):
        def once():
            target = self.target(stepped)
            return self.sample(trace(self.bench, target), target.calls)
        return Contender(name, once, rounds)

    def sample(self, traced, calls):
        notes = {"mean, ns": traced.mean_ns - self.untraced_ns, "program": "right result"}
        if traced.recorded is not None:
            notes["recorded"] = f"{100 * traced.recorded / calls:.4g} %"
        if traced.lost is not None:
            notes["lost, as it says"] = traced.lost
        return Sample(traced.ns - self.untraced_ns, notes)

    def tacho(self, name, lines, stepped, formats="opentrons, detail"):
        return self.contender(name, lambda bench, target: tracers.tacho(
            bench, target, self.function, lines, formats), stepped)

    def floor(self, name, lines, session, stepped, what="empty"):
        def trace(bench, target):
            places = tracers.offsets(bench, target, self.function, lines)
            return tracers.floor(bench, target, places, session, what)
        return self.contender(name, trace, stepped)

    def peer(self, name, trace, *args):
        """At the symbol: that is where the peers put their probes."""
        return self.contender(name, lambda bench, target: trace(
            bench, target, self.function, *args), self.stepped)

    def contenders(self):
        # A probe on endbr64 is moved behind it; the places of the others cannot be moved.
        stepped = self.stepped and self.name != "cet"
        yield Contender("the call itself, untraced", self.untraced)
        yield self.floor(FLOOR, "exit = fast", True, stepped)
        yield self.floor(LEAST, "exit = fast", True, stepped, "least")
        yield self.tacho(FAST, "exit = fast", stepped)
        yield self.tacho("Tachograph, fast, `formats = opentrons`", "exit = fast", stepped,
                         "opentrons")
        if self.name == "cet":
            yield self.tacho("Tachograph, fast, `place = symbol`",
                             "exit = fast\nplace = symbol", True)
        yield self.floor("floor: empty programs at entry and `ret`", "exit = safe", False, True)
        yield self.tacho("Tachograph, safe", "exit = safe", True)
        yield from self.peers()

    def peers(self):
        for newer, name in ((False, "bpftrace"), (True, "newer bpftrace")):
            for how, words in (("histogram", HISTOGRAM), ("print", "a line a call")):
                yield self.peer(f"{name}, {words}", tracers.bpftrace, how, newer)
        yield self.peer("perf probe, perf record", tracers.perf)
        yield self.peer("funclatency (libbpf-tools)", tracers.funclatency, "funclatency")
        yield self.peer("funclatency (bcc)", tracers.funclatency, "funclatency-bpfcc")


def rebuilt(bench):
    """Tools that need the program to be built for them, or changed."""
    plain = {}

    def target(variant, calls):
        return tracers.Target(bench.program(f"calls_{variant}"), 1, bench.few(calls, 5000))

    def above(traced, calls):
        notes = {"mean, ns": traced.mean_ns - plain["ns"], "program": "right result",
                 "recorded": "not counted" if traced.recorded is None
                 else f"{100 * traced.recorded / calls:.4g} %"}
        if traced.lost is not None:
            notes["lost, as it says"] = traced.lost
        return Sample(traced.ns - plain["ns"], notes)

    def untraced():
        traced = tracers.untraced(bench, target("plain", 20_000_000))
        plain["ns"] = traced.ns
        return Sample(traced.ns, {"mean, ns": traced.mean_ns, "program": "right result"})

    def tacho():
        program = target("plain", CHEAP_CALLS)
        return above(tracers.tacho(bench, program, "entry_built", "exit = fast"), program.calls)

    def uftrace():
        program = target("pg", CHEAP_CALLS)
        return above(tracers.uftrace(bench, program, "entry_built"), program.calls)

    def lttng():
        program = target("lttng", CHEAP_CALLS)
        return above(tracers.lttng(bench, program), program.calls)

    return [Contender("the call itself, untraced", untraced), Contender(FAST, tacho),
            Contender("uftrace, built with -pg", uftrace),
            Contender("LTTng-UST, two tracepoints compiled in", lttng)]


def python_timer(bench, kind, cnt):
    cnt = bench.few(cnt, 1000)
    plain_ns, timed_ns, rows = map(float, bench.run(
        ["/usr/bin/python3", bench.here / "python_timers.py", kind, cnt,
         bench.directory()]).stdout.split())
    recorded = f"{100 * rows / cnt:.4g} %" if rows else "only sums"
    return Sample(timed_ns - plain_ns, {"recorded": recorded, "program": "right result"})


PYTHON = {"a row appended to a CSV file a call": ("rows", 20_000),
          "a bucket, a CSV file when it is full": ("bucket", 100_000),
          "a ring of records, each also a line of a log file": ("history", 20_000),
          "count, mean, least, greatest and last": ("sums", 100_000)}


def measure(bench):
    rows = []
    for name, group in GROUPS.items():
        contenders = list(Group(bench, name).contenders())
        if bench.quick and name != "push":
            continue
        rounds = ROUNDS + 2 if name == "push" else ROUNDS
        rows += bench.interleave(group, contenders, "ns", FLOOR, rounds)
    rows += bench.interleave("**Programs that were rebuilt for the tool** (a function in C)",
                             rebuilt(bench), "ns", FAST, ROUNDS)
    rows += bench.interleave("**Timers inside a Python program** (a decorator)", [
        Contender(name, functools.partial(python_timer, bench, *what))
        for name, what in PYTHON.items()], "ns", None, ROUNDS)
    return rows


def goals(ratio, value):
    yield ("fast, against empty programs at the same places (`push`)",
           ratio(GROUPS["push"], FAST, FLOOR), "at most", 1.15)
    with_cet, without = value(GROUPS["cet"], FAST), value(GROUPS["push"], FAST)
    yield ("a function that begins with `endbr64`, against one without",
           with_cet / without if with_cet and without else None, "at most", 1.15)
