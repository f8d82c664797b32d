#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""States of Python functions: `python = MODULE:NAME`, in programs that know nothing of it."""
import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))
import harness  # noqa: E402
import interpreters  # noqa: E402
from harness import (Recording, Skip, check, check_equal, ledger, record, target,  # noqa: E402
                     wait_for)
from following import beside, elsewhere  # noqa: E402
from reloading import Service  # noqa: E402

PACKAGE = interpreters.BUILD / "python"
CORE = "_tacho_marks.abi3.so"
PYTHONS = interpreters.of_this_machine()
FUNCTIONS = {"PLAN": "Planner.plan", "FETCH": "Planner.fetch", "MOVE": "Planner.Axis.move",
             "FAILS": "fails", "IN_THREAD": "in_thread", "NAPS": "naps"}
PAUSE = {"PAUSE": {"python": "gc:pause"}}
ROUND = {"plan": 5, "fetch": 20, "move": 1, "fails": 1, "in_thread": 200}


def states(*names, module="python_program"):
    return {name: {"python": f"{module}:{FUNCTIONS[name]}"} for name in names or FUNCTIONS}


def package(scratch):
    """A package of the test's own: whoever else records the other one sees nothing of it."""
    folder = scratch / "package"
    if not folder.exists():
        shutil.copytree(PACKAGE, folder)
    return folder


def core(scratch):
    return package(scratch) / CORE


def marks(scratch):
    return f"[marks]\npython-core = {core(scratch)}\n"


def selection(scratch):
    return scratch / "functions"


def published(scratch):
    """{state: functions} of all files that programs read; the text of each is whole."""
    found = collections.defaultdict(set)
    folder = selection(scratch)
    for file in folder.iterdir() if folder.exists() else ():
        if file.name.startswith("."):
            continue
        try:
            text, mode = file.read_text(), file.stat().st_mode
        except FileNotFoundError:  # withdrawn meanwhile
            continue
        first, *lines = text.split("\n")
        check_equal((first, lines[-1]), ("tacho-python 1", ""), str(file))
        check_equal(mode & 0o777, 0o644)
        for line in lines[:-1]:
            function, state = line.split("\t")
            found[state].add(function)
    return dict(found)


def everyone(scratch):
    return {"TACHO_PYTHON_FUNCTIONS": str(selection(scratch))}


class Program(harness.Conversation):
    """The program, with the package where its interpreter looks for packages of the user."""

    def __init__(self, scratch, python=PYTHONS[-1], as_module=True):
        site = scratch / f"user/lib/python{python.name}/site-packages"
        site.parent.mkdir(parents=True, exist_ok=True)
        if not site.exists():
            site.symlink_to(package(scratch))
        env = {"PATH": os.environ["PATH"], "PYTHONUSERBASE": str(scratch / "user"),
               "PYTHONDONTWRITEBYTECODE": "1", **everyone(scratch)}
        start = (["-c", f"import sys; sys.path.insert(0, {str(HERE)!r}); import python_program; "
                  "python_program.main()"] if as_module else [str(HERE / "python_program.py")])
        super().__init__(subprocess.Popen([*python.command, *start], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE, env=env))

    def counts(self, order="count"):
        return {name: int(number) for name, number in
                (word.split("=") for word in self.ask(order).split()[1:])}

    def has_core(self):
        return CORE in pathlib.Path(f"/proc/{self.pid}/maps").read_text()

    def until_looked(self):
        """Returns when it has looked at the selection: as it loads the core."""
        wait_for(lambda: self.ask("collect") and self.has_core(), "the program to load the core")

    def finish(self):
        check_equal(self.end(), (0, ""), "the program's end")


def details(directory):
    """All rows: the first failure and the first attribute begin a file with a column more."""
    rows = []
    for name in ("activity_detail.csv.2", "activity_detail.csv.1", "activity_detail.csv"):
        if (directory / name).exists():
            (directory / "all").mkdir(exist_ok=True)
            (directory / "all" / "activity_detail.csv").write_bytes(
                harness.read_whole_rows(directory / name))
            rows += harness.details(directory / "all")
    return rows


