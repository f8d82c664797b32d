#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho report --by, --rate and --tree: their numbers are those of pandas, and do not depend on how
files are read, or on how rows came into files."""
import io
import json
import os
import pathlib
import random
import subprocess
import sys

from with_pandas import pandas
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "live"))
import harness  # noqa: E402
from harness import check, check_equal  # noqa: E402

DETAIL = "activity_detail.csv"
HEADER = "state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,binary,function,size,note\r\n"
EPOCH = 1795328314555660785
DEADLINE_S = 60
PERCENTS = (25, 50, 75, 90, 95, 99)


def run(*args, threads=None):
    """(exit status, standard output, messages)"""
    env = dict(os.environ)
    env.pop("TACHO_THREADS", None)
    if threads is not None:
        env["TACHO_THREADS"] = str(threads)
    done = subprocess.run([harness.TACHO, "report", *map(str, args)], capture_output=True, env=env,
                          timeout=DEADLINE_S)
    return done.returncode, done.stdout, done.stderr


def table(*args, **how):
    status, text, messages = run("--format=csv", *args, **how)
    check_equal(status, 0, messages)
    return text


def frame(*args):
    return pandas.read_csv(io.BytesIO(table(*args)))


def rows_of(rng, cnt):
    """Calls whose starts are mostly, but not always, in order."""
    at, rows = EPOCH, []
    for _ in range(cnt):
        at += rng.choice((rng.randrange(10**6), rng.randrange(3 * 10**9)))
        rows.append("%s,%d,%d,%d,%d,%s,%s,%s,%d,/b,f,%s,%s\r\n" % (
            rng.choice("ABC"), at - rng.randrange(10**6), rng.getrandbits(30), rng.randrange(3),
            rng.randrange(5), rng.choice(("one", '"t,wo"', "thr\u00e9e")),
            rng.choice(("return",) * 5 + ("exception", "killed", "open")), rng.choice(("", "0", "1")),
            rng.randrange(3), rng.choice(("", "7", "4096")),
            rng.choice(("x", '"a ""b"""', '"line\n2"'))))
    return [row.encode() for row in rows]


def write(path, rows, header=HEADER):
    path.write_bytes(header.encode() + b"".join(rows))
    return path


def finished(path):
    calls = pandas.read_csv(path)
    calls = calls[calls.ended.isin(("return", "exception", "unwound"))].copy()
    calls["end"] = calls.start_ns + calls.duration_ns
    return calls


# --- --by ---------------------------------------------------------------------------------------


def check_groups(found, calls, columns, names):
    """One row for each group that pandas finds, with the same numbers."""
    groups = dict(list(calls.groupby(["state", *columns], dropna=False)))
    found = found[found["count"] > 0]
    check_equal(len(found), len(groups), f"groups by {columns}")
    for key, rows in groups.items():
        chosen = found
        for name, value in zip(["state", *names], key):
            column = chosen[name]
            chosen = chosen[column.isna() if pandas.isna(value) else column == value]
        check_equal(len(chosen), 1, f"rows of {key}")
        row = chosen.iloc[0]
        check_equal((row["count"], row.total_ns, row.min_ns, row.max_ns),
                    (len(rows), rows.duration_ns.sum(), rows.duration_ns.min(),
                     rows.duration_ns.max()), key)
        for name, at in (("p50_ns", .5), ("p90_ns", .9), ("p99_ns", .99)):
            exact = rows.duration_ns.quantile(at)
            check(abs(row[name] - exact) <= 0.5 + exact * 1e-9, f"{name} of {key}")


def test_groups_are_those_of_pandas(scratch):
    path = write(pathlib.Path(scratch) / DETAIL, rows_of(random.Random(1), 3000))
    calls = finished(path)
    for by in ("pid", "tid", "comm", "failed", "ended", "size", "binary", "depth", "pid,comm",
               "ended,failed,size", "duration_ns"):
        columns = by.split(",")
        names = ["by_" + name if name == "failed" else name for name in columns]
        check_groups(frame("--by", by, path), calls, columns, names)
    check_equal(table("--by", "pid", "--by", "tid", path), table("--by", "pid,tid", path))
    check_equal(table("--by", "state", path), table(path, "--only=states"))


