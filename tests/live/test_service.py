#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A recorder as a service: what its manager, the journal and `tacho status` are told."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time

import harness
from harness import (DEADLINE_S, TACHO, Recording, Skip, check, check_equal, ledger, stop_s, target,
                     wait_for, waited_ns)

# What following files needs (user/service/privileges.h), by the numbers of linux/capability.h.
KEPT = sum(1 << number for number in (2, 19, 28, 38, 39, 40))
FUNCTIONS, STOP_S, TRIES = 2000, 2.0, 5
PATIENCE_S, PINGS = 0.4, 10  # the manager's
PUBLISH_S = 10  # docs/FORMATS.md: so often at least


class Manager:
    """The service manager's end of NOTIFY_SOCKET; a context manager."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("")  # the kernel finds an abstract name
        self.socket.settimeout(DEADLINE_S)
        self.name = "@" + self.socket.getsockname()[1:].decode()
        self.told = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def hear(self, *beginnings):
        """The next datagram that begins with one of these, by lines."""
        while True:
            lines = self.socket.recv(65536).decode().split("\n")
            self.told.append(lines)
            if lines[0].startswith(beginnings):
                return lines

    def hear_rest(self):
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.told.append(self.socket.recv(65536).decode().split("\n"))
        return self.told


@contextlib.contextmanager
def service(scratch, *args, **environment):
    """A recorder with a manager, and a folder of its own below /run."""
    runtime = scratch / "run"
    runtime.mkdir(exist_ok=True)
    with Manager() as manager:
        env = {"NOTIFY_SOCKET": manager.name, "RUNTIME_DIRECTORY": str(runtime), **environment}
        with Recording(*args, directory=scratch / "out", env=env) as recording:
            yield recording, manager, runtime / "status.json"


def status(*args):
    """(exit status, what it shows, what it complains of)"""
    done = subprocess.run([TACHO, "status", *map(str, args)], timeout=DEADLINE_S,
                          capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def read_status(path):
    """The one recording in this file."""
    code, text, errors = status("--json", path)
    check_equal(code, 0, errors)
    return json.loads(text)[0]


def leaf_state():
    return "-s", f"LEAF={target('prog_calls')}:leaf"


LEAF_CALLS = 9


def run_leaf():
    subprocess.run([target("prog_calls"), "nested", "3"], check=True, stdout=subprocess.DEVNULL,
                   timeout=DEADLINE_S)


def test_it_is_ready_when_its_probes_are_there(scratch):
    """What is called right after READY is recorded."""
    with service(scratch, *leaf_state()) as (recording, manager, _):
        ready = manager.hear("READY=")
        run_leaf()
        check_equal(ready[0], "READY=1")
        check_equal(ready[1], "STATUS=1 state, 1 probe; 0 rows, 0 lost")
        check_equal(manager.told, [ready], "nothing is told before it is ready")
        check_equal(recording.stop(signal.SIGTERM), 0, recording.messages())
        check(ledger(scratch / "out")["LEAF"]["returned"] > 0, recording.messages())


def test_the_manager_hears_how_it_goes_and_that_it_ends(scratch):
    late = scratch / "late"
    path = scratch / "tacho.conf"
    path.write_text(f"[state LATE]\nfunction = {late}:leaf\n")
    with service(scratch, "-c", str(path)) as (recording, manager, _):
        check_equal(manager.hear("READY=")[1], "STATUS=1 state, 0 probes, 1 pending; 0 rows, 0 lost")
        late.write_bytes(pathlib.Path(target("prog_calls")).read_bytes())
        late.chmod(0o755)
        check_equal(manager.hear("STATUS=")[0], "STATUS=1 state, 1 probe; 0 rows, 0 lost")
        subprocess.run([late, "nested", "3"], check=True, stdout=subprocess.DEVNULL)
        told = manager.hear("STATUS=")[0]
        check(told.startswith("STATUS=1 state, 1 probe; ") and "; 0 rows" not in told, told)
        check_equal(recording.stop(signal.SIGTERM), 0, recording.messages())
        check_equal(manager.hear_rest()[-1], ["STOPPING=1"])


def test_it_does_not_repeat_what_has_not_changed(scratch):
    with service(scratch, *leaf_state(), WATCHDOG_USEC="200000") as (recording, manager, _):
        manager.hear("READY=")
        for _ in range(20):
            manager.hear("WATCHDOG=")
        recording.stop(signal.SIGTERM)
        check(not [t for t in manager.hear_rest() if t[0].startswith("STATUS=")], manager.told)


def test_a_recorder_that_lives_says_so_as_often_as_is_wanted(scratch):
    """`flush` is far longer than the manager's patience."""
    settings = harness.config(scratch, {"LEAF": {"function": f"{target('prog_calls')}:leaf"}},
                              flush="1h")
    with service(scratch, "-c", settings,
                 WATCHDOG_USEC=str(int(PATIENCE_S * 1e6))) as (recording, manager, _):
        manager.hear("READY=")
        times = []  # the machine may be busy with something else; the best counts
        while len(times) < TRIES and (not times or times[-1] >= PINGS * PATIENCE_S):
            began = time.monotonic()
            for _ in range(PINGS):
                manager.hear("WATCHDOG=")
            times.append(time.monotonic() - began)
        check(min(times) < PINGS * PATIENCE_S, f"watchdog datagrams come too late: {times}")
        check_equal(recording.stop(signal.SIGTERM), 0, recording.messages())


