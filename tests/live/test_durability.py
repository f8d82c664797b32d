#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Nothing is lost in silence: storms, small rings, full disks, kills, files moved away."""
import json
import pathlib
import signal
import subprocess
import time

import harness
from harness import check, check_equal, target, wait_for

SECONDS = 10  # that hundreds of functions may take
TRIES = 3  # the machine may be busy with something else; the best counts


class Storm(harness.Conversation):
    """prog_storm running until told to end."""

    def __init__(self, threads=1):
        super().__init__(harness.start("prog_storm", str(threads), "0").process)
        check_equal(self.hear(), "ready", "storm")


def calls_of(output):
    return {name: int(n) for name, n in
            (line.split() for line in output.splitlines() if line != "ready")}


def storm_states(exit_mode="fast"):
    return {"TICK": {"function": f"{target('prog_storm')}:tick", "exit": exit_mode},
            "TOCK": {"function": f"{target('prog_storm')}:tock", "exit": exit_mode}}


def rows_on_disk(directory):
    """All activities, rotated files included."""
    rows = []
    for path in pathlib.Path(directory).glob("robot_activity_data*"):
        if not path.name.endswith("_headers"):
            copy = pathlib.Path(directory) / "one"
            copy.mkdir(exist_ok=True)
            (copy / "robot_activity_data").write_bytes(path.read_bytes())
            rows += harness.activities(copy)
    return rows


def check_storm(directory, calls):
    """Every call is a row or counted as lost; returns how many were lost."""
    rows = rows_on_disk(directory)
    lost_total = 0
    for state, function in (("TICK", "tick"), ("TOCK", "tock")):
        row = harness.ledger(directory)[state]
        lost = sum(row[k] for k in harness.LOSSES)
        check_equal(row["entries"], calls[function], f"entries of {state}")
        check_equal(sum(r[0] == state for r in rows), row["returned"], f"rows of {state}")
        check_equal(row["returned"] + lost, calls[function], f"rows and losses of {state}")
        lost_total += lost
    return lost_total


def run_storm(scratch, way, threads, calls, **settings):
    config = harness.config(scratch, storm_states(), **settings)
    status, out, errors = harness.record("-c", config, "--", target("prog_storm"), str(threads),
                                         str(calls), directory=scratch / "out",
                                         env={"TACHO_ATTACH": way})
    check_equal(status, 0, errors)
    check("not accounted" not in errors, errors)
    return check_storm(scratch / "out", calls_of(out)), errors


def storm_without_loss(way):
    def test(scratch):
        # 80,000 records of 104 bytes: the ring holds them even if the recorder never came to run
        lost, errors = run_storm(scratch, way, 2, 20000)
        check_equal(lost, 0, errors)
    return test


def storm_through_a_tiny_ring(way):
    def test(scratch):
        # less than 40 records have room: one wait of the reader for a CPU is too long
        lost, errors = run_storm(scratch, way, 2, 20000, ring_size="4K", flush="20s")
        check(lost > 0, "a ring of 4 KiB lost nothing: the storm was none")
        check(f"{lost} lost" in errors, errors)
    return test


for _way in harness.WAYS:
    globals()[f"test_two_busy_threads_lose_nothing_by_{_way}"] = storm_without_loss(_way)
    globals()[f"test_a_ring_of_4_KiB_loses_rows_and_counts_each_by_{_way}"] = \
        storm_through_a_tiny_ring(_way)


def test_files_that_rotate_under_a_storm_lose_and_double_nothing(scratch):
    lost, errors = run_storm(scratch, "session", 2, 20000, rotate_size="256K", rotate_keep="100")
    check_equal(lost, 0, errors)
    parts = list((scratch / "out").glob("activity_detail.csv.*"))
    check(len(parts) > 3, f"only {len(parts)} rotated files")
    for part in parts:
        check(part.stat().st_size <= 256 * 1024, f"{part} is larger than rotate-size")
        check(part.read_bytes().startswith(b"state,start_ns,"), f"{part} has no header")


def test_a_recorder_killed_ten_times_under_load_leaves_only_whole_rows(scratch):
    out = scratch / "out"
    config = harness.config(scratch, storm_states(), flush="20ms")
    with Storm() as storm:
        for _ in range(10):
            with harness.Recording("-c", config, directory=out) as recording:
                recording.until_ready()
                size = (out / "robot_activity_data").stat().st_size
                wait_for(lambda: (out / "robot_activity_data").stat().st_size > size + 10000,
                         "rows to be written")
                recording.process.send_signal(signal.SIGKILL)
                recording.process.wait()
        with harness.Recording("-c", config, directory=out) as recording:
            recording.until_ready()
            check_equal(recording.stop(), 0, recording.messages())
        storm.end()
    rows = harness.activities(out)
    check_equal(len(rows), len(set(rows)), "rows that are there twice")
    harness.details(out)  # strict parsing
    check(len(rows) > 1000, f"only {len(rows)} rows")