def test_groups_have_what_a_line_of_text_cannot_hold(scratch):
    path = write(pathlib.Path(scratch) / DETAIL, rows_of(random.Random(2), 300))
    found = json.loads(run("--format=json", "--by=note", path)[1])["states"]
    check_equal({row["note"] for row in found}, {"x", 'a "b"', "line\\x0a2"})


def test_a_host_is_the_path_that_was_given(scratch):
    rng, hosts = random.Random(3), []
    for number in range(3):
        directory = pathlib.Path(scratch) / f"host{number}"
        directory.mkdir()
        for part in ("", ".1"):
            write(directory / (DETAIL + part), rows_of(rng, 100))
        hosts.append(directory)
    found = frame("--by=host", *hosts)
    for host in hosts:
        alone = frame("--only=states", host)
        together = found[found.host == str(host)].drop(columns=["host", "share_percent"])
        check_equal(together.reset_index(drop=True).to_csv(),
                    alone.drop(columns="share_percent").reset_index(drop=True).to_csv(), host)
    check_equal(len(found), 9)


def test_a_column_that_no_file_has_is_said(scratch):
    path = write(pathlib.Path(scratch) / DETAIL, rows_of(random.Random(4), 10))
    check(b"no file has a column 'sice'" in run("--by=sice", path)[1])


def test_groups_have_a_bound(scratch):
    rows = [b"%s,%d,%d,%d,1,c,return,0,0,/b,f,%d,\r\n" % (
        b"AB"[i % 2:i % 2 + 1], EPOCH + i, i, i, i) for i in range(25000)]
    path = write(pathlib.Path(scratch) / DETAIL, rows)
    expected = table("--by=pid", path, threads=0)
    for threads in (1, 2, 5):
        check_equal(table("--by=pid", path, threads=threads), expected, f"{threads} threads")
    found = pandas.read_csv(io.BytesIO(expected))
    rest = found[found.pid == "(other)"]
    check_equal((len(found), sorted(rest.state), rest["count"].sum(), found["count"].sum()),
                (10002, ["A", "B"], 15000, 25000))
    check(b"more than 10000 groups" in run("--by=pid", path)[1])


def test_groups_of_names_that_begin_alike_are_kept_apart(scratch):
    rows = [b"%s,1,1,1,1,%s,return,0,0,/b,f,%s,%s\r\n" % row for row in (
        (b"b", b"a", b"", b""), (b"ab", b"", b"", b""), (b"a", b"b", b"", b""),
        (b"a", b"", b"b", b""), (b"1000a", b"b", b"", b""), (b"~a", b"", b"", b""))]
    path = write(pathlib.Path(scratch) / DETAIL, rows)
    check_equal(set(frame("--by=comm,size", path)["count"]), {1})
    check_equal(table("--by=comm,size", path), table("--by=comm,size", path, threads=0))


# --- --rate -------------------------------------------------------------------------------------


def check_rates(found, calls, rule, origin):
    for state, rows in calls.groupby("state"):
        times = pandas.Series(1, index=pandas.to_datetime(rows.end, unit="ns"))
        counts = times.resample(rule, origin=origin).count()
        expected = counts.describe(percentiles=[percent / 100 for percent in PERCENTS])
        row = found[found.state == state].iloc[0]
        check_equal((row.intervals, row["count"], row["min"], row["max"]),
                    (expected["count"], len(rows), expected["min"], expected["max"]), state)
        for name in ("mean", *(f"{percent}%" for percent in PERCENTS)):
            ours = row["p" + name[:-1] if name[0].isdigit() else name]
            check(abs(ours - expected[name]) <= 1e-9 * max(1, expected[name]),
                  f"{name} of {state} at {rule}: is {ours}, should be {expected[name]}")
        check(pandas.isna(row.stddev) and pandas.isna(expected["std"]) or
              abs(row.stddev - expected["std"]) <= 1e-9 * max(1, expected["std"]), f"std of {state}")