def test_a_recorder_that_hangs_is_silent(scratch):
    with service(scratch, *leaf_state(), WATCHDOG_USEC="200000") as (recording, manager, _):
        manager.hear("READY=")
        manager.hear("WATCHDOG=")
        recording.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: "\nState:\tT" in pathlib.Path(
            f"/proc/{recording.process.pid}/status").read_text(), "the recorder to stop")
        manager.hear_rest()
        manager.socket.settimeout(1)
        try:
            check(False, f"told by a stopped recorder: {manager.hear('WATCHDOG=')}")
        except TimeoutError:
            pass
        recording.process.send_signal(signal.SIGCONT)
        manager.socket.settimeout(DEADLINE_S)
        manager.hear("WATCHDOG=")
        check_equal(recording.stop(signal.SIGTERM), 0, recording.messages())


def test_the_status_file_says_what_is_recorded_and_goes_at_the_end(scratch):
    with service(scratch, *leaf_state(), "-r*") as (recording, manager, path):
        manager.hear("READY=")
        first = read_status(path)
        check_equal([s["calls"] for s in first["states"]], [0], "calls")
        check_equal(first["states"][0]["last_hit_ns"], None, "last hit")
        run_leaf()
        seen = wait_for(lambda: (s := read_status(path))["states"][0]["rows"] == LEAF_CALLS and
                        s["states"][0]["calls"] == LEAF_CALLS and s["processes"]["rows"] and s,
                        "the calls and the processes to be in the status")
        state = seen["states"][0]
        check_equal((state["name"], state["selected"], state["probes"], state["attached"],
                     state["pending"], state["summarising"]), ("LEAF", True, 1, 1, [], False))
        check(abs(state["last_hit_ns"] - time.time_ns()) < DEADLINE_S * 1e9, state)
        check(state["estimated_ns_per_call"] > 0, state)
        check_equal((seen["pid"], seen["life"]), (recording.process.pid, "running"))
        check_equal(seen["directory"], str(scratch / "out"))
        check(seen["own"]["rss_bytes"] > 0, seen)
        check_equal(stat.S_IMODE(path.stat().st_mode), 0o644, "mode")
        code, text, _ = status(path)
        check_equal(code, 0, text)
        check(f"process {recording.process.pid}" in text and "LEAF" in text, text)
        check_equal(recording.stop(signal.SIGTERM), 0, recording.messages())
        check_equal(os.listdir(path.parent), [], "files that stay")
        check_equal(status(path)[0], 3, "exit status when nothing runs")


def test_the_status_file_is_written_anew_though_nothing_happens(scratch):
    path = scratch / "status"
    with Recording(*leaf_state(), "--status", str(path), directory=scratch / "out") as recording:
        recording.until_ready()
        first = wait_for(lambda: path.exists() and path.stat(), "the status file")
        waited = waited_ns(recording.process.pid)
        second = wait_for(lambda: (s := path.stat()).st_ino != first.st_ino and s,
                          "it to be written again")
        waited = waited_ns(recording.process.pid) - waited
        took_s = (second.st_mtime_ns - first.st_mtime_ns - waited) / 1e9
        check(took_s < PUBLISH_S + 2, f"it was written too late: after {took_s} s")


