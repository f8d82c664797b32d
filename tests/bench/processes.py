#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What recording processes costs the machine: tests/bench/processes.py BUILD.

The cost of a tick beside psutil's and beside reading /proc/PID/stat in C, what the scheduler loses,
and what the recorder uses while nothing happens. Each pair in turn, several rounds in one run; medians
and their ratios. Absolute times mean little on a virtual machine; ratios of one run do.
"""
import contextlib
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PSUTIL_PYTHON = "/usr/bin/python3"
HERE = pathlib.Path(__file__).parent
ROUNDS = 5
PROCESSES = 2000
IDLE_PROCESSES = 200
IDLE_S = 40


@contextlib.contextmanager
def sleepers(build, cnt):
    with subprocess.Popen([build / "bench" / "sleepers", str(cnt)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as crowd:
        crowd.stdout.readline()
        try:
            yield
        finally:
            crowd.stdin.close()


@contextlib.contextmanager
def recorder(build, scratch, settings):
    """A recorder in the background, from when it records on."""
    conf, messages = scratch / "tacho.conf", scratch / "messages"
    conf.write_text(settings)
    with open(messages, "w") as stderr, subprocess.Popen(
            [build / "tacho", "record", "-c", conf, "-d", scratch / "data"],
            stderr=stderr) as process:
        while "tacho: recording" not in messages.read_text():
            if process.poll() is not None:
                sys.exit(messages.read_text())
            time.sleep(0.05)
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait()
    shutil.rmtree(scratch / "data")


def cpu_ns(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def sample_rows(scratch):
    data = (scratch / "data" / "process_detail.csv").read_bytes()
    return data.count(b",sample,")


def tacho_tick(build, scratch):
    """CPU time of a tick, with all that the recorder does in between, rows on disk included."""
    settings = "[resources]\nenabled = yes\nprocesses = *\ninterval = 200ms\n"
    with recorder(build, scratch, settings) as pid:
        time.sleep(1)  # past the start
        used, ticks = cpu_ns(pid), (scratch / "data" / "system_detail.csv").read_bytes().count(b"\n")
        time.sleep(4)
        used = cpu_ns(pid) - used
        ticks = (scratch / "data" / "system_detail.csv").read_bytes().count(b"\n") - ticks
    return used / ticks


def printed_number(*command):
    return float(subprocess.run([str(part) for part in command], check=True, capture_output=True,
                                text=True).stdout)


def bench_tick(build, scratch):
    times = {"tacho": [], "psutil": [], "/proc/PID/stat in C": []}
    with sleepers(build, PROCESSES):
        for _ in range(ROUNDS):
            times["tacho"].append(tacho_tick(build, scratch))
            times["psutil"].append(printed_number(PSUTIL_PYTHON, HERE / "psutil_tick.py", 3,
                                                  scratch / "rows"))
            times["/proc/PID/stat in C"].append(printed_number(build / "bench" / "read_stats", 20))
    print(f"a tick over {PROCESSES} processes, CPU time")
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"  {name:20} {medians[name] / 1e6:9.2f} ms   ({min(values) / 1e6:.2f} to "
              f"{max(values) / 1e6:.2f})")
    for name, goal in (("psutil", 20), ("/proc/PID/stat in C", 5)):
        print(f"  {name} / tacho: {medians[name] / medians['tacho']:.1f} (asked: {goal} or more)")


def sched_pipe():
    done = subprocess.run(["taskset", "-c", "0", "perf", "bench", "sched", "pipe", "-l", "100000"],
                          check=True, capture_output=True, text=True).stdout
    return float(re.search(r"([\d.]+) usecs/op", done)[1])


def bench_scheduler(build, scratch):
    settings = (f"[state CALL]\nfunction = {build / 'bench' / 'calls'}:entry_push\n"
                "[resources]\nenabled = yes\nprocesses = *\n")
    without, beside = [], []
    for _ in range(2 * ROUNDS):
        without.append(sched_pipe())
        with recorder(build, scratch, settings):
            beside.append(sched_pipe())
    ratio = statistics.median(beside) / statistics.median(without)
    print("perf bench sched pipe, no activity open")
    print(f"  alone {statistics.median(without):.2f} us, while recording "
          f"{statistics.median(beside):.2f} us: {100 * (ratio - 1):+.1f} % (asked: at most 5 %)")


def bench_idle(build, scratch):
    with sleepers(build, IDLE_PROCESSES), \
            recorder(build, scratch, "[resources]\nenabled = yes\nprocesses = *\n") as pid:
        time.sleep(2)
        used = cpu_ns(pid)
        time.sleep(IDLE_S)
        used = (cpu_ns(pid) - used) / (IDLE_S * 1e9)
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    rss_mb = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
    print(f"the recorder, at the default interval, with {IDLE_PROCESSES} processes, all chosen")
    print(f"  {100 * used:.3f} % of a CPU (asked: below 0.1 %), {rss_mb:.1f} MB RSS (asked: below "
          "30 MB)")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tacho-bench-"))
    try:
        bench_tick(build, scratch)
        bench_scheduler(build, scratch)
        bench_idle(build, scratch)
    finally:
        shutil.rmtree(scratch)


main()