class SmallDisk:
    """A tmpfs of a few hundred KiB at path; visible to this test's processes."""

    def __init__(self, path, size):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)],
                       check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.path)], check=True)


def test_a_full_disk_stops_rows_but_not_counting_and_recovers(scratch):
    config = harness.config(scratch, storm_states(), flush="20ms", sync="never")
    with SmallDisk(scratch / "disk", "512k") as disk:
        ballast = disk.path / "ballast"
        ballast.write_bytes(bytes(200 * 1024))
        out = disk.path / "out"
        with harness.Recording("-c", config, directory=out) as recording:
            recording.until_ready()
            # A recorder that comes late has so much of a storm to write that one file fills the
            # disk before the other has a row.
            subprocess.run([target("prog_storm"), "1", "1"], check=True, stdout=subprocess.DEVNULL)
            wait_for(lambda: harness.activities(out), "rows before the disk is full")
            with Storm() as storm:
                wait_for(lambda: "No space left on device" in recording.messages(),
                         "the disk to fill")
                full = harness.activities(out)  # whole rows only
                storm.end()
            ballast.unlink()
            # what is waiting may need more than the disk has: start afresh as rotation would
            subprocess.run(["mount", "-o", "remount,size=256m", str(disk.path)], check=True)
            wait_for(lambda: "writing works again" in recording.messages(), "the recovery")
            check_equal(recording.stop(), 0, recording.messages())
            check("not accounted" not in recording.messages(), recording.messages())
        rows = harness.activities(out)
        check_equal(rows[:len(full)], full, "rows written before the disk was full")
        for state in ("TICK", "TOCK"):
            row = harness.ledger(out)[state]
            check_equal(sum(r[0] == state for r in rows), row["returned"], f"rows of {state}")


def test_rows_that_a_full_disk_keeps_out_until_the_end_are_counted_as_lost(scratch):
    calls = 20000
    with SmallDisk(scratch / "disk", "64k") as disk:
        out = disk.path / "out"
        status, _, errors = harness.record("-s", f"TICK={target('prog_storm')}:tick", "--",
                                           target("prog_storm"), "1", str(calls), directory=out)
        check_equal(status, 125, errors)
        check("rows could not be written" in errors, errors)
        book = harness.ledger(out)["TICK"]
        rows = min(len(harness.details(out)), len(harness.activities(out)))
        check(rows < calls, "the disk was not full")
        check_equal(book["entries"], calls, "entries")
        check_equal(book["returned"], rows, "returned: the calls with a row in every file")
        check_equal(book["lost_other"], calls - rows, "lost_other")
        check(f"{calls - rows} lost" in errors, errors)


def test_rows_follow_when_the_files_are_renamed_or_deleted(scratch):
    out = scratch / "out"
    config = harness.config(scratch, storm_states(), flush="20ms")
    with Storm() as storm, harness.Recording("-c", config, directory=out) as recording:
        recording.until_ready()
        data = out / "robot_activity_data"
        wait_for(lambda: data.stat().st_size, "rows")
        data.rename(out / "robot_activity_data.moved")
        (out / "activity_detail.csv").unlink()
        wait_for(lambda: data.exists() and data.stat().st_size, "a new data file")
        wait_for((out / "activity_detail.csv").exists, "a new detail file")
        (out / "robot_activity_data_headers").unlink()
        wait_for((out / "robot_activity_data_headers").exists, "a new headers file")
        storm.end()
        check_equal(recording.stop(), 0, recording.messages())
    harness.details(out)
    check_equal((out / "robot_activity_data_headers").read_bytes(), b"state,func_start,duration")
    check(b"state,start_ns" in (out / "activity_detail.csv").read_bytes()[:20], "no header")
    moved = rows_on_disk(out)
    ledger = harness.ledger(out)
    check_equal(len(moved), ledger["TICK"]["returned"] + ledger["TOCK"]["returned"], "rows")


def test_a_second_recorder_in_the_directory_is_refused(scratch):
    states = ("-s", f"TICK={target('prog_storm')}:tick")
    with harness.Recording(*states, directory=scratch / "out") as first:
        first.until_ready()
        status, _, errors = harness.record(*states, "--for", "1s", directory=scratch / "out")
        check_equal(status, 1, errors)
        check(str(first.process.pid) in errors, errors)
        check_equal(first.stop(), 0)