def test_a_recorder_that_was_killed_is_not_running(scratch):
    with service(scratch, *leaf_state()) as (recording, manager, path):
        manager.hear("READY=")
        recording.process.kill()
        recording.process.wait()
        code, text, errors = status(path)
        check_equal(code, 3, errors)
        check("not running" in text and "has not ended well" in text, text)
        # The next one takes its place.
        with service(scratch, *leaf_state()) as (_, manager, path):
            manager.hear("READY=")
            check_equal(read_status(path)["life"], "running")


def test_two_recorders_do_not_share_a_status_file(scratch):
    path = scratch / "status"
    with Recording(*leaf_state(), "--status", str(path), directory=scratch / "one") as recording:
        recording.until_ready()
        wait_for(path.exists, "the status file")
        code, _, errors = harness.record(*leaf_state(), "--status", str(path), "--for", "1ms",
                                         directory=scratch / "two")
        check_equal(code, 1, errors)
        check(f"process {recording.process.pid} writes it already" in errors, errors)
        check_equal(read_status(path)["pid"], recording.process.pid)


def test_nothing_is_published_without_being_told_to(scratch):
    with Recording(*leaf_state(), directory=scratch / "out") as recording:
        recording.until_ready()
        run_leaf()
        check_equal(recording.stop(), 0, recording.messages())
        check_equal(sorted(os.listdir(scratch)), ["out", "out.stderr"])


def capabilities(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {line.split(":")[0]: int(line.split()[1], 16) for line in text.splitlines()
            if line.startswith(("Cap", "NoNewPrivs"))}


def test_what_is_not_needed_any_more_is_given_up(scratch):
    with service(scratch, *leaf_state()) as (recording, manager, _):
        manager.hear("READY=")
        has = capabilities(recording.process.pid)
        for name in ("CapPrm", "CapEff", "CapBnd"):
            check_equal(has[name] & ~KEPT, 0, name)
        check_equal((has["CapInh"], has["CapAmb"], has["NoNewPrivs"]), (0, 0, 1))


def test_a_command_has_the_privileges_of_its_caller(scratch):
    done = subprocess.run([TACHO, "record", *leaf_state(), "-d", str(scratch / "out"), "--",
                           "cat", "/proc/self/status"], capture_output=True, check=True,
                          timeout=DEADLINE_S)
    ours = capabilities("self")
    text = done.stdout.decode()
    for name in ("CapPrm", "CapEff", "CapBnd"):
        check(f"{name}:\t{ours[name]:016x}" in text, text)
    check("NoNewPrivs:\t0" in text, text)


def test_files_that_come_late_are_attached_without_them(scratch):
    """So little is enough: a user with five capabilities, and with none of root's files."""
    late, out = scratch / "late", scratch / "out"
    out.mkdir(mode=0o777)
    out.chmod(0o777)
    scratch.chmod(0o755)
    settings = harness.config(scratch, {"LATE": {"function": f"{late}:leaf"}})
    caps = "+bpf,+perfmon,+dac_read_search,+sys_ptrace,+lease"
    with Manager() as manager:
        user = subprocess.Popen(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set",
             "-all," + caps, "--inh-caps", "-all," + caps, "--ambient-caps", caps,
             TACHO, "record", "-c", settings, "-d", str(out)], stderr=subprocess.PIPE,
            env={**os.environ, "NOTIFY_SOCKET": manager.name})
        try:
            manager.hear("READY=")
            private = scratch / "private"
            private.write_bytes(pathlib.Path(target("prog_calls")).read_bytes())
            private.chmod(0o711)
            os.rename(private, late)
            check_equal(manager.hear("STATUS=1 state, 1 probe;")[0][:6], "STATUS")
            subprocess.run([late, "nested", "3"], check=True, stdout=subprocess.DEVNULL)
        finally:
            user.terminate()
            errors = user.communicate(timeout=DEADLINE_S)[1].decode()
    check_equal(user.returncode, 0, errors)
    check(ledger(out)["LATE"]["returned"] > 0, errors)


