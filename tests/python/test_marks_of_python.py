#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What Python programs mark, as bpftrace sees it, on every interpreter there is."""
import collections
import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "live"), str(TOP / "tests" / "python")]
import harness  # noqa: E402
import interpreters  # noqa: E402
from harness import Skip, check, check_equal  # noqa: E402
from witness import Witness, shape  # noqa: E402

PACKAGE = interpreters.BUILD / "python"
CORE = PACKAGE / "_tacho_marks.abi3.so"
HERE = TOP / "tests" / "python"
SELECTION = ["plain", "descend", "fails", "waits", "outer", "waits_for_ever", "counts", "streams",
             "decorated", "Robot.method", "Robot.static", "Robot.made", "Robot.speed",
             "Robot.moves", "Robot.Arm.reach", "missing"]

BLOCKS = """\
begin outer|attribute_int number -7|attribute_int flag 1|begin inner|attribute_text text value|end inner
attribute_text large 1180591620717411303424|fail not well|end outer
begin raises|fail KeyError: 'what'|end raises
counter bytes 5|counter bytes -2|counter calls 1
begin store.put|attribute_text key ["b", "a"]|end store.put
begin photo|attribute_int photo_id 3|attribute_text stage crop|end photo
begin earlier|attribute_int recorded_ns 1500000|attribute_text job_id j|fail no|end earlier"""
RECURSION = ["begin descend"] * 4 + ["end descend"] * 4 + ["begin shared"] * 3 + ["end shared"] * 3
TASKS = """\
key_begin decorated #1|key_leave #1|key_enter #1|key_end decorated #1
key_begin block #2|key_attribute_int number 1 #2|key_leave #2
key_begin block #3|key_attribute_int number 2 #3|key_leave #3
key_enter #2|key_attribute_int after 1 #2|key_end block #2
key_enter #3|key_attribute_int after 2 #3|key_end block #3
key_begin entered #4|key_leave #4|key_enter #4|key_fail said so #4|key_end entered #4
key_begin cancelled #5|key_leave #5|key_enter #5|key_fail CancelledError #5|key_end cancelled #5"""
SUSPENDED = """\
key_begin outer #1|key_begin inner #2|key_leave #2|key_leave #1|key_enter #1|key_enter #2|key_end inner #2
key_end outer #1
key_begin measured #3|key_leave #3|key_enter #3|key_end measured #3
key_begin operation #4|key_leave #4|key_enter #4|key_end operation #4
key_begin stacked #5|key_leave #5|key_enter #5|key_end stacked #5
key_begin made #6|key_end made #6
key_begin caught #7|key_leave #7|key_enter #7|key_leave #7|key_enter #7|key_end caught #7
key_begin plain #8|key_end plain #8
key_begin around #9|key_begin inside #10|key_end around #9|key_end inside #10"""
SELECTED = """\
begin PLAIN|end PLAIN
begin DESCEND|begin DESCEND|begin DESCEND|end DESCEND|end DESCEND|end DESCEND
begin FAILS|fail ValueError: odd|end FAILS
key_begin OUTER #1|key_begin WAITS #2|key_leave #2|key_leave #1|key_enter #1|key_enter #2
key_leave #2|key_leave #1|key_enter #1|key_enter #2|key_end WAITS #2|key_end OUTER #1
key_begin WAITS_FOR_EVER #3|key_leave #3|key_enter #3|key_fail CancelledError #3|key_end WAITS_FOR_EVER #3
STREAMS
key_begin ROBOT.MOVES #5|key_leave #5|key_enter #5|key_end ROBOT.MOVES #5
key_begin COUNTS #6|key_leave #6|key_enter #6|key_leave #6|key_enter #6|key_end COUNTS #6
key_begin COUNTS #7|key_leave #7|key_enter #7|key_fail OSError: thrown #7|key_end COUNTS #7
key_begin COUNTS #8|key_leave #8|key_end COUNTS #8
begin DECORATED|end DECORATED
begin ROBOT.METHOD|end ROBOT.METHOD
begin ROBOT.STATIC|end ROBOT.STATIC|begin ROBOT.STATIC|end ROBOT.STATIC
begin ROBOT.MADE|end ROBOT.MADE
begin ROBOT.SPEED|end ROBOT.SPEED
begin ROBOT.ARM.REACH|end ROBOT.ARM.REACH"""


def lines(text):
    return text.replace("\n", "|").split("|")


def as_told_to(python, seen, keys):
    """Before 3.12, nobody tells when a with-block is suspended."""
    moves = {f"key_{move} #{key}" for move in ("leave", "enter") for key in keys}
    return [line for line in seen if python.version >= (3, 12) or line not in moves]