def service(scratch, wanted, **more):
    more.setdefault("more", marks(scratch))
    return Service(scratch, wanted, env=everyone(scratch), **more)


def settings(scratch, wanted, more=""):
    """A file of settings without a service."""
    path = harness.config(scratch, wanted)
    with open(path, "a") as file:
        file.write(marks(scratch) + more)
    return path


def run_recorded(scratch, path, code, *options):
    """Lets the newest Python run the code under a recorder that starts it."""
    env = dict(everyone(scratch), PYTHONPATH=f"{package(scratch)}:{HERE}",
               PYTHONDONTWRITEBYTECODE="1")
    done, _, errors = record("-c", path, *options, "--", *PYTHONS[-1].command, "-c",
                             f"import tacho_autoload, runpy; {code}", directory=scratch / "out",
                             env=env)
    check_equal(done, 0, errors)
    check("not accounted for" not in errors, errors)


def check_counts(directory, truth, names=FUNCTIONS, beside=()):
    """Each call has its row, and nothing else has."""
    book, rows = ledger(directory), details(directory)
    of_state = collections.Counter(row["state"] for row in rows)
    for name in names:
        calls = truth.get(name.lower(), 0)
        check_equal((book[name]["entries"], book[name]["returned"], of_state[name]),
                    (calls, calls, calls), f"calls of {name}")
    check_equal(set(of_state) - set(names) - set(beside), set(), "other states")


# --- counts ----------------------------------------------------------------------------------------

def counting_test(python, before):
    def test(scratch):
        with Program(scratch, python, as_module=not before) if before else Nobody() as early, \
                service(scratch, {**states(module="__main__" if before else "python_program"),
                                  **PAUSE}) as recorder:
            recorder.until_ready()
            with early or Program(scratch, python) as program:
                if before:  # all that is selected is marked at one look
                    wait_for(lambda: program.ask("collect") and recorder.entries("PAUSE"),
                             "the program to look")
                for _ in range(3):
                    truth = program.counts("work")
                check_equal(truth, {name: 3 * calls for name, calls in ROUND.items()})
                program.finish()
            check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
        check("not accounted for" not in recorder.messages(), recorder.messages())
        rows = [row for row in details(recorder.directory) if row["state"] != "PAUSE"]
        check_counts(recorder.directory, truth, beside={"PAUSE"})
        check_equal(sorted({row["depth"] for row in rows if row["state"] == "PLAN"}),
                    list(range(5)), "recursion")
        check_equal({row["failure"] for row in rows if row["state"] == "FAILS"},
                    {"ValueError: no such axis"})
        check_equal({row["failed"] for row in rows if row["state"] == "FAILS"}, {"1"})
        check_equal(len({row["tid"] for row in rows if row["state"] == "IN_THREAD"}), 12)
        module = "__main__" if before else "python_program"
        check_equal({row["function"] for row in rows},
                    {f"{module}:{FUNCTIONS[row['state']]}" for row in rows})
        check_equal({row["binary"] for row in rows}, {str(core(scratch))})
    return test


class Nobody:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        pass


for _python in PYTHONS:
    globals()[f"test_every_call_is_counted_of_a_program_that_starts_later ({_python.name})"] = \
        counting_test(_python, before=False)
    globals()[f"test_every_call_is_counted_of_a_program_that_runs_already ({_python.name})"] = \
        counting_test(_python, before=True)


def test_three_processes_at_once_are_all_counted(scratch):
    pythons = [PYTHONS[0], PYTHONS[-1], PYTHONS[-1]]
    with service(scratch, states()) as recorder:
        recorder.until_ready()
        programs = [Program(scratch, python) for python in pythons]
        truth = collections.Counter()
        for _ in range(5):
            for program in programs:
                program.say("work")
            answers = [program.hear() for program in programs]
        for program, answer in zip(programs, answers):
            truth.update({name: int(number) for name, number in
                          (word.split("=") for word in answer.split()[1:])})
            program.finish()
            program.__exit__()
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
    check_equal(truth["in_thread"], 3 * 5 * 200)
    check_counts(recorder.directory, truth)
    check_equal({row["pid"] for row in details(recorder.directory)},
                {program.pid for program in programs})


