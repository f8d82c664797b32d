# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How far what is recorded is from what the program measures by itself; and what grows with the
number of probes (rows: see analysis; processes: see processes)."""
import contextlib
import csv
import functools
import re
import statistics
import time

import tracers
from bench import Contender, Failed, Sample
from idle import rss_mb
from results import thousands

TITLE = "Accuracy and growth"
BUDGET_S = 150
NOTES = ("99th percentile, ns", "of the call, %", "calls", "start, s", "RSS, MB")
FUNCTION = "timed_call"
# (in words, nanoseconds, how many)
CALLS = (("1 us", 1_000, 3000), ("10 us", 10_000, 3000), ("1 ms", 1_000_000, 300),
         ("100 ms", 100_000_000, 12))
CPU_CALLS = (("1 ms", 1_000_000, 300), ("100 ms", 100_000_000, 10))
PROBES = {0: None, 10: "scaled_000*", 100: "scaled_00*", 1000: "scaled_0*", 5000: "scaled_*"}
FAST = "Tachograph, fast"


def percentile(sorted_values, part):
    return sorted_values[min(len(sorted_values) - 1, int(part * len(sorted_values)))]


def own_clocks(printed, cnt):
    """[(ns, CPU ns)] of the calls, by the program's own clocks."""
    found = re.findall(r"^timed: (\d+) (\d+)$", printed, re.M)
    if len(found) != cnt:
        raise Failed(f"the program measured {len(found)} of {cnt} calls")
    return [(int(ns), int(cpu_ns)) for ns, cpu_ns in found]


def error_sample(recorded, own):
    """Both in the order in which the calls ended."""
    if len(recorded) != len(own):
        raise Failed(f"recorded {len(recorded)} of {len(own)} calls")
    errors = sorted(abs(seen - truth) for seen, truth in zip(recorded, own))
    median = statistics.median(errors)
    return Sample(median, {"99th percentile, ns": percentile(errors, 0.99), "calls": len(own),
                           "of the call, %": 100 * median / statistics.median(own)})


def tacho_rows(bench, words, lines):
    """(what the program printed, the rows of its calls)"""
    program = bench.program("timed")
    conf = bench.file("tacho.conf", f"[record]\nrate-limit = 0\n[state CALL]\n"
                      f"function = {program}:{FUNCTION}\n{lines}\n")
    done = bench.run([bench.tacho, "record", "-c", conf, "-d", conf.parent / "data", "--", *words])
    with open(conf.parent / "data" / "activity_detail.csv", newline="") as file:
        return done.stdout, list(csv.DictReader(file))


def timed(bench, how, ns, cnt):
    return [bench.program("timed"), how, str(ns), str(bench.few(cnt, 5))]


def tacho_error(bench, ns, cnt, lines):
    printed, rows = tacho_rows(bench, timed(bench, "busy", ns, cnt), lines)
    own = [ns for ns, _ in own_clocks(printed, bench.few(cnt, 5))]
    return error_sample([int(row["duration_ns"]) for row in rows], own)


def bpftrace_error(bench, ns, cnt, newer):
    output = bench.directory() / "output"
    words = ["bpftrace", "-o", str(output), "-e",
             tracers.bpftrace_script(bench.program("timed"), FUNCTION, "print"), "-c",
             " ".join(timed(bench, "busy", ns, cnt))]
    done = bench.run(tracers.bpftrace_words(bench, words, newer))
    recorded = re.findall(r"^(\d+) (\d+)$", output.read_text(), re.M)
    own = [ns for ns, _ in own_clocks(done.stdout, bench.few(cnt, 5))]
    return error_sample([int(ns) for _, ns in sorted(recorded, key=lambda pair: int(pair[0]))], own)


@contextlib.contextmanager
def rivals(bench):
    """Two threads that want the CPUs too, or CPU time would be the duration."""
    with bench.background([bench.program("paced"), "2", "0", "1000"]):
        yield


def cpu_error(bench, ns, cnt, lines):
    with rivals(bench):
        printed, rows = tacho_rows(bench, timed(bench, "cpu", ns, cnt), lines)
    own = [cpu_ns for _, cpu_ns in own_clocks(printed, bench.few(cnt, 5))]
    return error_sample([int(row["cpu_ns"]) for row in rows], own)


def with_probes(bench, cnt):
    """A call of one function while so many others have probes."""
    conf = "[record]\nrate-limit = 0\n[state CALL]\nexit = fast\n" \
           f"function = {bench.program('calls')}:entry_push\n"
    if cnt:
        conf += f"[state OTHERS]\nfunction = {bench.build}/targets/libscale.so:{PROBES[cnt]}\n" \
                "many = yes\nexit = fast\n"
    conf = bench.file("tacho.conf", conf)
    began = time.monotonic()
    with bench.background([bench.tacho, "record", "-c", conf, "-d", conf.parent / "data"],
                          lambda text: "tacho: recording" in text) as (process, _):
        start_s = time.monotonic() - began
        target = tracers.Target(bench.program("calls"), "push", 1, bench.few(100_000, 1000))
        ns = tracers.untraced(bench, target).ns
        notes = {"start, s": start_s, "RSS, MB": rss_mb(process.pid)}
    return Sample(ns, notes)


def probes_name(cnt):
    return f"with {thousands(cnt)} other{'s' if cnt != 1 else ''}" if cnt else "alone"


def measure(bench):
    rows = []
    for words, ns, cnt in CALLS:
        rows += bench.interleave(f"**Durations of calls of {words}**, the error", [
            Contender(FAST, functools.partial(tacho_error, bench, ns, cnt, "exit = fast")),
            Contender("Tachograph, safe",
                      functools.partial(tacho_error, bench, ns, cnt, "exit = safe")),
            Contender("bpftrace", functools.partial(bpftrace_error, bench, ns, cnt, False)),
            Contender("newer bpftrace", functools.partial(bpftrace_error, bench, ns, cnt, True)),
        ], "ns", FAST, 3)
    for words, ns, cnt in CPU_CALLS:
        rows += bench.interleave(f"**CPU time of calls that use {words} of it**, the error", [
            Contender(FAST, functools.partial(cpu_error, bench, ns, cnt, "exit = fast")),
            Contender("Tachograph, safe",
                      functools.partial(cpu_error, bench, ns, cnt, "exit = safe")),
        ], "ns", None, 2)
    rows += bench.interleave("**A recorded call while other functions have probes**", [
        Contender(probes_name(cnt), functools.partial(with_probes, bench, cnt))
        for cnt in (PROBES if not bench.quick else (0, 10))], "ns", probes_name(0), 3)
    return rows