def write_selection(path, names):
    text = "tacho-python 1\n" + "".join(
        f"scenario_functions:{name}\t{name.upper()}\n" for name in names)
    pathlib.Path(path).write_text(text)


def run(python, scratch, scenario, env):
    """Runs a scenario, and returns its process's number."""
    python.share(PACKAGE, HERE)
    env = dict(env, PYTHONPATH=os.pathsep.join([python.place(PACKAGE), python.place(HERE)]),
               PYTHONDONTWRITEBYTECODE="1", PATH=os.environ["PATH"])
    start = "import runpy, sys, tacho_autoload; sys.argv = sys.argv[1:]; " \
            "runpy.run_path(sys.argv[0], run_name='__main__')"
    process = subprocess.Popen([*python.command, "-c", start,
                                python.place(HERE / "scenarios.py"), scenario],
                               env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output, _ = process.communicate(timeout=harness.DEADLINE_S)
    check_equal((process.returncode, output.decode()), (0, ""), f"{scenario} on {python.name}")
    return process.pid


def selection_file(python, scratch, suffix=""):
    folder = (python.root / "tmp" if python.root else scratch) / f"selection-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_selection(folder / ("functions" + suffix), SELECTION)
    inside = folder.relative_to(python.root) if python.root else folder
    return folder, f"/{inside}" if python.root else str(inside)


def check_streams(seen):
    """An asynchronous generator steps once more with a twin than with the interpreter's events; it
    begins, is left as often as it is entered, and ends."""
    check("key_begin STREAMS #4" in seen, str(seen))
    at = [i for i, line in enumerate(seen) if line.endswith(" #4")]
    own = seen[at[0]:at[-1] + 1]
    counted = collections.Counter(line.split()[0] for line in own)
    check_equal((own[0], own[-1]), ("key_begin STREAMS #4", "key_end STREAMS #4"))
    check_equal(set(counted), {"key_begin", "key_leave", "key_enter", "key_end"})
    check(counted["key_leave"] - counted["key_enter"] in (0, 1), str(counted))
    check(counted["key_enter"] >= 4, str(counted))
    seen = seen[:at[0]] + ["STREAMS"] + seen[at[-1] + 1:]
    return [line for line in seen if line != "key_enter #8"]  # to be closed, up to 3.12


def check_marks(python, scratch):
    """All scenarios under one witness."""
    check(shutil.which("bpftrace"), "bpftrace is not installed")
    pids = {}
    with Witness(CORE) as witness:
        for scenario in ("blocks", "recursion", "threads", "tasks", "suspended", "collections"):
            pids[scenario] = run(python, scratch, scenario, {"TACHO_PYTHON_FUNCTIONS": ""})
        folder, inside = selection_file(python, scratch)
        pids["selected"] = run(python, scratch, "selected",
                               {"TACHO_PYTHON_FUNCTIONS": inside + "/functions"})
        folder, inside = selection_file(python, scratch, ".later")
        pids["selected_later"] = run(python, scratch, "selected_later",
                                     {"TACHO_PYTHON_FUNCTIONS": inside + "/functions"})
        shutil.rmtree(folder)
        witness.stop()
        seen = {name: witness.events(pid) for name, pid in pids.items()}
    check_equal(shape(seen["blocks"]), lines(BLOCKS))
    check_equal(shape(seen["recursion"]), RECURSION)
    check_equal(shape(seen["tasks"]), as_told_to(python, lines(TASKS), (2, 3, 4)))
    check_equal(shape(seen["suspended"]), as_told_to(python, lines(SUSPENDED), range(9)))
    for scenario in ("selected", "selected_later"):
        check_equal(check_streams(shape(seen[scenario])), lines(SELECTED), scenario)
    by_thread = collections.Counter((event.tid, event.mark) for event in seen["threads"])
    check_equal(sorted(by_thread.values()), [50] * 8, str(by_thread))
    paused = collections.Counter(shape(seen["collections"]))
    check(paused["begin gc pause"] >= 3 and paused["begin gc pause"] == paused["end gc pause"] ==
          paused["counter gc collections 1"], str(paused))
    check(paused["counter gc collected 1"] >= 3, str(paused))


def define(title, make):
    def case(scratch):
        check_marks(make(), scratch)
    globals()["test_" + title] = case


def of_suite(suite):
    try:
        return interpreters.of_suite(suite)
    except LookupError as why:
        raise Skip(str(why)) from None


for each in interpreters.of_this_machine():
    define(f"marks_of_python_{each.name}", lambda python=each: python)
for name in interpreters.SUITES:
    define(f"marks_of_the_python_of_{name}", lambda suite=name: of_suite(suite))

if __name__ == "__main__":
    harness.main(needs_bpf=False)
