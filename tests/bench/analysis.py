# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Reading recorded files: tacho report and what people use instead, on the same files in the page
cache. Whole processes are timed, and each has to give the same answers.

Every contender prints, or is made to say, how many calls each state has, and (those that can) their
exact quantiles: p50, p90 and p99 by linear interpolation, in nanoseconds.
"""
import csv
import json
import os
import random

from bench import Contender, Failed, Sample

TITLE = "Reading files: count and exact p50, p90 and p99 of each state"
BUDGET_S = 420
NOTES = ("CPU, s", "peak memory, MB", "answers")
ROWS = 10_000_000
FEW_ROWS = 1_000_000
TIMEOUT_S = 300
DUCKDB = "@duckdb/node-api@latest"
STATES = ("ANALYZING_PROTOCOL", "GETTING_CACHED_ANALYSIS", "RUNNING_PROTOCOL", "CALIBRATING", "STEP",
          "PREPARE", "HOME", "PICK_UP_TIP")
DETAIL_HEADER = ("state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,cpu_ns,runqueue_ns,"
                 "blocked_ns,minor_faults,major_faults,voluntary_switches,involuntary_switches,"
                 "return_value,binary,function")
QUANTILES = ("p50", "p90", "p99")

# --- the files -----------------------------------------------------------------------------------


def rows(cnt):
    """Calls of a robot: log-normal durations around 1 s down to tens of microseconds."""
    rng = random.Random(1)
    start = 1795328314555660785
    for _ in range(cnt):
        start += rng.randrange(1000, 100000)
        state = int(rng.random() * len(STATES))
        yield STATES[state], start, int(rng.lognormvariate(10 + state, 1.5))


def robot_row(state, start, duration):
    return f'"{state}","{start}","{duration}"\r\n'


def detail_row(state, start, duration):
    return (f"{state},{start},{duration},8705,{8705 + start % 4},robot,return,,0,{duration},0,0,1,0,0,"
            "0,,/lib/x86_64-linux-gnu/libsqlite3.so.0,sqlite3_step\r\n")


def make_file(bench, name, cnt):
    """In the build folder, where it stays for the next run."""
    path = bench.build / "bench" / f"{name}-{cnt}.csv"
    if path.exists():
        return path
    as_text = detail_row if name == "activity_detail" else robot_row
    part = path.with_suffix(".part")
    with open(part, "w", newline="") as file:
        if name == "activity_detail":
            file.write(DETAIL_HEADER + "\r\n")
        file.writelines(as_text(*row) for row in rows(cnt))
    part.rename(path)
    return path


def warm(path):
    """Into the page cache."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


# --- who reads them ------------------------------------------------------------------------------


class Answers:
    """What has been answered so far of each file: the first answer is the one to be met."""

    def __init__(self):
        self.known = {}

    def judge(self, path, answer, digits=0):
        """answer: {state: {"count": n, "p50": ns ...}}, as far as the contender knows."""
        first = self.known.setdefault(path, answer)
        for state, numbers in answer.items():
            for what, value in numbers.items():
                expected = first[state].get(what, value)
                if abs(value - expected) > max(0.51, abs(expected) * 1e-9 * digits):
                    raise Failed(f"{what} of {state} is {value}, not {expected}")
        if set(answer) != set(first):
            raise Failed("other states")
        return ", ".join(next(iter(answer.values())))


def timed(bench, command, parse=None, answers=None, path=None, env=None, stdin=None):
    done = bench.run(command, timeout_s=TIMEOUT_S, env=env, stdin=stdin)
    notes = {"CPU, s": round(done.cpu_s, 3), "peak memory, MB": done.rss_kb / 1000}
    if parse:
        notes["answers"] = answers.judge(path, parse(done.stdout))
    return Sample(done.wall_s, notes)


def tacho_answer(text):
    return {row["state"]: {"count": row["count"], **{q: row[f"{q}_ns"] for q in QUANTILES}}
            for row in json.loads(text)["states"]}


def table_answer(text):
    """Lines of state, count and perhaps the quantiles, by commas."""
    names = ("count",) + QUANTILES
    return {row[0].strip('"'): {name: float(value) for name, value in zip(names, row[1:])}
            for row in csv.reader(text.splitlines()) if row}


AWK = r'{ gsub(/"/, ""); cnt[$1]++; sum[$1] += $3 } END { for (s in cnt) print s "," cnt[s] }'
AWK_DETAIL = r'NR > 1 { cnt[$1]++; sum[$1] += $3 } END { for (s in cnt) print s "," cnt[s] }'

PANDAS = """
import sys, pandas
detail = sys.argv[2] == "detail"
t = pandas.read_csv(sys.argv[1], usecols=[0, 2], header=0 if detail else None,
                    names=["state", "start", "duration"] if not detail else None)
t.columns = ["state", "duration"]
g = t.groupby("state")["duration"]
q = g.quantile([.5, .9, .99]).unstack()
for state, n in g.size().items():
    print(state, n, *(repr(float(x)) for x in q.loc[state]), sep=",")
"""

