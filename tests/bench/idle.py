# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the service and other daemons use while nothing happens, side by side in one minute."""
import contextlib
import re
import subprocess
import time
from pathlib import Path

from bench import Contender, Failed, Sample, cpu_ns
from processes import sleepers

TITLE = "Idle"
BUDGET_S = 90
NOTES = ("RSS, MB", "of it anonymous", "does meanwhile")
PROCESSES = 200
MINUTE_S = 60
GROUP = f"**CPU time in a minute**, {PROCESSES} processes that sleep"
TACHO = "Tachograph, default settings and a state"
TACHO_PROCESSES = "Tachograph, recording processes too"


def default_settings(bench):
    """systemd/tacho.conf as it is installed, with a state, which it has none of. Its file is where
    packages put theirs: the directories that lead there are watched, and a build folder is busy."""
    text = (bench.here.parents[1] / "systemd" / "tacho.conf").read_text()
    return text + "\n[state STEP]\nfunction = libsqlite3.so.0:sqlite3_step\n"


def tacho(bench, processes=False):
    settings = default_settings(bench)
    if processes:
        settings = settings.replace("\n[resources]\n",
                                    "\n[resources]\nenabled = yes\nprocesses = *\n")
    conf = bench.file("tacho.conf", settings)
    return [bench.tacho, "record", "-c", conf, "-d", conf.parent / "data"], \
        lambda text: "tacho: recording" in text


def daemons(bench):
    """name: (what it does, () -> (command, ready))"""
    return {
        TACHO: ("waits for calls of 1 function", lambda: tacho(bench)),
        TACHO_PROCESSES: ("and each 10 s all processes, rows to disk", lambda: tacho(
            bench, True)),
        "prometheus-node-exporter, not asked": ("waits", lambda: exporter(bench, 19100)),
        "prometheus-node-exporter, asked each 15 s": ("is asked, as Prometheus does by default",
                                                      lambda: exporter(bench, 19101)),
        "atop, each 600 s": ("its service's interval", lambda: atop(bench, 600)),
        "atop, each 10 s": ("all processes, to its file", lambda: atop(bench, 10)),
    }


def exporter(bench, port):
    return [bench.need("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}"], \
        lambda text: "istening" in text


def atop(bench, seconds):
    raw = bench.directory() / "atop.raw"
    return [bench.need("atop"), "-w", raw, str(seconds)], lambda text: raw.exists()


def rss_mb(pid, what="VmRSS"):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024


def ask_each(seconds, until):
    while time.monotonic() < until:
        subprocess.run(["curl", "-s", "-o", "/dev/null", "http://127.0.0.1:19101/metrics"],
                       timeout=30)
        time.sleep(max(0, min(seconds, until - time.monotonic())))


def measure(bench):
    used, failed = {}, {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(sleepers(bench, PROCESSES))
        running = {}
        for name, (_, start) in daemons(bench).items():
            try:
                process, _ = stack.enter_context(bench.background(*start(), timeout_s=30))
                running[name] = process.pid
            except Failed as failure:
                failed[name] = failure
        time.sleep(bench.few(3, 0.1))  # past the start
        before = {name: cpu_ns(pid) for name, pid in running.items()}
        ask_each(15, time.monotonic() + bench.few(MINUTE_S, 1))
        for name, pid in running.items():
            try:
                used[name] = (cpu_ns(pid) - before[name], rss_mb(pid), rss_mb(pid, "RssAnon"))
            except OSError:
                failed[name] = Failed("it did not stay")
    return bench.interleave(GROUP, [
        Contender(name, lambda name=name, what=what: sample(name, what, used, failed))
        for name, (what, _) in daemons(bench).items()], "ms", TACHO, 1)


def sample(name, what, used, failed):
    if name in failed:
        raise failed[name]
    ns, mb, anonymous_mb = used[name]
    return Sample(ns / 1e6, {"RSS, MB": mb, "of it anonymous": anonymous_mb,
                             "does meanwhile": what})


def goals(ratio, value):
    cpu_ms = value(GROUP, TACHO_PROCESSES)
    yield ("CPU of the service that records processes, in percent of one",
           None if cpu_ms is None else cpu_ms / MINUTE_S / 10, "at most", 0.1)
    yield ("its resident memory, MB", value(GROUP, TACHO_PROCESSES, "RSS, MB"), "at most", 30)
