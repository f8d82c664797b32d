#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""New settings while recording: what is the same goes on undisturbed, the rest comes and goes."""
import csv
import os
import pathlib
import signal
import subprocess
import time

import harness
from harness import WAYS, check, check_equal, counts, details, wait_for
from reloading import PROGRAM, Program, Service, state

MODES = ("fast", "safe")
# Under the sanitizer, memory that was freed is to be given back as without it.
AT_ONCE = {"ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}


def under_load(test):
    """The test in each way of attaching and each exit mode."""
    for way in WAYS:
        for mode in MODES:
            globals()[f"{test.__name__[1:]} ({way}, {mode})"] = (
                lambda scratch, way=way, mode=mode: test(scratch, {"TACHO_ATTACH": way}, mode))
    return test


@under_load
def _test_states_come_and_go_under_load_and_the_kept_one_misses_nothing(scratch, env, mode):
    kept = {"KEPT": state("kept", exit=mode)}
    other = {"OTHER": state("other", exit=mode)}
    with Service(scratch, kept, env=env, rate_limit=0, ring_size="64M") as recorder, \
            Program() as program:
        recorder.until_ready()
        program.ask("load")
        for _ in range(2):
            before = recorder.returned("OTHER")
            recorder.reload({**kept, **other}, rate_limit=0, ring_size="64M")
            recorder.until_returned("OTHER", before + 1)
            recorder.reload(kept, rate_limit=0, ring_size="64M")
        truth = program.counts("rest")
        program.finish()
        recorder.check_stops(KEPT=truth["kept"])
        row = counts(recorder.directory, "OTHER")
        check(row["entries"] > 0 and row["entries"] <= truth["other"], row)
        check(set(row) <= {"entries", "returned", "open", "unmatched_returns"}, row)


@under_load
def _test_a_call_that_spans_reloads_has_its_duration_and_one_that_goes_is_open(scratch, env, mode):
    slow = {"SLOW": state("slow", exit=mode)}
    within = {"WITHIN": state("within", exit=mode)}
    with Service(scratch, {**slow, **within}, env=env) as recorder, Program() as program:
        recorder.until_ready()
        check_equal(program.ask("enter"), "entered")
        entered_ns = time.monotonic_ns()
        recorder.reload(slow)
        wait_for(lambda: [r for r in details(recorder.directory) if r["state"] == "WITHIN"],
                 "the open call's row")
        recorder.reload({**slow, **within})
        inside_ns = time.monotonic_ns() - entered_ns
        took_ns = int(program.ask("leave"))
        check_equal(program.ask("enter"), "entered")
        program.ask("leave")
        program.finish()
        recorder.until_returned("SLOW", 2)
        recorder.check_stops(SLOW=2)
        rows = details(recorder.directory)
        first = [r for r in rows if r["state"] == "SLOW"][0]
        check(inside_ns <= first["duration_ns"] <= took_ns, (inside_ns, took_ns, first))
        check_equal([r["ended"] for r in rows if r["state"] == "WITHIN"], ["open", "return"])
        row = counts(recorder.directory, "WITHIN")
        row.pop("unmatched_returns", None)  # of the first call, which is over for us
        check_equal(row, {"entries": 2, "open": 1, "returned": 1})


@under_load
def _test_a_call_that_is_taken_away_disturbs_none_of_those_inside_it(scratch, env, mode):
    """Newer kernels do not finish detaching from a call in fast mode while others are entered."""
    kept = {"KEPT": state("kept", exit=mode)}
    around = {"AROUND": state("around", exit=mode)}
    settings = {"rate_limit": 0, "ring_size": "64M"}
    with Service(scratch, {**kept, **around}, env=env, **settings) as recorder, \
            Program() as program:
        recorder.until_ready()
        program.ask("load")
        wait_for(lambda: recorder.entries("AROUND") == 2, "both threads")
        recorder.reload(kept, **settings)
        recorder.until_returned("KEPT", recorder.returned("KEPT") + 1)
        truth = program.counts("rest")
        program.finish()
        recorder.check_stops(KEPT=truth["kept"])
        check_equal(counts(recorder.directory, "AROUND"), {"entries": 2, "open": 2})


def test_a_changed_state_goes_on_in_its_own_line_of_the_ledger(scratch):
    with Service(scratch, {"S": state("kept")}) as recorder, Program() as program:
        recorder.until_ready()
        program.ask("call 10")
        recorder.until_returned("S", 10)
        recorder.reload({"S": state("other")})
        program.ask("other 5")
        recorder.until_returned("S", 15)
        program.finish()
        recorder.check_stops(S=15)
        functions = [r["function"] for r in details(recorder.directory)]
        check_equal((functions.count("kept"), functions.count("other")), (10, 5))
        with open(recorder.directory / "activity_ledger.csv", newline="") as file:
            entries = [int(row["entries"]) for row in csv.DictReader(file)]
        check_equal(entries, sorted(entries), "entries never go back")


def test_a_pair_that_goes_leaves_its_open_ones_as_open(scratch):
    pair = {"PAIR": {"begin": f"{PROGRAM}:slow", "end": f"{PROGRAM}:other"}}
    kept = {"KEPT": state("kept")}
    with Service(scratch, {**kept, **pair}) as recorder, Program() as program:
        recorder.until_ready()
        check_equal(program.ask("enter"), "entered")
        recorder.reload(kept)
        program.ask("leave")
        program.finish()
        recorder.check_stops()
        check_equal(counts(recorder.directory, "PAIR"), {"entries": 1, "open": 1})


def test_what_was_refused_changes_nothing_and_says_where(scratch):
    with Service(scratch, {"S": state("kept")}) as recorder, Program() as program:
        recorder.until_ready()
        path = pathlib.Path(recorder.path)
        good = path.read_text()
        line = good.count("\n") + 1
        for wrong, said in (("[state T]\nfunction = x\n", f"{path}:{line + 1}: function:"),
                            ("nonsense\n", f"{path}:{line}:"),
                            (f"[state T]\nfunction = {PROGRAM}:kept\ncapture = nonesuch as n\n",
                             "nonesuch"),
                            ("[state T]\nexit = fast\n", "has no function")):
            path.write_text(good + wrong)
            told = recorder.refused()
            check(said in told, told)
        path.unlink()
        check("No such file" in recorder.refused(), recorder.messages())
        program.ask("call 7")
        path.write_text(good)
        check("settings reloaded: 1 state, 0 of them new" in recorder.hang_up(),
              recorder.messages())
        program.finish()
        recorder.check_stops(S=7)


def test_a_drop_in_adds_a_state(scratch):
    with Service(scratch, {"S": state("kept")}) as recorder, Program() as program:
        recorder.until_ready()
        folder = pathlib.Path(recorder.path + ".d")
        folder.mkdir()
        (folder / "more.conf").write_text(f"[state T]\nfunction = {PROGRAM}:other\n")
        recorder.hang_up()
        program.ask("other 3")
        program.finish()
        recorder.check_stops(T=3)


def test_a_new_capture_begins_the_file_anew(scratch):
    with Service(scratch, {"S": state("kept")}) as recorder, Program() as program:
        recorder.until_ready()
        program.ask("call 2")
        recorder.until_returned("S", 2)
        recorder.reload({"S": state("kept"),
                         "N": state("named", capture="arg1:string as text, arg2:u64 as length")})
        check_equal(program.ask("named hello"), str(5 + ord("h")))
        recorder.until_returned("N", 1)
        program.finish()
        recorder.check_stops(N=1)
        row = details(recorder.directory)[0]
        check_equal((row["state"], row["text"], row["length"]), ("N", "hello", "5"))
        old = (recorder.directory / "activity_detail.csv.1").read_text().splitlines()
        check(len(old) == 3 and old[0].endswith(",function"), old)
        check(recorder.told("activity_detail.csv"), recorder.messages())


def test_a_raw_stream_with_late_states_replays_to_the_same_files(scratch):
    raw = scratch / "raw"
    with Service(scratch, {"S": state("kept")}, "--raw", str(raw)) as recorder, \
            Program() as program:
        recorder.until_ready()
        program.ask("call 2")
        recorder.until_returned("S", 2)
        recorder.reload({"S": state("kept", capture="arg1:u64 as x"),
                         "N": state("named", capture="arg2:u64 as length")})
        program.ask("call 3")
        program.ask("named hello")
        recorder.until_returned("N", 1)
        recorder.reload({"S": state("kept")})
        program.ask("call 4")
        program.finish()
        recorder.check_stops(S=9, N=1)
    replayed = scratch / "replayed"
    subprocess.run([harness.TACHO, "replay", "-d", str(replayed), str(raw)], check=True,
                   capture_output=True)
    for path in sorted(recorder.directory.iterdir()):
        check_equal((replayed / path.name).read_bytes(), path.read_bytes(), path.name)


def test_processes_are_told_apart_by_a_filter_that_comes_later(scratch):
    with Service(scratch, {"S": state("kept")}) as recorder, Program() as program:
        recorder.until_ready()
        program.ask("call 2")
        recorder.until_returned("S", 2)
        recorder.reload({"S": state("kept"),
                         "MINE": state("kept", process="*prog_reload*"),
                         "NOBODY": state("kept", process="/no/such/program*")})
        program.ask("call 3")
        with Program() as later:
            later.ask("call 4")
            later.finish()
        program.finish()
        recorder.check_stops(S=9, MINE=7)
        check_equal(counts(recorder.directory, "NOBODY"), {})


def test_the_first_state_may_come_when_only_processes_were_recorded(scratch):
    resources = "[resources]\nenabled = yes\ninterval = 100ms\nprocesses = *prog_reload*\n"
    with Service(scratch, {}, more=resources) as recorder, Program() as program:
        recorder.until_ready()
        recorder.reload({"S": state("kept")}, more=resources)
        program.ask("call 6")
        recorder.until_returned("S", 6)
        program.finish()
        recorder.check_stops(S=6)


def samples(directory):
    path = directory / "process_detail.csv"
    if not path.exists():
        return []
    return [row["comm"] for row in harness.csv_rows(path)]


def test_other_processes_are_recorded_from_then_on(scratch):
    states = {"S": state("kept")}
    nobody = "[resources]\nenabled = yes\ninterval = 100ms\nprocesses = /no/such/program\n"
    with Service(scratch, states) as recorder, Program() as program:
        recorder.until_ready()
        recorder.reload(states, more=nobody)
        recorder.reload(states, more=nobody.replace("/no/such/program", "*prog_reload*"))
        wait_for(lambda: len(samples(recorder.directory)) > 2, "samples of the program")
        recorder.reload(states)
        for number in range(1, 21):  # of flushes
            program.ask("call 1")
            recorder.until_returned("S", number)
            if number == 2:  # the first one is over, with whatever was sampled before
                cnt = len(samples(recorder.directory))
        check_equal(len(samples(recorder.directory)), cnt, "samples when they are off")
        program.finish()
        recorder.check_stops(S=20)


def test_a_pending_state_that_comes_later_is_followed(scratch):
    path = scratch / "later"
    with Service(scratch, {"S": state("kept")}) as recorder:
        recorder.until_ready()
        recorder.reload({"S": state("kept"), "L": {"function": f"{path}:kept"}})
        recorder.until_told("pending", "later")
        temporary = scratch / "later.new"
        temporary.write_bytes(pathlib.Path(PROGRAM).read_bytes())
        temporary.chmod(0o755)
        temporary.rename(path)
        recorder.until_told("state L:", "is attached")
        subprocess.run([path], input=b"call 3\n", check=True, stdout=subprocess.DEVNULL)
        recorder.check_stops(L=3)


def pending_hangup(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("ShdPnd:")[1].split()[0], 16) >> (signal.SIGHUP - 1) & 1


def test_a_hundred_reloads_under_load_lose_nothing_and_keep_nothing(scratch):
    kept = {"KEPT": state("kept")}
    both = {**kept, "OTHER": state("other")}
    with Service(scratch, both, rate_limit=0, ring_size="64M") as recorder, Program() as program:
        recorder.until_ready()
        program.ask("load")
        for _ in range(2):  # what is made once
            recorder.reload(kept, rate_limit=0, ring_size="64M")
            recorder.reload(both, rate_limit=0, ring_size="64M")
        descriptors = recorder.descriptors()
        for number in range(100):
            recorder.process.send_signal(signal.SIGHUP)
            if number % 10 == 9:
                recorder.write(kept if number % 20 == 9 else both, rate_limit=0, ring_size="64M")
        wait_for(lambda: not pending_hangup(recorder.process.pid),
                 "the last signal to be taken")
        recorder.reload(both, rate_limit=0, ring_size="64M")
        wait_for(lambda: recorder.descriptors() <= descriptors, "descriptors to be closed")
        truth = program.counts("rest")
        program.finish()
        recorder.check_stops(KEPT=truth["kept"])


def check_takes_no_more_than(recorder, kib, do):
    """Memory, and not one descriptor; those that are open for a moment only are waited for."""
    memory, descriptors = recorder.memory_kib(), recorder.descriptors()
    do()
    wait_for(lambda: recorder.descriptors() <= descriptors, f"{descriptors} descriptors to be left")
    grown = recorder.memory_kib() - memory
    check(grown < kib, f"{grown} KiB more than {memory} KiB")


def test_a_thousand_reloads_of_the_same_take_no_memory(scratch):
    with Service(scratch, {"S": state("kept"), "T": state("other")}, env=AT_ONCE) as recorder:
        recorder.until_ready()
        for _ in range(50):
            recorder.hang_up()
        check_takes_no_more_than(recorder, 256, lambda: [recorder.hang_up() for _ in range(1000)])


def test_changes_take_little_memory_until_there_is_no_more_room(scratch):
    def meaning(number):
        return {"S": state("kept", **{"failed-if": f"return < {number}"})}

    with Service(scratch, meaning(0), env=AT_ONCE) as recorder, Program() as program:
        recorder.until_ready()
        recorder.reload(meaning(1))
        check_takes_no_more_than(
            recorder, 4096, lambda: [recorder.reload(meaning(n)) for n in range(2, 257)])
        recorder.write(meaning(257))
        check("no more than 257 states" in recorder.refused(), recorder.messages())
        program.ask("call 4")
        recorder.reload(meaning(0))  # is known
        program.ask("call 4")
        program.finish()
        recorder.check_stops(S=8)


def test_a_limit_changes_without_a_break(scratch):
    with Service(scratch, {"SLOW": state("slow"), "S": state("kept")}, rate_limit=0) as recorder, \
            Program() as program:
        recorder.until_ready()
        check_equal(program.ask("enter"), "entered")
        program.ask("call 1000")
        recorder.reload({"SLOW": state("slow"), "S": state("kept")}, rate_limit=10)
        recorder.until_returned("S", 1000)
        wait_for(lambda: program.ask("call 1000") and recorder.told("state S:", "more than 10"),
                 "calls without rows")
        recorder.reload({"SLOW": state("slow"), "S": state("kept")}, rate_limit=0)
        program.ask("leave")
        truth = program.counts()
        program.finish()
        recorder.check_stops(SLOW=1, S=truth["kept"])


def test_with_a_terminal_a_hang_up_ends_the_recording(scratch):
    pid, terminal = os.forkpty()
    if not pid:
        path = harness.config(scratch, {"S": state("kept")})
        os.execl(harness.TACHO, "tacho", "record", "-d", str(scratch / "out"), "-c", path)
    said = b""
    while b"recording" not in said:
        said += os.read(terminal, 4096)
    os.kill(pid, signal.SIGHUP)
    try:
        while True:
            os.read(terminal, 4096)
    except OSError:
        pass
    check_equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
    os.close(terminal)


def test_without_settings_in_files_a_hang_up_ends_the_recording(scratch):
    process = subprocess.Popen([harness.TACHO, "record", "-d", str(scratch / "out"),
                                "-s", f"S={PROGRAM}:kept"], stderr=subprocess.PIPE,
                               start_new_session=True)
    with process:
        said = process.stderr.readline()
        while said and b"recording" not in said:
            said = process.stderr.readline()
        check(said, "it ended by itself")
        process.send_signal(signal.SIGHUP)
        check_equal(process.wait(timeout=harness.DEADLINE_S), 0)


if __name__ == "__main__":
    harness.main()
