# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What marks cost: a block that does nothing, with a mark and without one.

While nobody records; while an empty BPF program is at its places, which is what the mark itself costs
whoever listens; and while Tachograph records it. The timers beside it are those of python_timers.py.
All of it is CPU time of the program, by marks_loop.c and marks_loop.py.
"""
import json
import os
import pathlib
import re

from bench import Contender, Failed, Sample, last_line

TITLE = "What marks cost"
BUDGET_S = 120
NOTES = ("recorded", "lost, as it says")
PYTHON = "/usr/bin/python3"
NO_MARK, SCOPE, BLOCK = "no mark", "TACHO_SCOPE", "time_it block"
NOPS, SHORT_NOPS = "two five-byte nops", "two one-byte nops"
TIMERS = ("as QuantumLeap", "as ProxyStore", "as Junmai")
BLOCKS = ("bare call", BLOCK, "time_it block, made once", "time_it decorator")
RECORDED = "{}, recorded by Tachograph"
START = "without the package"
GROUPS = {"C": "**C, nobody records**", "probed C": "**C, with an empty probe at each place**",
          "Python": "**Python, nobody records**",
          "probed Python": "**Python, with an empty probe at each place**",
          "start": "**A Python that does nothing starts**"}


def places(bench, path):
    """OFFSET:SEMAPHORE, in the file, of each beginning and end of a block, and of bare nops."""
    def readelf(option):
        return bench.run(["readelf", option, "-W", path], env=dict(os.environ, LC_ALL="C")).stdout
    segments = [[int(number, 16) for number in numbers] for numbers in re.findall(
        r"LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+)", readelf("-l"))]

    def offset(address):
        return next(hex(at + int(address, 16) - start) for at, start, size in segments
                    if start <= int(address, 16) < start + size)
    notes = re.findall(r"Name: (?:begin|end)\n *Location: (\w+), Base: \w+, Semaphore: (\w+)",
                       readelf("-n"))
    symbols = re.findall(r"(\w+) +\d+ NOTYPE +GLOBAL +DEFAULT +\d+ bench_nop", readelf("-s"))
    return [f"{offset(place)}:{offset(semaphore)}" for place, semaphore in notes] + [
        offset(address) for address in sorted(set(symbols))]


class Loop:
    """A program that measures several things at once; each contender takes its own of each run."""

    def __init__(self, run):
        self.run, self.runs, self.taken = run, [], {}

    def contender(self, name, of=None):
        def once():
            number = self.taken.get(name, 0)
            if number == len(self.runs):
                self.runs.append(self.run())
            self.taken[name] = number + 1
            return self.runs[number][of or name]
        return Contender(name, once)


class Programs:
    """marks_loop.c and marks_loop.py, run in the ways that are compared."""

    def __init__(self, bench):
        self.bench, self.c_program = bench, bench.program("marks_loop")
        self.package = bench.build / "python"
        self.core = self.package / "_tacho_marks.abi3.so"
        self.env = dict(os.environ, PYTHONPATH=str(self.package))

    def c(self, run, cnt):
        words = [self.c_program, self.bench.few(cnt, 1000)]

        def once():
            done, notes = run(words, self.c_program)
            bare, marked, *nops = map(float, done.stdout.splitlines()[0].split())
            return {NO_MARK: bare, SCOPE: Sample(marked, notes), NOPS: nops[0],
                    SHORT_NOPS: nops[1]}
        return Loop(once)

    def python(self, run, cnt=15_000):
        def once():
            done, notes = run([PYTHON, self.bench.here / "marks_loop.py", self.bench.few(cnt, 100),
                               self.bench.directory()], self.core)
            found = json.loads(done.stdout.splitlines()[0])
            return dict(found, **{BLOCK: Sample(found[BLOCK], notes)})
        return Loop(once)

    def plain(self, words, _):
        return self.bench.run(words, env=self.env), {}

    def probed(self, words, file):
        return self.bench.run([self.bench.program("empty_session"),
                               self.bench.program("empty.bpf.o"), file, "multi",
                               ",".join(places(self.bench, file)), *words], env=self.env), {}

    def recorded(self, words, file):
        conf = self.bench.file("tacho.conf", f"[record]\nrate-limit = 0\n[marks]\nprograms = {file}\n")
        done = self.bench.run([self.bench.tacho, "record", "-c", conf, "-d", conf.parent / "data",
                               "--", *words], env=self.env)
        found = re.search(r"tacho: (\d+) activit\S+ of .*?(\d+) open, (\d+) lost", done.stderr)
        if not found:
            raise Failed(f"tacho: {last_line(done.stderr)}")
        return done, {"recorded": int(found[1]), "lost, as it says": int(found[3])}


def start_up_us(bench):
    """CPU time of a whole Python that does nothing."""
    return bench.run([PYTHON, "-c", "pass"], env={"PATH": os.environ["PATH"]}).cpu_s * 1e6


def autoload_us(bench, package):
    """Of the line that Python finds in the folder of packages: too little to be seen in the whole."""
    line = package / "tacho_autoload.pth"
    code = (f"import sys, time; line = open({str(line)!r}).read(); sys.path.append({str(package)!r})\n"
            "began_ns = time.process_time_ns(); exec(line)\n"
            "print((time.process_time_ns() - began_ns) / 1e3)")
    return float(bench.run([PYTHON, "-c", code], env={"PATH": os.environ["PATH"]}).stdout)


def measure(bench):
    programs = Programs(bench)
    rounds, rows = 1 if bench.quick else 5, []
    c, python = programs.c, programs.python

    def group(name, base, contenders):
        rows.extend(bench.interleave(GROUPS[name], contenders, "ns", base, rounds))

    loop = c(programs.plain, 50_000_000)
    group("C", NO_MARK, [loop.contender(name) for name in (NO_MARK, SCOPE)])
    loop, recorded = c(programs.probed, 500_000), c(programs.recorded, 200_000)
    group("probed C", NOPS, [*(loop.contender(name) for name in (NOPS, SHORT_NOPS, SCOPE)),
                             recorded.contender(RECORDED.format(SCOPE), SCOPE)])
    loop = python(programs.plain)
    group("Python", BLOCK, [loop.contender(name) for name in (*BLOCKS, *TIMERS)])
    loop, recorded = python(programs.probed), python(programs.recorded)
    group("probed Python", BLOCK, [*(loop.contender(name) for name in (*BLOCKS, *TIMERS)),
                                   recorded.contender(RECORDED.format(BLOCK), BLOCK)])
    package = programs.package
    return rows + bench.interleave(GROUPS["start"], [
        Contender(START, lambda: start_up_us(bench)),
        Contender("what the package adds", lambda: autoload_us(bench, package)),
    ], unit="us", base=START, rounds=1 if bench.quick else 15)


def goals(ratio, value):
    nothing, scope = (value(GROUPS["C"], name) for name in (NO_MARK, SCOPE))
    if nothing is not None and scope is not None:
        yield "an inactive C scope over none, in ns", scope - nothing, "at most", 1
    yield ("an active C scope, against two probed five-byte nops",
           ratio(GROUPS["probed C"], SCOPE, NOPS), "at most", 1.15)
    for peer in TIMERS:
        yield (f"an active Python block, against a timer {peer}",
               ratio(GROUPS["probed Python"], BLOCK, peer), "at most", 1)
