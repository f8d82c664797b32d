#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What recording a call costs the program: tests/bench/call_cost.py BUILD.

Runs the same program in turn untraced, with an empty session program (the floor of what a probe
costs), and under tacho in its modes, several rounds in one run; prints the best of each and the
ratios. Absolute times mean little on a virtual machine; ratios of one run do.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROUNDS = 5
CALLS = {"untraced": 20_000_000, "floor": 300_000, "fast": 300_000, "safe": 30_000,
         "symbol": 30_000}
# name: which function of tests/bench/calls.c, and the settings of its state
RUNS = {
    "untraced push": ("push", None),
    "floor push": ("push", None),
    "fast push": ("push", "exit = fast"),
    "safe push": ("push", "exit = safe"),
    "floor cet": ("cet", None),
    "fast cet": ("cet", "exit = fast"),
    "symbol cet": ("cet", "exit = fast\nplace = symbol"),
}
# what is asked for: (name, compared to, at most, in words)
GOALS = [
    ("fast push", "floor push", 1.15, "a recorded call, against an empty program at the place"),
    ("fast cet", "fast push", 1.15, "a function that begins with endbr64, against one without"),
]


def offset_of(tacho, program, function):
    """The place that tacho would choose, in the file."""
    plan = subprocess.run([tacho, "check", "--json", "-s", f"X={program}:entry_{function}"],
                          check=True, capture_output=True, text=True).stdout
    return hex(json.loads(plan)["states"][0]["targets"][0]["probes"][0]["offset"])


def commands(build, scratch):
    tacho, program = str(build / "tacho"), str(build / "bench" / "calls")
    for name, (function, settings) in RUNS.items():
        kind = name.split()[0]
        command = [program, function, "1", str(CALLS[kind])]
        if kind == "floor":
            command = [str(build / "bench" / "empty_session"),
                       str(build / "bench" / "empty.bpf.o"), program,
                       offset_of(tacho, program, function)] + command
        elif settings:
            conf = scratch / f"{name.replace(' ', '_')}.conf"
            conf.write_text(f"[record]\nrate-limit = 0\n[state CALL]\n"
                            f"function = {program}:entry_{function}\n{settings}\n")
            command = [tacho, "record", "-c", str(conf), "-d", str(conf.with_suffix("")),
                       "--"] + command
        yield name, bool(settings), command


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tacho-bench-"))
    best = {}
    try:
        for _ in range(ROUNDS):
            for name, recorded, command in commands(build, scratch):
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{name}: {done.stderr}")
                if recorded and " 0 lost" not in done.stderr:
                    sys.exit(f"{name} lost calls: {done.stderr}")
                best[name] = min(best.get(name, 1e18), float(done.stdout))
    finally:
        shutil.rmtree(scratch)
    print(f"{'':16} {'ns/call':>10} {'/ floor':>8}")
    for name, ns in best.items():
        floor = best[f"floor {name.split()[1]}"]
        print(f"{name:16} {ns:10.1f} {ns / floor:8.2f}")
    for name, base, most, words in GOALS:
        ratio = best[name] / best[base]
        print(f"{words}: {ratio:.2f} (asked for: at most {most}"
              f"{'' if ratio <= most else '; not met'})")


if __name__ == "__main__":
    main()
