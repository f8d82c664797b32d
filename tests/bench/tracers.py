# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tachograph and its peers, each recording the calls of one function of a program.

Each function here runs the program once and returns a Traced, or raises bench.Failed.
"""
import dataclasses
import json
import os
import re
import signal
import subprocess

import newer_suite
from bench import Failed, last_line

TIMEOUT_S = 60


@dataclasses.dataclass
class Traced:
    ns: float  # a call, in the median round
    mean_ns: float  # a call, on the whole
    recorded: object = None  # calls, as the tracer counts them afterwards
    lost: object = None  # as the tracer says itself


class Target:
    """A program of the benchmarks, whose last argument is how often it calls the function."""

    def __init__(self, *command):
        self.words = [str(part) for part in command]
        self.program = self.words[0]
        self.calls = int(self.words[-1])


def traced(printed, recorded=None, lost=None):
    """From what the program has printed, among what else was. Raises Failed if it was harmed."""
    found = re.search(r"^calls: (\S+) (\S+) (\w+)$", printed, re.M)
    if not found:
        raise Failed("the program was not run to its end")
    if found[3] != "right":
        raise Failed("the program computed something else")
    return Traced(float(found[1]), float(found[2]), recorded, lost)


def untraced(bench, target):
    return traced(bench.run(target.words).stdout)


def floor(bench, target, places, session, what="empty"):
    """With a BPF program of tests/bench at each of the offsets."""
    done = bench.run([bench.program("empty_session"), bench.program(f"{what}.bpf.o"),
                      target.program, "session" if session else "multi", ",".join(map(str, places)),
                      *target.words])
    return traced(done.stdout)


def settings(target, function, lines, formats="opentrons, detail"):
    return (f"[record]\nrate-limit = 0\nformats = {formats}\n[state CALL]\n"
            f"function = {target.program}:{function}\n{lines}\n")


def tacho(bench, target, function, lines, formats="opentrons, detail"):
    conf = bench.file("tacho.conf", settings(target, function, lines, formats))
    done = bench.run([bench.tacho, "record", "-c", conf, "-d", conf.parent / "data", "--",
                      *target.words], TIMEOUT_S)
    found = re.search(r"tacho: (\d+) activit\S+ of .*?(\d+) open, (\d+) lost", done.stderr)
    if not found:
        raise Failed(f"tacho: {last_line(done.stderr)}")
    return traced(done.stdout, int(found[1]) - int(found[2]), int(found[3]))


SCRIPTS = {
    "histogram": "@h = hist(nsecs - @s[tid]);",
    "print": 'printf("%llu %llu\\n", @s[tid], nsecs - @s[tid]);',
}


def bpftrace_script(program, function, how):
    return (f"uprobe:{program}:{function} {{ @s[tid] = nsecs; }} "
            f"uretprobe:{program}:{function} /@s[tid]/ {{ {SCRIPTS[how]} delete(@s[tid]); }} "
            "END { clear(@s); }")


def histogram_sum(text):
    """Of bpftrace's and bcc's histograms: the numbers behind the intervals."""
    counts = re.findall(r"^(?:[\[(].*?[\])]|\s*\d+ -> \d+\s*:)\s+(\d+)\s+\|", text, re.M)
    return sum(map(int, counts)) if counts else None


def bpftrace_words(bench, words, newer):
    if newer:
        return newer_suite.command(bench.build, words)
    bench.need("bpftrace")
    return words


def bpftrace(bench, target, function, how, newer=False):
    output = bench.directory() / "output"
    words = ["bpftrace", "-o", str(output), "-e", bpftrace_script(target.program, function, how),
             "-c", " ".join(target.words)]
    done = bench.run(bpftrace_words(bench, words, newer), TIMEOUT_S)
    text = output.read_text(errors="replace")
    lost = sum(map(int, re.findall(r"[Ll]ost (\d+) events", done.stderr + done.stdout + text)))
    recorded = histogram_sum(text) if how == "histogram" else \
        len(re.findall(r"^\d+ \d+$", text, re.M))
    return traced(done.stdout, recorded, lost)


def perf(bench, target, function):
    """perf probe at beginning and return, perf record of both."""
    perf_program = bench.need("perf")
    group = f"tacho_bench_{os.getpid()}"
    data = bench.directory() / "perf.data"
    try:
        bench.run([perf_program, "probe", "-x", target.program,
                   "--add", f"{group}:begins={function}",
                   "--add", f"{group}:ends={function}%return"], TIMEOUT_S)
        done = bench.run([perf_program, "record", "-q", "-o", data, "-e", f"{group}:*", "--",
                          *target.words], TIMEOUT_S)
        said = bench.run([perf_program, "report", "--stats", "-i", data], TIMEOUT_S).stdout
    finally:
        subprocess.run([perf_program, "probe", "-q", "-d", f"{group}:*"], timeout=TIMEOUT_S,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    samples = re.search(r"SAMPLE events:\s+(\d+)", said)
    lost = re.search(r"LOST(?:_SAMPLES)? events:\s+(\d+)", said)
    data.unlink()
    return traced(done.stdout, int(samples[1]) // 2 if samples else 0, "some" if lost else 0)


def funclatency(bench, target, function, program):
    """`program` is that of libbpf-tools or that of bcc's Python."""
    words = ["stdbuf", "-oL", bench.need(program), f"{target.program}:{function}"]
    with bench.background(words, lambda text: "racing" in text, 20) as (process, text):
        done = bench.run(target.words, TIMEOUT_S)
        process.send_signal(signal.SIGINT)
        bench.wait_until(lambda: process.poll() is not None, 30, f"{program} to end")
        recorded = histogram_sum(text())
    return traced(done.stdout, recorded)


