#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho export in the formats of QuantumLeap, Junmai AutoDev and ProxyStore."""
import csv
import io
import json
import random
import re

from exports import RECORDING, check_golden, detail, export
import harness
from harness import check, check_equal


# --- quantumleap ------------------------------------------------------------------------------

QUANTUMLEAP_HEADER = b"Timepoint,Measurement,Label,PID\r\n"


def quantumleap(out, *arguments, stdin=b""):
    """The files of an export, by the pid and kind of each; their names are checked."""
    export("--format", "quantumleap", "-o", out, *arguments, stdin=stdin)
    files = {}
    for path in sorted(out.iterdir()):
        match = re.fullmatch(r"(duration|runtime|gauge)\."
                             r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\.csv", path.name)
        check(match, path.name)
        data = path.read_bytes()
        check(data.startswith(QUANTUMLEAP_HEADER), data)
        pids = {line.rsplit(b",", 1)[1] for line in data.split(b"\r\n")[1:-1]}
        check_equal(len(pids), 1, f"pids of {path.name}")
        files.setdefault((match[1], int(pids.pop())), []).append(data)
    return files


def test_quantumleap_is_as_before(scratch):
    files = quantumleap(scratch / "new" , RECORDING)
    check_equal(sorted(files), [("duration", 812), ("runtime", 812)])
    for kind in "duration", "runtime":
        check_equal(len(files[kind, 812]), 1)
        check_golden(f"quantumleap.{kind}.csv", files[kind, 812][0])


def test_quantumleap_has_the_totals_of_counters(scratch):
    rows = ("time_ns,pid,name,delta,total\r\n"
            "10,7,gc collections,1,1\r\n10,7,gc collected,5,5\r\n11,7,hits,-2,-2\r\n"
            f"12,7,gc collections,1,2\r\n13,8,hits,1,{2**63 - 1}\r\n14,8,hits,x,1\r\n"
            f"15,8,gc uncollectable,0,0\r\n16,8,hits,1,{-2**63}\r\n17,8,hits,1,{2**63}\r\n")
    (scratch / "in").mkdir()
    (scratch / "in" / "counters.csv").write_text(rows, newline="")
    expected = {
        ("runtime", 7): [b"10,1,gc collections,7", b"12,2,gc collections,7",
                         b"10,5,gc collected,7"],
        ("gauge", 7): [b"11,-2,hits,7"],
        ("gauge", 8): [b"13,%d,hits,8" % (2**63 - 1), b"16,%d,hits,8" % -2**63],
        ("runtime", 8): [b"15,0,gc uncollectable,8"]}
    for number, path in enumerate((scratch / "in", scratch / "in" / "counters.csv")):
        files = quantumleap(scratch / str(number), path)
        check_equal(files, {key: [QUANTUMLEAP_HEADER + b"".join(line + b"\r\n" for line in lines)]
                            for key, lines in expected.items()})


def test_quantumleap_has_what_Python_would_have_written(scratch):
    rng = random.Random(5)
    rows = [("L%d" % rng.randrange(3), 1795317606000000000 + i,
             rng.randrange(10**rng.randrange(1, 16)), 0) for i in range(1000)]
    expected = io.StringIO(newline="")
    writer = csv.writer(expected)
    writer.writerow(["Timepoint", "Measurement", "Label", "PID"])
    for label in dict.fromkeys(state for state, *_ in rows):
        for state, start, duration, _ in rows:
            if state == label:
                writer.writerow([start + duration, duration / 1e9, state, 7])
    files = quantumleap(scratch / "out", "-", stdin=detail(rows, pid=7))
    check_equal(files, {("duration", 7): [expected.getvalue().encode()]})


def test_quantumleap_begins_a_file_when_its_buffer_would_be_full(scratch):
    rows = [("S", 10 * i, 5, 0) for i in range(40000)]
    files = quantumleap(scratch / "out", "-", stdin=detail(rows, pid=7))
    check_equal(sorted(data.count(b"\r\n") - 1 for data in files["duration", 7]),
                [40000 - 2 * 18725, 18725, 18725])


def test_quantumleap_adds_to_what_is_there(scratch):
    for _ in range(2):
        files = quantumleap(scratch / "out", RECORDING)
    check_equal([len(f) for f in files.values()], [2, 2])
    _, errors = export("--format", "quantumleap", RECORDING, status=2)
    check("-o DIR says where" in errors, errors)


# --- junmai -----------------------------------------------------------------------------------

JUNMAI_ROWS = (b"state,start_ns,duration_ns,ended,failed,return_value,function,photo_id,job_id,stage\r\n"
               b'op1,1000000000,100000000,return,0,0,f,123,"j,1",\r\n'
               b"op3,1100000000,450000000,exception,1,,f,,,raw\r\n"
               b"op1,1200000000,150000000,return,1,-5,f,12a,j\xc3\xa9,\r\n"
               b"op2,1300000000,50000000,unwound,,,f,,,\r\n"
               b"op2,1300000000,50000000,killed,,,f,,,\r\n")


def junmai_json(*arguments, stdin=b""):
    text = export("--format", "junmai-json", *arguments, stdin=stdin)[0].decode()
    data = json.loads(text)
    check_equal(text, json.dumps(data, indent=2, ensure_ascii=False), "as Python lays it out")
    return data


def test_junmai_json_is_as_before(scratch):
    output = export("--format", "junmai-json", RECORDING)[0]
    check_golden("junmai.json", re.sub(rb'(?<="export_timestamp": ")[^"]*', b"now", output))
    junmai_json(RECORDING)


def test_junmai_json_has_the_statistics_of_Junmai(scratch):
    data = junmai_json("-", stdin=JUNMAI_ROWS)
    check_equal(list(data), ["export_timestamp", "processing_times", "memory_usage", "gpu_usage",
                             "summary"])
    first, second, third, last = data["processing_times"]
    check_equal(first, {"timestamp": "1970-01-01T00:00:01.100000", "operation": "op1",
                        "duration_ms": 100.0, "photo_id": 123, "job_id": "j,1", "stage": None,
                        "success": True, "error_message": None})
    check_equal([second["success"], second["error_message"], second["stage"]],
                [False, "exception", "raw"])
    check_equal([third["success"], third["error_message"], third["photo_id"], third["job_id"]],
                [False, "returned -5", "12a", "jé"])
    check_equal([last["success"], last["timestamp"]], [True, "1970-01-01T00:00:01.350000"])
    stats = data["summary"]["processing_time_stats"]
    check_equal(stats, {
        "count": 4, "operation": None, "duration_minutes": None, "total_duration_ms": 750.0,
        "avg_duration_ms": 187.5, "min_duration_ms": 50.0, "max_duration_ms": 450.0,
        "median_duration_ms": 150.0, "success_count": 2, "failure_count": 2, "success_rate": 50.0,
        "first_timestamp": "1970-01-01T00:00:01.100000",
        "last_timestamp": "1970-01-01T00:00:01.350000"})
    check_equal(data["summary"]["operation_summary"], [
        {"operation": "op3", "count": 1, "avg_duration_ms": 450.0, "total_duration_ms": 450.0,
         "success_rate": 0.0, "failure_count": 1},
        {"operation": "op1", "count": 2, "avg_duration_ms": 125.0, "total_duration_ms": 250.0,
         "success_rate": 50.0, "failure_count": 1},
        {"operation": "op2", "count": 1, "avg_duration_ms": 50.0, "total_duration_ms": 50.0,
         "success_rate": 100.0, "failure_count": 0}])
    check_equal(data["summary"]["memory_usage_stats"], {"count": 0})
    check_equal(data["summary"]["gpu_usage_stats"], {"count": 0, "gpu_id": None})


def test_junmai_json_has_the_memory_of_the_machine_and_of_all_processes(scratch):
    data = junmai_json(RECORDING)
    mib, total = 1048576, 25276502016
    check_equal([list(row.values()) for row in data["memory_usage"]], [
        ["2026-11-22T03:20:06", total / mib, 387403776 / mib, 24565379072 / mib,
         round((total - 24565379072) / total * 100, 1), 95000000 / mib, "background_monitoring"],
        ["2026-11-22T03:20:07", total / mib, 487403776 / mib, 24465379072 / mib,
         round((total - 24465379072) / total * 100, 1), 96000000 / mib, "background_monitoring"]])
    check_equal(data["summary"]["memory_usage_stats"]["current_process_mb"], 96000000 / mib)
    check_equal(data["summary"]["memory_usage_stats"]["avg_process_mb"], 191000000 / mib / 2)
    check_equal([row["gpu_id"] for row in data["gpu_usage"]], [0, 1])
    check_equal(data["gpu_usage"][0]["memory_percent"], 838860800 / 6441402368 * 100)


def test_junmai_csv_has_the_records_of_the_JSON(scratch):
    for name, stdin in (RECORDING, b""), ("-", JUNMAI_ROWS):
        out = scratch / ("rows" if stdin else "recording")
        export("--format", "junmai-csv", "-o", out, name, stdin=stdin)
        data = junmai_json(name, stdin=stdin)
        for kind, records in (("processing", "processing_times"), ("memory", "memory_usage"),
                              ("gpu", "gpu_usage")):
            path, = out.glob(f"{kind}_metrics_????????_??????.csv")
            expected = io.StringIO(newline="")
            if data[records]:
                writer = csv.DictWriter(expected, data[records][0].keys())
                writer.writeheader()
                writer.writerows(data[records])
            check_equal(path.read_bytes().decode(), expected.getvalue(), path.name)
        check_equal(len(list(out.iterdir())), 3)


# --- proxystore -------------------------------------------------------------------------------

def time_stats(durations_ns, ends_ns):
    """As ProxyStore's TimeStats add up."""
    stats = {"count": 0, "avg_time_ms": 0, "min_time_ms": float("inf"), "max_time_ms": 0,
             "last_time_ms": 0, "last_timestamp": 0}
    for duration, end in zip(durations_ns, ends_ns):
        ms, n = duration / 1e6, stats["count"]
        stats = {"count": n + 1, "avg_time_ms": (stats["avg_time_ms"] * n + ms) / (n + 1),
                 "min_time_ms": min(stats["min_time_ms"], ms),
                 "max_time_ms": max(stats["max_time_ms"], ms), "last_time_ms": ms,
                 "last_timestamp": end / 1e9}
    return stats


def test_proxystore_is_as_before(scratch):
    check_golden("proxystore.json", export("--format", "proxystore", "--key", "path", RECORDING)[0])


def test_proxystore_adds_up_as_ProxyStore_does(scratch):
    rows = [("store.put", 45600000, "a"), ("store.get", 1000000, "a"), ("store.put", 3200000, "b"),
            ("store.get", 333333, ""), ("store.get", 7, "b"), ("store.get", 0, "a")]
    text = "state,start_ns,duration_ns,ended,function,key\r\n" + "".join(
        f"{state},{10**18 + 10**9 * i},{duration},return,f,{key}\r\n"
        for i, (state, duration, key) in enumerate(rows))

    def expected(key=None):
        chosen = [(s, d, 10**18 + 10**9 * i + d) for i, (s, d, k) in enumerate(rows)
                  if key in (None, k)]
        return {state: time_stats([d for s, d, _ in chosen if s == state],
                                  [e for s, _, e in chosen if s == state])
                for state in dict.fromkeys(s for s, _, _ in chosen)}

    data = json.loads(export("--format", "proxystore", "--key", "key", "-", stdin=text.encode())[0])
    check_equal(data, {"aggregate": expected(), "keys": {
        key: {"attributes": {}, "counters": {}, "times": expected(key)} for key in "ab"}})
    data = json.loads(export("--format", "proxystore", "-", stdin=text.encode())[0])
    check_equal(data, {"aggregate": expected(), "keys": {}})
    _, errors = export("--format", "proxystore", "--key", "kye", "-", stdin=text.encode(), status=1)
    check("no file has a captured value 'kye'" in errors, errors)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
