# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How many calls a second are recorded without loss, and what happens beyond that.

Two threads are busy calling a function at a given rate; on two CPUs the recorder shares these.
"""
import contextlib
import csv
import dataclasses
import functools
import os
import pathlib
import re
import signal

from bench import Contender, Failed, Sample, cpu_ns
from tracers import TIMEOUT_S, bpftrace_script, bpftrace_words

TITLE = "Sustained rate"
BUDGET_S = 160
NOTES = ("calls/s asked", "calls/s made", "recorded", "lost", "ledger")
THREADS = 2
FUNCTION = "paced_call"
LOWEST, HIGHEST, STEPS = 10_000, 2_000_000, 6
TACHO, RATES, BEYOND = "Tachograph", "**The highest rate without loss**", "**At twice that rate**"
COSTS, BYTES = "**The recorder's CPU time, at that rate**", "**Bytes written, at that rate**"


@dataclasses.dataclass
class Load:
    made: int  # calls, by the program's own count
    rate: float  # of them a second
    recorded: int
    lost: int  # as the tracer says
    ledger: str = ""
    recorder_ns: float = 0  # of CPU, all in all
    bytes: int = 0

    @property
    def complete(self):
        return self.recorded == self.made and not self.lost


def paced(bench, rate, seconds):
    return [bench.program("paced"), str(THREADS), str(int(rate)), str(seconds)]


def made(printed):
    found = re.search(r"^paced: (\d+) (\d+)$", printed, re.M)
    if not found:
        raise Failed("the program was not run to its end")
    return int(found[1]), float(found[2])


def balance(path):
    """Does the ledger add up? Returns (rows recorded, lost, words)."""
    with open(path, newline="") as file:
        last = list(csv.DictReader(file))[-1]
    number = {name: int(value) for name, value in last.items() if name not in ("time_ns", "state")}
    ended = sum(number[name] for name in ("returned", "exception", "unwound", "thread_exit", "exec",
                                          "killed"))
    lost = sum(value for name, value in number.items() if name.startswith("lost_"))
    off = number["entries"] - ended - number["open"] - lost
    return ended, lost, number["entries"], "balances" if not off else f"is off by {off}"


def tacho(bench, rate, seconds, formats="opentrons, detail"):
    directory = bench.directory()
    conf = bench.file("tacho.conf", f"[record]\nrate-limit = 0\nformats = {formats}\n[state CALL]\n"
                      f"function = {bench.program('paced')}:{FUNCTION}\nexit = fast\n")
    with bench.background([bench.tacho, "record", "-c", conf, "-d", directory],
                          lambda text: "tacho: recording" in text) as (process, _):
        before = cpu_ns(process.pid)
        calls, achieved = made(bench.run(paced(bench, rate, seconds), TIMEOUT_S).stdout)
        process.send_signal(signal.SIGINT)
        used = exit_cpu_ns(bench, process) - before
    recorded, lost, entries, ledger = balance(directory / "activity_ledger.csv")
    if entries != calls:
        ledger += f", with {entries} entries of {calls} calls"
    size = sum(path.stat().st_size for path in directory.iterdir())
    for path in directory.iterdir():
        path.unlink()
    return Load(calls, achieved, recorded, lost, ledger, used, size)


def exit_cpu_ns(bench, process):
    """What it has used when it is over: it is not waited for until it has been looked at."""
    last = [0]

    def over():
        stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        if stat[0] == "Z":
            return True
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            last[0] = cpu_ns(process.pid)
        return False

    bench.wait_until(over, TIMEOUT_S, "tacho to end", 0.0005)
    return last[0]


def bpftrace(bench, rate, seconds, newer=False):
    output = bench.directory() / "output"
    words = ["bpftrace", "-o", str(output), "-e",
             bpftrace_script(bench.program("paced"), FUNCTION, "print"), "-c",
             " ".join(paced(bench, rate, seconds))]
    done = bench.run(bpftrace_words(bench, words, newer), TIMEOUT_S)
    calls, achieved = made(done.stdout)
    with open(output, "rb") as lines:
        recorded = sum(line[:1].isdigit() for line in lines)
    text = done.stderr + done.stdout
    lost = sum(map(int, re.findall(r"[Ll]ost (\d+) events", text)))
    size = output.stat().st_size
    output.unlink()
    return Load(calls, achieved, recorded, lost or max(0, calls - recorded), bytes=size)


def perf(bench, rate, seconds):
    group, data = f"tacho_bench_{os.getpid()}", bench.directory() / "perf.data"
    program = bench.need("perf")
    try:
        bench.run([program, "probe", "-x", bench.program("paced"),
                   "--add", f"{group}:begins={FUNCTION}",
                   "--add", f"{group}:ends={FUNCTION}%return"])
        done = bench.run([program, "record", "-q", "-o", data, "-e", f"{group}:*", "--",
                          *paced(bench, rate, seconds)], TIMEOUT_S)
        said = bench.run([program, "report", "--stats", "-i", data], TIMEOUT_S).stdout
    finally:
        bench.run([program, "probe", "-q", "-d", f"{group}:*"], may_fail=True)
    calls, achieved = made(done.stdout)
    samples = re.search(r"SAMPLE events:\s+(\d+)", said)
    recorded = int(samples[1]) // 2 if samples else 0
    size = data.stat().st_size
    data.unlink()
    return Load(calls, achieved, recorded, max(0, calls - recorded), bytes=size)


def highest(run, seconds):
    """First as much as can be made at all; then the best of a search that halves the interval, on a
    scale of ratios."""
    low, high, best = LOWEST, HIGHEST, None
    rate = HIGHEST
    for _ in range(STEPS):
        load = run(rate, seconds)
        if load.complete and (not best or load.rate > best.rate):
            best = load
        if load.complete and rate == HIGHEST:
            break
        low, high = (rate, high) if load.complete else (low, rate)
        rate = (low * high) ** 0.5
    if not best:
        raise Failed(f"lost calls at {high:,.0f} a second too")
    return best


def notes(load, asked=None):
    found = {"calls/s made": round(load.rate), "lost": load.lost,
             "recorded": f"{100 * load.recorded / load.made:.4g} %"}
    if asked:
        found["calls/s asked"] = round(asked)
    if load.ledger:
        found["ledger"] = load.ledger
    return found


def measure(bench):
    seconds = bench.few(2, 0.3)
    best = {}

    def search(name, run):
        best[name] = highest(functools.partial(run, bench), seconds)
        return Sample(best[name].rate, notes(best[name]))

    def at_highest(name):
        if name not in best:
            raise Failed("no such rate was found")
        return best[name]

    def beyond(name, run):
        asked = 2 * at_highest(name).rate
        load = run(bench, asked, seconds)
        return Sample(load.rate / asked, notes(load, asked))

    runs = {TACHO: tacho, "Tachograph, `formats = opentrons`":
            functools.partial(tacho, formats="opentrons"),
            "bpftrace, a line a call": bpftrace,
            "newer bpftrace, a line a call": functools.partial(bpftrace, newer=True),
            "perf probe, perf record": perf}
    own = [name for name in runs if name.startswith(TACHO)]
    rows = bench.interleave(RATES, [Contender(name, functools.partial(search, name, run), 1)
                                    for name, run in runs.items()], "calls/s", TACHO, 1)
    rows += bench.interleave(COSTS, [
        Contender(name, lambda name=name: at_highest(name).recorder_ns / at_highest(name).recorded)
        for name in own], "ns/call", TACHO, 1)
    rows += bench.interleave(BYTES, [
        Contender(name, lambda name=name: at_highest(name).bytes / at_highest(name).recorded)
        for name in runs], "bytes/call", TACHO, 1)
    rows += bench.interleave(BEYOND, [Contender(name, functools.partial(beyond, name, run))
                                      for name, run in runs.items()], "made/asked", None, 2)
    return rows
