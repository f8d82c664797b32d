#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Which processes are recorded, from when until when, and what the exit status says."""
import collections
import signal
import subprocess
import time

import harness
from harness import (WAYS, Conversation, Recording, check, check_equal, record, start, target,
                     wait_for)

SERVICE = "prog_service"
SUMMARY = "tacho: {} {} of "


def states(*functions, **keys):
    """A state for each function of the service."""
    return {f.upper(): {"function": f"{target(SERVICE)}:{f}", **keys} for f in functions}


class Selecting(Recording):
    """A recording of the service's leaf() and early(), or of the states given."""

    def __init__(self, scratch, *args, way=None, only=None, **options):
        config = harness.config(scratch, only or states("leaf", "early"))
        env = {"TACHO_ATTACH": way} if way else None
        super().__init__("-c", config, *args, directory=scratch / "out", env=env, **options)

    def check_clean_end(self):
        """Two lines: what is recorded, and the summary of what was."""
        harness.check_books(self.directory, self.messages())
        lines = self.messages().splitlines()
        check_equal(len(lines), 2, self.messages())
        rows = sum(row["ended"] != "open" for row in harness.details(self.directory))
        noun = "activity" if rows == 1 else "activities"
        check(lines[1].startswith(SUMMARY.format(rows, noun)), self.messages())
        check(lines[1].endswith(f" lost; files in {self.directory}"), self.messages())

    def check_stops(self, status=0):
        check_equal(self.stop(), status, self.messages())
        self.check_clean_end()

    def check_ends(self, status=0):
        check_equal(self.wait(), status, self.messages())
        self.check_clean_end()

    def calls(self, state="LEAF"):
        """Rows by process."""
        return collections.Counter(row["pid"] for row in harness.details(self.directory)
                                   if row["state"] == state)


def command_recording(scratch, *command, **options):
    """Records a command that takes orders; returns (recording, conversation with it)."""
    recording = Selecting(scratch, *options.pop("args", ()), "--", target(SERVICE), *command,
                          stdin=subprocess.PIPE, **options)
    return recording, Conversation(recording.process)


def tell(program, *orders):
    for order in orders:
        check_equal(program.ask(order), "done", order)


# --- a command ----------------------------------------------------------------------------------

def check_command_and_descendants(scratch, way):
    recording, command = command_recording(scratch, way=way)
    with recording, start(SERVICE) as bystander:
        recording.until_ready()
        tell(bystander, "call 100", "fork 100", "spawn 100")
        tell(command, "call 3", "fork 5", "spawn 7")
        tell(bystander, "call 100")
        command.say("quit 0")
        recording.check_ends()
        check_equal(sorted(recording.calls().values()), [3, 5, 7], "calls of leaf()")
        check(bystander.pid not in recording.calls(), "the bystander was recorded")
        # the command, and the program that its child became
        check_equal(list(recording.calls("EARLY").values()), [1, 1], "calls before main()")


for _way in WAYS:
    globals()[f"test_a command is recorded with its descendants and nobody else ({_way})"] = (
        lambda scratch, way=_way: check_command_and_descendants(scratch, way))


def test_a_command_is_recorded_from_its_first_instruction(scratch):
    status, out, errors = record(
        "-s", f"EARLY={target(SERVICE)}:early", "--", target(SERVICE), "call 1",
        directory=scratch / "out")
    check_equal((status, out), (0, "done\n"), errors)
    check_equal(harness.counts(scratch / "out", "EARLY"), {"entries": 1, "returned": 1}, "early")


def test_a_command_is_found_in_PATH_and_may_be_a_script(scratch):
    script = scratch / "script"
    script.write_text(f"#!/bin/sh\n'{target(SERVICE)}' 'call 2'\n'{target(SERVICE)}' 'call 3'\n")
    script.chmod(0o755)
    status, out, errors = record("-s", f"LEAF={target(SERVICE)}:leaf", "--", "sh", "-c",
                                 str(script), directory=scratch / "out")
    check_equal((status, out), (0, "done\ndone\n"), errors)
    check_equal(harness.counts(scratch / "out", "LEAF"), {"entries": 5, "returned": 5}, "leaf")


# --- processes by number ------------------------------------------------------------------------

def test_a_process_is_recorded_alone_and_without_its_later_children(scratch):
    with start(SERVICE) as chosen, start(SERVICE) as other, \
            Selecting(scratch, "-p", str(chosen.pid)) as recording:
        recording.until_ready()
        tell(other, "call 100", "fork 100")
        tell(chosen, "call 3", "fork 100", "spawn 100", "call 4")
        recording.check_stops()
        check_equal(recording.calls(), {chosen.pid: 7}, "calls")
        check_equal(recording.calls("EARLY"), {}, "calls before main()")