class Journal:
    """Takes the place of journald for a program that is started with `prefix`."""

    def __init__(self, scratch):
        self.folder = scratch / "journal"
        self.folder.mkdir()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.folder / "socket"))
        self.socket.settimeout(DEADLINE_S)
        self.prefix = ["unshare", "--mount", "sh", "-c",
                       'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && '
                       'mount --bind "$0" /run/systemd/journal && exec "$@"', str(self.folder)]

    def entries(self):
        """All that have come, as dicts; texts of several lines do not occur here."""
        self.socket.setblocking(False)
        entries = []
        with contextlib.suppress(BlockingIOError):
            while True:
                lines = self.socket.recv(65536).decode().splitlines()
                entries.append(dict(line.split("=", 1) for line in lines))
        return entries


def test_the_journal_has_priorities_and_fields(scratch):
    journal = Journal(scratch)
    if subprocess.run([*journal.prefix, "true"], check=False).returncode:
        raise Skip("mount namespaces cannot be made here")
    settings = harness.config(scratch, {"LATE": {"function": "/nowhere/late:leaf"},
                                        "LEAF": {"function": f"{target('prog_calls')}:leaf"}})
    with open(scratch / "stderr", "w+b") as errors:
        file = os.fstat(errors.fileno())
        subprocess.run([*journal.prefix, TACHO, "record", "-c", settings, "-d",
                        str(scratch / "out"), "--for", "1ms"], stderr=errors, check=True,
                       timeout=DEADLINE_S,
                       env={**os.environ, "JOURNAL_STREAM": f"{file.st_dev}:{file.st_ino}"})
        errors.seek(0)
        check_equal(errors.read(), b"", "what is in the journal is not on stderr too")
    entries = journal.entries()
    check(all(e["SYSLOG_IDENTIFIER"] == "tacho" for e in entries), entries)
    pending = next(e for e in entries if e["MESSAGE"].startswith("record: pending: "))
    check_equal((pending["PRIORITY"], pending["TACHO_STATE"], pending["TACHO_BINARY"]),
                ("4", "LATE", "/nowhere/late"))
    started = next(e for e in entries if e["MESSAGE"].startswith("recording 2 states"))
    stopped = next(e for e in entries if " activities of " in e["MESSAGE"])
    check_equal((started["PRIORITY"], stopped["PRIORITY"]), ("6", "6"))
    check_equal(len({e["MESSAGE_ID"] for e in (pending, started, stopped)}), 3, "kinds")


def test_the_journal_says_why_it_ended(scratch):
    journal = Journal(scratch)
    if subprocess.run([*journal.prefix, "true"], check=False).returncode:
        raise Skip("mount namespaces cannot be made here")
    (scratch / "file").write_text("")
    with open(scratch / "stderr", "w+b") as errors:
        file = os.fstat(errors.fileno())
        done = subprocess.run([*journal.prefix, TACHO, "record", *leaf_state(), "-d",
                               str(scratch / "file")], stderr=errors, check=False,
                              timeout=DEADLINE_S,
                              env={**os.environ, "JOURNAL_STREAM": f"{file.st_dev}:{file.st_ino}"})
    check_equal(done.returncode, 1)
    last = journal.entries()[-1]
    check_equal((last["PRIORITY"], last["ERRNO"]), ("3", "20"), str(last))


def stop_time(scratch, number):
    """Seconds from SIGTERM to the end, with so many functions attached."""
    path = scratch / "scale.conf"
    path.write_text(f"[state S]\nfunction = {target('libscale.so')}:scaled_[0-1]???\nmany = yes\n"
                    "exit = safe\n")
    (scratch / str(number)).mkdir()
    with service(scratch / str(number), "-c", str(path)) as (recording, manager, _):
        ready = manager.hear("READY=")
        check(f"{FUNCTIONS} probes" in ready[1], ready)
        return stop_s(recording, signal.SIGTERM)


def test_it_ends_soon_with_2000_functions(scratch):
    times = []
    while len(times) < TRIES and (not times or times[-1] >= STOP_S):
        times.append(stop_time(scratch, len(times)))
    check(min(times) < STOP_S, f"seconds to stop: {times}")


if __name__ == "__main__":
    harness.main()