def test_rates_are_those_of_pandas(scratch):
    path = write(pathlib.Path(scratch) / DETAIL, rows_of(random.Random(5), 2000))
    calls = finished(path)
    for interval, rule in (("1s", "1s"), ("100ms", "100ms"), ("1min", "1min"), ("1h", "1h")):
        check_rates(frame("--rate", interval, path), calls, rule, "start_day")
    check_rates(frame("--rate", "7s", path), calls, "7s", "epoch")  # none begins with each day


def test_the_intervals_themselves_are_those_of_pandas(scratch):
    path = write(pathlib.Path(scratch) / DETAIL, rows_of(random.Random(6), 300))
    found, calls = frame("--rate=1s", "--series", path), finished(path)
    for state, rows in calls.groupby("state"):
        times = pandas.Series(1, index=pandas.to_datetime(rows.end, unit="ns"))
        counts = times.resample("1s").count()
        ours = found[found.state == state]
        check_equal(list(ours.time_ns), list(counts.index.astype("int64")), state)
        check_equal(list(ours["count"]), list(counts), state)


def test_rates_of_groups_are_those_of_pandas(scratch):
    path = write(pathlib.Path(scratch) / DETAIL, rows_of(random.Random(7), 1000))
    found, calls = frame("--rate=1s", "--by=pid", path), finished(path)
    for pid, rows in calls.groupby("pid"):
        check_rates(found[found.pid == pid], rows, "1s", "start_day")


def test_rates_reach_from_one_end_of_time_to_the_other(scratch):
    path = pathlib.Path(scratch) / "robot_activity_data"
    path.write_bytes(b"A,0,0\nA,18446744073709551615,0\n")
    row = frame("--rate=1s", path).iloc[0]
    check_equal((row.intervals, row["count"], row["max"]), (18446744074, 2, 1))
    status, text, messages = run("--rate=1s", "--series", path)
    check_equal((status, text), (1, b""))
    check(b"too many intervals" in messages, messages)
    check_equal(frame("--rate=1ns", path).intervals[0], 2**64 - 1)


# --- --tree -------------------------------------------------------------------------------------


def nest(rng, rows, start, room, depth, pid, tid):
    """Calls strictly within each other."""
    at, end = start, start + room
    while at + 10 < end:
        at += rng.randrange(1, 9)
        took = rng.randrange(1, max(2, end - at))
        if at + took >= end:
            return
        if depth < 5 and took > 40:
            nest(rng, rows, at + 1, took - 2, depth + 1, pid, tid)
        rows.append((rng.choice("ABC"), at, took, depth, pid, tid))
        at += took


def nested(rng, threads):
    rows = []
    for pid, tid in threads:
        nest(rng, rows, EPOCH, 20000, 0, pid, tid)
    return rows


def lines(rows):
    return [b"%s,%d,%d,%d,%d,c,return,,%d,/b,f,,\r\n" % (state.encode(), start, took, pid, tid, depth)
            for state, start, took, depth, pid, tid in rows]


def stack_of(row, rows):
    """By who encloses whom, with nothing said of order."""
    state, start, took, depth, pid, tid = row
    stack = [other for other in rows if other[4:] == (pid, tid) and other[3] < depth and
             other[1] <= start and other[1] + other[2] >= start + took]
    return tuple(other[0] for other in sorted(stack, key=lambda other: other[3])) + (state,)


def sums_of(rows):
    total, inner, cnt = {}, {}, {}
    for row in rows:
        stack = stack_of(row, rows)
        total[stack] = total.get(stack, 0) + row[2]
        cnt[stack] = cnt.get(stack, 0) + 1
        inner[stack[:-1]] = inner.get(stack[:-1], 0) + row[2]
    return {stack: (cnt[stack], total[stack], total[stack] - inner.get(stack, 0),
                    inner.get(stack, 0)) for stack in total}


