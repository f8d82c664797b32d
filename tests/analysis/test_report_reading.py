#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What tacho report finds does not depend on how files are read, or on how rows came into files:
by one thread or several, fast or row by row, shuffled, split, rotated, packed, of several hosts."""
import csv
import ctypes
import io
import os
import pathlib
import pty
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "live"))
import harness  # noqa: E402
from harness import check, check_equal  # noqa: E402

NAME = "robot_activity_data"
DETAIL = "activity_detail.csv"
DETAIL_HEADER = b"state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,return_value\r\n"
EPOCH = 1795328314555660785
DEADLINE_S = 60


def pack(data):
    """As zstd(1) does; the library is there because tacho is linked with it."""
    library = ctypes.CDLL("libzstd.so.1")
    for name in ("ZSTD_compressBound", "ZSTD_compress"):
        getattr(library, name).restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(library.ZSTD_compressBound(ctypes.c_size_t(len(data))))
    size = library.ZSTD_compress(room, ctypes.c_size_t(len(room)), data,
                                 ctypes.c_size_t(len(data)), 3)
    return room.raw[:size]


def run(*paths, threads=None, stdin=None):
    """(exit status, table as CSV, messages)"""
    env = dict(os.environ)
    env.pop("TACHO_THREADS", None)
    if threads is not None:
        env["TACHO_THREADS"] = str(threads)
    done = subprocess.run([harness.TACHO, "report", "--format=csv", "--only=states",
                           *map(str, paths)], capture_output=True, env=env, input=stdin,
                          timeout=DEADLINE_S)
    return done.returncode, done.stdout, done.stderr


def table(*paths, **how):
    status, text, messages = run(*paths, **how)
    check_equal(status, 0, messages)
    check_equal([line for line in messages.splitlines() if b"not finished" not in line], [],
                "messages")
    return text


def robot_rows(rng, cnt):
    return [b'"S%d","%d","%d"\r\n' % (rng.randrange(9), EPOCH + i * 1000, rng.getrandbits(
        rng.choice((3, 20, 31, 40)))) for i in range(cnt)]


def detail_rows(rng, cnt):
    return [b"S%d,%d,%d,1,%d,c%d,%s,%s,0,%s\r\n" % (
        rng.randrange(5), EPOCH + i, rng.getrandbits(30), i, i % 3,
        rng.choice((b"return", b"return", b"exception", b"killed", b"open")),
        rng.choice((b"", b"0", b"1")), rng.choice((b"", b"7", b'"a,b"'))) for i in range(cnt)]


# --- fast and with care -------------------------------------------------------------------------

PIECES = (b'"', b'""', b",", b"\r", b"\n", b"\r\n", b"\0", b"A", b"state", b"\xff", b"\xc3\xa9", b" ",
          b"0", b"17", b"18446744073709551615", b"18446744073709551616", b"999999999999999999",
          b"state,func_start,duration\r\n", b"state_id,function_start_time,duration\n",
          DETAIL_HEADER, b"state,duration_ns,start_ns,ended\n", b"return", b"\x1b[31m")


def hostile(rng, cnt):
    """Rows, most of them good, some with pieces put in or bytes taken out."""
    good = robot_rows(rng, 40) + detail_rows(rng, 40) + [DETAIL_HEADER]
    rows = []
    for _ in range(cnt):
        row = rng.choice(good)
        if rng.random() < 0.1:
            at = rng.randrange(len(row))
            row = row[:at] + rng.choice(PIECES) + row[at + rng.randrange(3):]
        rows.append(row)
    return b"".join(rows)


def expect_one_report(path):
    expected = run(path, threads=0)
    for threads in (None, 1, 2, 5):
        check_equal(run(path, threads=threads), expected, f"TACHO_THREADS={threads}")
    return expected


def test_hostile_files_are_reported_the_same_by_any_number_of_threads(scratch):
    path = pathlib.Path(scratch) / NAME
    for seed in range(12):
        rng = random.Random(seed)
        path.write_bytes(hostile(rng, rng.choice((10, 500))))
        expect_one_report(path)


def test_files_of_many_blocks_are_reported_the_same_by_any_number_of_threads(scratch):
    path = pathlib.Path(scratch) / NAME
    for seed in range(2):
        rng = random.Random(seed)
        rows = robot_rows(rng, 60000)
        for _ in range(20):
            rows[rng.randrange(len(rows))] = hostile(rng, 1)
        path.write_bytes(b"".join(rows) * 2 + b'"torn","1')
        status, _, messages = expect_one_report(path)
        check_equal(status, 0)
        check(messages.count(b"\n") > 3, "no row was malformed")


# --- how rows came into files -------------------------------------------------------------------


def test_rows_may_come_in_any_order(scratch):
    path, rng = pathlib.Path(scratch) / NAME, random.Random(1)
    rows = robot_rows(rng, 5000)
    path.write_bytes(b"".join(rows))
    expected = table(path)
    rng.shuffle(rows)
    path.write_bytes(b"".join(rows))
    check_equal(table(path), expected)


def split(rng, rows, cnt):
    cuts = sorted(rng.randrange(len(rows)) for _ in range(cnt - 1))
    return [b"".join(rows[a:b]) for a, b in zip([0] + cuts, cuts + [len(rows)])]


def test_a_file_may_be_rotated_and_packed(scratch):
    rng, whole = random.Random(2), pathlib.Path(scratch) / "whole"
    for name, header, rows in ((NAME, b"", robot_rows(rng, 3000)),
                               (DETAIL, DETAIL_HEADER, detail_rows(rng, 3000))):
        whole.write_bytes(header + b"".join(rows))
        expected = table(whole)
        for turn in range(4):
            directory = pathlib.Path(scratch) / f"{name}-{turn}"
            directory.mkdir()
            parts = split(rng, rows, 12)
            for number, part in enumerate(reversed(parts)):
                packed = number and rng.random() < turn / 3
                file = name + (f".{number}" if number else "") + (".zst" if packed else "")
                part = header + part
                (directory / file).write_bytes(pack(part) if packed else part)
            check_equal(table(directory), expected, f"{name}, turn {turn}")
            check_equal(table(*rng.sample(sorted(directory.iterdir()), 12)), expected,
                        "one by one, in any order")


def test_hosts_are_joined(scratch):
    rng, rows = random.Random(3), robot_rows(random.Random(3), 4000)
    whole, hosts = pathlib.Path(scratch) / "whole", []
    whole.write_bytes(b"".join(rows))
    rng.shuffle(rows)
    for number, part in enumerate(split(rng, rows, 5)):
        hosts.append(pathlib.Path(scratch) / f"host{number}")
        hosts[-1].mkdir()
        (hosts[-1] / f"{NAME}.1.zst").write_bytes(pack(part[:len(part) // 2]) + pack(
            part[len(part) // 2:]))
    check_equal(table(*hosts), table(whole))
    check_equal(table(*reversed(hosts), hosts[0], whole_of(hosts[1])), table(whole),
                "each file once")


def whole_of(directory):
    return next(directory.iterdir())


def test_what_is_there_twice_is_read_once(scratch):
    rows = b"".join(robot_rows(random.Random(4), 100))
    directory = pathlib.Path(scratch)
    (directory / NAME).write_bytes(rows)
    (directory / f"{NAME}.1").write_bytes(rows)
    expected = table(directory)
    (directory / f"{NAME}.1.zst").write_bytes(pack(rows))
    check_equal(table(directory), expected)
    (directory / f"{NAME}.01.zst").write_bytes(pack(rows))
    (directory / f"{NAME}.2.zst.tmp").write_bytes(rows)
    (directory / f".{NAME}.zst.tmp").write_bytes(rows)
    check_equal(table(directory), expected, "not of ours")
    (directory / f"{NAME}.1").unlink()
    check_equal(table(directory), expected, "packed")


def test_pipes_are_read_too(scratch):
    rows = b"".join(robot_rows(random.Random(5), 100000))
    path = pathlib.Path(scratch) / NAME
    path.write_bytes(rows)
    expected = table(path)
    check_equal(table("-", stdin=rows), expected)
    check_equal(table("-", stdin=pack(rows)), expected)


def counts(text):
    return sum(int(row["count"]) for row in csv.DictReader(io.StringIO(text.decode())))


def test_what_is_spoiled_is_said_and_what_came_before_counts(scratch):
    rng, directory = random.Random(6), pathlib.Path(scratch)
    rows = robot_rows(rng, 50000)
    (directory / f"{NAME}.2").write_bytes(b"".join(rows[:1000]))
    packed = pack(b"".join(rows[1000:]))
    (directory / f"{NAME}.1.zst").write_bytes(packed[:len(packed) * 2 // 3])
    for threads in (0, 1, None):
        status, text, messages = run(directory, threads=threads)
        check_equal(status, 1)
        check(b".1.zst: cannot be unpacked any further, at byte " in messages and
              b"the file ends inside a frame" in messages, f"says {messages}")
        check(1000 + 10000 < counts(text) < 50000, f"counts {counts(text)}")
        check_equal(text, run(directory, threads=0)[1])


# --- progress -----------------------------------------------------------------------------------


def check_progress(command, rows):
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    process = subprocess.Popen([harness.TACHO, *map(str, command)], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=theirs)
    said, until = b"", time.monotonic() + DEADLINE_S
    while b"standard input: read " not in said:
        check(time.monotonic() < until, f"{command} said {said}")
        process.stdin.write(rows)
        process.stdin.flush()
        try:
            said += os.read(ours, 4096)
        except BlockingIOError:
            pass
    process.stdin.close()
    check_equal(process.wait(DEADLINE_S), 0, command)
    os.close(theirs)
    try:
        said += os.read(ours, 65536)
    except OSError:  # nobody has the other end
        pass
    os.close(ours)
    check(b" MB" in said, f"{command} said {said}")


def test_long_reading_is_told_on_a_terminal_by_every_command(scratch):
    rows = b"".join(robot_rows(random.Random(7), 20000))
    base = pathlib.Path(scratch) / NAME
    base.write_bytes(rows)
    for command in (("report", "-"), ("report", "--tree", "-"), ("compare", base, "-"),
                    ("export", "--format=folded", "-"),
                    ("plot", "-o", pathlib.Path(scratch) / "page.html", "-")):
        check_progress(command, rows)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
