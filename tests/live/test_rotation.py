#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Files are rotated, compressed and deleted, by the recorder or by logrotate: no row goes or comes
twice."""
import csv
import io
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import harness
from harness import check, check_equal, target, wait_for
from test_durability import SmallDisk, Storm, storm_states

DETAIL = "activity_detail.csv"
ACTIVITIES = "robot_activity_data"
# of the columns
BEGINNINGS = {DETAIL: "state", "activity_ledger.csv": "time_ns", "activity_summary.csv": "from_ns"}


def parts(directory, name):
    """The rotated files of name, oldest first; of two forms of one, the one that is not compressed."""
    found = {}
    for path in pathlib.Path(directory).iterdir():
        part = re.fullmatch(re.escape(name) + r"\.([1-9]\d{0,4})(\.zst)?", path.name)
        if part and (not part[2] or int(part[1]) not in found):
            found[int(part[1])] = path
    return [found[number] for number in sorted(found, reverse=True)]


def content(path):
    if path.suffix != ".zst":
        return path.read_bytes()
    return subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout


def rows_of(data, name):
    check(not data or data.endswith(b"\r\n"), f"{name} does not end with a whole row")
    rows = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    if name in BEGINNINGS and rows:
        check_equal(rows[0][0], BEGINNINGS[name], "the first row of a file")
        rows = rows[1:]
    return [tuple(row) for row in rows]


def all_rows(directory, name, was_killed=False):
    """What is in the parts and the live file, in order; only when nobody rotates. SIGKILL ends a
    write() between two pages (Linux, generic_perform_write): the next start cuts off what is torn."""
    whole = [content(path) for path in parts(directory, name)]
    live = pathlib.Path(directory) / name
    if live.exists() and was_killed:
        whole.append(re.match(rb"(.*\r\n)?", live.read_bytes(), re.DOTALL)[0])
    elif live.exists():
        whole.append(harness.read_whole_rows(live))
    return [row for data in whole for row in rows_of(data, name)]


def check_no_leftovers(directory):
    names = {path.name for path in pathlib.Path(directory).iterdir()}
    twice = {name for name in names if name + ".zst" in names}
    check(not twice, f"compressed and not: {twice}")
    temporary = {name for name in names if name.endswith(".tmp")}
    check(not temporary, f"left: {temporary}")


def summarised(directory, was_killed=False):
    return sum(int(row[4]) for row in all_rows(directory, "activity_summary.csv", was_killed))


def returned(directory):
    """The calls that returned and have a row of their own, by the ledger; after one recording."""
    last = {row[1]: int(row[3]) for row in all_rows(directory, "activity_ledger.csv")}
    return sum(last.values()) - summarised(directory)


def spin_until(condition, what):
    """As wait_for, for what is true for a moment only."""
    deadline = time.monotonic() + harness.DEADLINE_S
    while not condition():
        check(time.monotonic() < deadline, f"waited for {what}")
        time.sleep(0.0002)  # what is waited for needs the CPU, too


def names_in(directory):
    return os.listdir(directory) if os.path.isdir(directory) else []


def is_packing(directory):
    return any(name.endswith(".zst.tmp") for name in names_in(directory))


def has_two_forms(directory):
    names = set(names_in(directory))
    return any(name + ".zst" in names for name in names)


def all_packed(out):
    return all(path.suffix == ".zst" for name in (DETAIL, ACTIVITIES) for path in parts(out, name))


def until_two_forms(out, storm):
    """A compressed part has been put beside the one it was made of, which goes a moment later. The
    storm waits, since compressing is for idle CPUs; and goes on where that moment was missed for all
    parts there were."""
    def seen():
        if has_two_forms(out):
            return True
        if all_packed(out):
            cnt = len(parts(out, DETAIL))
            storm.process.send_signal(signal.SIGCONT)
            spin_until(lambda: len(parts(out, DETAIL)) > cnt, "rotation")
            storm.process.send_signal(signal.SIGSTOP)
        return False
    storm.process.send_signal(signal.SIGSTOP)
    spin_until(seen, "a compression to end")


def test_a_recorder_killed_while_it_rotates_and_compresses_loses_and_doubles_nothing(scratch):
    out = scratch / "out"
    config = harness.config(scratch, storm_states(), flush="20ms", sync="0", rotate_size="16K",
                            rotate_keep="1000", rotate_compress="zstd", rate_limit="3000")
    chance = random.Random(42)
    before = {DETAIL: [], ACTIVITIES: []}
    tidied = 0

    def check_grown(was_killed):
        for name, rows in before.items():
            now = all_rows(out, name, was_killed)
            check(now[:len(rows)] == rows, f"what was in {name} before is not there now")
            check_equal(len(now), len(set(now)), f"rows of {name} that are there twice")
            before[name] = now

    with Storm() as storm:
        for turn in range(12):
            with harness.Recording("-c", config, directory=out) as recording:
                recording.until_ready()
                tidied += "tidied up" in recording.messages()
                cnt = len(parts(out, DETAIL)) + chance.randrange(1, 6)
                wait_for(lambda: len(parts(out, DETAIL)) > cnt, "rotation")
                if turn % 3 == 0:
                    spin_until(lambda: is_packing(out), "a compression to begin")
                elif turn % 3 == 1:
                    until_two_forms(out, storm)
                recording.process.send_signal(signal.SIGKILL)
                recording.process.wait()
                storm.process.send_signal(signal.SIGCONT)
            check_grown(was_killed=True)
        check(tidied, "no kill has left anything to tidy up")
        killed = len(before[ACTIVITIES]), summarised(out, was_killed=True)
        with harness.Recording("-c", config, directory=out) as recording:
            recording.until_ready()
            wait_for(lambda: len(parts(out, DETAIL)) > cnt, "rotation")
            storm.end()
            check_equal(recording.stop(), 0, recording.messages())
            check("not accounted" not in recording.messages(), recording.messages())
    check_grown(was_killed=False)
    check_no_leftovers(out)
    check_equal(len(before[ACTIVITIES]) - killed[0], returned(out) + killed[1],
                "rows of the last recording")


def test_all_parts_are_compressed_in_the_end_and_read_as_before(scratch):
    out = scratch / "out"
    states = storm_states()
    config = harness.config(scratch, states, rotate_size="64K", rotate_keep="1000")
    status, _, errors = harness.record("-c", config, "--", target("prog_storm"), "1", "2000",
                                       directory=out)
    check_equal(status, 0, errors)
    before = all_rows(out, DETAIL)
    check_equal(len(before), 4000, "rows")
    config = harness.config(scratch, states, rotate_size="64K", rotate_keep="1000",
                            rotate_compress="zstd", flush="20ms")
    with harness.Recording("-c", config, directory=out) as recording:
        recording.until_ready()
        wait_for(lambda: all_packed(out), "all parts to be compressed")
        check_equal(recording.stop(), 0, recording.messages())
    check(all_rows(out, DETAIL) == before, "rows have changed")
    check_no_leftovers(out)


def test_keep_size_holds_while_rows_come(scratch):
    out = scratch / "out"
    limit = 256 * 1024
    config = harness.config(scratch, storm_states(), rotate_size="16K", rotate_keep="1000",
                            keep_size="256K", flush="20ms", rate_limit="3000")

    def size():
        return sum(path.stat().st_size for name in (DETAIL, ACTIVITIES)
                   for path in parts(out, name) + [out / name])

    with Storm() as storm, harness.Recording("-c", config, directory=out) as recording:
        recording.until_ready()
        wait_for(lambda: "more than keep-size" in recording.messages(), "the first deletion")
        storm.end()
        check_equal(recording.stop(), 0, recording.messages())
        check_equal(recording.messages().count("keep-size"), 1, "told")
    check(size() <= limit, f"{size()} bytes")
    check(parts(out, DETAIL), "no part is left")
    rows = all_rows(out, DETAIL)
    check_equal(len(rows), len(set(rows)), "rows that are there twice")


def fill_while_packing(out, ballast, recording):
    """Returns when a part could not be compressed for want of room."""
    def filled():
        try:
            while ballast.write(bytes(4096)):
                pass
        except OSError:
            pass
        if "cannot be compressed: No space left" in recording.messages():
            return True
        if all_packed(out):  # and no part comes while the disk is full: there is to be another one
            ballast.truncate(max(0, ballast.tell() - (512 << 10)))
            ballast.seek(0, os.SEEK_END)
            spin_until(lambda: not all_packed(out), "rotation")
        return False
    wait_for(filled, "the disk to fill")


def test_a_disk_that_fills_while_parts_are_compressed_loses_nothing(scratch):
    config = harness.config(scratch, storm_states(), flush="20ms", sync="never", rotate_size="64K",
                            rotate_keep="1000", rotate_compress="zstd", rate_limit="1000")
    with SmallDisk(scratch / "disk", "4m") as disk, Storm() as storm:
        out = disk.path / "out"
        with harness.Recording("-c", config, directory=out) as recording:
            recording.until_ready()
            wait_for(lambda: any(p.suffix == ".zst" for p in parts(out, DETAIL)), "a part")
            with open(disk.path / "ballast", "wb", buffering=0) as ballast:
                fill_while_packing(out, ballast, recording)
            storm.end()
            subprocess.run(["mount", "-o", "remount,size=256m", str(disk.path)], check=True)
            check_equal(recording.stop(), 0, recording.messages())
            check("not accounted" not in recording.messages(), recording.messages())
        check_no_leftovers(out)
        rows = all_rows(out, ACTIVITIES)
        check_equal(len(rows), returned(out), "rows")
        check_equal(len(all_rows(out, DETAIL)), len(rows), "rows of the other file")
        with harness.Recording("-c", config, directory=out) as recording:
            recording.until_ready()
            wait_for(lambda: all_packed(out), "all parts to be compressed")
            check_equal(recording.stop(), 0, recording.messages())
        check(all_rows(out, ACTIVITIES) == rows, "rows have changed")


class Logrotate:
    """The real one, over the files in out."""

    def __init__(self, scratch, out, *directives):
        if not shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin:/bin"):
            raise harness.Skip("logrotate is not installed")
        self.config = scratch / "logrotate.conf"
        self.state = scratch / "logrotate.state"
        self.config.write_text(f"{out}/{ACTIVITIES} {out}/*.csv {{\n" +
                               "".join(f"\t{d}\n" for d in directives) + "}\n")
        self.config.chmod(0o644)

    def __call__(self):
        done = subprocess.run(["logrotate", "-f", "-s", self.state, self.config],
                              capture_output=True, text=True,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        check_equal((done.returncode, done.stderr), (0, ""), "logrotate")


def begun_anew(out):
    """All files are there again, with what they begin with."""
    return all((out / name).exists() for name in (DETAIL, ACTIVITIES, "activity_ledger.csv")) and \
        (out / DETAIL).stat().st_size > 0


def rotate_under_a_storm(scratch, out, logrotate, times):
    """Records calls that do not pause while all files are rotated. Returns the messages."""
    config = harness.config(scratch, storm_states(), flush="20ms", rotate_size="0",
                            rate_limit="5000")
    with Storm() as storm, harness.Recording("-c", config, directory=out) as recording:
        recording.until_ready()
        for _ in range(times):
            wait_for(lambda: begun_anew(out) and (out / DETAIL).stat().st_size > 20000, "rows")
            logrotate()
        wait_for(lambda: begun_anew(out), "the last files")
        storm.end()
        check_equal(recording.stop(), 0, recording.messages())
        return recording.messages()


def test_logrotate_that_renames_under_a_storm_loses_and_doubles_nothing(scratch):
    out = scratch / "out"
    logrotate = Logrotate(scratch, out, "rotate 100", "create", "nodateext", "missingok")
    messages = rotate_under_a_storm(scratch, out, logrotate, 10)
    check("renamed or deleted by somebody" in messages, messages)
    check_equal(len(parts(out, DETAIL)), 10, "parts")
    for name in (DETAIL, ACTIVITIES):
        rows = all_rows(out, name)
        check_equal(len(rows), returned(out), f"rows of {name}")
        check_equal(len(rows), len(set(rows)), f"rows of {name} that are there twice")


def test_the_logrotate_example_works_as_it_is(scratch):
    example = pathlib.Path(__file__).resolve().parents[2] / "systemd" / "tacho.logrotate"
    out = scratch / "out"
    logrotate = Logrotate(scratch, out)
    logrotate.config.write_text(example.read_text().replace("/var/lib/tacho", str(out)))
    rotate_under_a_storm(scratch, out, logrotate, 4)
    check_equal([p.name for p in parts(out, DETAIL)],
                [f"{DETAIL}.4.zst", f"{DETAIL}.3.zst", f"{DETAIL}.2.zst", f"{DETAIL}.1"])
    rows = all_rows(out, DETAIL)
    check_equal(len(rows), returned(out), "rows")
    check_equal(len(rows), len(set(rows)), "rows that are there twice")


def test_logrotate_that_copies_and_truncates_between_rows_loses_nothing(scratch):
    out = scratch / "out"
    logrotate = Logrotate(scratch, out, "rotate 100", "copytruncate", "nodateext", "missingok")
    config = harness.config(scratch, storm_states(), flush="20ms", rotate_size="0")
    with harness.Recording("-c", config, directory=out) as recording:
        recording.until_ready()
        for turn in range(1, 6):
            subprocess.run([target("prog_storm"), "1", "500"], check=True,
                           stdout=subprocess.DEVNULL)
            for name in (DETAIL, ACTIVITIES):
                wait_for(lambda: len(all_rows(out, name)) == turn * 1000, "the rows")
            logrotate()
            wait_for(lambda: begun_anew(out), "the header")
        check_equal(recording.stop(), 0, recording.messages())
        check("cut short by somebody" in recording.messages(), recording.messages())
    for name in (DETAIL, ACTIVITIES):
        rows = all_rows(out, name)
        check_equal(len(rows), 5000, f"rows of {name}")
        check_equal(len(rows), len(set(rows)), f"rows of {name} that are there twice")


def test_logrotate_that_copies_and_truncates_under_a_storm_tears_and_doubles_nothing(scratch):
    out = scratch / "out"
    logrotate = Logrotate(scratch, out, "rotate 100", "copytruncate", "nodateext", "missingok")
    messages = rotate_under_a_storm(scratch, out, logrotate, 5)
    check("not accounted" not in messages, messages)
    harness.details(out)
    for name in (DETAIL, ACTIVITIES):
        copies = [content(path) for path in parts(out, name)]  # their last row may be torn
        rows = [row for data in copies + [(out / name).read_bytes()]
                for row in rows_of(data[:data.rfind(b"\r\n") + 2], name)]
        check_equal(len(rows), len(set(rows)), f"rows of {name} that are there twice")


if __name__ == "__main__":
    harness.main()