def stacks_of(found):
    """The rows of a tree by their stacks."""
    stacks, result = [], {}
    for number, row in enumerate(found.itertuples()):
        check_equal(row.id, number)
        above = () if pandas.isna(row.parent) else stacks[int(row.parent)]
        check_equal(row.depth, len(above))
        stacks.append(above + (row.state,))
        result[stacks[-1]] = (row.count_, row.total_ns, row.self_ns, row.children_ns)
    check_equal(len(result), len(found), "different stacks")
    return result


def tree(*args):
    return stacks_of(frame("--tree", *args).rename(columns={"count": "count_"}))


def test_nested_calls_are_added_up(scratch):
    rows = nested(random.Random(8), ((1, 1), (1, 2), (2, 1)))
    path = write(pathlib.Path(scratch) / DETAIL, lines(rows))
    check_equal(tree(path), sums_of(rows))
    found = frame("--tree", path)
    check(abs(found[found.depth == 0].share_percent.sum() - 100) < 1e-9, "shares")


def test_calls_of_a_tree_may_come_in_any_order_from_any_host(scratch):
    rng, directory = random.Random(9), pathlib.Path(scratch)
    ours, theirs = nested(rng, ((1, 1), (2, 2))), nested(rng, ((1, 1), (3, 3)))
    expected = table("--tree", write(directory / "ours", lines(ours)),
                     write(directory / "theirs", lines(theirs)))
    shuffled = rng.sample(lines(ours), len(ours))
    (directory / "host").mkdir()
    write(directory / "host" / DETAIL, shuffled[50:])
    write(directory / "host" / f"{DETAIL}.1", shuffled[:50])
    write(directory / "theirs", rng.sample(lines(theirs), len(theirs)))
    check_equal(table("--tree", directory / "theirs", directory / "host"), expected)


def test_a_tree_is_of_what_was_asked_for(scratch):
    rows = nested(random.Random(10), ((1, 1),))
    path = write(pathlib.Path(scratch) / DETAIL, lines(rows))
    check_equal(tree("--state", "[AB]", path), sums_of([row for row in rows if row[0] != "C"]))
    late = EPOCH + 10000
    check_equal(tree("--since", late, path), sums_of([row for row in rows if row[1] >= late]))
    check_equal(run("--tree", "--process", "nobody", path)[0], 1)