def test_the_number_of_a_thread_selects_its_whole_process(scratch):
    with start(SERVICE) as chosen:
        tid = chosen.ask("thread 1")
        with Selecting(scratch, "-p", tid) as recording:
            recording.until_ready()
            tell(chosen, "call 3")
            chosen.ask("thread 4")
            recording.check_stops()
            check(int(tid) != chosen.pid, "the thread is the process")
            check_equal(recording.calls(), {chosen.pid: 7}, "calls")


def test_several_processes_are_recorded_until_the_last_one_ends(scratch):
    with start(SERVICE) as first, start(SERVICE) as second, start(SERVICE) as other:
        with Selecting(scratch, "-p", str(first.pid), "-p", str(second.pid), "-p",
                       str(first.pid)) as recording:
            recording.until_ready()
            tell(first, "call 3")
            tell(other, "call 100")
            check_equal(first.end()[0], 0, "first process")
            tell(second, "call 5")
            check_equal(second.end()[0], 0, "second process")
            recording.check_ends()
            check_equal(recording.calls(), {first.pid: 3, second.pid: 5}, "calls")


def test_a_process_that_is_gone_is_an_error(scratch):
    with start(SERVICE) as program:
        program.end()
        status, _, errors = record("-s", f"LEAF={target(SERVICE)}:leaf", "-p", str(program.pid),
                                   directory=scratch / "out")
    check_equal((status, errors),
                (1, f"tacho: record: process {program.pid}: no such process\n"), "refusal")


# --- everybody ----------------------------------------------------------------------------------

def test_without_selection_every_process_is_recorded_and_those_started_later(scratch):
    with start(SERVICE) as before, Selecting(scratch) as recording:
        recording.until_ready()
        with start(SERVICE) as later:
            tell(before, "call 3", "fork 5", "spawn 7")
            tell(later, "call 11")
            recording.check_stops()
            calls = recording.calls()
            check_equal((calls[before.pid], calls[later.pid]), (3, 11), "calls of the two")
            check_equal(sorted(calls.values()), [3, 5, 7, 11], "calls")
            check_equal(len(recording.calls("EARLY")), 2, "processes recorded before main()")


# --- process = GLOB -----------------------------------------------------------------------------

# Which processes call leaf() how often. Each number is there once, so that a sum tells who is in
# it. The tag is on the command line of the process.
ALPHA, BETA, CHILD_OF_ALPHA, SPAWNED_BY_ALPHA, LATE_GAMMA, LATE_OMEGA = 1, 2, 4, 8, 16, 32
ALL_ALPHA = ALPHA + CHILD_OF_ALPHA
EVERY_CALL = 63

GLOBS = {
    "*tag-alpha": ALL_ALPHA,
    "*tag-alpha?": 0,
    "*tag-alph?": ALL_ALPHA,
    "*tag-[ab]*": ALL_ALPHA + BETA,
    "*tag-[!ab]*": SPAWNED_BY_ALPHA + LATE_GAMMA + LATE_OMEGA,
    "*tag-[g-z]*": SPAWNED_BY_ALPHA + LATE_GAMMA + LATE_OMEGA,
    "*/prog_service tag-gamma*": LATE_GAMMA,
    "prog_service*": SPAWNED_BY_ALPHA,
    "*tag-*": EVERY_CALL,
    "tag-alpha": 0,
    "*nobody*": 0,
}


def check_glob_calls(scratch, way, globs):
    """Runs all the processes under one recorder with a state on leaf() for each glob."""
    only = {f"S{i}": {"function": f"{target(SERVICE)}:leaf", "process": glob}
            for i, glob in enumerate(globs)}
    with start(SERVICE, "tag-alpha") as alpha, start(SERVICE, "tag-beta") as beta, \
            Selecting(scratch, way=way, only=only) as recording:
        recording.until_ready()
        tell(alpha, f"call {ALPHA}", f"fork {CHILD_OF_ALPHA}", f"spawn {SPAWNED_BY_ALPHA}")
        tell(beta, f"call {BETA}")
        with start(SERVICE, "tag-gamma") as gamma, start(SERVICE, "tag-omega") as omega:
            tell(gamma, f"call {LATE_GAMMA}")
            tell(omega, f"call {LATE_OMEGA}")
            recording.check_stops()
    counted = {glob: harness.counts(scratch / "out", f"S{i}") for i, glob in enumerate(globs)}
    expected = {glob: {"entries": GLOBS[glob], "returned": GLOBS[glob]} if GLOBS[glob] else {}
                for glob in globs}
    check_equal(counted, expected, "calls by glob")


for _glob in GLOBS:
    globals()[f"test_process = {_glob} selects the right processes"] = (
        lambda scratch, glob=_glob: check_glob_calls(scratch, None, [glob]))
