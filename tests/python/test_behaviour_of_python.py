#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""behaviour.py on every interpreter there is: while nobody records, and while somebody does."""
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "live"), str(TOP / "tests" / "python")]
import harness  # noqa: E402
import interpreters  # noqa: E402
from harness import Skip, check, check_equal  # noqa: E402
from witness import Witness  # noqa: E402

PACKAGE = interpreters.BUILD / "python"
HERE = TOP / "tests" / "python"


def run(python):
    python.share(PACKAGE, HERE)
    site = python.place(PACKAGE)
    env = {"PATH": os.environ["PATH"], "TACHO_TEST_SITE": site, "PYTHONDONTWRITEBYTECODE": "1",
           "PYTHONPATH": site + os.pathsep + python.place(HERE), "LANG": "C.UTF-8"}
    done = subprocess.run([*python.command, python.place(HERE / "behaviour.py")], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=harness.DEADLINE_S * 3)
    check_equal(done.returncode, 0, done.stdout)
    ran = re.search(r"^Ran (\d+) tests", done.stdout, re.M)
    check(ran and int(ran[1]) >= 45 and "skipped" not in done.stdout, done.stdout)


def check_behaviour(make):
    python = make()
    run(python)
    with Witness(PACKAGE / "_tacho_marks.abi3.so", some_may_be_lost=True) as witness:
        run(python)
        check(len(witness.events()) > 1000, "nothing was marked")


def define(title, make):
    def case(scratch):
        check_behaviour(make)
    globals()["test_" + title] = case


def of_suite(suite):
    try:
        return interpreters.of_suite(suite)
    except LookupError as why:
        raise Skip(str(why)) from None


for each in interpreters.of_this_machine():
    define(f"behaviour_of_python_{each.name}", lambda python=each: python)
for name in interpreters.SUITES:
    define(f"behaviour_of_the_python_of_{name}", lambda suite=name: of_suite(suite))

if __name__ == "__main__":
    harness.main(needs_bpf=False)