def test_names_with_dots_are_a_tree(scratch):
    path = pathlib.Path(scratch) / "robot_activity_data"
    names = {"a": (1, 100), "a.b": (2, 30), "a.b.c": (1, 10), "a.d": (1, 20), "x.y.z": (3, 60),
             "x.y-z": (1, 5), "a-b": (1, 7), "a.": (1, 3), "a..q": (1, 2)}
    path.write_bytes(b"".join(b"%s,%d,%d\n" % (name.encode(), EPOCH, total // cnt)
                              for name, (cnt, total) in names.items() for _ in range(cnt)))
    found = frame("--tree=name", path)
    found["state"] = found.state.fillna("")
    got = {}
    stacks = []
    for row in found.rename(columns={"count": "count_"}).itertuples():
        above = None if pandas.isna(row.parent) else stacks[int(row.parent)]
        stacks.append(row.state if above is None else f"{above}.{row.state}")
        got[stacks[-1]] = (row.count_, row.total_ns, row.self_ns, row.children_ns)
    check_equal({name: got[name] for name in names if name != "a"},
                {"a.b": (2, 30, 20, 10), "a.b.c": (1, 10, 10, 0), "a.d": (1, 20, 20, 0),
                 "x.y.z": (3, 60, 60, 0), "x.y-z": (1, 5, 5, 0), "a-b": (1, 7, 7, 0),
                 "a.": (1, 3, 3, 0), "a..q": (1, 2, 2, 0)})
    check_equal(got["a"], (1, 100, 45, 55))
    check(all(pandas.isna(got[name][0]) for name in ("x", "x.y", "a.")
              if name not in names), "sums have no calls")
    check_equal((got["x"][1:], got["x.y"][1:]), ((65, 0, 65), (60, 0, 60)))


# --- all of them --------------------------------------------------------------------------------

VIEWS = (("--by=pid",), ("--by=comm,failed,note",), ("--by=host,size",), ("--rate=1s",),
         ("--rate=7ms", "--by=tid"), ("--rate=1min", "--series"), ("--tree",), ("--tree=name",))


def test_any_number_of_threads_finds_the_same(scratch):
    rng = random.Random(11)
    rows = rows_of(rng, 20000)
    rows[7000] = b"A,torn\r\n"
    rows[9000] = b'"A\n",1,2,3,4,c,return,0,0,/b,f,,\r\n'
    rows[12000] = b"tid,state,ended,start_ns,duration_ns,pid\r\n" + b"1,B,return,%d,6,7\r\n" % EPOCH * 50
    rows[12001] = HEADER.encode()
    path = write(pathlib.Path(scratch) / DETAIL, rows * 2)
    for view in (*VIEWS, ("--by=pid", "--process=one"), ("--by=comm", "--process=t*")):
        expected = run("--format=csv", *view, path, threads=0)
        check_equal(expected[0], 0, view)
        for threads in (1, 2, 5):
            check_equal(run("--format=csv", *view, path, threads=threads), expected,
                        f"{view}, {threads} threads")


def test_rows_may_be_shuffled_split_and_of_several_hosts(scratch):
    rng, directory = random.Random(12), pathlib.Path(scratch)
    rows = rows_of(rng, 4000)
    whole = write(directory / "whole", rows)
    rng.shuffle(rows)
    (directory / "one").mkdir()
    (directory / "two").mkdir()
    write(directory / "one" / DETAIL, rows[:1000])
    write(directory / "one" / f"{DETAIL}.1", rows[1000:1200])
    write(directory / "two" / DETAIL, rows[1200:])
    for view in VIEWS:
        if "--tree" in view or "--by=host,size" in view:  # these tell hosts apart
            continue
        check_equal(table(*view, directory / "two", directory / "one"), table(*view, whole), view)


def test_views_that_exclude_each_other_are_refused(scratch):
    for args in (("--tree", "--by=pid"), ("--tree", "--rate=1s"), ("--series",), ("--rate=0",),
                 ("--rate=soon",), ("--by=a,b,c,d",), ("--by=pid,pid",), ("--by=",),
                 ("--tree=up",), ("--only=processes", "--tree"), ("--by=" + "x" * 65,)):
        status, text, messages = run(*args, scratch)
        check_equal((status, text), (2, b""), args)
        check(messages.startswith(b"tacho: report: "), messages)


def test_processes_alone_are_nothing_of_states(scratch):
    path = pathlib.Path(scratch) / "process_detail.csv"
    path.write_bytes(b"time_ns,event,pid,start_ns,comm,command,cpu_ns,rss_bytes,peak_rss_bytes,"
                     b"exit_code\n5,sample,1,1,c,c,1,1,1,\n")
    check_equal(run(path)[0], 0)
    for view in VIEWS:
        status, _, messages = run(*view, path)
        check_equal(status, 1, view)
        check(b"no finished activity was found" in messages, messages)


def test_tables_fit_a_terminal_and_columns_can_be_chosen(scratch):
    path = write(pathlib.Path(scratch) / DETAIL, rows_of(random.Random(13), 100))
    found = frame("--by=pid,comm", "--columns=count,p99", path)
    check_equal(list(found.columns), ["state", "pid", "comm", "count", "p99_ns"])
    check_equal(list(frame("--tree", "--columns=self", path).columns), ["state", "self_ns"])
    text = run("--tree", write(pathlib.Path(scratch) / "nested", lines(nested(
        random.Random(14), ((1, 1),)))))[1].decode()
    check(any(line.startswith("  ") for line in text.splitlines()), "nothing is indented")


if __name__ == "__main__":
    harness.main(needs_bpf=False)
