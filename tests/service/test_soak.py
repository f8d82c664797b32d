#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A long time in a short one: calls, programs that come and go, upgrades, reloads and rotations, over
and over. Nothing may grow. `make soak SOAK_S=60`.
"""
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tacho_service import (DATA, DEB, configure, machine, program, put_program,  # noqa: E402
                           restart_cleanly, tacho)
import harness  # noqa: E402
from harness import check, check_equal  # noqa: E402

SOAK_S = float(os.environ.get("SOAK_S", "60"))
RSS_MAY_GROW_BYTES = 2 << 20  # what an allocator keeps


def sizes(pid):
    """(open files, BPF objects, resident bytes) of the recorder."""
    links = []
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(os.readlink(fd))
        except FileNotFoundError:
            pass
    rss = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return len(links), sum("bpf" in link for link in links), rss


def turn(number, running):
    """One round of everything that happens to a recorder in a year."""
    running.ask("call 500")
    running.ask("fork 5")
    running.ask("spawn 5")
    with program("call 3"):
        pass
    if number % 3 == 0:
        configure(("LEAF", "EARLY") if number % 2 else ("LEAF",), rotate_size="64K", rotate_keep=2)
        tacho().systemctl("reload")
    if number % 5 == 0:
        put_program()


def settled(pid):
    """What it has when nothing happens: old files that nobody runs have been let go by then."""
    seen = []
    deadline = time.monotonic() + 30
    while len(seen) < 5 or len({s[:2] for s in seen[-5:]}) > 1:
        check(time.monotonic() < deadline, f"it does not come to rest: {seen[-5:]}")
        seen.append(sizes(pid))
        time.sleep(0.3)
    return seen[-1]


def test_nothing_grows_under_load_reloads_and_rotations(scratch):
    machine().install(DEB)
    put_program()
    configure(rotate_size="64K", rotate_keep=2)
    restart_cleanly()
    pid = tacho().host_pid()
    began, number, samples, middle = time.monotonic(), 0, [], None
    while time.monotonic() - began < SOAK_S:
        with program() as running:  # each runs a few rounds, and ends with its file replaced
            for _ in range(6):
                number += 1
                turn(number, running)
                samples.append((time.monotonic() - began, sizes(pid)))
        if middle is None and time.monotonic() - began > SOAK_S / 3:
            configure(rotate_size="64K", rotate_keep=2)
            tacho().systemctl("reload")
            middle = settled(pid)
    configure(rotate_size="64K", rotate_keep=2)
    tacho().systemctl("reload")
    end = settled(pid)
    check_equal(tacho().host_pid(), pid, "the recorder's process")
    rss = [s[2] for at, s in samples if at > SOAK_S / 3]
    half = len(rss) // 2
    growth = statistics.median(rss[half:]) - statistics.median(rss[:half])
    print(f"# {number} rounds in {SOAK_S:.0f} s: open files {middle[0]} -> {end[0]}, BPF objects "
          f"{middle[1]} -> {end[1]}, resident {middle[2] >> 10} -> {end[2] >> 10} KiB", flush=True)
    check(end[0] <= middle[0] and end[1] <= middle[1], f"files: {middle} -> {end}")
    check(growth <= RSS_MAY_GROW_BYTES, f"resident memory grows by {growth} bytes: {rss}")
    parts = list(machine().path(DATA).glob("robot_activity_data.[0-9]*"))
    check(1 <= len(parts) <= 2, f"rotated files: {parts}")
    tacho().systemctl("stop")
    harness.ledger(machine().path(DATA))


if __name__ == "__main__":
    harness.main()
