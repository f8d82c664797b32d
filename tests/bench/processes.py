# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What recording processes costs the machine, and which processes are seen."""
import collections
import contextlib
import csv
import functools
import re
import resource
import signal
import subprocess
import time

from bench import Contender, Failed, Sample, cpu_ns, raise_limit
from results import thousands

TITLE = "Processes"
BUDGET_S = 270
NOTES = ("seen",)
PSUTIL_PYTHON = "/usr/bin/python3"
CROWDS = (20, 200, 2000, 5000)
TACHO, C_LOOP, PSUTIL = "Tachograph", "/proc/PID/stat read in C", "psutil"
TICK_S = 2
BRIEF = 1000
ALONE, RECORDING = "alone", "while Tachograph records"
SCHEDULER = "**`perf bench sched pipe`**, an operation"
SEEN = f"**{thousands(BRIEF)} processes that live for a moment**"


@contextlib.contextmanager
def sleepers(bench, cnt):
    raise_limit(resource.RLIMIT_NPROC, cnt + 4096)
    with subprocess.Popen([bench.program("sleepers"), str(cnt)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as crowd:
        try:
            if crowd.stdout.readline() != b"ready\n":
                raise Failed(f"{cnt} processes could not be made")
            yield
        finally:
            crowd.stdin.close()


@contextlib.contextmanager
def recorder(bench, settings):
    """A recorder in the background, from when it records on. Yields (process, its directory)."""
    conf = bench.file("tacho.conf", settings)
    with bench.background([bench.tacho, "record", "-c", conf, "-d", conf.parent / "data"],
                          lambda text: "tacho: recording" in text) as (process, _):
        yield process, conf.parent / "data"


def tacho_tick(bench):
    """CPU time of a tick, with all that the recorder does in between, rows on disk included."""
    def ticks():
        return (data / "system_detail.csv").read_bytes().count(b"\n")

    with recorder(bench, "[resources]\nenabled = yes\nprocesses = *\ninterval = 200ms\n") as (
            process, data):
        bench.wait_until(lambda: (data / "system_detail.csv").exists() and ticks() > 3, 30,
                         "the first ticks")  # past the start
        used, before = cpu_ns(process.pid), ticks()
        time.sleep(bench.few(TICK_S, 0.5))
        used, after = cpu_ns(process.pid) - used, ticks()
    for path in data.iterdir():
        path.unlink()
    return used / (after - before) / 1e6


def printed_ms(bench, *command):
    return float(bench.run(command).stdout) / 1e6


def per_tick(bench, command):
    """Of a sampler that makes a tick a second, COUNT of them: what three cost more than one."""
    used = {}
    for cnt in (1, 3):
        try:
            used[cnt] = bench.run([*command(), str(cnt)]).cpu_s * 1e3
        finally:
            (bench.scratch / "atop.raw").unlink(missing_ok=True)
    return max(0, used[3] - used[1]) / 2


def tick_contenders(bench):
    scratch = bench.scratch
    return [
        Contender(TACHO, functools.partial(tacho_tick, bench)),
        Contender(C_LOOP, lambda: printed_ms(bench, bench.program("read_stats"), 20)),
        Contender(PSUTIL, lambda: printed_ms(bench, PSUTIL_PYTHON, bench.here / "psutil_tick.py",
                                                 2, scratch / "psutil_rows")),
        Contender("pidstat", lambda: per_tick(bench, lambda: [
            bench.need("pidstat"), "-u", "-r", "-h", "-p", "ALL", "1"])),
        Contender("atop", lambda: per_tick(bench, lambda: [
            bench.need("atop"), "-w", scratch / "atop.raw", "1"])),
    ]


def crowd_words(cnt):
    return f"**A tick over {thousands(cnt)} processes**, CPU time"


def ticks(bench, cnt):
    with sleepers(bench, cnt):
        return bench.interleave(crowd_words(cnt), tick_contenders(bench), "ms", TACHO, 3)


def sched_pipe(bench):
    done = bench.run(["taskset", "-c", "0", bench.need("perf"), "bench", "sched", "pipe", "-l",
                      str(bench.few(50000, 1000))])
    return float(re.search(r"([\d.]+) usecs/op", done.stdout)[1]) * 1000


def sched_pipe_recording(bench):
    with recorder(bench, f"[state CALL]\nfunction = {bench.program('calls')}:entry_push\n"
                         "[resources]\nenabled = yes\nprocesses = *\n"):
        return sched_pipe(bench)


# --- short-lived processes: each watcher counts those of one run of tests/bench/brief.c -----------

def brief(bench):
    cnt = bench.few(BRIEF, 50)
    bench.run([bench.program("brief"), cnt])
    return cnt


def seen_by(bench, found):
    cnt = bench.few(BRIEF, 50)
    return Sample(found, {"seen": f"{100 * found / cnt:.4g} %"})


def tacho_sees(bench):
    child = f"{bench.program('brief')} child"
    with recorder(bench, f"[resources]\nenabled = yes\nprocesses = {child}\n") as (process, data):
        brief(bench)
        process.send_signal(signal.SIGINT)
        bench.wait_until(lambda: process.poll() is not None, 30, "tacho to end")
    with open(data / "process_detail.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return seen_by(bench, sum(row["event"] == "exit" for row in rows))


def watcher_sees(bench, command, line, ready=None):
    """Counts different processes (the group of `line`) in what a program has printed."""
    program = bench.need(command[0])
    with bench.background(["stdbuf", "-oL", program, *command[1:]], ready) as (process, text):
        if not ready:
            bench.wait_until(lambda: len(text().splitlines()) > 2, 20, f"{command[0]} to be ready")
        brief(bench)
        return settled(lambda: len(set(re.findall(line, text(), re.M))))


def settled(count, still_s=2, patience_s=20):
    """What it has come to when it has not grown for longer than samplers and pipes may take."""
    found, until = count(), time.monotonic() + patience_s
    since = time.monotonic()
    while time.monotonic() < min(since + still_s, until):
        time.sleep(0.1)
        if count() != found:
            found, since = count(), time.monotonic()
    return found


def execsnoop_sees(bench):
    return seen_by(bench, watcher_sees(
        bench, ["execsnoop"], r"^brief\s+(\d+) .*brief child", lambda text: "PCOMM" in text))


def exitsnoop_sees(bench):
    return seen_by(bench, watcher_sees(
        bench, ["exitsnoop"], r"^brief\s+(\d+)\s.*\s7\s*$", lambda text: "PCOMM" in text))


def pidstat_sees(bench):
    found = watcher_sees(bench, ["pidstat", "-h", "-l", "-p", "ALL", "1"],
                         r"^\d\S*\s+(?:[AP]M\s+)?\d+\s+(\d+)\s.*brief child\s*$")
    return seen_by(bench, found)


def psutil_sees(bench):
    with bench.background([PSUTIL_PYTHON, "-u", bench.here / "psutil_watch.py", "1"],
                          lambda text: "ready" in text) as (_, text):
        brief(bench)
        time.sleep(1.5)
        return seen_by(bench, len(set(re.findall(r"^(\d+) \S*brief child$", text(), re.M))))


def atop_sees(bench):
    """It turns process accounting on by itself."""
    raw = bench.directory() / "atop.raw"
    with bench.background([bench.need("atop"), "-w", raw, "1"]):
        bench.wait_until(lambda: raw.exists() and raw.stat().st_size > 1000, 20, "atop to be ready")
        brief(bench)
        time.sleep(2.5)
    text = bench.run(["atop", "-r", raw, "-PPRG"]).stdout
    ended = re.findall(r"^PRG \S+ \d+ \S+ \S+ \d+ (\d+) \(brief\) E (?:\d+ ){4}7 ", text, re.M)
    return seen_by(bench, len(set(ended)))


WATCHERS = collections.OrderedDict([
    (TACHO, tacho_sees), ("execsnoop (libbpf-tools)", execsnoop_sees),
    ("exitsnoop (libbpf-tools)", exitsnoop_sees), ("atop, each second, with accounting", atop_sees),
    ("pidstat, each second", pidstat_sees), ("psutil, each second", psutil_sees)])


def measure(bench):
    rows = []
    for cnt in CROWDS:
        if bench.quick and cnt > 20:
            break
        rows += ticks(bench, cnt)
    rows += bench.interleave(SCHEDULER, [
        Contender(ALONE, functools.partial(sched_pipe, bench)),
        Contender(RECORDING, functools.partial(sched_pipe_recording, bench))], "ns", ALONE, 10)
    rows += bench.interleave(SEEN, [Contender(name, functools.partial(sees, bench))
                                    for name, sees in WATCHERS.items()], "processes", None, 2)
    return rows


def goals(ratio, value):
    yield "a tick over 2 000 processes, psutil's against it", \
        ratio(crowd_words(2000), PSUTIL, TACHO), "at least", 20
    yield "the same, of reading /proc/PID/stat in C", \
        ratio(crowd_words(2000), C_LOOP, TACHO), "at least", 5
    yield "`perf bench sched pipe` while recording, against alone", \
        ratio(SCHEDULER, RECORDING, ALONE), "at most", 1.05
    yield "processes seen that live for a moment", value(SEEN, TACHO), "at least", BRIEF
