#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Files of calls that others have written are read: those of QuantumLeap and Junmai AutoDev, and of
every version of the Opentrons package; and their own examples come out as they say."""
import csv
import io
import json
import subprocess

from exports import DETAIL, export
import harness
from harness import check, check_equal

QUANTUMLEAP = b"Timepoint,Measurement,Label,PID\r\n"
JUNMAI = b"timestamp,operation,duration_ms,photo_id,job_id,stage,success,error_message\r\n"
HEX = "0123456789abcdef0123456789abcdef"


def run(*args, stdin=b"", status=0):
    done = subprocess.run([harness.TACHO, "report", *map(str, args)], input=stdin,
                          capture_output=True, timeout=harness.DEADLINE_S,
                          env={"TZ": "Europe/Berlin", "PATH": "/usr/bin:/bin"})
    check_equal(done.returncode, status, done.stderr)
    return done.stdout, done.stderr.decode()


def states(*args, **how):
    found = json.loads(run("--format=json", "--only=states", *args, **how)[0])
    check_equal(found["malformed"], 0, "malformed")
    return {row["state"]: row for row in found["states"]}


# --- QuantumLeap --------------------------------------------------------------------------------

SAMPLE = [  # as its own CSV module has written them
    b"1795309967675741207,0.010123134000082246,/version [GET],10823\r\n",
    b'1795309967685980914,0.010170986999924025,"a,b [GET]",10823\r\n',
    b'1795309967696186096,0.010126765999984855,"q""x",10823\r\n',
    b'1795309967706435257,0.010158335000028273,"multi\nline",10823\r\n',
    b"1795309967716672044,0.01017663100003574,,10823\r\n"]


def test_quantumleap_durations_are_calls_that_ended_at_their_timepoints(scratch):
    found = states("-", stdin=QUANTUMLEAP + b"".join(SAMPLE))
    check_equal({state: row["total_ns"] for state, row in found.items()}, {
        "/version [GET]": 10123134, "a,b [GET]": 10170987, 'q"x': 10126766,
        "multi\\x0aline": 10158335, "(no label)": 10176631})
    text = run("--rate=1s", "--series", "--format=csv", "-", stdin=QUANTUMLEAP + SAMPLE[0])[0]
    check_equal(text, b"state,time_ns,count\r\n/version [GET],1795309967000000000,1\r\n")


def test_quantumleap_numbers_may_be_of_any_kind(scratch):
    rows = b"9,5.63e-05,A,1\r\n20,1,A,1\r\n1795309967675741207,3,A,1\n7,0.0,B,4294967296\r\n"
    found = states("-", stdin=QUANTUMLEAP + rows)
    check_equal((found["A"]["min_ns"], found["A"]["max_ns"], found["A"]["count"]),
                (56300, 3 * 10**9, 3))
    check_equal(found["B"]["total_ns"], 0)


def test_quantumleap_rows_that_make_no_sense_are_told(scratch):
    rows = b"x,1,A,1\r\n1,-1,A,1\r\n1,nan,A,1\r\n1,inf,A,1\r\n1,,A,1\r\n1,1,A,x\r\n1,1,A\r\n5,1e300,A,1\r\n"
    _, errors = run("-", stdin=QUANTUMLEAP + rows + SAMPLE[0])
    for line, wrong in ((2, "the Timepoint is no number of nanoseconds"),
                        (3, "the Measurement is no number of seconds"),
                        (6, "the Measurement is no number of seconds")):
        check(f"standard input:{line}: {wrong}" in errors, errors)
    check("3 more malformed rows" in errors, errors)


def test_quantumleap_directories_are_all_their_duration_files(scratch):
    (scratch / f"duration.{HEX}.csv").write_bytes(QUANTUMLEAP + SAMPLE[4] + SAMPLE[0])
    (scratch / f"duration.{HEX[::-1]}.csv").write_bytes(QUANTUMLEAP + SAMPLE[0] * 2)
    (scratch / f"duration.{'0' * 32}.csv").write_bytes(QUANTUMLEAP)
    (scratch / f"duration.{'1' * 32}.tmp").write_bytes(QUANTUMLEAP + SAMPLE[1])
    (scratch / f"runtime.{HEX}.csv").write_bytes(
        QUANTUMLEAP + b"1,5,gc collections,1\r\n1,0.25,user time,1\r\n1,41000,max rss,1\r\n")
    found = states(scratch)
    check_equal({state: row["count"] for state, row in found.items()},
                {"/version [GET]": 3, "(no label)": 1})
    check_equal(states(scratch / f"runtime.{HEX}.csv", status=1), {})
    by_pid = json.loads(run("--by=pid", "--format=json", scratch)[0])["states"]
    check_equal({row["pid"] for row in by_pid}, {"10823"})
    folded = export("--format=folded", scratch)[0]
    check_equal(folded, b"(no label) 10176631\n/version [GET] 30369402\n", "as an export has it")


def test_quantumleap_comes_out_as_it_went_in(scratch):
    rows = QUANTUMLEAP + b"".join(SAMPLE[:4])
    export("--format=quantumleap", "-o", scratch / "out", "-", stdin=rows)
    path, = (scratch / "out").iterdir()
    expected = QUANTUMLEAP
    for row in SAMPLE[:4]:  # to the nanosecond
        time, seconds, rest = row.split(b",", 2)
        expected += b",".join((time, repr(round(float(seconds) * 1e9) / 1e9).encode(), rest))
    check_equal(path.read_bytes(), expected)


# --- Junmai -------------------------------------------------------------------------------------


def junmai(durations):
    """Rows of (operation, milliseconds, success), one a minute from 12:00 local time on."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows((f"2026-11-22T12:{i:02}:00.000001", operation, ms, i, None, None, good,
                               None if good else 'boom, "x"')
                              for i, (operation, ms, good) in enumerate(durations))
    return JUNMAI + out.getvalue().encode()