def test_a_suspended_coroutine_has_its_duration_and_only_its_own_cpu_time(scratch):
    with service(scratch, states("NAPS")) as recorder:
        recorder.until_ready()
        with Program(scratch) as program:
            program.counts("nap 300")
            program.finish()
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
    rows = details(recorder.directory)
    check_equal([row["state"] for row in rows], ["NAPS"])
    check(rows[0]["duration_ns"] >= 300e6, f"{rows[0]}: shorter than it slept")
    # The thread was busy all the time, with what is not the nap's.
    check(rows[0]["cpu_ns"] < 50e6, f"{rows[0]}: CPU time of others")


def test_pauses_for_garbage_are_a_state(scratch):
    with service(scratch, PAUSE) as recorder:
        recorder.until_ready()
        with Program(scratch) as program:
            program.until_looked()
            for _ in range(3):
                program.ask("collect")
            program.finish()
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
    check(len([row for row in details(recorder.directory) if row["generation"] == "2"]) >= 3,
          "collections of all generations")


# --- what is recorded beside it ----------------------------------------------------------------------

def test_marks_of_no_state_are_not_recorded_without_marks(scratch):
    (scratch / "marked.py").write_text(
        "import tacho, python_program\n"
        "with tacho.time_it('MOVE'):\n    python_program.Planner().plan(2)\n")
    programs = f"programs = {core(scratch)}\n"
    for more, recorded in (("", {"PLAN"}), (programs, {"PLAN", "MOVE"}),
                           (programs + "labels = x*\n", {"PLAN"}),
                           (programs + "enabled = no\n", {"PLAN"})):
        path = settings(scratch, states("PLAN"), more)
        run_recorded(scratch, path, f"runpy.run_path({str(scratch / 'marked.py')!r})")
        check_counts(scratch / "out", {"plan": 3, "move": 1}, recorded)
        shutil.rmtree(scratch / "out")


def test_a_state_has_its_own_limit_to_rows(scratch):
    wanted = states("IN_THREAD", "PLAN")
    wanted["IN_THREAD"]["rate-limit"] = 10
    with service(scratch, wanted) as recorder:
        recorder.until_ready()
        with Program(scratch) as program:
            truth = program.counts("work")
            program.finish()
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
    rows = collections.Counter(row["state"] for row in details(recorder.directory))
    check_equal(rows["PLAN"], truth["plan"])
    check(10 <= rows["IN_THREAD"] < truth["in_thread"], str(rows))
    check_equal(ledger(recorder.directory)["IN_THREAD"]["entries"], truth["in_thread"])


def test_a_program_that_is_started_by_the_recorder_is_recorded(scratch):
    path = settings(scratch, states("PLAN"))
    run_recorded(scratch, path, "import python_program; python_program.work()",
                 "--raw", str(scratch / "raw"))
    check_counts(scratch / "out", ROUND, ["PLAN"])
    subprocess.run([harness.TACHO, "replay", "-d", str(scratch / "again"), str(scratch / "raw")],
                   check=True, capture_output=True)
    check_counts(scratch / "again", ROUND, ["PLAN"])


# --- what is published -------------------------------------------------------------------------------

def full(*names):
    return {name: {f"python_program:{FUNCTIONS[name]}"} for name in names}


def test_what_is_published_follows_the_settings_and_goes_with_the_recorder(scratch):
    with service(scratch, states("PLAN", "MOVE")) as recorder:
        recorder.until_ready()
        check_equal(published(scratch), full("PLAN", "MOVE"))
        with Program(scratch) as program:
            program.ask("work")
            recorder.reload({**states("PLAN", "FETCH"), "MOVE": {
                "python": "python_program:no_such"}}, more=marks(scratch))
            check_equal(published(scratch), {**full("PLAN", "FETCH"),
                                             "MOVE": {"python_program:no_such"}})
            wait_for(lambda: program.ask("collect") and program.ask("work") and
                     recorder.entries("FETCH"), "FETCH to be recorded")
            recorder.reload(states("PLAN"), more=marks(scratch))
            check_equal(published(scratch), full("PLAN"))
            recorder.reload(states("PLAN", "MOVE"), more=marks(scratch))
            check_equal(published(scratch), full("PLAN", "MOVE"))
            moved = recorder.entries("MOVE")
            wait_for(lambda: program.ask("collect") and program.ask("work") and
                     recorder.entries("MOVE") > moved, "MOVE to be recorded again")
            truth = program.counts()
            program.finish()
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
        check_equal(list(selection(scratch).iterdir()), [])
    check("not accounted for" not in recorder.messages(), recorder.messages())
    check_equal(ledger(recorder.directory)["PLAN"]["entries"], truth["plan"], "the kept one")


