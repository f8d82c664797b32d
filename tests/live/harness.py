# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the live tests share: running tacho on a target, and reading what it wrote.

A test is a function named test_*; its name is the sentence that TAP shows. Tests wait for
conditions (wait_for, Recording.until_ready), never for time.
"""
import collections
import concurrent.futures
import csv
import inspect
import io
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

TACHO = os.environ.get("TACHO", str(pathlib.Path("build/tacho").resolve()))
TARGETS = pathlib.Path(os.environ.get("TACHO_TEST_TARGETS", "build/targets")).resolve()
WAYS = ("session", "multi", "perf")
ENDINGS = ("returned", "exception", "unwound", "thread_exit", "exec", "killed", "open")
PARTS = ("cpu_ns", "runqueue_ns", "blocked_ns")  # of duration_ns
USAGE = PARTS + ("minor_faults", "major_faults", "voluntary_switches", "involuntary_switches")
LOSSES = ("lost_ring", "lost_nesting", "lost_other")
DEADLINE_S = 60
TORN_MAX_S = 5  # a row that is still half there has been left so


class Skip(Exception):
    """The case cannot run here; str() says why."""


def check(condition, text="condition does not hold"):
    if not condition:
        raise AssertionError(text)


def check_equal(actual, expected, what=""):
    check(actual == expected, f"{what}: is {actual!r}, should be {expected!r}")


def wait_for(condition, what):
    """Waits until condition() is true and returns its value. what: a text, or what makes one."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        late = time.monotonic() > deadline  # before the last look: this process may be late itself
        value = condition()
        if value:
            return value
        if late:
            raise AssertionError(f"waited {DEADLINE_S} s for {what() if callable(what) else what}")
        time.sleep(0.005)  # between looks at the condition


def waited_ns(pid):
    """How long the first thread of a process could have run, but others did (Linux,
    sched-stats.rst)."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[1])


def state_in(stat):
    """The letter of a /proc/PID/stat, as ps(1) has it."""
    return pathlib.Path(stat).read_text().rpartition(")")[2].split()[0]


def target(name):
    path = TARGETS / name
    check(path.exists(), f"{path} was not built")
    return str(path)


class Recording:
    """A recorder in the background; use as a context manager."""

    def __init__(self, *args, directory, env=None, stdin=None):
        self.directory = pathlib.Path(directory)
        self.errors = open(self.directory.parent / f"{self.directory.name}.stderr", "w+b")
        self.process = subprocess.Popen(
            [TACHO, "record", "-d", str(directory), *args], stdout=subprocess.PIPE,
            stderr=self.errors, stdin=stdin, env=dict(os.environ, **(env or {})))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            if pipe:
                pipe.close()

    def messages(self):
        return pathlib.Path(self.errors.name).read_text(errors="replace")

    def told(self, *words):
        """The messages that have all these words."""
        return [line for line in self.messages().splitlines()
                if all(str(word) in line for word in words)]

    def until_told(self, *words, times=1):
        return wait_for(lambda: len(self.told(*words)) >= times and self.told(*words),
                        lambda: f"message {words} {times} times; there is: {self.messages()}")

    def until_ready(self):
        """Returns when every probe is attached."""
        wait_for(lambda: "tacho: recording " in self.messages() or
                 self.process.poll() is not None, "the recorder to be ready")
        check(self.process.poll() is None, "the recorder ended: " + self.messages())
        return self

    def stop(self, how=signal.SIGINT):
        """Ends it and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait()

    def wait(self):
        try:
            return self.process.wait(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError("the recorder did not end: " + self.messages()) from None


def stop_s(recording, how=signal.SIGINT):
    """Seconds from the signal to its end, without what others had of the CPU."""
    process = recording.process
    began_ns = time.monotonic_ns() - waited_ns(process.pid)
    process.send_signal(how)
    # As long as nobody has asked for its exit status, its account is there.
    wait_for(lambda: os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG),
             "the recorder to end")
    took_ns = time.monotonic_ns() - waited_ns(process.pid) - began_ns
    check_equal(recording.wait(), 0, recording.messages())
    return took_ns / 1e9


class Conversation:
    """Talks in lines with a process whose stdin and stdout are pipes; a context manager."""

    def __init__(self, process):
        self.process = process
        self.pid = process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def say(self, line):
        os.write(self.process.stdin.fileno(), line.encode() + b"\n")

    def hear(self):
        """The next line it says."""
        line = b""
        while not line.endswith(b"\n"):
            check(select.select([self.process.stdout], [], [], DEADLINE_S)[0], "heard nothing")
            byte = os.read(self.process.stdout.fileno(), 1)
            check(byte, f"it ended, having said {line!r}")
            line += byte
        return line.decode().rstrip("\n")

    def ask(self, line):
        self.say(line)
        return self.hear()

    def end(self):
        """Closes its stdin. Returns its exit status and what it said last."""
        self.process.stdin.close()
        status = self.process.wait(timeout=DEADLINE_S)
        return status, self.process.stdout.read().decode()


def start(name, *args):
    """Starts a traced program to talk with."""
    return Conversation(subprocess.Popen([target(name), *args], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE))


