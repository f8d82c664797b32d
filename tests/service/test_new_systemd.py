#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The units as they are made for systemd 253 and newer (Type=notify-reload), where there is one: in
Debian 13, whose libraries are others, with the program that brings its own (`make bundle`).
"""
import atexit
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tacho_service  # noqa: E402
from machine import TOP, Machine  # noqa: E402
from tacho_service import (DATA, configure, more_rows, program, put_program, tacho,  # noqa: E402
                           upgrade_program)
import harness  # noqa: E402
from harness import Skip, check, check_equal, wait_for  # noqa: E402

SUITE = "trixie"
BUILD = pathlib.Path(harness.TACHO).parent
PREFIX = "/opt/tacho"


def make(*args):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    subprocess.run(["make", "-s", "-C", str(TOP), f"BUILD={BUILD}", *args], check=True, env=environment,
                   capture_output=True)


def boot():
    try:
        machine = Machine(SUITE)
    except Skip as why:
        tacho_service._machine = why
        return
    atexit.register(machine.stop)
    make("bundle")
    shutil.copytree(BUILD / "bundle" / PREFIX[1:], machine.path(PREFIX), symlinks=True)
    make("install", "SYSTEMD_VERSION=257", f"PREFIX={PREFIX}", f"DESTDIR={BUILD}/service/new",
         f"UNIT_BUILD={BUILD}/service/units", f"UNIT_DIR={PREFIX}/lib/systemd/system")
    units = pathlib.Path(f"{BUILD}/service/new{PREFIX}/lib/systemd/system")
    shutil.rmtree(machine.path(f"{PREFIX}/lib/systemd/system"))
    shutil.copytree(units, machine.path("/etc/systemd/system"), dirs_exist_ok=True)
    machine.run("systemd-sysusers", f"{PREFIX}/lib/sysusers.d/tacho.conf")
    machine.run("systemd-tmpfiles", "--create", f"{PREFIX}/lib/tmpfiles.d/tacho.conf")
    machine.run("systemctl", "daemon-reload")
    tacho_service._machine = machine


def test_it_starts_and_records(scratch):
    boot()
    put_program()
    configure()
    tacho().systemctl("start")
    check_equal(tacho().show("Type"), "notify-reload", "Type")
    with program() as running:
        more_rows(5, do=lambda: running.ask("call 5"))
    path = tacho_service.machine().path(DATA) / "robot_activity_data"
    check_equal(path.stat().st_mode & 0o777, 0o644, str(path))


def test_a_reload_is_over_when_systemctl_returns(scratch):
    pid = tacho().pid()
    with program() as running:
        more_rows(3, do=lambda: running.ask("call 3"))
        configure(("LEAF", "EARLY"))
        tacho().systemctl("reload")
        check_equal((tacho().show("ActiveState"), tacho().pid()), ("active", pid), "after the reload")
        with program("call 1"):  # early() runs before main()
            wait_for(lambda: tacho_service.rows("EARLY"), "the state that came by the reload")
        check_equal(len(tacho_service.rows("EARLY")), 1, "rows of EARLY")


def test_an_upgraded_program_is_recorded(scratch):
    with program() as old:
        upgrade_program()
        with program() as new:
            more_rows(3, do=lambda: new.ask("call 3"))
            more_rows(4, do=lambda: old.ask("call 4"))


def test_its_system_calls_are_filtered_and_it_stops(scratch):
    status = pathlib.Path(f"/proc/{tacho().host_pid()}/status").read_text()
    check("Seccomp:\t2" in status and "NoNewPrivs:\t1" in status, status)
    check(not int(status.partition("CapBnd:\t")[2].split()[0], 16) & (1 << 21), "CAP_SYS_ADMIN")
    tacho().systemctl("stop")
    check_equal(tacho().show("Result"), "success", "its end")


if __name__ == "__main__":
    harness.main()