def junmai_of(rows):
    return json.loads(export("--format=junmai-json", "-", stdin=rows)[0])["summary"]


def test_junmai_records_are_calls_that_ended_at_their_timestamps(scratch):
    row = b'2026-11-22T01:15:36.333671,bad,0.00667572021484375,1,,,False,"boom, ""x"""\r\n'
    found = states("-", stdin=JUNMAI + row)["bad"]
    check_equal((found["total_ns"], found["failed"]), (6676, 1))
    end = 1795306536333671000  # in Berlin
    check_equal(states("--since", end - 6676, "-", stdin=JUNMAI + row)["bad"]["count"], 1)
    run("--since", end - 6675, "-", stdin=JUNMAI + row, status=1)


def test_junmai_directories_and_columns_are_known(scratch):
    (scratch / "processing_metrics_20261122_011536.csv").write_bytes(
        junmai([("op1", 100.0, True), ("op1", 200, False), ("op2", 1.5, True)]))
    (scratch / "processing_metrics_20261122_011537.csv").write_bytes(b"")
    (scratch / "memory_metrics_20261122_011536.csv").write_bytes(b"timestamp,total_mb\r\n1,2\r\n")
    check_equal({s: row["count"] for s, row in states(scratch).items()}, {"op1": 2, "op2": 1})
    found = json.loads(run("--by=failed", "--format=json", scratch)[0])["states"]
    check_equal({(row["state"], row["by_failed"], row["count"]) for row in found},
                {("op1", "0", 1), ("op1", "1", 1), ("op2", "0", 1)})
    found = json.loads(run("--by=photo_id", "--format=json", scratch)[0])["states"]
    check_equal({row["photo_id"] for row in found}, {"0", "1", "2"})


def test_junmai_rows_that_make_no_sense_are_told(scratch):
    rows = JUNMAI + (b"yesterday,a,1,,,,True,\r\n123,a,1,,,,True,\r\n"
                     b"2026-11-22T01:15:36,a,-1,,,,True,\r\n2026-11-22T01:15:36,,1,,,,True,\r\n"
                     b"2026-11-22T01:15:36,a,1,,,,yes,\r\n")
    _, errors = run("-", stdin=rows, status=1)
    for line, wrong in ((2, "the timestamp is no moment"), (3, "the timestamp is no moment"),
                        (4, "the duration is no number of milliseconds"),
                        (5, "the operation has no name"), (6, "success is neither True nor False")):
        check(f":{line}: {wrong}" in errors, errors)