# quantile_cont in DuckDB interpolates as pandas does; doubles keep these durations whole.
DUCKDB_JS = """
const { DuckDBInstance } = require('@duckdb/node-api');
(async () => {
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const columns = process.argv[3] === 'detail' ? '' :
    ", header = false, columns = {'state': 'VARCHAR', 'func_start': 'BIGINT', 'duration': 'BIGINT'}";
  const duration = process.argv[3] === 'detail' ? 'duration_ns' : 'duration';
  const result = await db.runAndReadAll(`select state, count(*),
      quantile_cont(${duration}, [0.5, 0.9, 0.99])
    from read_csv('${process.argv[2]}'${columns}) group by state`);
  for (const [state, count, quantiles] of result.getRows())
    console.log([state, count, ...quantiles.items].join(','));
})();
"""


def node_modules(bench):
    """Where DuckDB is installed. Raises Failed where npm cannot get it."""
    npm, root = bench.need("npm"), bench.build / "bench" / "npm"
    if not (root / "node_modules/@duckdb/node-api").exists():
        root.mkdir(exist_ok=True)
        bench.run([npm, "install", "--no-audit", "--no-fund", "--prefix", root, DUCKDB],
                  timeout_s=120)
    return root


def duckdb(bench, path, kind):
    root = node_modules(bench)
    script = root / "quantiles.js"
    script.write_text(DUCKDB_JS)
    return [bench.need("node"), script, path, kind]


def pandas(path, kind):
    return ["/usr/bin/python3", "-c", PANDAS, path, kind]


def miller(bench, path, kind):
    mlr = [bench.need("mlr"), "--csv", "--headerless-csv-output"]
    head = [] if kind == "detail" else ["--implicit-csv-header"]
    value, key = ("duration_ns", "state") if kind == "detail" else ("3", "1")
    return mlr + head + ["stats1", "-i", "-a", "count,p50,p90,p99", "-f", value, "-g", key, path]


def sqlite(bench, path, kind):
    if kind == "detail":
        raise Failed("columns would have to be declared")
    return [bench.need("sqlite3"), ":memory:", ".mode csv",
            "create table t(state text, func_start integer, duration integer)", f".import {path} t",
            "select state, count(*) from t group by state"]


# --- measuring -----------------------------------------------------------------------------------


def contenders(bench, path, kind, answers):
    def of(name, command, parse=None, rounds=0, env=None):
        def once():
            words = command() if callable(command) else command
            return timed(bench, words, parse, answers, path, env)
        return Contender(name, once, rounds)

    def tacho(threads):
        env = dict(os.environ, TACHO_THREADS=threads) if threads else None
        return of("tacho report" + (f", {threads} thread" if threads else ""),
                  [bench.tacho, "report", "--format=json", path], tacho_answer, env=env)

    awk = AWK_DETAIL if kind == "detail" else AWK
    return [
        of("wc -l", ["wc", "-l", path]),
        tacho(None),
        tacho("1"),
        of("DuckDB", lambda: duckdb(bench, path, kind), table_answer),
        of("awk, counts and sums only", ["awk", "-F,", awk, path], table_answer, rounds=2),
        of("pandas", lambda: pandas(path, kind), table_answer, rounds=2),
        of("sqlite3, counts only", lambda: sqlite(bench, path, kind), table_answer, rounds=1),
        of("Miller", lambda: miller(bench, path, kind), None, rounds=1),
    ]


def group_name(kind, cnt):
    file = "activity_detail.csv" if kind == "detail" else "robot_activity_data"
    return f"{cnt:,} rows of {file}".replace(",", " ")


def measure(bench):
    answers, found = Answers(), []
    for kind, cnt, rounds in (("robot", ROWS, 7), ("robot", FEW_ROWS, 5), ("detail", FEW_ROWS, 5)):
        cnt = bench.few(cnt, cnt // 1000)
        path = make_file(bench, "activity_detail" if kind == "detail" else "robot_activity_data", cnt)
        warm(path)
        found += bench.interleave(group_name(kind, cnt), contenders(bench, path, kind, answers), "s",
                                  base="wc -l", rounds=rounds)
    return found


def goals(ratio, value):
    group = group_name("robot", ROWS)
    yield ("times as fast as DuckDB on 10 million rows", ratio(group, "DuckDB", "tacho report"),
           "at least", 3)
    yield ("times as long as wc -l on 10 million rows", ratio(group, "tacho report", "wc -l"),
           "at most", 3)
    yield ("MB of memory at its peak", value(group, "tacho report", "peak memory, MB"), "at most", 200)