for _way in WAYS:
    globals()[f"test_states on one function for different processes do not mix ({_way})"] = (
        lambda scratch, way=_way: check_glob_calls(
            scratch, way, ["*tag-alpha", "*/prog_service tag-gamma*", "*nobody*"]))
    globals()[f"test_states on one function for the same processes both record ({_way})"] = (
        lambda scratch, way=_way: check_glob_calls(scratch, way, ["*tag-[ab]*", "*tag-*"]))


def test_the_recorder_does_not_record_itself(scratch):
    # it writes, allocates and reads to record that somebody wrote, allocated and read
    with harness.Recording("-s", "MALLOC=libc.so.6:malloc", "-s", "WRITE=libc.so.6:write",
                           directory=scratch / "out") as recording:
        recording.until_ready()
        subprocess.run(["cat", "/etc/passwd"], check=True, stdout=subprocess.DEVNULL)
        own = recording.process.pid
        check_equal(recording.stop(), 0, recording.messages())
    pids = {row["pid"] for row in harness.details(scratch / "out")}
    check(pids, "nothing was recorded")
    check(own not in pids, f"the recorder {own} is among {pids}")


def test_as_many_globs_as_there_may_be_are_all_judged(scratch):
    limit = 62
    program = target("prog_storm")
    states = {f"S{i}": {"function": f"{program}:tick", "process": f"*prog_storm 1 {i}"}
              for i in range(1, limit + 1)}
    with harness.Recording("-c", harness.config(scratch, states),
                           directory=scratch / "out") as recording:
        recording.until_ready()
        for i in (1, 2, limit):
            subprocess.run([program, "1", str(i)], check=True, stdout=subprocess.DEVNULL)
        check_equal(recording.stop(), 0, recording.messages())
    for i in range(1, limit + 1):
        calls = i if i in (1, 2, limit) else 0
        expected = {"entries": calls, "returned": calls} if calls else {}
        check_equal(harness.counts(scratch / "out", f"S{i}"), expected, f"S{i}")


def test_a_process_that_becomes_another_program_is_judged_anew(scratch):
    only = {"SH": {"function": f"{target(SERVICE)}:leaf", "process": "sh *"},
            "TAG": {"function": f"{target(SERVICE)}:leaf", "process": "*tag-x*"}}
    with Selecting(scratch, only=only) as recording:
        recording.until_ready()
        subprocess.run(["sh", "-c", f"exec '{target(SERVICE)}' tag-x 'call 3'"], check=True,
                       stdout=subprocess.DEVNULL)
        recording.check_stops()
    check_equal(harness.counts(scratch / "out", "SH"), {}, "calls of the shell")
    check_equal(harness.counts(scratch / "out", "TAG"), {"entries": 3, "returned": 3}, "calls")


def test_a_glob_narrows_a_command_down(scratch):
    only = states("leaf", process="*tag-spawned*")
    status, _, errors = record("-c", harness.config(scratch, only), "--", target(SERVICE),
                               "call 3", "fork 5", "spawn 7", directory=scratch / "out")
    check_equal(status, 0, errors)
    check_equal(harness.counts(scratch / "out", "LEAF"), {"entries": 7, "returned": 7}, "calls")


# --- exit status --------------------------------------------------------------------------------

def check_status(scratch, command, expected, directory=None):
    status, _, errors = record("-s", f"LEAF={target(SERVICE)}:leaf", *command,
                               directory=directory or scratch / "out")
    check_equal(status, expected, errors)
    return errors


for _order, _status in (("quit 0", 0), ("quit 1", 1), ("quit 125", 125), ("quit 255", 255),
                        ("die 1", 129), ("die 9", 137), ("die 15", 143)):
    globals()[f"test_a command that does {_order} gives exit status {_status}"] = (
        lambda scratch, order=_order, status=_status: check_status(
            scratch, ["--", target(SERVICE), order], status))


def test_a_command_that_cannot_be_run_gives_126(scratch):
    (scratch / "plain").write_text("no program\n")
    for path in (scratch / "plain", scratch):
        errors = check_status(scratch, ["--", str(path)], 126)
        check(f"tacho: record: {path}: Permission denied" in errors, errors)


def test_a_command_that_is_not_there_gives_127(scratch):
    for command in (str(scratch / "missing"), "no-such-command-anywhere"):
        errors = check_status(scratch, ["--", command], 127)
        check(f"tacho: record: {command}: No such file or directory" in errors, errors)


def test_a_recorder_that_fails_gives_125_with_a_command_and_1_without(scratch):
    (scratch / "file").write_text("")
    nowhere = scratch / "file" / "out"
    proof = scratch / "proof"
    errors = check_status(scratch, ["--", "touch", str(proof)], 125, directory=nowhere)
    check(str(nowhere) in errors, errors)
    check(not proof.exists(), "the command was run all the same")
    check_status(scratch, ["--for", "1ms"], 1, directory=nowhere)


