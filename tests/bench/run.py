#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Measures Tachograph beside its peers: tests/bench/run.py BUILD [SUBJECT]...

Each pair does the same work in turn (A B A B) in this one run. Writes BUILD/bench.json (every
sample) and BUILD/bench.md (tables), and prints the tables. Absolute times mean little on a virtual
machine; ratios of one run do. A peer that is missing or fails is a row that says so. BENCH_QUICK=1
measures next to nothing, to see that all of it runs (and writes BUILD/bench-quick.json and .md).
"""
import importlib
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import call_cost  # noqa: E402
import newer_suite  # noqa: E402
import processes  # noqa: E402
import results  # noqa: E402
from bench import Bench  # noqa: E402

SUBJECTS = ("call-cost", "sustained-rate", "start-stop", "processes", "idle", "analysis",
            "accuracy", "marks")
SUITE_S = 1700  # after which each group is measured once, no more
VERSIONS = {
    "bpftrace": ["bpftrace", "--version"], "perf": ["perf", "--version"],
    "uftrace": ["uftrace", "--version"], "lttng": ["lttng", "--version"],
    "atop": ["atop", "-V"], "pidstat": ["pidstat", "-V"], "gcc": ["gcc", "--version"],
    "python3": ["/usr/bin/python3", "--version"], "sqlite3": ["sqlite3", "--version"],
    "mlr": ["mlr", "--version"], "node": ["node", "--version"],
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines else None


def machine():
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return {"architecture": platform.machine(), "cpus": len(os.sched_getaffinity(0)),
            "memory_mb": int(memory[1]) // 1024, "kernel": platform.release(),
            "virtual": bool(re.search(r"^flags.*\bhypervisor\b", flags, re.M)),
            "load_average_at_start": os.getloadavg()[0]}


def versions(build):
    found = {"tacho": first_line([build / "tacho", "--version"])}
    found.update({name: first_line(command) for name, command in VERSIONS.items()})
    found["newer bpftrace"] = newer_suite.version(build)
    return {name: version for name, version in found.items() if version}


def measure(name, build, quick, left_s):
    """One subject, whatever happens in it."""
    began = time.monotonic()
    result = {"subject": name, "rows": [], "goals": [], "failed": None, "title": name}
    (build / "bench").mkdir(exist_ok=True)
    scratch = tempfile.mkdtemp(prefix="scratch-", dir=build / "bench")
    try:
        subject = importlib.import_module(name.replace("-", "_"))
        result["title"], result["notes"] = subject.TITLE, subject.NOTES
        bench = Bench(build, scratch, quick, min(subject.BUDGET_S, left_s), say)
        result["rows"] = subject.measure(bench)
        results.work_out(result["rows"])
        result["goals"] = results.goals_of(subject, result["rows"])
    except Exception as error:  # the other subjects are measured all the same
        result["failed"] = f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    result["wall_s"] = round(time.monotonic() - began, 1)
    return result


# What README quotes: (words, subject, group, whose, compared to).
RATIOS = (
    ("a recorded call costs {} times an empty BPF program at the same place", "call-cost",
     call_cost.GROUPS["push"], call_cost.FAST, call_cost.FLOOR),
    ("where a function begins with `endbr64`, which a virtual machine makes dear, a histogram of the "
     "newest bpftrace costs the program {} times what a row a call costs", "call-cost", call_cost.GROUPS["cet"],
     call_cost.NEWER_HISTOGRAM, call_cost.FAST),
    ("a look at 2 000 processes costs psutil {} times the CPU", "processes",
     processes.crowd_words(2000), processes.PSUTIL, processes.TACHO),
)


def ratios_text(document):
    """None where one of them was not measured in this run."""
    rows = {result["subject"]: result["rows"] for result in document["subjects"]}
    found = [(words, results.ratio(rows.get(subject, []), group, name, base))
             for words, subject, group, name, base in RATIOS]
    if any(ratio is None for _, ratio in found):
        return None
    text = "; ".join(words.format(results.significant(ratio, 2)) for words, ratio in found)
    return textwrap.fill(f"{text[0].upper()}{text[1:]}.", 98)


def number(version):
    """Of what a program says when it is asked for its version."""
    found = re.search(r"\d+(?:\.\d+)+", version)
    return found[0] if found else version


def machine_text(document):
    m = document["machine"]
    kind = f"{m['architecture']}{', a virtual machine' if m['virtual'] else ''}"
    peers = ", ".join(f"{name} {number(version)}" for name, version in document["versions"].items())
    kernel = ".".join(m["kernel"].split(".")[:2])
    about = (f"{m['cpus']} CPUs ({kind}), {round(m['memory_mb'] / 1024)} GB, Linux {kernel}; load "
             f"average {m['load_average_at_start']:.1f} when the run began, which took "
             f"{document['wall_s'] / 60:.0f} minutes.")
    return "\n\n".join(textwrap.fill(text, 98) for text in (about, f"{peers}."))


def markdown(document):
    """Sections between markers, which tests/bench/paste.py puts where the same markers are."""
    sections = {result["subject"]: results.subject_text(result, result.get("notes", ()))
                for result in document["subjects"]}
    # That of a part is not what the other sections of a document were measured on.
    whole = all(name in sections for name in SUBJECTS)
    sections["machine" if whole else "machine-of-a-part"] = machine_text(document)
    sections["ratios"] = ratios_text(document)
    return "\n".join(f"<!-- bench: {name} -->\n\n{text}\n\n<!-- end -->\n"
                     for name, text in sections.items() if text)


def write(build, quick, document):
    """A quick run says nothing about anything and does not replace what another has found."""
    name = "bench-quick" if quick else "bench"
    (build / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    (build / f"{name}.md").write_text(markdown(document))


def stopped(*_):
    raise KeyboardInterrupt


def main():
    build, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:] or list(SUBJECTS)
    unknown = [name for name in wanted if name not in SUBJECTS]
    if unknown:
        sys.exit(f"bench: no subject {unknown[0]!r}; there are: {', '.join(SUBJECTS)}")
    if os.geteuid():
        sys.exit("bench: probes need root")
    signal.signal(signal.SIGTERM, stopped)  # what is mounted and started is ended then too
    began, quick = time.monotonic(), os.environ.get("BENCH_QUICK") == "1"
    document = {"machine": machine(), "quick": quick, "versions": versions(build), "subjects": []}
    for name in wanted:
        say(f"{name}:")
        left_s = SUITE_S - (time.monotonic() - began)
        document["subjects"].append(measure(name, build, quick, left_s))
        document["wall_s"] = round(time.monotonic() - began, 1)
        write(build, quick, document)
    print(markdown(document))
    missing = [result for result in document["subjects"] if result["failed"]]
    return 1 if missing else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