def test_a_call_that_is_open_when_its_state_goes_is_told_then(scratch):
    with service(scratch, states("PLAN", "NAPS")) as recorder:
        recorder.until_ready()
        with Program(scratch) as program:
            program.say("doze")
            wait_for(lambda: recorder.entries("NAPS"), "the call to begin")
            recorder.reload(states("PLAN"), more=marks(scratch))
            rows = wait_for(lambda: [row for row in details(recorder.directory)
                                     if row["state"] == "NAPS"], "the open call's row")
            check_equal([row["ended"] for row in rows], ["open"])
            program.ask("wake")
            program.ask("work")
            program.finish()
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
    check_equal(harness.counts(recorder.directory, "NAPS"), {"entries": 1, "open": 1})
    check_equal(harness.counts(recorder.directory, "PLAN"), {"entries": 5, "returned": 5})


def test_states_of_python_are_taken_at_the_next_start_if_there_were_none(scratch):
    native = {"LEAF": {"function": f"{target('prog_calls')}:leaf"}}
    with service(scratch, native) as recorder:
        recorder.until_ready()
        recorder.reload({**native, **states("PLAN")}, more=marks(scratch))
        check(recorder.told("state PLAN: python is taken at the next start"), recorder.messages())
        check_equal(published(scratch), {})
        recorder.check_stops()


def test_a_feature_flag_withdraws_and_publishes(scratch):
    flag = scratch / "flags.json"
    flag.write_text('{"on": false}')
    with service(scratch, states("PLAN", "IN_THREAD"), more=marks(scratch) +
                 f"[feature-flag]\nfile = {flag}\nkey = on\n") as recorder:
        recorder.until_ready()
        check_equal(published(scratch), {})
        with Program(scratch) as program:
            program.ask("work")
            for on in (True, False):
                (scratch / "new").write_text(json.dumps({"on": on}))
                os.rename(scratch / "new", flag)
                wait_for(lambda on=on: published(scratch) ==
                         (full("PLAN", "IN_THREAD") if on else {}), f"the flag to be {on}")
                if on:
                    wait_for(lambda: program.ask("collect") and program.ask("work") and
                             recorder.entries("PLAN"), "PLAN to be recorded")
            seen = recorder.entries("PLAN")
            program.ask("work")
            program.finish()
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
    check_equal(ledger(recorder.directory)["PLAN"]["entries"] % 5, 0)
    check(seen, "nothing was recorded")


def test_two_recorders_do_not_disturb_each_other(scratch):
    (scratch / "other").mkdir()
    with service(scratch, states("PLAN")) as recorder, \
            Service(scratch / "other", states("PLAN", "MOVE"), env=everyone(scratch),
                    more=marks(scratch)) as other:
        recorder.until_ready()
        other.until_ready()
        check_equal(published(scratch), full("PLAN", "MOVE"))
        check_equal(len(list(selection(scratch).iterdir())), 2)
        with Program(scratch) as program:
            truth = program.counts("work")
            check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
            check_equal(published(scratch), full("PLAN", "MOVE"))
            more = program.counts("work")
            program.finish()
        check_equal(other.stop(signal.SIGTERM), 0, other.messages())
        check_equal(published(scratch), {})
    check_counts(recorder.directory, truth, ["PLAN"])
    check_counts(other.directory, more, ["PLAN", "MOVE"])


