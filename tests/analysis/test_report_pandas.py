#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The numbers of tacho report are those of pandas, on generated files; the same after rounding to
whole nanoseconds."""
import csv
import io
import json
import math
import os
import pathlib
import random
import subprocess
import sys

from with_pandas import pandas
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "live"))
import harness  # noqa: E402
from harness import check, check_equal  # noqa: E402

QUANTILES = {"p50_ns": .5, "p75_ns": .75, "p90_ns": .9, "p95_ns": .95, "p99_ns": .99,
             "p999_ns": .999}
DETAIL = ("state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,return_value,binary,"
          "function").split(",")
EPOCH = 1795328314555660785


def report(*args):
    done = subprocess.run([harness.TACHO, "report", *map(str, args)], capture_output=True,
                          text=True, timeout=120)
    check_equal(done.returncode, 0, done.stderr)
    return done.stdout


def report_json(*args):
    return json.loads(report("--format=json", *args))


def check_near(actual, exact, what, tolerance=0.5):
    """Rounded to nearest, as far as the floating-point numbers of pandas can tell."""
    if exact is None or math.isnan(exact):
        check_equal(actual, None, what)
        return
    check(actual is not None, f"{what}: is missing, should be {exact}")
    check(abs(actual - exact) <= tolerance + abs(exact) * 1e-9,
          f"{what}: is {actual}, should be {exact}")


def durations(rng, cnt, shape):
    if shape == "long tail":
        return [int(rng.lognormvariate(9, 2)) for _ in range(cnt)]
    if shape == "few values":
        return [rng.choice((0, 7, 1000)) for _ in range(cnt)]
    if shape == "hours":
        return [rng.randrange(10**12, 2 * 10**13) for _ in range(cnt)]
    return list(range(cnt, 0, -1))


def write_detail(path, seed):
    """Every count from 1 to 12 in every shape, and some large ones."""
    rng = random.Random(seed)
    rows, at = [], EPOCH
    for shape in ("long tail", "few values", "hours", "descending"):
        for cnt in (*range(1, 13), 100, 101, 999, 1000, 1001, 4567):
            state = f"{shape.replace(' ', '_').upper()}_{cnt}"
            for duration in durations(rng, cnt, shape):
                at += rng.randrange(10**6)
                ended = rng.choice(("return",) * 8 + ("exception", "killed"))
                failed = {"exception": "1", "killed": ""}.get(ended, rng.choice("0001") * (cnt % 2))
                rows.append([state, at, duration, 1, 1, 'a,"b"', ended, failed, 0, "", "/b", "f"])
    rng.shuffle(rows)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(DETAIL)
        writer.writerows(rows)


def read_finished(path):
    frame = pandas.read_csv(path)
    return frame[frame.ended.isin(("return", "exception", "unwound"))]


def check_state(found, rows, total):
    state, took = found["state"], rows.duration_ns
    check_equal(found["count"], len(rows), f"count of {state}")
    check_equal(found["total_ns"], int(took.sum()), f"total of {state}")
    check_equal(found["min_ns"], int(took.min()), f"min of {state}")
    check_equal(found["max_ns"], int(took.max()), f"max of {state}")
    described = took.describe(percentiles=list(QUANTILES.values()))
    check_near(found["mean_ns"], described["mean"], f"mean of {state}")
    check_near(found["stddev_ns"], described["std"], f"stddev of {state}")
    for name, at in QUANTILES.items():
        check_near(found[name], took.quantile(at), f"{name} of {state}")
    span = (rows.start_ns + took).max() - rows.start_ns.min()
    rate = len(rows) * 1e9 / span if len(rows) > 1 else None
    check_near(found["rate_per_s"], rate, f"rate of {state}", 0)
    check_near(found["share_percent"], 100 * took.sum() / total, f"share of {state}", 0)
    failed = rows.failed.sum() if rows.failed.notna().any() else None
    check_equal(found["failed"], failed, f"failed of {state}")


def check_states(found, frame):
    found = [state for state in found if state["count"]]
    check_equal({s["state"] for s in found}, set(frame.state), "states")
    for state in found:
        check_state(state, frame[frame.state == state["state"]], frame.duration_ns.sum())
    totals = [s["total_ns"] for s in found]
    check_equal(totals, sorted(totals, reverse=True), "order")


def test_every_statistic_is_that_of_pandas(scratch):
    path = pathlib.Path(scratch) / "activity_detail.csv"
    write_detail(path, 1)
    check_states(report_json(path)["states"], read_finished(path))


def test_CSV_and_JSON_say_the_same(scratch):
    path = pathlib.Path(scratch) / "activity_detail.csv"
    write_detail(path, 2)
    table = pandas.read_csv(io.StringIO(report("--format=csv", path)), dtype=object,
                            keep_default_na=False)
    states = report_json(path)["states"]
    check_equal(list(table.columns), list(states[0]), "columns")
    for row, state in zip(table.to_dict("records"), states):
        for name, value in state.items():
            text = "" if value is None else str(value)
            check_equal(row[name], text, f"{name} of {state['state']}")


def test_filters_choose_what_pandas_chooses(scratch):
    path = pathlib.Path(scratch) / "activity_detail.csv"
    write_detail(path, 4)
    frame = read_finished(path)
    middle = int(frame.start_ns.median())
    check_states(report_json("--since", middle, path)["states"], frame[frame.start_ns >= middle])
    check_states(report_json("--until", middle, path)["states"], frame[frame.start_ns < middle])
    check_states(report_json("--state", "HOURS_*", path)["states"],
                 frame[frame.state.str.startswith("HOURS_")])
    tail = frame[frame.state.str.startswith("FEW")]
    every = pandas.read_csv(path)  # a call that did not finish may be the newest
    every = every[every.state.str.startswith("FEW")]
    since = (every.start_ns + every.duration_ns).max() - 5 * 10**8
    check_states(report_json("--last", "500ms", "--state", "FEW*", path)["states"],
                 tail[tail.start_ns >= since])


def test_robot_activity_data_is_described_too(scratch):
    path = pathlib.Path(scratch) / "robot_activity_data"
    rng = random.Random(3)
    rows = [(rng.choice(("HOME", "MOVE")), EPOCH + i, rng.randrange(10**9)) for i in range(3000)]
    with open(path, "w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    frame = pandas.DataFrame(rows, columns=("state", "start_ns", "duration_ns"))
    frame["failed"] = math.nan
    check_states(report_json(scratch)["states"], frame)


def check_line(found, rows, values, prefix, suffix, rounded, name):
    """Mean, maximum and slope of what is known, against pandas and the textbook."""
    known = rows[values.notna()]
    numbers = values.dropna()
    half = 0.5 if rounded else 1e-9
    check_near(found[f"{prefix}_mean{suffix}"], numbers.mean(), f"mean of {name}", half)
    if len(numbers) < 3 or known.time_ns.nunique() < 2:
        slope = math.nan
    else:
        hours = (known.time_ns - known.time_ns.iloc[0]) / 3.6e12
        slope = numbers.cov(hours) / hours.var()
    tolerance = half + abs(numbers.max() if len(numbers) else 0) * 1e-6
    check_near(found[f"{prefix}_growth{suffix}_per_h"], slope, f"growth of {name}", tolerance)


def write_processes(path, rng):
    rows = []
    for pid in range(1, 60):
        start = EPOCH + rng.randrange(-10**12, 10**12)
        cpu, rss = rng.randrange(10**10), rng.randrange(10**6, 10**9)
        at = max(EPOCH, start) + rng.randrange(10**9)
        for event in ("exec",) * (pid % 2) + ("sample",) * rng.randrange(8) + ("exit",) * (pid % 3):
            known = event != "exit" and rng.random() < 0.9
            code = rng.choice((0, 0, 1, -9)) if event == "exit" else ""
            rows.append([at, event, pid, start, "c" * (pid % 15 + 1), f'run "{pid}",\\x0a', cpu,
                         rss if known else "", rss + 5 if known else "", code])
            at += rng.randrange(10**10)
            cpu += rng.randrange(10**9)
            rss += rng.randrange(-10**5, 10**6)
            if event == "exit":
                break
    rows.sort()
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time_ns,event,pid,start_ns,comm,command,cpu_ns,rss_bytes,"
                         "peak_rss_bytes,exit_code").split(","))
        writer.writerows(rows)


def check_seen(found, rows, origin, name):
    """When it ran, and what processor time it used meanwhile."""
    start = int(rows.start_ns.iloc[0])
    check_equal(found["first_seen_ns"], rows.time_ns.min(), f"first of {name}")
    check_equal(found["last_seen_ns"], rows.time_ns.max(), f"last of {name}")
    used = rows.cpu_ns.max() - (0 if start >= origin else rows.cpu_ns.min())
    check_equal(found["cpu_ns"], used, f"cpu of {name}")
    since = start if origin <= start < rows.time_ns.min() else rows.time_ns.min()
    seen = rows.time_ns.max() - since
    check_near(found["cpu_percent"], 100 * used / seen if seen else None, f"cpu% of {name}", 1e-9)


def test_processes_are_summed_up_as_by_pandas(scratch):
    path = pathlib.Path(scratch) / "process_detail.csv"
    write_processes(path, random.Random(5))
    frame = pandas.read_csv(path)
    groups = dict(list(frame.groupby(["pid", "start_ns"])))
    found = report_json(scratch)["processes"]
    check_equal({(p["pid"], p["start_ns"]) for p in found}, set(groups), "processes")
    for process in found:
        rows, name = groups[process["pid"], process["start_ns"]], f"pid {process['pid']}"
        check_seen(process, rows, frame.time_ns.min(), name)
        check_equal(process["command"], rows.command.iloc[-1], f"command of {name}")
        peak = rows[["rss_bytes", "peak_rss_bytes"]].max().max()
        check_near(process["rss_peak_bytes"], peak, f"peak of {name}")
        ticks = rows[rows.event == "sample"]
        check_line(process, ticks, ticks.rss_bytes, "rss", "_bytes", True, name)
        code = rows.exit_code.iloc[-1]
        check_near(process["exit_code"], code, f"exit code of {name}", 0)
    used = [p["cpu_ns"] for p in found]
    check_equal(used, sorted(used, reverse=True), "order")


def write_resources(path, rng):
    rows = []
    for number in range(40):
        since = round(EPOCH / 1e9 + rng.uniform(-1000, 1000), 2)
        at, user, system = EPOCH + rng.randrange(10**9), rng.uniform(0, 50), rng.uniform(0, 9)
        for _ in range(rng.randrange(1, 9)):
            share = rng.choice((0.0, rng.uniform(0, 40)))
            rows.append([at, f'python3 -c "\nprint({number % 7})\n"', since, round(user, 2),
                         round(system, 2), share])
            at += 10**10
            user += rng.uniform(0, 5)
            system += rng.uniform(0, 5)
    with open(path, "w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)


def test_resource_data_is_summed_up_as_by_pandas(scratch):
    path = pathlib.Path(scratch) / "system_resource_data"
    write_resources(path, random.Random(6))
    frame = pandas.read_csv(path, names=("time_ns", "command", "since", "user", "system", "share"))
    frame["start_ns"] = (frame.since * 1e9 + 0.5).astype("int64")
    frame["cpu_ns"] = ((frame.user * 1e9 + 0.5).astype("int64") +
                       (frame.system * 1e9 + 0.5).astype("int64"))
    frame["share"] = frame.share.where(frame.share > 0)
    frame["command"] = frame.command.str.replace("\n", "\\x0a", regex=False)
    groups = dict(list(frame.groupby(["command", "start_ns"])))
    found = report_json(path)["processes"]
    check_equal({(p["command"], p["start_ns"]) for p in found}, set(groups), "processes")
    for process in found:
        rows, name = groups[process["command"], process["start_ns"]], process["command"]
        check_seen(process, rows, frame.time_ns.min(), name)
        check_line(process, rows, rows.share, "memory", "_percent", False, name)
        check_near(process["memory_peak_percent"], rows.share.max(), f"peak of {name}", 1e-12)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
