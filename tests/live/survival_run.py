# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs a program of the survival matrix, from gate to gate, and reads the truth that it tells."""
import collections
import os
import pathlib
import select
import subprocess
import typing

import harness
from harness import DEADLINE_S, Skip, check

GATES = 3  # between the rounds, and one inside the second round: 0, then 1 (inside), then 2
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "RUST_BACKTRACE": "0"}
PYTHON = "/usr/bin/python3"
SOURCES = pathlib.Path(__file__).resolve().parent.parent / "targets"


class Passed(typing.NamedTuple):
    """A call that an exception or a jump passed: between these two moments."""
    phase: int
    function: str
    tid: int
    left_ns: int
    caught_ns: int


class Slept(typing.NamedTuple):
    """A call that sleeps: when, and how long for itself and for its caller."""
    start_ns: int
    inside_ns: int
    around_ns: int


class Truth:
    """What the program wrote into its file; tests/targets/survive_truth.h says how."""

    def __init__(self, path):
        self.phases = [collections.Counter()]  # (ending, function): count, from gate to gate
        self.slept, self.passed = [], []
        self.begin_ns, self.end_ns = None, None
        for line in path.read_text().splitlines():
            self._take(*line.split())

    def _take(self, key, *words):
        if key == "gate":
            self.phases.append(collections.Counter())
        elif key == "begin":
            self.begin_ns = self.begin_ns or int(words[0])
        elif key == "end":
            self.end_ns = int(words[0])
        elif key == "slept":
            self.slept.append(Slept(*map(int, words[1:])))
        elif key == "passed":
            function, tid, times, *moments = words
            self.passed += int(times) * [Passed(len(self.phases) - 1, function, int(tid),
                                                *map(int, moments))]
        else:
            function, count = words
            self.phases[-1][key, function] += int(count)

    def counts(self, function, first=0, last=None):
        """What became of the calls, from the first phase to before the last."""
        total = collections.Counter()
        for phase in self.phases[first:last]:
            for (key, name), count in phase.items():
                if name == function:
                    total[key] += count
        return total


def source(name):
    return str(SOURCES / name) if name.endswith(".py") else harness.target(name)


class Program:
    """A program that runs, in a folder of its own: nobody else runs the same file."""

    def __init__(self, scratch, case):
        self.case = case
        self.folder = scratch / "program"
        self.truth_path = scratch / "truth"
        self.output = scratch / "stdout", scratch / "stderr"
        self.process = self.told = self.gate = None
        self.folder.mkdir()
        if case.needs and not (harness.TARGETS / case.program).exists():
            raise Skip(f"{case.needs} was not there to build {case.program}")
        # Not by this process: a child that another thread forks would hold the copy open for
        # writing until it execs, and the copy could not be run.
        names = (case.program, *case.files.split())
        subprocess.run(["cp", "-t", str(self.folder), *map(source, names)], check=True)

    def file(self, name=None):
        return str(self.folder / pathlib.Path(name or self.case.program).name)

    def command(self):
        arguments = [self.case.scenario] if self.case.scenario else []
        if self.case.program.endswith(".so"):
            return [PYTHON, self.file(self.case.files), str(self.folder), *arguments]
        return [self.file(), *arguments]

    def start(self, gated):
        environment = dict(ENVIRONMENT, TRUTH=str(self.truth_path))
        theirs = ()
        if gated:
            their_in, self.gate = os.pipe()
            self.told, their_out = os.pipe()
            theirs = (their_in, their_out)
            environment["GATE"] = f"{their_in},{their_out}"
        with open(self.output[0], "wb") as out, open(self.output[1], "wb") as err:
            self.process = subprocess.Popen(self.command(), env=environment, stdout=out, stderr=err,
                                            stdin=subprocess.DEVNULL, pass_fds=theirs)
        for descriptor in theirs:
            os.close(descriptor)

    def until_gate(self, number):
        check(select.select([self.told], [], [], DEADLINE_S)[0],
              f"the program hangs before gate {number}")
        if not os.read(self.told, 1):
            raise AssertionError(f"the program ended before gate {number}: {self.outcome()}")

    def pass_gate(self):
        os.write(self.gate, b"g")

    def outcome(self):
        """Waits for its end. Exit status, stdout and stderr."""
        try:
            status = self.process.wait(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            status = f"none: it hangs, {DEADLINE_S} s after its last gate"
        return status, self.output[0].read_bytes(), self.output[1].read_bytes()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for descriptor in (self.told, self.gate):
            if descriptor is not None:
                os.close(descriptor)