def test_what_a_killed_recorder_leaves_is_harmless_and_removed_by_the_next(scratch):
    with service(scratch, states("PLAN")) as recorder, Program(scratch) as program:
        recorder.until_ready()
        wait_for(lambda: program.ask("collect") and program.ask("work") and
                 recorder.entries("PLAN"), "PLAN to be recorded")
        recorder.process.kill()
        recorder.process.wait()
        check_equal(published(scratch), full("PLAN"), "what it left")
        before = program.counts()
        truth = program.counts("work")
        check_equal(truth["plan"], before["plan"] + 5)
        shutil.rmtree(recorder.directory)
        with service(scratch, states("PLAN", "MOVE")) as later:
            later.until_ready()
            check_equal(published(scratch), full("PLAN", "MOVE"))
            check_equal(len(list(selection(scratch).iterdir())), 1)
            wait_for(lambda: program.ask("collect") and program.ask("work") and
                     later.entries("MOVE"), "MOVE to be recorded")
            end = program.counts()
            program.finish()
            check_equal(later.stop(signal.SIGTERM), 0, later.messages())
        check_equal(ledger(later.directory)["PLAN"]["entries"], end["plan"] - truth["plan"])


def told(scratch, wanted):
    """What a recorder says that lets the newest Python do one round of work."""
    env = dict(everyone(scratch), PYTHONPATH=f"{package(scratch)}:{HERE}",
               PYTHONDONTWRITEBYTECODE="1")
    done, _, errors = record("-c", settings(scratch, wanted), "--",
                             *PYTHONS[-1].command, "-c", "import tacho_autoload, python_program; "
                             "python_program.work()", directory=scratch / "out", env=env)
    check_equal(done, 0, errors)
    return errors


def test_functions_that_nobody_called_are_told(scratch):
    misspelt = {"WRONG": {"python": "pyton_program:Planner.plan"}}
    errors = told(scratch, {**states("PLAN", "NAPS"), **misspelt})
    check("2 states of Python functions without a call, the first: NAPS (python_program:naps); "
          in errors, errors)
    errors = told(scratch, states("PLAN"))
    check("without a call" not in errors, errors)


def test_a_core_that_is_missing_is_told_with_what_to_do(scratch):
    missing = scratch / "none" / CORE
    with Service(scratch, states("PLAN"), env=everyone(scratch),
                 more=f"[marks]\npython-core = {missing}\n") as recorder:
        recorder.until_ready()
        check(recorder.told(f"{missing}: No such file or directory (the package "
                            "python3-tacho has it, or make install-python;"), recorder.messages())
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())


# An interpreter below /usr/local, and no package for any.
NO_PACKAGE = """for folder in /usr/lib*/python3*/dist-packages /usr/lib*/python3*/site-packages; do
  [ ! -d $folder ] || mount -t tmpfs none $folder || exit
done && mount -t tmpfs none /usr/local/lib && mkdir /usr/local/lib/python3.99"""


def test_every_usual_place_of_the_core_is_waited_for(scratch):
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        raise Skip("mount namespaces cannot be made here")
    status = scratch / "status.json"
    folder = "/usr/local/lib/python3.99/site-packages"

    def shown():
        found = json.loads(status.read_text())["states"]
        return next(state for state in found if state["name"] == "PLAN")

    with Service(scratch, states("PLAN"), "--status", str(status), env=everyone(scratch),
                 tacho=elsewhere(scratch, NO_PACKAGE)) as recorder:
        recorder.until_ready()
        check_equal(recorder.messages().count("pending: "), 1, recorder.messages())
        check(recorder.told(f"/usr/lib/python3/dist-packages/{CORE}: No such file or directory, "
                            "nor in "), recorder.messages())
        wait_for(lambda: status.exists() and len(shown()["pending"]) == 1, "one that is pending")
        subprocess.run([*beside(recorder), "install", "-D", core(scratch), f"{folder}/{CORE}"],
                       check=True)
        wait_for(lambda: recorder.told(f"{folder}/{CORE}: usdt:tacho:* is attached"),
                 "the core to be found")
        wait_for(lambda: shown()["attached"] == shown()["probes"] > 0, "its probes")
        check_equal(shown()["pending"], [], "what is pending then")
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())