def test_a_torn_row_is_repaired_and_said_so(scratch):
    out = scratch / "out"
    out.mkdir()
    whole = b'"TICK","1","2"\r\n'
    (out / "robot_activity_data").write_bytes(whole + b'"TICK","12')
    status, _, errors = harness.record("-s", f"TICK={target('prog_storm')}:tick", "--for", "1ms",
                                       directory=out)
    check_equal(status, 0, errors)
    check("torn" in errors, errors)
    check_equal((out / "robot_activity_data").read_bytes(), whole)


def test_a_finished_call_is_on_disk_within_the_flush_time(scratch):
    out = scratch / "out"
    config = harness.config(scratch, storm_states(), flush="1s")
    with harness.Recording("-c", config, directory=out) as recording:
        recording.until_ready()
        data = out / "robot_activity_data"
        waited_ns = -harness.waited_ns(recording.process.pid)
        subprocess.run([target("prog_storm"), "1", "1"], check=True, stdout=subprocess.DEVNULL)
        wait_for(lambda: data.stat().st_size, "the rows")
        written_ns = data.stat().st_mtime_ns
        waited_ns += harness.waited_ns(recording.process.pid)
        check_equal(recording.stop(), 0)
    ended_ns = max(start + duration for _, start, duration in harness.activities(out))
    # That the machine had something else to do is no fault of the recorder.
    late_s = (written_ns - ended_ns - waited_ns) / 1e9
    check(late_s < 1.5, f"{late_s:.2f} s, after {waited_ns / 1e9:.2f} s of waiting for a CPU")


def test_start_times_follow_the_clock_when_it_is_set(scratch):
    out = scratch / "out"
    config = harness.config(scratch, {"TICK": storm_states()["TICK"]}, flush="20ms")
    status = scratch / "status.json"
    step_s = 3600

    def published_s():
        return json.loads(status.read_text())["updated_ns"] / 1e9

    ahead_s = time.time() - time.monotonic()  # as it is to be again, however long this takes

    def set_clock(delta_s):
        time.clock_settime(time.CLOCK_REALTIME, time.monotonic() + ahead_s + delta_s)

    def until_noticed():
        # A recorder that is kept from running learns of it only when it runs.
        wait_for(lambda: abs(published_s() - time.time()) < step_s / 2, "it to be noticed")

    def one_call():
        before = time.time_ns()
        rows = len(harness.activities(out))
        subprocess.run([target("prog_storm"), "1", "1"], check=True, stdout=subprocess.DEVNULL)
        wait_for(lambda: len(harness.activities(out)) > rows, "the row")
        start = harness.activities(out)[-1][1]
        check(before <= start <= time.time_ns(), f"start {start} is not in {before}..now")

    with harness.Recording("-c", config, "--status", status, directory=out) as recording:
        recording.until_ready()
        one_call()
        try:
            set_clock(step_s)
        except PermissionError as error:
            raise harness.Skip("the clock cannot be set here") from error
        try:
            until_noticed()
            one_call()
        finally:
            set_clock(0)
        until_noticed()
        one_call()
        check_equal(recording.stop(), 0)
    for _, _, duration in harness.activities(out):
        check(duration < step_s * 10**9 / 2, f"a duration of {duration} ns")


def test_hundreds_of_functions_attach_and_detach_in_seconds(scratch):
    library = subprocess.run([harness.TACHO, "check", "--json", "-s",
                              "X=libsqlite3.so.0:sqlite3_step"], capture_output=True, check=True)
    path = json.loads(library.stdout)["files"][0]["path"]
    symbols = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, check=True,
                             text=True).stdout.splitlines()
    names = [line.split()[2].split("@")[0] for line in symbols if " T sqlite3_" in line]
    states = {f"S{i}": {"function": f"libsqlite3.so.0:{name}", "exit": "fast"}
              for i, name in enumerate(names)}
    config = harness.config(scratch, states)
    check(len(names) > 200, f"only {len(names)} functions")
    took_s = []
    while len(took_s) < TRIES and min(took_s, default=SECONDS) >= SECONDS:
        started = time.monotonic()
        status, _, errors = harness.record("-c", config, "--for", "1ms", directory=scratch / "out")
        check_equal(status, 0, errors)
        took_s.append(time.monotonic() - started)
    check(min(took_s) < SECONDS, f"attaching and detaching took {took_s} s")


if __name__ == "__main__":
    harness.main()
