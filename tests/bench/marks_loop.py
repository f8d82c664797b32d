# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""marks_loop.py COUNT DIRECTORY: what an empty block costs, marked and timed by other means.

Prints a JSON object of CPU times in nanoseconds. The contenders take turns in small slices, so that
what else the machine does befalls all of them. COUNT is less than what fills QuantumLeap's bucket,
whose file is not in the figures.
"""
import json
import pathlib
import sys
import time

import python_timers
import tacho

SLICES = 10


def contenders(directory):
    quantumleap = python_timers.Bucket(directory)
    junmai, proxystore = python_timers.History(directory), python_timers.Sums(directory)
    made_once = tacho.time_it("made once")

    def bare():
        pass

    def block():
        with tacho.time_it("block"):
            pass

    def block_made_once():
        with made_once:
            pass

    @tacho.time_it("decorated")
    def decorated():
        pass

    def as_quantumleap():
        with quantumleap.block("block"):
            pass

    def as_proxystore():
        with python_timers.Stopwatch() as watch:
            pass
        proxystore.add("store.put", proxystore.key, watch.ms)

    def as_junmai():
        with junmai.block("block"):
            pass

    return {"bare call": bare, "time_it block": block, "time_it block, made once": block_made_once,
            "time_it decorator": decorated, "as QuantumLeap": as_quantumleap,
            "as ProxyStore": as_proxystore, "as Junmai": as_junmai}


def slice_ns(function, cnt):
    began_ns = time.process_time_ns()
    for _ in range(cnt):
        function()
    return time.process_time_ns() - began_ns


def main():
    cnt = int(sys.argv[1]) // SLICES
    assert cnt * SLICES < python_timers.Bucket.UNTIL_FULL
    spent_ns = {}
    functions = contenders(pathlib.Path(sys.argv[2]))
    for _ in range(SLICES):
        for name, function in functions.items():
            spent_ns[name] = spent_ns.get(name, 0) + slice_ns(function, cnt)
    print(json.dumps({name: ns / cnt / SLICES for name, ns in spent_ns.items()}))


main()