def test_a_state_that_cannot_be_found_keeps_the_command_from_running(scratch):
    proof = scratch / "proof"
    status, _, errors = record("-s", f"X={target(SERVICE)}:no_such_function", "--", "touch",
                               str(proof), directory=scratch / "out")
    check(status in (2, 125), f"status {status}: {errors}")
    check("no_such_function" in errors, errors)
    check(not proof.exists(), "the command was run all the same")


# --- the end ------------------------------------------------------------------------------------

def calls_within(scratch, limit_s):
    """How many of three calls are recorded that a command makes when a recording with this limit has
    begun; None if they may have come too late. Then it makes others."""
    began = time.monotonic()
    recording, command = command_recording(scratch, args=("--for", f"{limit_s}s"))
    with recording:
        recording.until_ready()
        tell(command, "call 3")
        in_time = time.monotonic() - began < limit_s
        recording.check_ends(0)
        tell(command, "call 100")
        command.say("quit 0")
        check_equal(command.process.stdout.read(), b"", "the command's last words")
        return sum(recording.calls().values()) if in_time else None


def test_a_time_limit_ends_the_recording_and_leaves_the_command(scratch):
    for limit_s in (1, 10):
        (scratch / str(limit_s)).mkdir()
        calls = calls_within(scratch / str(limit_s), limit_s)
        if calls is not None:
            break
    check_equal(calls, 3, "calls")


def test_a_time_limit_without_a_command_gives_0(scratch):
    with Selecting(scratch, "--for", "1ms") as recording:
        recording.check_ends(0)
    check("Ctrl-C" not in recording.messages(), recording.messages())


def check_signal_ends(scratch, number):
    with start(SERVICE) as program, Selecting(scratch) as recording:
        recording.until_ready()
        tell(program, "call 3")
        check_equal(recording.stop(number), 0, recording.messages())
        recording.check_clean_end()
        check_equal(recording.calls(), {program.pid: 3}, "calls")
        tell(program, "call 100")
        check_equal(program.end()[0], 0, "the program")


for _number in (signal.SIGINT, signal.SIGTERM):  # SIGHUP: see test_reload.py
    globals()[f"test_{_number.name} ends a recording cleanly"] = (
        lambda scratch, number=_number: check_signal_ends(scratch, number))


def check_signal_passed_on(scratch, number, status, *orders):
    recording, command = command_recording(scratch)
    with recording:
        recording.until_ready()
        tell(command, *orders)
        check_equal(recording.stop(number), status, recording.messages())
        recording.check_clean_end()
        return recording.calls()


for _number in (signal.SIGINT, signal.SIGTERM):  # SIGHUP: see test_reload.py
    globals()[f"test_{_number.name} is passed on to the command"] = (
        lambda scratch, number=_number: check_signal_passed_on(scratch, number, 128 + number))


def test_a_command_may_take_its_time_over_SIGTERM(scratch):
    calls = check_signal_passed_on(scratch, signal.SIGTERM, 5, "trap 3", "call 4")
    check_equal(list(calls.values()), [7], "calls")


def test_a_second_SIGTERM_ends_the_recorder_of_a_command_that_ignores_it(scratch):
    recording, command = command_recording(scratch)
    with recording:
        recording.until_ready()
        tell(command, "ignore 0", "call 3")
        recording.process.send_signal(signal.SIGTERM)
        check_equal(command.hear(), "ignored", "command")
        tell(command, "call 4")
        recording.stop(signal.SIGTERM)
        recording.check_clean_end()
        tell(command, "call 100")
        command.say("quit 0")
        check_equal(command.process.stdout.read(), b"", "the command's last words")
        check_equal(list(recording.calls().values()), [7], "calls")


def pending_signals(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1], 16) for line in status if line.startswith("ShdPnd:"))


def test_a_signal_while_the_recording_is_ending_changes_nothing(scratch):
    """Removing perf probes takes a while each, time enough for a second signal."""
    functions = ("leaf", "measured", "outer", "middle", "descend", "front", "back", "busy")
    only = {f.upper(): {"function": f"{target('prog_calls')}:{f}"} for f in functions}
    with Selecting(scratch, only=only, way="perf") as recording:
        recording.until_ready()
        recording.process.send_signal(signal.SIGINT)
        wait_for(lambda: not pending_signals(recording.process.pid), "the first to be taken")
        check_equal(recording.stop(signal.SIGTERM), 0, recording.messages())
        recording.check_clean_end()


def test_a_killed_recorder_does_not_keep_its_command_from_living(scratch):
    recording, command = command_recording(scratch)
    with recording:
        recording.until_ready()
        tell(command, "call 3")
        recording.process.kill()
        recording.wait()
        tell(command, "call 3")
        command.say("quit 0")
        check_equal(command.process.stdout.read(), b"", "the command's last words")


if __name__ == "__main__":
    harness.main()
