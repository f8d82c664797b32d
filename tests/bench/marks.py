#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What marks cost: subject `marks`.

C: a loop with a mark and without one. Python: a block, while nobody records and while an empty BPF
program is at its places, beside timers as QuantumLeap, ProxyStore and Junmai have them (their steps,
written anew: an identifier, two clocks, a record under a lock; a clock object and statistics by
name; a record in a bounded list and a line of a log file).
"""
import json
import os
import pathlib
import re

from bench import Contender

TITLE = "What marks cost"
BUDGET_S = 90
NOTES = ()
TOP = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"
NOPS = "two five-byte nops"
BLOCK = "time_it block"
C_LOOP = r'''
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tacho/mark.h>
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
__attribute__((noinline)) static void bare(long *sum) { __asm__ volatile("" : "+m"(*sum)); }
__attribute__((noinline)) static void marked(long *sum)
{
	TACHO_SCOPE("x");
	__asm__ volatile("" : "+m"(*sum));
}
__attribute__((noinline)) static void nops(long *sum)
{
	__asm__ volatile(".globl bench_nop_a\nbench_nop_a: .byte 0x0f, 0x1f, 0x44, 0, 0");
	__asm__ volatile("" : "+m"(*sum));
	__asm__ volatile(".globl bench_nop_b\nbench_nop_b: .byte 0x0f, 0x1f, 0x44, 0, 0");
}
int main(int argc, char **argv)
{
	long n = atol(argv[1]), sum = 0;
	double begin = now(), middle, end;
	for (long i = 0; i < n; i++)
		bare(&sum);
	middle = now();
	for (long i = 0; i < n; i++)
		marked(&sum);
	end = now();
	for (long i = 0; i < n; i++)
		nops(&sum);
	printf("%g %g %g\n", (middle - begin) / (double)n, (end - middle) / (double)n,
	       (now() - end) / (double)n);
	return argc > 2;
}
'''
PYTHON_LOOP = r'''
import collections, json, logging, threading, time, uuid, sys, timeit
import tacho
N = int(sys.argv[1])

class QuantumLeap:
    def __init__(self):
        self.lock, self.samples, self.store = threading.Lock(), {}, collections.defaultdict(list)
    def block(self):
        sample = uuid.uuid4().hex
        self.samples[sample] = time.perf_counter()
        duration = time.perf_counter() - self.samples.pop(sample)
        with self.lock:
            self.store["label"].append((time.time_ns(), duration))

class ProxyStore:
    def __init__(self):
        self.records = {}
    def block(self):
        start = time.perf_counter_ns()
        elapsed = (time.perf_counter_ns() - start) / 1e6
        times = self.records.setdefault(hash("key"), {"attributes": {}, "counters": {}, "times": {}})["times"]
        new = dict(count=1, avg=elapsed, min=elapsed, max=elapsed, last=elapsed, at=time.time())
        old = times.get("store.put")
        if old:
            n = old["count"] + 1
            new = dict(count=n, avg=(old["avg"] * old["count"] + elapsed) / n, min=min(old["min"], elapsed),
                       max=max(old["max"], elapsed), last=elapsed, at=new["at"])
        times["store.put"] = new

class Junmai:
    def __init__(self, path):
        import datetime
        self.datetime, self.history = datetime.datetime, collections.deque(maxlen=10000)
        self.log = logging.getLogger("bench")
        self.log.propagate = False
        self.log.setLevel(logging.INFO)
        self.log.addHandler(logging.FileHandler(path))
    def block(self):
        start = time.time()
        record = dict(timestamp=self.datetime.now().isoformat(), operation="op",
                      duration_ms=(time.time() - start) * 1000, photo_id=None, job_id=None, stage=None,
                      success=True, error_message=None)
        self.history.append(record)
        self.log.info(json.dumps(record))

def ns(function, n):
    return timeit.timeit(function, number=n) / n * 1e9

shared = tacho.time_it("shared")
@tacho.time_it("decorated")
def decorated(): pass
def bare(): pass
def block():
    with tacho.time_it("block"): pass
def shared_block():
    with shared: pass
print(json.dumps({"bare call": ns(bare, N), "time_it block": ns(block, N) - 0,
    "time_it block, made once": ns(shared_block, N), "time_it decorator": ns(decorated, N),
    "as QuantumLeap": ns(QuantumLeap().block, N), "as ProxyStore": ns(ProxyStore().block, N),
    "as Junmai": ns(Junmai(sys.argv[2]).block, N // 10)}))
'''


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

    def contender(self, name):
        def once():
            number = self.taken.get(name, 0)
            if number == len(self.runs):
                self.runs.append(self.run())
            self.taken[name] = number + 1
            return self.runs[number][name]
        return Contender(name, once)


def start_up_us(bench, package, autoload):
    """Of a Python that does nothing."""
    code = "import sys, time; t = time.perf_counter_ns(); " + (
        f"sys.path.append({str(package)!r}); exec(open({str(package / 'tacho_autoload.pth')!r})"
        ".read()); " if autoload else "") + "print((time.perf_counter_ns() - t) / 1e3)"
    return float(bench.run([PYTHON, "-c", code], env={"PATH": os.environ["PATH"]}).stdout)


def measure(bench):
    package = bench.build / "python"
    core = package / "_tacho_marks.abi3.so"
    scratch = bench.scratch
    (scratch / "loop.c").write_text(C_LOOP)
    (scratch / "loop.py").write_text(PYTHON_LOOP)
    bench.run(["gcc", "-O2", f"-I{TOP / 'include'}", scratch / "loop.c", "-o", scratch / "loop"])
    env = dict(os.environ, PYTHONPATH=str(package))
    few = 100 if bench.quick else 1

    def run(command, file):
        probed = [bench.build / "bench/empty_marks", bench.build / "bench/empty.bpf.o", file,
                  *places(bench, file), "--"] if file else []
        return bench.run([*probed, *command], env=env).stdout

    def c_loop(cnt, file=None):
        return Loop(lambda: dict(zip(("no mark", "TACHO_SCOPE", NOPS), map(
            float, run([scratch / "loop", str(cnt // few)], file).split()))))

    def python_loop(cnt, file=None):
        return Loop(lambda: json.loads(run(
            [PYTHON, scratch / "loop.py", str(cnt // few), scratch / "log"], file)))
    timers = ("bare call", BLOCK, "time_it block, made once", "time_it decorator",
              "as QuantumLeap", "as ProxyStore", "as Junmai")
    rows = []
    for group, loop, names, base in (
            ("C, nobody records", c_loop(50_000_000), ("no mark", "TACHO_SCOPE"), "no mark"),
            ("C, with an empty probe at each place", c_loop(500_000, scratch / "loop"),
             (NOPS, "TACHO_SCOPE"), NOPS),
            ("Python, nobody records", python_loop(200_000), timers, BLOCK),
            ("Python, with an empty probe at each place", python_loop(100_000, core), timers, BLOCK)):
        rows += bench.interleave(group, [loop.contender(name) for name in names], unit="ns",
                                 base=base, rounds=1 if bench.quick else 5)
    return rows + bench.interleave("a Python that does nothing starts", [
        Contender("without the package", lambda: start_up_us(bench, package, False)),
        Contender("with it", lambda: start_up_us(bench, package, True)),
    ], unit="us", base="without the package", rounds=1 if bench.quick else 7)


def goals(ratio, value):
    nothing, scope = (value("C, nobody records", name) for name in ("no mark", "TACHO_SCOPE"))
    if nothing is not None and scope is not None:
        yield "an inactive C scope over none, in ns", scope - nothing, "at most", 1
    yield ("an active C scope, against two probed five-byte nops",
           ratio("C, with an empty probe at each place", "TACHO_SCOPE", NOPS), "at most", 1.15)
    for peer in ("as QuantumLeap", "as ProxyStore", "as Junmai"):
        yield (f"an active Python block, against a timer {peer}",
               ratio("Python, with an empty probe at each place", BLOCK, peer), "at most", 1)
