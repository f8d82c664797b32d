#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho export for databases: PostgreSQL loads it, and the parser of Prometheus reads it."""
import csv
import io
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

from exports import OPENTRONS, RECORDING, check_golden, detail, export
import harness
from harness import check, check_equal


# --- sql --------------------------------------------------------------------------------------

def postgres_program(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    check(found, f"{name} is not installed (Debian package postgresql)")
    return str(found[-1])


class Cluster:
    """A PostgreSQL server of our own, on a socket in a directory; a context manager."""

    def __init__(self, scratch):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="tacho-test-pg-"))
        self.as_postgres = {"cwd": "/"}
        if os.getuid() == 0:  # which PostgreSQL refuses to run as
            account = pwd.getpwnam("postgres")
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            self.as_postgres.update(user=account.pw_uid, group=account.pw_gid, extra_groups=[])
        self.server = None

    def run(self, name, *arguments, **more):
        done = subprocess.run([postgres_program(name), *map(str, arguments)], capture_output=True,
                              timeout=harness.DEADLINE_S, **self.as_postgres, **more)
        check_equal(done.returncode, 0, f"{name}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()

    def __enter__(self):
        data = self.directory / "data"
        self.run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync")
        self.server = subprocess.Popen(
            [postgres_program("postgres"), "-D", str(data), "-k", str(self.directory),
             "-c", "listen_addresses=", "-c", "fsync=off"], stderr=subprocess.DEVNULL,
            **self.as_postgres)
        harness.wait_for(self.is_ready, "PostgreSQL to be ready")
        return self

    def is_ready(self):
        check(self.server.poll() is None, "PostgreSQL has ended")
        return subprocess.run([postgres_program("pg_isready"), "-h", str(self.directory)],
                              capture_output=True, timeout=harness.DEADLINE_S).returncode == 0

    def __exit__(self, *_):
        if self.server:
            self.server.send_signal(signal.SIGINT)  # "fast shutdown"
            self.server.wait(timeout=harness.DEADLINE_S)
        shutil.rmtree(self.directory, ignore_errors=True)

    def load(self, script):
        return self.run("psql", "-X", "-q", "-h", self.directory, "-U", "postgres", input=script)

    def ask(self, query):
        """Rows of text; NULL is None."""
        rows = self.run("psql", "-X", "-q", "-h", self.directory, "-U", "postgres", "-c",
                        f"COPY ({query}) TO STDOUT (FORMAT csv, NULL '<null>')")
        return [[None if field == "<null>" else field for field in row]
                for row in csv.reader(io.StringIO(rows, newline=""))]


def null_if_empty(row, *names):
    return [row[name] or None for name in names]


def test_sql_is_as_before(scratch):
    check_golden("sql", export("--format", "sql", RECORDING)[0])


def test_sql_makes_hypertables_when_asked(scratch):
    plain = export("--format", "sql", RECORDING)[0].decode()
    timescale = export("--format", "sql", "--timescale", RECORDING)[0].decode()
    added = [line for line in timescale.splitlines() if line not in plain.splitlines()]
    check_equal([line.split("(")[0] for line in added],
                ["CREATE EXTENSION IF NOT EXISTS timescaledb;", "SELECT create_hypertable",
                 "SELECT create_hypertable"])


def test_sql_is_loaded_by_PostgreSQL_and_says_what_the_files_say(scratch):
    hostile = 'a\tb\\.\r\nc"\'\U0001f600\\N'
    quoted = '"' + hostile.replace('"', '""') + '"'
    (scratch / "hostile").write_bytes(
        ("state,start_ns,duration_ns,ended,comm,function,path\r\n"
         f"{quoted},1,2,return,{quoted},{quoted},{quoted}\r\n"
         "\\.,9223372036854775807,18446744073709551615,return,x\\,,\r\n"
         "TOO_LATE,9223372036854775808,1,return,,,\r\n").encode())
    with Cluster(scratch) as cluster:
        cluster.load(export("--format", "sql", RECORDING)[0])
        cluster.load(export("--format", "sql", OPENTRONS)[0])
        script, errors = export("--format", "sql", scratch / "hostile")
        check("1 row left out: the moment is too large" in errors, errors)
        cluster.load(script)

        rows = harness.details(RECORDING)
        names = ("state", "start_ns", "duration_ns", "pid", "tid", "comm", "ended", "depth",
                 "cpu_ns", "blocked_ns", "return_value", "binary", "function")
        loaded = cluster.ask('SELECT state, start_ns, duration_ns, pid, tid, comm, ended, depth, '
                             'cpu_ns, blocked_ns, return_value, "binary", function '
                             "FROM activity_detail WHERE pid IS NOT NULL ORDER BY start_ns, tid")
        with open(RECORDING / "activity_detail.csv", newline="") as file:
            header, *lines = csv.reader(file, strict=True)
        expected = [null_if_empty(dict(zip(reversed(header), reversed(line))), *names)
                    for line in sorted(lines, key=lambda r: (int(r[1]), int(r[4])))]
        check_equal(loaded, expected)
        check_equal(cluster.ask("SELECT count(*), sum(duration_ns) FROM activity_detail "
                                "WHERE pid IS NOT NULL"),
                    [[str(len(rows)), str(sum(r["duration_ns"] for r in rows))]])
        check_equal(cluster.ask("SELECT count(*), count(*) FILTER (WHERE NOT failed) "
                                "FROM activity_detail WHERE failed IS NOT NULL"), [["3", "2"]])

        old = harness.activities(OPENTRONS)
        check_equal(cluster.ask("SELECT count(*), sum(duration_ns), min(start_ns) FROM "
                                "activity_detail WHERE ended IS NULL"),
                    [[str(len(old)), str(sum(r[2] for r in old)), str(min(r[1] for r in old))]])

        check_equal(cluster.ask("SELECT state, comm, function, captured->>'path' FROM "
                                "activity_detail WHERE start_ns = 1"), [[hostile] * 4])
        check_equal(cluster.ask("SELECT state, comm, duration_ns FROM activity_detail "
                                "WHERE start_ns = 9223372036854775807"), [["\\.", "x\\", None]])

        check_equal(cluster.ask("SELECT captured->>'cpu_ns' FROM activity_detail "
                                "WHERE captured ? 'cpu_ns'"), [["7"]])
        check_equal(cluster.ask("SELECT event, cpu_ns, rss_bytes, exit_code, command FROM "
                                "process_detail ORDER BY time_ns"),
                    [["sample", "2000000123", "95000000", None, 'motord "-x", \\x0a'],
                     ["sample", "2250000123", "96000000", None, 'motord "-x", \\x0a'],
                     ["exit", "2250000123", None, "-9", 'motord "-x", \\x0a']])
        check_equal(cluster.ask("SELECT extract(epoch FROM started)::numeric * 1000000 = "
                                "start_ns / 1000, count(*) FROM activity_detail "
                                "WHERE start_ns < 9e18 GROUP BY 1"),
                    [["t", str(len(rows) + len(old) + 1)]])


# --- openmetrics ------------------------------------------------------------------------------

PARSE_METRICS = """
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(json.dumps([[f.name, f.type, f.unit, [[s.name, s.labels, s.value] for s in f.samples]]
                  for f in text_string_to_metric_families(sys.stdin.read())]))
"""


def parse_metrics(output):
    """What Prometheus' own strict parser reads, as {(sample, sorted labels): value}."""
    done = subprocess.run(["/usr/bin/python3", "-c", PARSE_METRICS], input=output,
                          capture_output=True, timeout=harness.DEADLINE_S)
    check_equal(done.returncode, 0, done.stderr.decode())
    samples = {}
    for _, _, _, family in json.loads(done.stdout):
        for name, labels, value in family:
            key = (name, tuple(sorted(labels.items())))
            check(key not in samples, f"twice: {key}")
            samples[key] = value
    return samples


def sample(samples, name, **labels):
    return samples.get((f"tacho_{name}", tuple(sorted(labels.items()))))


def test_openmetrics_is_as_before(scratch):
    output, errors = export("--format", "openmetrics", RECORDING)
    check_golden("openmetrics", output)
    check_equal(errors, "")


def test_openmetrics_are_understood_and_right(scratch):
    samples = parse_metrics(export("--format", "openmetrics", RECORDING)[0])
    finished = [r for r in harness.details(RECORDING)
                if r["ended"] in ("return", "exception", "unwound")]
    for state, more_cnt, more_ns in ("STEP", 0, 0), ("HOMING", 0, 0), ("MOVING", 1000, 5000000):
        durations = [r["duration_ns"] for r in finished if r["state"] == state]
        cnt = len(durations) + more_cnt
        check_equal(sample(samples, "call_duration_seconds_count", state=state), cnt, state)
        total = sample(samples, "call_duration_seconds_sum", state=state)
        check_equal(round(total * 1e9), sum(durations) + more_ns, state)
        below = [v for (name, labels), v in samples.items() if name.endswith("_bucket") and
                 dict(labels)["state"] == state and dict(labels)["le"] == "0.000001023"]
        check_equal(below, [sum(d <= 1023 for d in durations) + (10 if more_cnt else 0)], state)
    check_equal(sample(samples, "calls_total", state="STEP", ended="killed"), 1)
    check_equal(sample(samples, "calls_total", state="MOVING", ended="return"), 999)
    check_equal(sample(samples, "failed_calls_total", state="MOVING"), 1)
    check_equal(sample(samples, "failed_calls_total", state="STEP"), None)
    # the ledger of STEP has two recordings
    check_equal(sample(samples, "lost_calls_total", state="STEP", reason="other"), 1)
    check_equal(sample(samples, "lost_calls_total", state="MOVING", reason="ring"), 3)
    check_equal(sample(samples, "unmatched_returns_total", state="MOVING"), 1)


def promtool(text):
    """What Prometheus itself says of a scrape."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          timeout=harness.DEADLINE_S)
    return done.returncode, done.stderr.decode()


def as_prometheus_text(text):
    """The older of its two formats calls the family of a counter as its samples."""
    for name in re.findall(rb"^# TYPE (\S+) counter$", text, re.M):
        text = re.sub(rb"^# (TYPE|HELP) %s " % name, rb"# \1 %s_total " % name, text, flags=re.M)
    return text


def test_openmetrics_are_accepted_by_Prometheus(scratch):
    check(shutil.which("promtool"), "promtool is not installed (Debian package prometheus)")
    rows = 'state,start_ns,duration_ns,ended\n"a""\\n{b},\n\\ é",1,2,return\n'.encode()
    for path, stdin in (RECORDING, b""), ("-", rows):
        text = export("--format", "openmetrics", path, stdin=stdin)[0]
        check_equal(promtool(as_prometheus_text(text)), (0, ""), path)
    check_equal(promtool(text.replace(b"# EOF", b"tacho_calls_total{state=} 1"))[0], 1,
                "it refuses what is wrong")


def test_openmetrics_counts_a_bound_as_below_it(scratch):
    durations = [0, 1, 1022, 1023, 1024, 2047, 2048, 2**40 - 1, 2**40, 2**63]
    rows = detail([("S", 1, duration, 0) for duration in durations])
    samples = parse_metrics(export("--format", "openmetrics", "-", stdin=rows)[0])
    buckets = {dict(labels)["le"]: value for (name, labels), value in samples.items()
               if name.endswith("_bucket")}
    check_equal(len(buckets), 32)
    for bound, value in buckets.items():
        limit = float(bound) * 1e9 + 0.5
        check_equal(value, sum(d <= limit for d in durations), f"calls up to {bound}")


def test_openmetrics_has_states_of_any_name(scratch):
    name = 'a"\\n{b},\n\\ é'
    rows = f'state,start_ns,duration_ns,ended\n"{name.replace(chr(34), 2 * chr(34))}",1,2,return\n'
    samples = parse_metrics(export("--format", "openmetrics", "-", stdin=rows.encode())[0])
    check_equal(sample(samples, "call_duration_seconds_count", state=name), 1)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