def record(*args, directory, env=None):
    """Runs a recorder to its end. Returns (exit status, stdout, stderr)."""
    done = subprocess.run([TACHO, "record", "-d", str(directory), *args], timeout=DEADLINE_S,
                          capture_output=True, env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")


def config(directory, states, **settings):
    """Writes a config file; states maps a name to its keys. Returns its path."""
    path = pathlib.Path(directory) / "tacho.conf"
    text = "[record]\n" + "".join(f"{k.replace('_', '-')} = {v}\n" for k, v in settings.items())
    for name, keys in states.items():
        text += f"[state {name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())
    path.write_text(text)
    return str(path)


def read_whole_rows(path):
    """The bytes of a file of rows that may be being written: a header comes after the file, a
    write() appears page by page, and on a full disk what went in of a row is cut off again. What
    stays torn is returned as it is."""
    path = pathlib.Path(path)
    deadline = time.monotonic() + TORN_MAX_S
    while True:
        late = time.monotonic() > deadline
        data = path.read_bytes()
        if late or (data.endswith(b"\r\n") if data else path.suffix != ".csv"):
            return data


def csv_rows(path):
    """The rows of such a file as dicts."""
    text = read_whole_rows(path).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def details(directory):
    """The rows of activity_detail.csv as dicts, numbers as int, or None where they are unknown. That
    the parts of a duration are all of it is checked."""
    text = read_whole_rows(pathlib.Path(directory) / "activity_detail.csv").decode()
    check(text.endswith("\r\n"), "activity_detail.csv does not end with a whole row")
    header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    # A captured value may have the name of a column, which then is the first of the two.
    rows = [dict(reversed(list(zip(header, line)))) for line in lines]
    for row in rows:
        for column in ("start_ns", "duration_ns", "pid", "tid", "depth"):
            row[column] = int(row[column])
        for column in USAGE:
            row[column] = int(row[column]) if row[column] else None
        parts = [row[column] for column in PARTS]
        if None not in parts:
            check_equal(sum(parts), row["duration_ns"], f"parts of the duration of {row}")
    return rows


def activities(directory):
    """The rows of robot_activity_data as (state, start, duration), checked byte by byte."""
    data = read_whole_rows(pathlib.Path(directory) / "robot_activity_data")
    shape = re.compile(rb'"([^"\r\n]+)","(\d+)","(\d+)"\r\n')
    rows, at = [], 0
    while at < len(data):
        row = shape.match(data, at)
        check(row, f"robot_activity_data: not a row at byte {at}: {data[at:at + 80]!r}")
        rows.append((row[1].decode(), int(row[2]), int(row[3])))
        at = row.end()
    return rows


def ledger(directory):
    """The last row of each state in activity_ledger.csv; the identity is checked on all rows."""
    last = {}
    for row in csv_rows(pathlib.Path(directory) / "activity_ledger.csv"):
        numbers = {k: int(v) for k, v in row.items() if k != "state"}
        accounted = sum(numbers[k] for k in ENDINGS + LOSSES)
        check_equal(accounted, numbers["entries"], f"ledger of {row['state']}: {row}")
        last[row["state"]] = numbers
    return last


def probe_rows(directory):
    """The rows of activity_probes.csv as dicts; none before there is one."""
    path = pathlib.Path(directory) / "activity_probes.csv"
    return csv_rows(path) if path.exists() else []


def counts(directory, state):
    """The ledger of a state without its zeros and times."""
    row = ledger(directory)[state]
    return {k: v for k, v in row.items() if v and k != "time_ns"}


def check_books(directory, messages=""):
    """Does all that was written agree? Detail rows, activity rows, ledger, messages."""
    rows, books = details(directory), ledger(directory)
    endings = collections.Counter((row["state"], row["ended"]) for row in rows)
    for state, book in books.items():
        for ending in ENDINGS:
            ended = "return" if ending == "returned" else ending
            check_equal(endings[state, ended], book[ending], f"detail rows {state} {ended}")
    finished = [(row["state"], row["start_ns"], row["duration_ns"]) for row in rows
                if row["ended"] in ("return", "exception", "unwound")]
    check_equal(sorted(activities(directory)), sorted(finished), "robot_activity_data")
    check("not accounted for" not in messages, messages)


def can_load_bpf():
    directory = tempfile.mkdtemp()
    try:
        status, _, errors = record("-s", f"X={target('prog_calls')}:leaf", "--for", "1ms",
                                   directory=directory)
    finally:
        shutil.rmtree(directory)
    return status == 0, errors


def run_case(function, works, errors, skip_all):
    """Runs one test. Returns whether it is fine, and what TAP shows behind its name."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="tacho-test-"))
    try:
        if skip_all:
            raise Skip("BPF does not work here: " + errors.strip().replace("\n", "; "))
        check(works, "BPF does not work here: " + errors)
        function(scratch)
        return True, ""
    except Skip as why:
        return True, f" # SKIP {why}"
    except BaseException:
        return False, "\n# " + traceback.format_exc().replace("\n", "\n# ")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main(needs_bpf=True, jobs=1):
    """Runs the test_* functions of the calling module, jobs at a time, and speaks TAP."""
    module = inspect.getmodule(inspect.stack()[1][0])
    cases = [(n, f) for n, f in vars(module).items() if n.startswith("test_") and callable(f)]
    print(f"1..{len(cases)}", flush=True)
    works, errors = can_load_bpf() if needs_bpf else (True, "")
    skip_all = not works and os.environ.get("TACHO_ALLOW_SKIP") == "1"
    failed = False
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = [pool.submit(run_case, function, works, errors, skip_all) for _, function in cases]
        for number, ((name, _), run) in enumerate(zip(cases, runs), 1):
            fine, why = run.result()
            failed = failed or not fine
            title = f"{number} - {name[5:].replace('_', ' ')}"
            print(f"{'ok' if fine else 'not ok'} {title}{why}", flush=True)
    sys.exit(failed)