def test_junmai_examples_come_out_as_its_tests_say(scratch):
    rows = junmai([("op", float(ms), True) for ms in range(100, 200, 10)])
    stats = junmai_of(rows)["processing_time_stats"]
    check_equal([stats[key] for key in (
        "count", "avg_duration_ms", "min_duration_ms", "max_duration_ms", "median_duration_ms",
        "success_count", "failure_count")], [10, 145.0, 100.0, 190.0, 150.0, 10, 0])
    found = states("-", stdin=rows)["op"]
    check_equal([found[key] for key in ("count", "mean_ns", "min_ns", "max_ns", "p50_ns", "failed")],
                [10, 145000000, 100000000, 190000000, 145000000, 0])
    rows = junmai([("op", 1.0, True)] * 5 + [("op", 1.0, False)] * 3)
    check_equal(junmai_of(rows)["processing_time_stats"]["success_rate"], 62.5)
    rows = junmai([("op1", ms, True) for ms in (100, 150, 200)] +
                  [("op2", ms, True) for ms in (50, 75)] +
                  [("op3", ms, True) for ms in (300, 350, 400, 450)])
    expected = [("op3", 1500), ("op1", 450), ("op2", 125)]
    check_equal([(row["operation"], row["total_duration_ms"])
                 for row in junmai_of(rows)["operation_summary"]], expected)
    check_equal([(state, row["total_ns"] // 10**6) for state, row in states("-", stdin=rows).items()],
                expected, "the same order")
    (scratch / "rows.csv").write_bytes(junmai([("old", 1, True)] + [("new", 1, True)] * 10)
                                       .replace(b"T12:10:", b"T12:11:"))
    found = states("--last=605s", scratch / "rows.csv")
    check_equal((found["old"]["count"], found["new"]["count"]), (0, 10), "what is older is left out")


# --- ProxyStore ---------------------------------------------------------------------------------


def proxystore(calls):
    """calls: (state, milliseconds, key), one a second."""
    text = DETAIL.rstrip("\r\n") + ",function,key\r\n" + "".join(
        f"{state},{10**18 + 10**9 * i},{round(ms * 1e6)},1,1,return,0,f,{key}\r\n"
        for i, (state, ms, key) in enumerate(calls))
    return json.loads(export("--format=proxystore", "--key=key", "-", stdin=text.encode())[0])


def times(stats):
    return [stats[name] for name in ("count", "avg_time_ms", "min_time_ms", "max_time_ms",
                                     "last_time_ms")]


def test_proxystore_examples_come_out_as_its_tests_say(scratch):
    data = proxystore([("t", 1, "a"), ("t", 3, "a")])
    check_equal(times(data["aggregate"]["t"]), [2, 2, 1, 3, 3])
    check_equal(times(proxystore([("t", 1, "a"), ("t", 3, "a"), ("t", 6, "a")])["aggregate"]["t"])[4],
                6)
    check_equal(times(proxystore([("t", 1, "a"), ("t", 2, "a")])["keys"]["a"]["times"]["t"])[:4],
                [2, 1.5, 1, 2])
    data = proxystore([(state, factor * n, key) for state, factor in (("x", 1), ("y", 10))
                       for n, key in ((1, "a"), (2, "b"), (3, "c"))])
    check_equal(times(data["aggregate"]["x"])[:4], [3, 2, 1, 3])
    check_equal(times(data["aggregate"]["y"])[:4], [3, 20, 10, 30])
    check_equal(sorted(data["keys"]), ["a", "b", "c"])
    found = times(proxystore([("t", 45.6, "a"), ("t", 3.2, "a")])["aggregate"]["t"])
    check_equal([found[0], round(found[1], 9), *found[2:4]], [2, 24.4, 3.2, 45.6])


# --- Opentrons ----------------------------------------------------------------------------------

OLD, NEW = "robot_context_data", "robot_activity_data"
IDS = b"state_id,function_start_time,duration"
NAMED = b"state_name,function_start_time,duration"
START, TOOK = b"1718739269730290312", b"14028043893"
VERSIONS = (  # file, header inside the data, headers file, rows
    (OLD, IDS + b"\r\n", None, b"2,%s,%s\r\n"),
    (OLD, b"", IDS, b"2,%s,%s\r\n"),
    (OLD, b"", IDS, b"ANALYZING_PROTOCOL,%s,%s\r\n"),
    (OLD, b"", NAMED, b"ANALYZING_PROTOCOL,%s,%s\r\n"),
    (OLD, b"", NAMED, b'"ANALYZING_PROTOCOL","%s","%s"\r\n'),
    (NEW, b"", NAMED, b'"ANALYZING_PROTOCOL","%s","%s"\r\n'),
    (NEW, b"", b"state,func_start,duration", b'"ANALYZING_PROTOCOL","%s","%s"\r\n'),
    (NEW, b"", None, b'"ANALYZING_PROTOCOL","%s","%s"\r\n'),
    (NEW, b"", None, b"ANALYZING_PROTOCOL,%s,%s\n"),
)


def test_opentrons_files_of_every_version_are_read(scratch):
    for number, (name, inside, beside, row) in enumerate(VERSIONS):
        directory = scratch / str(number)
        directory.mkdir()
        (directory / name).write_bytes(2 * (inside + row % (START, TOOK)))  # repeated at each store
        if beside:
            (directory / f"{name}_headers").write_bytes(beside)
        for path in directory, directory / name:
            found = states(path)
            check_equal({s: (r["count"], r["total_ns"]) for s, r in found.items()},
                        {"ANALYZING_PROTOCOL": (2, 2 * int(TOOK))}, f"version {number}")
        check_equal(export("--format=folded", directory)[0],
                    b"ANALYZING_PROTOCOL %d\n" % (2 * int(TOOK)), f"version {number}, exported")


def test_opentrons_files_may_mix_all_versions(scratch):
    rows = b"".join(inside + row % (START, TOOK) for _, inside, _, row in VERSIONS)
    (scratch / NEW).write_bytes(rows + b'"ANALYZING_PROTOCOL","1718739')
    found = json.loads(run("--format=json", scratch)[0])
    check_equal((found["states"][0]["count"], found["malformed"], found["torn"]),
                (len(VERSIONS), 0, 1))
    for number, name in enumerate(("STARTING_UP", "CALIBRATING", "ANALYZING_PROTOCOL",
                                   "RUNNING_PROTOCOL", "SHUTTING_DOWN")):
        check_equal(list(states("-", stdin=b"%d,1,2\r\n" % number)), [name])


if __name__ == "__main__":
    harness.main(needs_bpf=False)
