# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the tests of following share: programs and libraries in versions, and their recording."""
import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest.mock

import harness
from harness import check, check_equal, wait_for

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "targets"
SONAME = "libfollow.so.1"


@functools.lru_cache(maxsize=None)
def store():
    """A folder for what is built."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tacho-built-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.lru_cache(maxsize=None)
def built(name, version, *flags):
    """follow_program or follow_library in a version; each has another build-id."""
    path = store() / "-".join((name, str(version), *flags)).replace("/", "_")
    kind = ["-fPIC", "-shared", f"-Wl,-soname,{SONAME}"] if name == "follow_library" else []
    subprocess.run([os.environ.get("CC", "gcc"), "-g", "-O2", "-fno-toplevel-reorder",
                    f"-DVERSION={version}", *flags, *kind, "-Wl,--build-id",
                    str(SOURCES / f"{name}.c"), "-o", str(path)], check=True)
    return path


def program(version, *flags):
    return built("follow_program", version, *flags)


def library(version, *flags):
    return built("follow_library", version, *flags)


def put(source, path):
    """As package managers do: a copy under another name, renamed."""
    temporary = path.with_name(path.name + ".new")
    shutil.copy(source, temporary)
    temporary.rename(path)


def overwrite(source, path):
    """In place, by cp(1): as soon as it may be written. Whoever looks into a process while that
    ends, as a recorder does, has its program in use a moment longer than the process lasts."""
    wait_for(lambda: not subprocess.run(["cp", source, path]).returncode, f"{path} to be writable")


def sum_of(calls, version):
    return calls * (calls - 1) // 2 + calls * version


def need_overlay():
    if "overlay" not in pathlib.Path("/proc/filesystems").read_text():
        raise harness.Skip("the kernel has no overlayfs")


class Program(harness.Conversation):
    """A follow_program that runs, with what it says checked against what it should say."""

    def __init__(self, path, version, before=(), env=None):
        self.version = version
        self.library_version = None
        super().__init__(subprocess.Popen([*before, str(path)], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE,
                                          env=dict(os.environ, **(env or {}))))

    def own(self, calls):
        check_equal(self.ask(f"own {calls}"), str(sum_of(calls, self.version)), "own_work()")

    def load(self, name, version):
        self.library_version = version
        check_equal(self.ask(f"load {name}"), "loaded", "dlopen()")

    def work(self, calls):
        check_equal(self.ask(f"work {calls}"), str(sum_of(calls, self.library_version)), "work()")

    def finish(self):
        check_equal(self.end(), (0, ""), "the program's end")


def run_program(path, version, calls, before=()):
    """Runs a follow_program to its end."""
    with Program(path, version, before=before) as running:
        running.own(calls)
        running.finish()


def run_library(name, version, calls, env=None, before=()):
    with Program(program(1), 1, env=env, before=before) as running:
        running.load(name, version)
        running.work(calls)
        running.finish()


def elsewhere(scratch, mounts):
    """A tacho that runs in a mount namespace of its own, where these commands were run first."""
    wrapper = scratch / "tacho"
    wrapper.write_text(f"""#!/bin/sh
cd {scratch} && exec unshare --mount sh -c '{mounts} && exec {harness.TACHO} "$@"' sh "$@"
""")
    wrapper.chmod(0o755)
    return wrapper


def beside(recording):
    """What runs a program in the recorder's mount namespace."""
    return "nsenter", f"--target={recording.process.pid}", "--mount"


class Following(harness.Recording):
    """A recording of states from a config; states maps a name to a function or to keys."""

    def __init__(self, scratch, states, *args, env=None, tacho=None, **settings):
        states = {name: keys if isinstance(keys, dict) else {"function": keys}
                  for name, keys in states.items()}
        settings = {"flush": "40ms", **settings}
        with unittest.mock.patch.object(harness, "TACHO", str(tacho or harness.TACHO)):
            super().__init__("-c", harness.config(scratch, states, **settings), *args,
                             directory=scratch / "out", env=env)

    def until_attached(self, state, times=1):
        return self.until_told(f"state {state}:", "is attached", times=times)

    def probes(self, event, state=None):
        """The rows of activity_probes.csv for an event, as dicts."""
        return [row for row in harness.probe_rows(self.directory)
                if row["event"] == event and state in (None, row["state"])]

    def until_probes(self, event, state, times=1):
        return wait_for(lambda: len(self.probes(event, state)) >= times and
                        self.probes(event, state), f"{times} rows {event} {state}")

    def check_stops(self, **calls):
        """Ends it; each state was called so often, and nothing was lost."""
        check_equal(self.stop(), 0, self.messages())
        harness.check_books(self.directory, self.messages())
        for state, cnt in calls.items():
            expected = {"entries": cnt, "returned": cnt} if cnt else {}
            check_equal(harness.counts(self.directory, state), expected, f"calls of {state}")
        check("not accounted" not in self.messages(), self.messages())
