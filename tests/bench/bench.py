# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the subjects of `make bench` share: contenders that take turns, and the commands they run.

A subject is a module with TITLE, BUDGET_S, NOTES (extra columns) and measure(bench), which returns
rows as Bench.interleave makes them. It may have goals(ratio, value), which yields (words, value
found or None, "at most" or "at least", bound).
"""
import contextlib
import dataclasses
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time


class Failed(Exception):
    """Why a contender has no figure: it becomes its row."""


@dataclasses.dataclass
class Sample:
    value: float
    notes: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Contender:
    name: str
    once: object  # () -> Sample or number; may raise Failed
    rounds: int = 0  # at most so many, or 0: as many as the others


@dataclasses.dataclass
class Done:
    stdout: str
    stderr: str
    status: int
    wall_s: float
    cpu_s: float
    rss_kb: int


NEEDED = re.compile(r"^.*(?:[Uu]nable to find|[Cc]annot find|[Nn]o such file).*?(?:[.]\s|$)", re.M)


def last_line(text):
    """What a program said last, or what it could not do without."""
    needed = NEEDED.search(text)
    if needed:
        return needed[0].strip()[:160]
    lines = [line.strip() for line in text.splitlines() if re.search("[A-Za-z]", line)]
    return lines[-1][:160] if lines else "no message"


def name_of(command):
    """Of the program that is meant, where another one only runs it."""
    wrappers = ("stdbuf", "-oL")
    words = [str(word) for word in command if str(word) not in wrappers]
    return pathlib.Path(words[0]).name


def end_group(process, patience_s=5):
    """Ends a process and all that it started in its group, first kindly."""
    for what, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 30)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, what)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait_s)
            break
    with contextlib.suppress(ProcessLookupError):  # a child that outlived its parent
        os.killpg(process.pid, signal.SIGKILL)


class Bench:
    def __init__(self, build, scratch, quick=False, budget_s=60, said=lambda text: None):
        self.build, self.scratch, self.quick = pathlib.Path(build), pathlib.Path(scratch), quick
        self.here = pathlib.Path(__file__).resolve().parent
        self.tacho = str(self.build / "tacho")
        self.deadline = time.monotonic() + budget_s
        self.said = said
        self._directories = 0

    def program(self, name):
        return str(self.build / "bench" / name)

    def directory(self):
        """A new empty directory in the scratch space."""
        self._directories += 1
        path = self.scratch / f"d{self._directories}"
        path.mkdir()
        return path

    def file(self, name, text):
        path = self.directory() / name
        path.write_text(text)
        return path

    def few(self, many, few):
        return few if self.quick else many

    def need(self, program):
        path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if not path:
            raise Failed(f"{program} is not installed")
        return path

    def run(self, command, timeout_s=60, env=None, stdin=None, cwd=None, may_fail=False):
        """Runs it to its end, in a process group of its own, in the scratch space. Raises Failed on
        a non-zero status."""
        command = [str(part) for part in command]
        files = [tempfile.TemporaryFile(dir=self.scratch) for _ in range(2)]
        began = time.monotonic()
        try:
            process = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=files[0],
                                       stderr=files[1], env=env, cwd=cwd or self.scratch,
                                       start_new_session=True)
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}") from error
        used, timed_out = _wait(process, timeout_s)
        texts = []
        for file in files:
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
            file.close()
        name = name_of(command)
        if timed_out:
            raise Failed(f"{name}: did not end within {timeout_s:g} s")
        if process.returncode and not may_fail:
            raise Failed(f"{name}: exit status {process.returncode}: "
                         f"{last_line(texts[1] or texts[0])}")
        return Done(texts[0], texts[1], process.returncode, time.monotonic() - began,
                    used.ru_utime + used.ru_stime, used.ru_maxrss)

    @contextlib.contextmanager
    def background(self, command, ready=None, timeout_s=60, stop=signal.SIGTERM, env=None,
                   output=None):
        """Runs it beside what is in the block. With ready(text), waits until that is true of what
        it has said so far. Yields (process, text()); stops it with a signal at the end."""
        said = output or self.directory() / "said"
        with open(said, "wb") as file:
            try:
                process = subprocess.Popen([str(part) for part in command], stdout=file,
                                           stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                                           env=env, start_new_session=True)
            except OSError as error:
                raise Failed(f"{command[0]}: {error.strerror}") from error

        def text():
            return said.read_text(errors="replace")

        def is_ready():
            ended = process.poll() is not None  # before a look at what it has said until then
            return not ready or ready(text()) or (ended and _died(process, command, text))

        try:
            self.wait_until(is_ready, timeout_s, f"{name_of(command)} to be ready")
            yield process, text
            if process.poll() is None and stop:
                process.send_signal(stop)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout_s)
        finally:
            end_group(process)

    def wait_until(self, true, timeout_s, what, step_s=0.002):
        until = time.monotonic() + timeout_s
        while not true():
            if time.monotonic() > until:
                raise Failed(f"waited {timeout_s:g} s for {what}")
            time.sleep(step_s)

    def without_paths(self, text):
        """Where this was built is nobody's business who reads the tables."""
        return text.replace(str(self.scratch), "SCRATCH").replace(str(self.build), "BUILD")

    def interleave(self, group, contenders, unit, base=None, rounds=3):
        """A B C A B C ...: rows in the order of the contenders. Once the subject's time is spent no
        further round begins; the first one is always made, so that nobody is left out unheard."""
        rounds = self.few(rounds, 1)
        rows = [{"group": group, "name": c.name, "unit": unit, "samples": [], "notes": {},
                 "base": base, "failed": None} for c in contenders]
        for turn in range(rounds):
            for contender, row in zip(contenders, rows):
                if row["failed"] or (contender.rounds and turn >= contender.rounds):
                    continue
                if turn and time.monotonic() > self.deadline:
                    continue
                self._once(contender, row)
        return rows

    def _once(self, contender, row):
        began = time.monotonic()
        try:
            sample = contender.once()
        except Failed as failure:
            row["failed"] = str(failure)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            row["failed"] = f"{type(error).__name__}: {error}"
        else:
            sample = sample if isinstance(sample, Sample) else Sample(float(sample))
            row["samples"].append(sample.value)
            for note, found in sample.notes.items():
                row["notes"].setdefault(note, []).append(found)
        if row["failed"]:
            row["failed"] = self.without_paths(row["failed"])
        if row["failed"] and row["samples"]:
            row["notes"]["failed later"] = [row["failed"]]
        last = row["failed"] or f"{row['samples'][-1]:.6g} {row['unit']}"
        self.said(f"  {time.monotonic() - began:6.1f} s  {row['group']}: {row['name']}: {last}")


def _died(process, command, text):
    raise Failed(f"{name_of(command)}: exit status {process.returncode}: "
                 f"{last_line(text())}")


def _wait(process, timeout_s):
    """Waits for the end, or makes it. Returns (resources used, whether the time was up)."""
    timed_out = threading.Event()

    def too_late():
        timed_out.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(timeout_s, too_late)
    timer.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        end_group(process)
        raise
    finally:
        timer.cancel()
    return used, timed_out.is_set()


def cpu_ns(pid):
    """CPU time of all threads of a process, exact: the kernel counts it in nanoseconds."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def raise_limit(name, wanted):
    """What thousands of processes or open files need; inherited by what is run."""
    soft, hard = resource.getrlimit(name)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(name, (wanted, max(hard, wanted)))
