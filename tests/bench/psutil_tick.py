# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""psutil_tick.py ROUNDS FILE: ticks as the resource tracker of the Opentrons package makes them,
with every process chosen. Prints the CPU time of one in nanoseconds."""
import csv
import fnmatch
import sys
import time

import psutil


def snapshot(process, command):
    with process.oneshot():
        times = process.cpu_times()
        return (time.clock_gettime_ns(time.CLOCK_REALTIME), command, process.create_time(),
                times.user, times.system, process.memory_percent())


def tick(path):
    rows = []
    for process in psutil.process_iter(attrs=["cmdline"]):
        cmdline = process.info["cmdline"]
        command = " ".join(arg.strip() for arg in cmdline).strip() if cmdline else ""
        if command and fnmatch.fnmatch(command, "*"):
            try:
                rows.append(snapshot(process, command))
            except psutil.NoSuchProcess:
                pass
    with open(path, "a") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)


def main():
    rounds = int(sys.argv[1])
    tick(sys.argv[2])  # the first one makes what later ones find in its cache
    begun = time.process_time_ns()
    for _ in range(rounds):
        tick(sys.argv[2])
    print((time.process_time_ns() - begun) // rounds)


main()
