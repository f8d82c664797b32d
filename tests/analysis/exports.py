# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the tests of tacho export share."""
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))
import harness  # noqa: E402
from harness import check_equal  # noqa: E402

GOLDEN = TOP / "tests" / "golden" / "export"
RECORDING = GOLDEN / "recording"
OPENTRONS = TOP / "tests" / "golden" / "opentrons"
DETAIL = "state,start_ns,duration_ns,pid,tid,ended,depth\r\n"


def export(*arguments, status=0, stdin=b"", cwd=None, env=None):
    """Runs tacho export. Returns (stdout, stderr)."""
    done = subprocess.run([harness.TACHO, "export", *map(str, arguments)], input=stdin, cwd=cwd,
                          env=dict(os.environ, TZ="UTC", **(env or {})), capture_output=True,
                          timeout=harness.DEADLINE_S)
    errors = done.stderr.decode(errors="replace")
    check_equal(done.returncode, status, errors)
    return done.stdout, errors


def check_golden(name, output):
    """The output is that of the file; TACHO_WRITE_GOLDEN=1 makes it so."""
    path = GOLDEN / name
    if os.environ.get("TACHO_WRITE_GOLDEN") == "1":
        path.write_bytes(output)
    check_equal(output, path.read_bytes(), name)


def nested_calls(rng, at, room, depth, rows):
    """Adds rows of calls that lie within each other, in the order of their ends."""
    end = at + room
    while at < end and len(rows) < 400:
        start = min(end, at + rng.randrange(5))
        duration = rng.randrange(1 + end - start)
        if depth < 6 and duration > 20:
            nested_calls(rng, start, duration, depth + 1, rows)
        rows.append(("S%d" % rng.randrange(3), start, duration, depth))
        at = start + duration
        if rng.random() < 0.2:
            break


def detail(rows, pid=1, tid=2):
    return (DETAIL + "".join(f"{state},{start},{duration},{pid},{tid},return,{depth}\r\n"
                             for state, start, duration, depth in rows)).encode()
