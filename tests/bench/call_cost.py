#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What recording a call costs the program: tests/bench/call_cost.py BUILD.

Runs the same program in turn untraced, with an empty session program (the floor of what a probe
costs), and under tacho in its modes, several rounds in one run; prints medians and the ratio to the
floor. Absolute times mean little on a virtual machine; ratios of one run do.
"""
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 5
CALLS = {"untraced": 20_000_000, "floor": 300_000, "fast": 300_000, "safe": 30_000}


def offset_of(tacho, program):
    plan = subprocess.run([tacho, "check", "-s", f"X={program}:entry_push"], check=True,
                          capture_output=True, text=True).stdout
    return [line.split()[1] for line in plan.splitlines() if line.split()[0] == "offset"][0]


def commands(build, scratch):
    tacho, program = str(build / "tacho"), str(build / "bench" / "calls")
    conf = {}
    for mode in ("fast", "safe"):
        conf[mode] = scratch / f"{mode}.conf"
        conf[mode].write_text(f"[state CALL]\nfunction = {program}:entry_push\nexit = {mode}\n")
    floor = [str(build / "bench" / "empty_session"), str(build / "bench" / "empty.bpf.o"), program,
             offset_of(tacho, program)]

    def tail(kind):
        return [program, "1", str(CALLS[kind])]
    yield "untraced", tail("untraced")
    yield "floor", floor + tail("floor")
    for mode in ("fast", "safe"):
        yield mode, [tacho, "record", "-c", str(conf[mode]), "-d", str(scratch / mode), "--",
                     *tail(mode)]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tacho-bench-"))
    times = {}
    try:
        for _ in range(ROUNDS):
            for name, command in commands(build, scratch):
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{name}: {done.stderr}")
                if name in ("fast", "safe") and " 0 lost" not in done.stderr:
                    sys.exit(f"{name} lost calls: {done.stderr}")
                times.setdefault(name, []).append(float(done.stdout))
    finally:
        shutil.rmtree(scratch)
    floor = statistics.median(times["floor"])
    print(f"{'':10} {'ns/call':>10} {'min':>10} {'max':>10} {'/ floor':>8}")
    for name, ns in times.items():
        median = statistics.median(ns)
        print(f"{name:10} {median:10.1f} {min(ns):10.1f} {max(ns):10.1f} {median / floor:8.2f}")


if __name__ == "__main__":
    main()
