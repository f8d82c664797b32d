#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho export: what all formats have in common, and traces for viewers."""
import json
import random
import subprocess

from exports import (DETAIL, GOLDEN, OPENTRONS, RECORDING, TOP, check_golden, detail, export,
                     nested_calls)
import harness
from harness import check, check_equal


# --- chrome-trace -----------------------------------------------------------------------------

def trace_events(output):
    trace = json.loads(output)
    return trace["traceEvents"], int(trace["otherData"]["origin_ns"])


def check_nesting(events):
    """The calls of each thread lie within each other or apart, as viewers want them."""
    threads = {}
    for event in events:
        if event["ph"] == "X":
            start = round(event["ts"] * 1000)
            threads.setdefault((event["pid"], event["tid"]), []).append(
                (start, -round(event["dur"] * 1000)))
    for thread, calls in threads.items():
        open_calls = []
        for start, minus_duration in sorted(calls):
            end = start - minus_duration
            while open_calls and open_calls[-1] <= start:
                open_calls.pop()
            check(not open_calls or end <= open_calls[-1], f"{thread}: {start} to {end} overlaps")
            open_calls.append(end)
    return threads


def test_chrome_trace_is_as_before(scratch):
    output, errors = export("--format", "chrome-trace", RECORDING)
    check_golden("chrome-trace.json", output)
    check("1000 more calls have no rows of their own" in errors, errors)


def test_chrome_trace_has_every_call_to_the_nanosecond(scratch):
    events, origin = trace_events(export("--format", "chrome-trace", RECORDING)[0])
    begun = {e["id"]: e for e in events if e["ph"] == "b"}
    ended = {e["id"]: e for e in events if e["ph"] == "e"}
    calls = [(e["name"], e["pid"], e["tid"], origin + round(e["ts"] * 1000), round(e["dur"] * 1000),
              e["args"]["ended"]) for e in events if e["ph"] == "X"]
    check_equal(sorted(begun), sorted(ended))
    for number, event in begun.items():
        check_equal(event["name"], ended[number]["name"])
        duration = round(ended[number]["ts"] * 1000) - round(event["ts"] * 1000)
        calls.append((event["name"], event["pid"], event["tid"],
                      origin + round(event["ts"] * 1000), duration, event["args"]["ended"]))
    rows = [(r["state"], r["pid"], r["tid"], r["start_ns"], r["duration_ns"], r["ended"])
            for r in harness.details(RECORDING)]
    check_equal(sorted(calls), sorted(rows))


def test_chrome_trace_nests_the_calls_of_a_thread(scratch):
    rng = random.Random(1)
    for _ in range(20):
        rows = []
        nested_calls(rng, 1795317606000000000, 3000, 0, rows)
        events, _ = trace_events(export("--format", "chrome-trace", "-", stdin=detail(rows))[0])
        threads = check_nesting(events)
        check_equal(len(threads[1, 2]), len(rows), "calls in the thread's track")


def test_chrome_trace_keeps_overlapping_calls_apart(scratch):
    rng = random.Random(2)
    for _ in range(20):
        rows = [("S", *sorted((rng.randrange(99), rng.randrange(99))), rng.randrange(4))
                for _ in range(100)]
        rows = sorted(((s, a, b - a, d) for s, a, b, d in rows), key=lambda r: r[1] + r[2])
        events, _ = trace_events(export("--format", "chrome-trace", "-", stdin=detail(rows))[0])
        check_nesting(events)
        check_equal(sum(e["ph"] in "Xb" for e in events), len(rows), "calls in the trace")


# --- all of them ------------------------------------------------------------------------------

def formats():
    return [line.split()[0] for line in export("--list")[0].decode().splitlines()]


def test_old_files_without_threads_are_exported_too(scratch):
    events, origin = trace_events(export("--format", "chrome-trace", OPENTRONS)[0])
    begun = [(e["name"], origin + round(e["ts"] * 1000)) for e in events if e["ph"] == "b"]
    rows = [(state, start) for state, start, _ in harness.activities(OPENTRONS)]
    check_equal(begun, rows)


def test_an_unknown_format_is_refused_with_the_nearest(scratch):
    _, errors = export("--format", "chrome-trase", RECORDING, status=2)
    check("did you mean 'chrome-trace'?" in errors, errors)


def test_an_option_of_another_format_is_refused(scratch):
    _, errors = export("--format", "chrome-trace", "--weight", "cpu", RECORDING, status=2)
    check("--weight is not for the format chrome-trace" in errors, errors)


def test_every_format_is_in_the_manual_and_takes_any_recording(scratch):
    page = (TOP / "docs" / "tacho-export.1").read_text().replace("\\-", "-")
    replayed = TOP / "tests" / "replay"
    check(len(formats()) >= 9, str(formats()))
    for name in formats():
        check(f".B {name}\n" in page, f"tacho-export.1 does not mention {name}")
        for recording in RECORDING, OPENTRONS, replayed / "sqlite", replayed / "every_record":
            export("--format", name, "-o", scratch / f"{name}.{recording.name}", recording)


def test_a_file_appears_when_it_is_whole(scratch):
    out = scratch / "out"
    export("--format", "chrome-trace", "-o", out, RECORDING)
    check_equal(out.read_bytes(), export("--format", "chrome-trace", RECORDING)[0])
    check_equal([p.name for p in scratch.iterdir()], ["out"])


def test_a_full_disk_fails_and_leaves_the_old_file(scratch):
    out = scratch / "out"
    out.write_text("old")
    script = 'ulimit -f 1; exec "$@"'
    many = detail([("S", 10 * i, 5, 0) for i in range(2000)])
    for name in formats():
        done = subprocess.run(["bash", "-c", script, "bash", harness.TACHO, "export", "--format",
                               name, "-o", str(out), "-"], input=many, capture_output=True)
        if name in ("chrome-trace", "sql"):
            check_equal(done.returncode, 1, name)
            check(b"out: cannot write: " in done.stderr, done.stderr.decode())
            check_equal(out.read_text(), "old", name)
        check_equal([p.name for p in scratch.iterdir()], ["out"], name)
        out.write_text("old")
    _, errors = export("--format", "chrome-trace", "-o", "/dev/full", RECORDING, status=1)
    check("cannot write" in errors, errors)


def test_nothing_to_export_is_a_failure(scratch):
    (scratch / "empty").write_text(DETAIL)
    out = scratch / "out"
    _, errors = export("--format", "chrome-trace", "-o", out, scratch / "empty", status=1)
    check("nothing to export was found" in errors, errors)
    check(not out.exists(), "a file without anything in it")
    output, _ = export("--format", "chrome-trace", "-o", "-", scratch / "empty", status=1)
    check_equal(output, b"")


def test_a_bad_path_fails_but_the_others_are_exported(scratch):
    output, errors = export("--format", "chrome-trace", scratch / "none", RECORDING, status=1)
    check_equal(output, (GOLDEN / "chrome-trace.json").read_bytes())
    check("none: cannot open: No such file or directory" in errors, errors)


def test_malformed_rows_are_told_with_file_and_line(scratch):
    path = scratch / "rows"
    path.write_bytes(detail([("S", 1, 2, 0)]) + b"S,x,2,1,2,return,0\r\nS,3,4,1,2,return,0")
    output, errors = export("--format", "chrome-trace", path)
    check_equal(len(trace_events(output)[0]), 1)
    check(f"{path}:3: the start is no number of nanoseconds" in errors, errors)
    check("torn: 1 last row left out" in errors, errors)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
