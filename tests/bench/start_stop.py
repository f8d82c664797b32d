# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How long attaching to many functions takes, and letting go of them.

A peer that would take more than PATIENCE_S, on the line through its last two sizes, is not asked: a
process that lets go of its probes cannot be killed meanwhile.
"""
import functools
import os
import pathlib
import re
import signal
import subprocess
import time

from bench import Contender, Failed, Sample
from results import thousands
from tracers import bpftrace_words

TITLE = "Start and stop"
BUDGET_S = 200
NOTES = ("start, s", "stop, s")
PATIENCE_S = 25
PERF_PROBES_MAX = 100
TACHO = "Tachograph"
# so many functions of libscale.so: (how the shell would write them, as bpftrace's globs have it)
FUNCTIONS = {1: ("scaled_0000", ["scaled_0000"]), 100: ("scaled_00*", ["scaled_00*"]),
             2000: ("scaled_[01]*", ["scaled_0*", "scaled_1*"]), 5000: ("scaled_*", ["scaled_*"])}


def timed_stop(bench, process, what):
    """Seconds from the signal to its end."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    bench.wait_until(lambda: process.poll() is not None, 4 * PATIENCE_S, f"{what} to end", 0.0005)
    return time.monotonic() - began


def sample(start_s, stop_s):
    return Sample(start_s + stop_s, {"start, s": start_s, "stop, s": stop_s})


def run(bench, command, ready, what, timeout_s=2 * PATIENCE_S):
    began = time.monotonic()
    with bench.background(command, ready, timeout_s) as (process, _):
        start_s = time.monotonic() - began
        stop_s = timed_stop(bench, process, what)
    return sample(start_s, stop_s)


def tacho(bench, library, cnt):
    conf = bench.file("tacho.conf", f"[state S]\nfunction = {library}:{FUNCTIONS[cnt][0]}\n"
                      "many = yes\nexit = fast\n")
    return run(bench, [bench.tacho, "record", "-c", conf, "-d", conf.parent / "data"],
               lambda text: "tacho: recording" in text, "tacho")


def bpftrace(bench, library, cnt, newer):
    """It runs its command when all probes are there, and lets go of them when that has ended."""
    def probes(kind):
        return ", ".join(f"{kind}:{library}:{glob}" for glob in FUNCTIONS[cnt][1])

    script = (f"{probes('uprobe')} {{ @s[tid, func] = nsecs; }} "
              f"{probes('uretprobe')} {{ @n = count(); }}")
    words = ["env", "BPFTRACE_MAX_PROBES=20000", "BPFTRACE_MAX_BPF_PROGS=20000", "bpftrace", "-e",
             script, "-c", "/bin/echo recording"]
    began = time.monotonic()
    with bench.background(bpftrace_words(bench, words, newer),
                          lambda text: re.search("^recording$", text, re.M), 2 * PATIENCE_S,
                          stop=None) as (process, _):
        start_s, began = time.monotonic() - began, time.monotonic()
        bench.wait_until(lambda: process.poll() is not None, 4 * PATIENCE_S, "bpftrace to end")
    return sample(start_s, time.monotonic() - began)


def perf(bench, library, cnt):
    """Naming the functions, opening their events, and taking all back."""
    program, group = bench.need("perf"), f"tacho_bench_{os.getpid()}"
    data = bench.directory() / "perf.data"
    began = stopped = time.monotonic()
    try:
        define_probes(bench, program, group, library, names(cnt))
        with bench.background([program, "record", "-o", data, "-e", f"{group}:*", "-a", "--",
                               "sh", "-c", f"echo recording >'{data}.on'; exec sleep 1000"],
                              None) as (process, _):
            bench.wait_until(lambda: pathlib.Path(f"{data}.on").exists(), 2 * PATIENCE_S,
                             "perf to be ready")
            start_s = time.monotonic() - began
            stop_s = timed_stop(bench, process, "perf")
        stopped = time.monotonic()
    finally:
        subprocess.run([program, "probe", "-q", "-d", f"{group}:*"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=8 * PATIENCE_S)
    return sample(start_s, stop_s + time.monotonic() - stopped)


def define_probes(bench, program, group, library, functions):
    """perf probe takes fewer than 128 definitions at a time."""
    until = time.monotonic() + 2 * PATIENCE_S
    for i in range(0, len(functions), PERF_PROBES_MAX // 2):
        options = [option for name in functions[i:i + PERF_PROBES_MAX // 2] for option in
                   ("--add", f"{group}:{name}={name}", "--add", f"{group}:{name}_r={name}%return")]
        bench.run([program, "probe", "-x", library, *options], max(1, until - time.monotonic()))


def names(cnt):
    return [f"scaled_{i:04}" for i in range(cnt)]


class Bounded:
    """A peer, asked for more functions only while it is to be expected that it ends in time."""

    def __init__(self, once):
        self.once, self.took = once, {}

    def expected_s(self, cnt):
        """On the line through its two last sizes."""
        (fewer, shorter), (more, longer) = sorted(self.took.items())[-2:]
        return longer + (longer - shorter) * (cnt - more) / (more - fewer)

    def __call__(self, bench, library, cnt):
        if cnt not in self.took and len(self.took) > 1 and self.expected_s(cnt) > PATIENCE_S:
            most = max(self.took)
            raise Failed(f"not tried: {most} functions took {self.took[most]:.1f} s")
        found = self.once(bench, library, cnt)
        self.took[cnt] = found.value
        return found


def group(cnt):
    return f"**{thousands(cnt)} function{'s' if cnt > 1 else ''}**"


def measure(bench):
    library = bench.build / "targets" / "libscale.so"
    peers = {TACHO: tacho,
             "bpftrace": Bounded(functools.partial(bpftrace, newer=False)),
             "newer bpftrace": Bounded(functools.partial(bpftrace, newer=True)),
             "perf probe, perf record": Bounded(perf)}
    rows = []
    for cnt in FUNCTIONS:
        if bench.quick and cnt > 1:
            break
        rows += bench.interleave(group(cnt), [
            Contender(name, functools.partial(once, bench, library, cnt),
                      2 if isinstance(once, Bounded) else 0)
            for name, once in peers.items()], "s", TACHO, 3)
    return rows



def goals(ratio, value):
    for column, bound in (("start, s", 1), ("stop, s", 2)):
        yield f"5 000 functions, {column}", value(group(5000), TACHO, column), "at most", bound