def uftrace(bench, target, function):
    data = bench.directory() / "uftrace"
    uftrace_program = bench.need("uftrace")
    done = bench.run([uftrace_program, "record", "-d", data, *target.words], TIMEOUT_S)
    report = bench.run([uftrace_program, "report", "-d", data, "-f", "call"], TIMEOUT_S).stdout
    calls = re.search(rf"(\d+)\s+{function}\b", report)
    lost = re.search(r"LOST (\d+)", done.stderr + done.stdout)
    return traced(done.stdout, int(calls[1]) if calls else 0, int(lost[1]) if lost else 0)


def lttng(bench, target):
    """Its daemon is one of our own: its directories are in the scratch space."""
    home = bench.directory()
    env = dict(os.environ, LTTNG_HOME=str(home), LTTNG_RUNDIR=str(home / "run"),
               LTTNG_UST_APP_PATH=str(home / "run"))
    lttng_program, daemon = bench.need("lttng"), bench.need("lttng-sessiond")
    name = f"tacho-bench-{os.getpid()}"
    trace = home / "trace"

    def control(*words):
        return bench.run([lttng_program, "--no-sessiond", *words], 20, env=env).stdout

    with bench.background([daemon, "--no-kernel"], env=env) as (process, text):
        bench.wait_until(lambda: subprocess.run(
            [lttng_program, "--no-sessiond", "list"], env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=20).returncode == 0, 20, "lttng-sessiond", 0.1)
        control("create", name, f"--output={trace}")
        control("enable-event", "--userspace", "tacho_bench:*")
        control("start")
        done = bench.run(target.words, TIMEOUT_S, env=env)
        control("stop")
        lost = re.search(r"Discarded events: (\d+)", control("list", name))
        control("destroy", name)
    return traced(done.stdout, lttng_events(bench, trace), int(lost[1]) if lost else None)


def lttng_events(bench, trace):
    """Calls in the trace, if there is a reader."""
    try:
        reader = bench.need("babeltrace2")
    except Failed:
        return None
    text = bench.run([reader, "convert", trace, "--output-format=text"], TIMEOUT_S).stdout
    return text.count("tacho_bench:ends:")


def offsets(bench, target, function, lines):
    """Where tacho would put its probes, in the file: at the beginning, and at exits if it does."""
    conf = bench.file("tacho.conf", settings(target, function, lines))
    plan = json.loads(bench.run([bench.tacho, "check", "--json", "-c", conf]).stdout)
    probe = plan["states"][0]["targets"][0]["probes"][0]
    return [probe["offset"], *(place["offset"] for place in probe["end"].get("exits", []))]