def test_a_selection_that_cannot_be_published_is_told_and_no_more(scratch):
    (scratch / "file").write_text("mine")
    for folder in ("/proc/nowhere/functions", str(scratch / "file"), ""):
        with Service(scratch, states("PLAN"), env={"TACHO_PYTHON_FUNCTIONS": folder},
                     more=marks(scratch)) as recorder:
            recorder.until_ready()
            check(recorder.told("programs in Python are not told which functions to mark"),
                  recorder.messages())
            check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
    check_equal((scratch / "file").read_text(), "mine")


def test_a_selection_that_cannot_be_read_harms_nobody(scratch):
    folder = selection(scratch)
    folder.mkdir()
    os.mkfifo(folder / "a-fifo")
    (folder / "b-folder").mkdir()
    (folder / "c-bytes").write_bytes(bytes(range(256)) * 100)
    (folder / "d-link").symlink_to("/nonexistent")
    (folder / "e-large").write_text("tacho-python 1\n" + "a:b\tC\n" * (1 << 18))
    (folder / "f-older").write_text("tacho-python 0\npython_program:fails\tFAILS\n")
    with service(scratch, states("PLAN")) as recorder:
        recorder.until_ready()
        for python in (PYTHONS[0], PYTHONS[-1]):
            with Program(scratch, python) as program:
                check_equal(program.counts("work"), ROUND)
                program.finish()
        check_equal(recorder.stop(signal.SIGTERM), 0, recorder.messages())
    check_counts(recorder.directory, {"plan": 10}, ["PLAN"])
    check_equal(len(list(folder.iterdir())), 6, "what is no recorder's stays")


# --- check and status ----------------------------------------------------------------------------------

def checked(scratch, section, *args):
    path = harness.config(scratch, states("PLAN"))
    with open(path, "a") as file:
        file.write(section)
    return subprocess.run([harness.TACHO, "check", "-c", path, *args], capture_output=True,
                          text=True, timeout=harness.DEADLINE_S)


def test_check_says_what_can_be_reached(scratch):
    done = checked(scratch, marks(scratch))
    check_equal(done.returncode, 0, done.stdout + done.stderr)
    lines = [line.split() for line in done.stdout.split("\n\n")[0].splitlines()[1:]]
    check_equal([line[0] for line in lines], ["marks", "PLAN"], "a line each")
    check_equal(lines[0][1:2] + lines[0][3:4], [str(core(scratch)), "marks"])
    check_equal(lines[1][1:], ["python", "python_program:Planner.plan", "-", "-", "mark", "-"])
    with Program(scratch) as program:
        before = json.loads(checked(scratch, marks(scratch), "--json").stdout)["python"]
        program.until_looked()
        after = json.loads(checked(scratch, marks(scratch), "--json").stdout)["python"]
    check_equal((after["cores"], after["packages"]), (1, 1))
    check(before["processes_without"] >= 1 and after["processes_with_core"] >= 1,
          f"{before} {after}")
    missing = scratch / "none" / CORE
    done = checked(scratch, f"[marks]\npython-core = {missing}\n")
    check_equal(done.returncode, 1, done.stdout)
    check(f"{missing}: No such file" in done.stdout and "the Python package is not there" in
          " ".join(done.stdout.split()), done.stdout)
    missing.parent.mkdir()
    shutil.copy(core(scratch), missing)
    done = checked(scratch, f"[marks]\npython-core = {missing}\n")
    check_equal(done.returncode, 1, done.stdout)
    check("is alone" in done.stdout, done.stdout)


def test_status_shows_the_states(scratch):
    status = scratch / "status.json"
    path = settings(scratch, states("PLAN"))

    def shown():
        found = json.loads(status.read_text())["states"]
        return next(state for state in found if state["name"] == "PLAN")

    with Recording("-c", path, "--status", str(status), directory=scratch / "out",
                   env=everyone(scratch)) as recording:
        recording.until_ready()
        wait_for(status.exists, "the status file")
        check(shown()["attached"] == shown()["probes"] > 0, str(shown()))
        check_equal((shown()["calls"], shown()["pending"]), (0, []))
        with Program(scratch) as program:
            program.ask("work")
            program.finish()
        wait_for(lambda: shown()["calls"] == 5, "the calls in the status file")
        check_equal(recording.stop(), 0, recording.messages())


if __name__ == "__main__":
    harness.main(jobs=2)
