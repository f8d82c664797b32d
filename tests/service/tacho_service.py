# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the service tests share: one machine with the package in it, and a program to record."""
import atexit
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from machine import DEB, PYTHON_DEB, Machine, Service, dependencies  # noqa: E402,F401
import harness  # noqa: E402
from harness import Conversation, Skip, check_equal, wait_for  # noqa: E402

SUITE = os.environ.get("TACHO_SUITE", "bookworm")
PROGRAM = "/opt/robot/program"
DATA = "/var/lib/tacho"
CONFIG = "/etc/tacho/tacho.conf"

_machine = None


def machine():
    """The machine, booted for the first case that asks; none is asked for again when it cannot."""
    global _machine
    if _machine is None:
        try:
            _machine = Machine(SUITE, dependencies() + ("python3",))
            atexit.register(_machine.stop)
        except Skip as why:
            _machine = why
    if isinstance(_machine, Skip):
        raise _machine
    return _machine


def tacho():
    return Service(machine(), "tacho.service")


def program(*args):
    """Runs the traced program in the machine, to talk with."""
    return Conversation(machine().popen(PROGRAM, *args, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE))


def put_program(function="leaf"):
    """An upgrade as a package manager does it: a new file under the old name."""
    path = machine().path(PROGRAM)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(harness.target("prog_service"), str(path) + ".new")
    os.replace(str(path) + ".new", path)


def upgrade_program():
    """Returns when the recorder has its probes in the new file, too."""
    before = attached_cnt()
    put_program()
    wait_for(lambda: attached_cnt() > before, "the new file to be attached")


def attached_cnt():
    """How often the journal says that LEAF was attached to a file that came later."""
    return sum("state LEAF:" in line and "is attached" in line
               for line in tacho().journal().splitlines())


def configure(states=("LEAF",), directory=DATA, more="", **keys):
    text = f"[record]\ndirectory = {directory}\nflush = 100ms\n"
    text += "".join(f"{k.replace('_', '-')} = {v}\n" for k, v in keys.items()) + more
    functions = {"LEAF": "leaf", "EARLY": "early"}
    for state in states:
        text += f"[state {state}]\nfunction = {PROGRAM}:{functions[state]}\n"
    machine().write(CONFIG, text)


def rows(state="LEAF", directory=DATA):
    path = machine().path(directory)
    if not (path / "robot_activity_data").exists():
        return []
    return [row for row in harness.activities(path) if row[0] == state]


def more_rows(count, state="LEAF", directory=DATA, do=None):
    """Waits until there are so many rows more, having done something."""
    before = len(rows(state, directory))
    do()
    wait_for(lambda: len(rows(state, directory)) >= before + count, f"{count} more rows of {state}")
    check_equal(len(rows(state, directory)), before + count, f"rows of {state}")


def restarted(service, was):
    """Waits until systemd has begun it anew; returns its process."""
    wait_for(lambda: service.pid() not in (0, was) and service.active(), "a new recorder")
    return service.pid()


def restart_cleanly():
    tacho().fresh()
    tacho().systemctl("start")
