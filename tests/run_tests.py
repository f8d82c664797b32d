#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs every test and counts: tests/run_tests.py BUILD [PATTERN]...

Unit tests are programs under BUILD/tests/unit (those under BUILD/arm64 run in an emulator), everything else is a script named test_*.py in a
folder of tests/. Each speaks TAP (testanything.org): a line `ok` or `not ok` a case, `# SKIP why`
behind those that could not run. A program that dies, or promises cases and does not run them, has
failed. The last line is `N passed, N failed`, with `, N skipped` if any.
"""
import fnmatch
import os
import pathlib
import re
import selectors
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
CASE = re.compile(r"^(ok|not ok)\b\s*\d*\s*(?:-\s*)?(.*?)(?:\s*#\s*SKIP\b\s*(.*))?$", re.I)
PLAN = re.compile(r"^1\.\.(\d+)")
SILENCE_MAX_S = 600  # of a suite; each says a case when it is over
# Only when asked for by name: `make check-service`, `make soak`.
SEPARATE = "service/"
EMULATOR = ("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu")


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def case(self, suite, ok, name, skip_reason):
        if skip_reason is not None:
            self.skipped += 1
            print(f"  skip   {suite}: {name} ({skip_reason})")
        elif ok:
            self.passed += 1
            print(f"  ok     {suite}: {name}")
        else:
            self.failed += 1
            print(f"  FAILED {suite}: {name}")


def output_of(command, env):
    """Runs it, in a process group of its own that dies with it. Returns (output, exit status)."""
    process = subprocess.Popen(command, env=env, cwd=TOP, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    output, status = b"", None
    with process, selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while status is None:
            if not waiting.select(SILENCE_MAX_S):
                status = f"none: silent for {SILENCE_MAX_S} s"
                os.killpg(process.pid, signal.SIGKILL)
            elif some := os.read(process.stdout.fileno(), 65536):
                output += some
            else:
                status = process.wait()
    return output.decode(errors="replace"), status


def run(suite, command, env, tally):
    """Runs one suite and counts its cases; what it said besides is shown if any failed."""
    started = time.monotonic()
    output, status = output_of(command, env)
    failed_before = tally.failed
    planned = seen = 0
    for line in output.splitlines():
        plan, case = PLAN.match(line), CASE.match(line)
        if plan:
            planned += int(plan[1])
        elif case:
            seen += 1
            tally.case(suite, case[1].lower() == "ok", case[2], case[3])
    if tally.failed == failed_before and (status != 0 or seen < planned or not seen):
        tally.case(suite, False, f"ran {seen} of {planned} cases, exit status {status}", None)
    if tally.failed > failed_before:
        said = [line for line in output.splitlines() if not re.match(r"ok\b", line, re.I)]
        print("    | " + "\n    | ".join(said[-200:]))
    print(f"         {suite}: {time.monotonic() - started:.1f} s", flush=True)


def programs(build):
    for program in sorted((build / "tests" / "unit").glob("test_*")):
        if os.access(program, os.X_OK) and program.suffix == "":
            yield program


def suites(build):
    for program in programs(build):
        yield f"unit/{program.name}", [str(program)]
    for program in programs(build / "arm64"):
        yield f"arm64/{program.name}", [*EMULATOR, str(program)]
    for script in sorted(TOP.glob("tests/*/test_*.py")):
        yield f"{script.parent.name}/{script.stem}", [sys.executable, str(script)]


def forget_ignored_signals():
    """nohup, and a shell's `&`, leave signals ignored, and what we start would inherit that."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def main():
    forget_ignored_signals()
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    patterns = sys.argv[2:] or ["*"]
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", PYTHONDONTWRITEBYTECODE="1",
               TACHO=str(build / "tacho"), TACHO_TEST_TARGETS=str(build / "targets"))
    env.pop("TACHO_ATTACH", None)
    tally = Tally()
    for suite, command in suites(build):
        if suite.startswith(SEPARATE) and patterns == ["*"]:
            continue
        if any(fnmatch.fnmatch(suite, pattern) for pattern in patterns):
            run(suite, command, env, tally)
    summary = f"{tally.passed} passed, {tally.failed} failed"
    print(summary + (f", {tally.skipped} skipped" if tally.skipped else ""))
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
