# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What psutil says of processes, for the tests that compare: a program for the Python that has it.

    python3 psutil_view.py once PID...     one look at each
    python3 psutil_view.py watch PID...    looks again and again until stdin ends

One JSON object a line and look: the time before and after it, and the values as the resource tracker of
the Opentrons package computes its columns from them. Command lines are in hexadecimal, since they
may be no UTF-8.
"""
import json
import os
import select
import sys
import time

import psutil


def command_of(process):
    """The reference's way: each argument stripped, joined by blanks, and stripped again."""
    return " ".join(arg.strip() for arg in process.cmdline()).strip()


def look(process):
    before_ns = time.time_ns()
    with process.oneshot():
        times = process.cpu_times()
        seen = {
            "pid": process.pid,
            "command": os.fsencode(command_of(process)).hex(),
            "running_since": repr(process.create_time()),
            "user": times.user,
            "system": times.system,
            "memory_percent": repr(process.memory_percent()),
        }
    return dict(seen, before_ns=before_ns, after_ns=time.time_ns())


def main():
    processes = [psutil.Process(int(pid)) for pid in sys.argv[2:]]
    while True:
        for process in processes:
            print(json.dumps(look(process)), flush=True)
        if sys.argv[1] == "once" or select.select([sys.stdin], [], [], 0.01)[0]:
            return


main()
