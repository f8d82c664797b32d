#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A recorded stream, decoded again by an unprivileged user: the same files, byte for byte.

sqlite/ holds what `tacho record --raw` wrote while SQLite's shell ran a few statements; its stream
is of a version that knew fewer records. every_record/ holds the files of the stream that streams.py
writes from the description of the format alone.
"""
import csv
import os
import pathlib
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import harness  # noqa: E402
import streams  # noqa: E402
from harness import check, check_equal  # noqa: E402

STREAM = HERE / "sqlite" / "stream"
NOBODY = 65534
STREAM_HEADER_SZ = 24


def replay(stream, directory):
    """Runs tacho replay as nobody. Returns (exit status, stderr)."""
    os.chmod(directory.parent, 0o777)
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run([harness.TACHO, "replay", "-d", str(directory), str(stream)],
                          capture_output=True, timeout=harness.DEADLINE_S, **as_nobody)
    return done.returncode, done.stderr.decode(errors="replace")


def variant(scratch, data):
    path = scratch / "variant"
    path.write_bytes(data)
    return path


def check_files(out, folder):
    expected = sorted(p.name for p in folder.iterdir() if p.name != "stream")
    check_equal(sorted(p.name for p in out.iterdir()), expected, "files")
    for name in expected:
        check_equal((out / name).read_bytes(), (folder / name).read_bytes(), name)


def test_a_stream_gives_the_files_of_the_recording_byte_for_byte(scratch):
    out = scratch / "out"
    status, errors = replay(STREAM, out)
    check_equal(status, 0, errors)
    check_files(out, STREAM.parent)


def test_every_kind_of_record_comes_to_its_files(scratch):
    out = scratch / "out"
    status, errors = replay(variant(scratch, streams.every_record()), out)
    check_equal(status, 0, errors)
    check("1000 more calls have no rows" in errors, errors)
    check("6 rows of processes, 0 lost" in errors, errors)
    check_files(out, HERE / "every_record")
    harness.ledger(out)  # checks the identity


def test_a_command_line_of_128_kib_comes_through_whole(scratch):
    command = "python3 " + 'a "b",\n' * (131072 // 8)
    command = command[:131072]
    data = streams.stream() + streams.clock(0, 0) + \
        streams.process(streams.SAMPLE, 1, 812, command) + streams.flush(2, 1)
    status, errors = replay(variant(scratch, data), scratch / "out")
    check_equal(status, 0, errors)
    csv.field_size_limit(1 << 20)
    with open(scratch / "out" / "system_resource_data", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    check_equal([row[1] for row in rows], [command])
    with open(scratch / "out" / "process_detail.csv", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    check_equal([row["command"] for row in rows], [command.replace("\n", "\\x0a")])


def test_a_record_larger_than_any_ends_the_reading(scratch):
    data = streams.stream() + streams.process(streams.SAMPLE, 1, 812, "x" * 262144)
    status, errors = replay(variant(scratch, data), scratch / "out")
    check_equal(status, 1, errors)
    check("a record says it has 2623" in errors, errors)


def test_a_probe_that_was_never_hit_is_seen(scratch):
    out = scratch / "out"
    replay(variant(scratch, streams.every_record()), out)
    with open(out / "activity_probes.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file, strict=True) if row["event"] == "end"]
    check_equal([row["function"] for row in rows if not row["last_hit_ns"]], ["never_called"])


def test_a_stream_can_come_through_a_pipe(scratch):
    done = subprocess.run([harness.TACHO, "replay", "-d", str(scratch / "out"), "/dev/stdin"],
                          input=STREAM.read_bytes(), capture_output=True,
                          timeout=harness.DEADLINE_S)
    check_equal(done.returncode, 0, done.stderr.decode())
    check_equal((scratch / "out" / "robot_activity_data").read_bytes(),
                (STREAM.parent / "robot_activity_data").read_bytes())


def test_every_cut_gives_whole_rows_and_says_that_it_was_cut(scratch):
    for folder, data in ((STREAM.parent, STREAM.read_bytes()),
                         (HERE / "every_record", streams.every_record())):
        whole = (folder / "robot_activity_data").read_bytes()
        for number, at in enumerate(range(STREAM_HEADER_SZ, len(data) - 1, 509)):
            out = scratch / f"{folder.name}{number}"
            status, errors = replay(variant(scratch, data[:at]), out)
            check_equal(status, 1, f"cut at {at}: {errors}")
            check("cut off" in errors or "did not end well" in errors, errors)
            if not (out / "robot_activity_data").exists():
                check(data.index(b"MOVING" if folder.name == "every_record" else whole[1:5]) > at,
                      f"cut at {at}: no rows, though there is a state")
                continue
            rows = (out / "robot_activity_data").read_bytes()
            check(whole.startswith(rows), f"cut at {at}: other rows")
            harness.activities(out)
            harness.details(out)


def test_files_that_are_no_stream_are_refused_by_name(scratch):
    for data in (b"", b"state,func_start,duration", bytes(64), b"\x7fELF" + bytes(100)):
        path = variant(scratch, data)
        status, errors = replay(path, scratch / "out")
        check_equal(status, 1, errors)
        check(f"{path}: not a raw stream" in errors, errors)
        check_equal(list((scratch / "out").iterdir()), [], "files of nothing")


def test_a_stream_of_another_version_is_refused(scratch):
    data = bytearray(STREAM.read_bytes())
    data[16:20] = struct.pack("=I", 99)
    status, errors = replay(variant(scratch, bytes(data)), scratch / "out")
    check_equal(status, 1, errors)
    check("version 99" in errors, errors)


def test_a_missing_file_is_named(scratch):
    status, errors = replay(scratch / "nothing", scratch / "out")
    check_equal(status, 1, errors)
    check("nothing: No such file or directory" in errors, errors)


def test_flipped_bits_never_crash_the_decoder(scratch):
    for name, data, step in (("old", STREAM.read_bytes(), 211), ("new", streams.every_record(), 37)):
        for number, at in enumerate(range(0, len(data), step)):
            spoiled = bytearray(data)
            spoiled[at] ^= 0xff
            status, errors = replay(variant(scratch, bytes(spoiled)), scratch / f"{name}{number}")
            check(status in (0, 1), f"byte {at}: exit status {status}: {errors}")


def test_a_file_that_cannot_be_opened_is_told_once_and_nothing_is_summed_up(scratch):
    (scratch / "out" / "activity_ledger.csv").mkdir(parents=True)
    os.chmod(scratch / "out", 0o777)
    for data in (STREAM.read_bytes(), STREAM.read_bytes()[:STREAM_HEADER_SZ]):
        status, errors = replay(variant(scratch, data), scratch / "out")
        check_equal(status, 1, errors)
        check_equal(errors.count("activity_ledger.csv"), 1, errors)
        check("activities of" not in errors, errors)


def test_states_and_values_that_come_later_begin_the_file_of_details_anew(scratch):
    out = scratch / "out"
    s = streams
    data = b"".join([
        s.stream(), s.state(0, "A"), s.capture(0, 0, s.U8, "x"), s.probe(0, 0, "/b", "f"),
        s.clock(0, 0), s.activity(0, 1, 2, tail=s.values(None, (7,))), s.counts(0, 1), s.flush(5),
        s.state(1, "A"), s.capture(1, 0, s.U8, "x"), s.capture(1, 1, s.U8, "y"),
        s.state(2, "B"), s.probe(1, 1, "/b", "g"), s.probe(2, 2, "/b", "h"),
        s.activity(0, 3, 4, s.OPEN, tail=s.values(None, (8,))),
        s.activity(1, 3, 4, tail=s.values(None, (1, 2))), s.activity(2, 3, 5),
        s.capture(2, 0, s.U8, "too_late"),
        s.counts(0, 2), s.counts(1, 1), s.counts(2, 1), s.flush(9, 1)])
    status, errors = replay(variant(scratch, data), out)
    check("too late" in errors, errors)
    old, new = ((out / f"activity_detail.csv{end}").read_text().splitlines() for end in (".1", ""))
    check_equal((old[0].split(",")[-2:], len(old)), (["function", "x"], 2))
    check_equal([row.split(",")[-3:] for row in new],
                [["function", "x", "y"], ["f", "8", ""], ["g", "1", "2"], ["h", "", ""]])
    books = harness.ledger(out)
    check_equal((books["A"]["entries"], books["A"]["returned"], books["A"]["open"]), (3, 2, 1))
    check_equal(books["B"]["entries"], 1)


def test_too_many_captured_values_are_refused_by_number(scratch):
    data = streams.stream() + b"".join(
        streams.state(n, f"S{n}") + b"".join(streams.capture(n, i, streams.U8, f"v{n}_{i}")
                                             for i in range(streams.CAPTURES_MAX))
        for n in range(200)) + streams.flush(1, 1)
    status, errors = replay(variant(scratch, data), scratch / "out")
    check_equal(status, 1, errors)
    check("more than 1000 names" in errors, errors)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
