#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A recorded stream, decoded again by an unprivileged user: the same files, byte for byte.

sqlite/ holds what `tacho record --raw` wrote while SQLite's shell ran a few statements.
"""
import os
import pathlib
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import harness  # noqa: E402
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


def test_a_stream_gives_the_files_of_the_recording_byte_for_byte(scratch):
    out = scratch / "out"
    status, errors = replay(STREAM, out)
    check_equal(status, 0, errors)
    expected = sorted(p.name for p in STREAM.parent.iterdir() if p.name != "stream")
    check_equal(sorted(p.name for p in out.iterdir()), expected, "files")
    for name in expected:
        check_equal((out / name).read_bytes(), (STREAM.parent / name).read_bytes(), name)


def test_a_stream_can_come_through_a_pipe(scratch):
    done = subprocess.run([harness.TACHO, "replay", "-d", str(scratch / "out"), "/dev/stdin"],
                          input=STREAM.read_bytes(), capture_output=True,
                          timeout=harness.DEADLINE_S)
    check_equal(done.returncode, 0, done.stderr.decode())
    check_equal((scratch / "out" / "robot_activity_data").read_bytes(),
                (STREAM.parent / "robot_activity_data").read_bytes())


def test_every_cut_gives_whole_rows_and_says_that_it_was_cut(scratch):
    data = STREAM.read_bytes()
    whole = (STREAM.parent / "robot_activity_data").read_bytes()
    for number, at in enumerate(range(STREAM_HEADER_SZ, len(data) - 1, 509)):
        out = scratch / f"out{number}"
        status, errors = replay(variant(scratch, data[:at]), out)
        check_equal(status, 1, f"cut at {at}: {errors}")
        check("cut off" in errors or "did not end well" in errors, errors)
        rows = (out / "robot_activity_data").read_bytes()
        check(whole.startswith(rows), f"cut at {at}: other rows")
        harness.activities(out)


def test_files_that_are_no_stream_are_refused_by_name(scratch):
    for data in (b"", b"state,func_start,duration", bytes(64), b"\x7fELF" + bytes(100)):
        path = variant(scratch, data)
        status, errors = replay(path, scratch / "out")
        check_equal(status, 1, errors)
        check(f"{path}: not a raw stream" in errors, errors)


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
    data = STREAM.read_bytes()
    for number, at in enumerate(range(0, len(data), 211)):
        spoiled = bytearray(data)
        spoiled[at] ^= 0xff
        status, errors = replay(variant(scratch, bytes(spoiled)), scratch / f"out{number}")
        check(status in (0, 1), f"byte {at}: exit status {status}: {errors}")


if __name__ == "__main__":
    harness.main(needs_bpf=False)
