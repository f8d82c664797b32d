# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the tests of changed settings share: a recorder without a terminal, whose settings change."""
import os
import pathlib
import signal
import subprocess

import harness
from harness import check, check_equal, target, wait_for

PROGRAM = target("prog_reload")


def state(function, **keys):
    return {"function": f"{PROGRAM}:{function}", **keys}


class Service(harness.Recording):
    """A recorder as a service manager starts it: without a terminal. Its settings are changed by
    writing them anew and SIGHUP."""

    def __init__(self, scratch, states, *args, env=None, more="", tacho=None, **settings):
        self.scratch = scratch
        self.directory = scratch / "out"
        self.path = self.write(states, more, **settings)
        self.errors = open(scratch / "out.stderr", "w+b")
        self.process = subprocess.Popen(
            [tacho or harness.TACHO, "record", "-d", str(self.directory), "-c", self.path, *args],
            stdout=subprocess.PIPE, stderr=self.errors, stdin=subprocess.DEVNULL,
            env=dict(os.environ, **(env or {})), start_new_session=True)

    def write(self, states, more="", **settings):
        """In one piece: the recorder may be reading them for an earlier SIGHUP."""
        folder = self.scratch / "new-settings"
        folder.mkdir(exist_ok=True)
        new = harness.config(folder, states, **{"flush": "40ms", **settings})
        with open(new, "a") as file:
            file.write(more)
        path = self.scratch / pathlib.Path(new).name
        os.replace(new, path)
        return str(path)

    def answers(self):
        """What has been said to hang-ups, in whole lines."""
        return [line for line in self.messages().split("\n")[:-1]
                if "record: settings reloaded: " in line or "record: reload refused: " in line]

    def hang_up(self):
        """SIGHUP; returns what the recorder says to that."""
        before = len(self.answers())
        self.process.send_signal(signal.SIGHUP)
        return wait_for(lambda: self.answers()[before:], "an answer to SIGHUP")[-1]

    def reload(self, states, more="", **settings):
        self.write(states, more, **settings)
        told = self.hang_up()
        check("settings reloaded" in told, self.messages())

    def refused(self):
        told = self.hang_up()
        check("reload refused" in told, self.messages())
        return told

    def until_returned(self, name, calls):
        """Returns when the ledger has so many calls of the state."""
        wait_for(lambda: self.returned(name) >= calls, f"{calls} calls of {name} in the ledger")

    def returned(self, name, column="returned"):
        """How many calls the ledger has."""
        path = self.directory / "activity_ledger.csv"
        books = harness.ledger(self.directory) if path.exists() else {}
        return books.get(name, {}).get(column, 0)

    def entries(self, name):
        return self.returned(name, "entries")

    def check_stops(self, **calls):
        """Ends it; each of these states was called so often, and nothing was lost."""
        check_equal(self.stop(signal.SIGTERM), 0, self.messages())
        check("not accounted" not in self.messages(), self.messages())
        for name, cnt in calls.items():
            check_equal(harness.counts(self.directory, name), {"entries": cnt, "returned": cnt},
                        f"calls of {name}")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def memory_kib(self):
        """Its own, by its page tables: VmRSS lags by pages that each CPU has yet to add (Linux 6.2 to
        6.16), and has those of files."""
        rollup = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(rollup.split("Anonymous:")[1].split()[0])


class Program(harness.Conversation):
    """A prog_reload that runs."""

    def __init__(self):
        super().__init__(subprocess.Popen([PROGRAM], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE))

    def counts(self, order="counts"):
        return {name: int(number) for name, number in
                (word.split("=") for word in self.ask(order).split())}

    def finish(self):
        check_equal(self.end(), (0, ""), "the program's end")
