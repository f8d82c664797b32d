#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What processes use, beside psutil and the kernel's own accounts; and that none is missed."""
import collections
import csv
import io
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import threading
import time

import harness
from harness import Skip, check, check_equal, target, wait_for

PSUTIL_PYTHON = "/usr/bin/python3"
VIEW = str(pathlib.Path(__file__).with_name("psutil_view.py"))
ARGUMENTS = (b"plain", b"a,b", b'a "quoted" one', b"two\nlines", b"no utf-8: \xff\xfe\xc3",
             b"utf-8: \xc3\xa9\xe2\x82\xac", b"  padded  ", b"", b"back\\slash", b"tab\there")


class Load(harness.Conversation):
    """A process of prog_load."""

    def __init__(self, kind, ms, *args):
        super().__init__(subprocess.Popen([target("prog_load"), kind, str(ms), *args],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        self.kind = kind


class Loads:
    """Many of them; a context manager."""

    def __init__(self, kinds):
        self.all = [Load(*kind) for kind in kinds]

    def __enter__(self):
        for load in self.all:
            check_equal(load.hear(), "done", load.kind)
        return self

    def __exit__(self, *_):
        for load in self.all:
            load.__exit__()

    def pids(self, *kinds):
        return [load.pid for load in self.all if not kinds or load.kind in kinds]

    def stop(self):
        """Returns when none of their threads can use the CPU any more, or be switched to."""
        for load in self.all:
            os.kill(load.pid, signal.SIGSTOP)
        for load in self.all:
            wait_for(lambda: set(states_of_threads(load.pid)) == {"T"}, f"{load.kind} to stop")

    def go_on(self):
        for load in self.all:
            os.kill(load.pid, signal.SIGCONT)


def states_of_threads(pid):
    """A letter each: proc_pid_stat(5)."""
    return [harness.state_in(stat) for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]


def resources_config(scratch, processes="*", interval="200ms", **record):
    path = scratch / "tacho.conf"
    path.write_text("[record]\n" + "".join(f"{k} = {v}\n" for k, v in record.items()) +
                    f"[resources]\nenabled = yes\ninterval = {interval}\n"
                    f"processes = {processes}\n")
    return str(path)


def parse(text):
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def rows_of(directory, name="process_detail.csv"):
    text = (pathlib.Path(directory) / name).read_bytes().decode()
    check(text.endswith("\r\n"), f"{name} does not end with a whole row")
    return parse(text)


def rows_so_far(directory):
    """While the recorder is at it: the file is made with the first rows, and may be half written."""
    path = pathlib.Path(directory) / "process_detail.csv"
    data = path.read_bytes() if path.exists() else b""
    return parse(data[:data.rfind(b"\r\n") + 2].decode()) if b"\r\n" in data else []


def opentrons_rows(directory):
    """The rows of system_resource_data, which has no header, as dicts; every field is quoted."""
    directory = pathlib.Path(directory)
    data = (directory / "system_resource_data").read_bytes()
    names = (directory / "system_resource_data_headers").read_text().split(",")
    field = rb'"((?:[^"]|"")*)"'
    shape = re.compile(b",".join([field] * len(names)) + rb"\r\n")
    rows, at = [], 0
    while at < len(data):
        row = shape.match(data, at)
        check(row, f"system_resource_data: not a row at byte {at}: {data[at:at + 120]!r}")
        rows.append({name: value.replace(b'""', b'"')
                     for name, value in zip(names, row.groups())})
        at = row.end()
    return rows


def ticks_of(rows, moment="sample"):
    """Rows of one tick together: pids go up within one."""
    ticks = []
    for row in rows:
        if row["event"] != moment:
            continue
        if not ticks or int(row["pid"]) <= int(ticks[-1][-1]["pid"]):
            ticks.append([])
        ticks[-1].append(row)
    return ticks


def psutil_once(pids):
    done = subprocess.run([PSUTIL_PYTHON, VIEW, "once", *map(str, pids)], capture_output=True,
                          text=True, check=True)
    return {seen["pid"]: seen for seen in map(json.loads, done.stdout.splitlines())}


def as_written(command):
    """Bytes that are no UTF-8 are escaped in our files; the reference stops there."""
    return command.decode("utf-8", "backslashreplace").encode()


def check_same(row, seen, later):
    """A row of system_resource_data against psutil's views of the process at rest, from before and
    after it. Not all rests: the kernel takes a page away when somebody's probe in it goes."""
    pid = seen["pid"]
    check_equal(row["command"], as_written(bytes.fromhex(seen["command"])), f"command of {pid}")
    check_equal(row["running_since"].decode(), seen["running_since"], f"running_since of {pid}")
    memory = sorted((seen["memory_percent"], later["memory_percent"]), key=float)
    check(float(memory[0]) <= float(row["memory_percent"]) <= float(memory[1]),
          f"memory of {pid}: {row['memory_percent']}, not {memory}")
    for name in ("user", "system"):
        ours = float(row[f"{name}_cpu_time"])
        check(abs(ours - seen[name]) < 0.0101, f"{name} time of {pid}: {ours}, not {seen[name]}")


def last_opentrons_rows(directory, pids):
    """The newest row of each process. The format has no pid: rows of a tick are in the order of the
    pids, and process_detail.csv, which has them, has the same rows."""
    details = [row for row in rows_of(directory) if row["event"] != "exec"]
    rows = opentrons_rows(directory)
    check_equal([row["time_ns"] for row in details[:len(rows)]],
                [row["query_time"].decode() for row in rows[:len(details)]], "the rows' times")
    last = {int(detail["pid"]): row for detail, row in zip(details, rows)}
    return {pid: last[pid] for pid in pids}


def check_all_at_rest(recording, loads, data):
    """Stops them all and compares the rows of a tick with psutil, column by column."""
    loads.stop()  # from here on, nothing changes
    stopped_ns = time.time_ns()
    wait_for(lambda: len([t for t in ticks_of(rows_so_far(data))
                          if int(t[0]["time_ns"]) > stopped_ns]) >= 2, "two more ticks")
    seen = psutil_once(loads.pids())
    check_equal(recording.stop(), 0, "status")
    later = psutil_once(loads.pids())
    rows = last_opentrons_rows(data, loads.pids())
    for pid in loads.pids():
        check_same(rows[pid], seen[pid], later[pid])
    loads.go_on()


def mixed_kinds(cnt):
    kinds = ("sleeping", "working", "threads", "renamed", "memory")
    return [(kinds[i % len(kinds)], 5 + i % 40, str(i).encode(),
             *ARGUMENTS[:i % (len(ARGUMENTS) + 1)]) for i in range(cnt)]


def test_every_column_of_200_processes_is_what_psutil_says_on_the_same_tick(scratch):
    data = scratch / "data"
    with Loads(mixed_kinds(200)) as loads, \
            harness.Recording("-c", resources_config(scratch, "*prog_load*"), directory=data) as r:
        r.until_ready()
        check_all_at_rest(r, loads, data)


def test_times_of_processes_that_run_lie_between_what_psutil_says_before_and_after(scratch):
    data = scratch / "data"
    with Loads([("busy", 1, b"one"), ("busy", 1, b"two"), ("busy", 1, b"three")]) as loads, \
            harness.Recording("-c", resources_config(scratch, "*prog_load*"), directory=data) as r:
        r.until_ready()
        seen = scratch / "looks"
        # Into a file: a pipe that is full would hold it up.
        with open(seen, "wb") as out, subprocess.Popen(
                [PSUTIL_PYTHON, VIEW, "watch", *map(str, loads.pids())],
                stdin=subprocess.PIPE, stdout=out) as view:
            wait_for(lambda: seen.read_text().count("\n") >= len(loads.pids()), "the first look")
            before = len(ticks_of(rows_so_far(data)))
            wait_for(lambda: len(ticks_of(rows_so_far(data))) >= before + 12, "twelve ticks")
            view.communicate(b"\n")
        looks = [json.loads(line) for line in seen.read_text().splitlines()]
        check_equal(r.stop(), 0, "status")
    compared = 0
    for row in rows_of(data):
        before = [look for look in looks if look["pid"] == int(row["pid"]) and
                  look["after_ns"] < int(row["time_ns"])]
        after = [look for look in looks if look["pid"] == int(row["pid"]) and
                 look["before_ns"] > int(row["time_ns"])]
        if not before or not after:
            continue
        compared += 1
        for name in ("user", "system"):
            ours = int(row[f"{name}_ns"]) / 1e9
            check(before[-1][name] - 0.0101 <= ours <= after[0][name] + 0.0201,
                  f"{name} time: {before[-1][name]} <= {ours} <= {after[0][name]}")
    check(compared >= 9, f"only {compared} rows to compare")


def busy_ms():
    """What all CPUs have run, by the kernel's own account: user, nice and system."""
    fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
    return sum(map(int, fields[1:4])) * 1000 // os.sysconf("SC_CLK_TCK")


class Kernel:
    """The kernel's account, looked at again and again; a context manager."""

    def __init__(self):
        self.looks = []  # (before it, busy, after it)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _look(self):
        last = False
        while not last:
            last = self.over.wait(0.02)
            began_ns = time.time_ns()
            self.looks.append((began_ns, busy_ms(), time.time_ns()))

    def between(self, from_ns, to_ns):
        """At least and at most so many ms were used between these two moments."""
        first, last = ([busy for _, busy, after in self.looks if after <= at][-1]
                       for at in (from_ns, to_ns))
        later, latest = ([busy for before, busy, _ in self.looks if before >= at][0]
                         for at in (from_ns, to_ns))
        return last - later, latest - first


def used_ns(rows):
    """What the processes have used between their first row and their last. Those that were not there
    at the first tick began with nothing."""
    first_tick = {(row["pid"], row["start_ns"]): int(row["cpu_ns"])
                  for row in ticks_of(rows)[0]}
    last = {(row["pid"], row["start_ns"]): int(row["cpu_ns"]) for row in rows}
    return sum(cpu - first_tick.get(process, 0) for process, cpu in last.items())


def run_brief(cnt, at_a_time=8):
    """Runs so many processes that live a few milliseconds each; returns their pids."""
    pids, running = [], collections.deque()
    for i in range(cnt):
        running.append(subprocess.Popen([target("prog_load"), "brief", str(1 + i % 4), str(i)]))
        pids.append(running[-1].pid)
        if len(running) >= at_a_time:
            check_equal(running.popleft().wait(), 7, "brief")
    while running:
        check_equal(running.popleft().wait(), 7, "brief")
    return pids


def test_of_1000_processes_that_live_milliseconds_none_is_missed_and_all_their_time_is_there(
        scratch):
    data = scratch / "data"
    # Both CPUs are busy all the time: else the kernel's account, made of ticks, is a lottery.
    with Loads([("busy", 1)] * os.cpu_count()), Kernel() as kernel, \
            harness.Recording("-c", resources_config(scratch, interval="1s"),
                              directory=data) as r:
        r.until_ready()
        pids = run_brief(1000)
        # Ends are told when a process has been reaped, a moment later.
        wait_for(lambda: len([1 for row in rows_so_far(data) if row["event"] == "exit"
                              and "brief" in row["command"]]) >= 1000, "the last rows")
        check_equal(r.stop(), 0, "status")
    rows = rows_of(data)
    ends = [row for row in rows if row["event"] == "exit" and "prog_load brief" in row["command"]]
    check_equal(sorted(int(row["pid"]) for row in ends), sorted(pids), "last rows")
    check_equal({row["exit_code"] for row in ends}, {"7"}, "exit codes")
    for row in ends:
        asked_ms = int(row["command"].split()[2])
        check(int(row["cpu_ns"]) >= asked_ms * 1e6, f"too little time: {row}")
        check(int(row["peak_rss_bytes"]) > 100_000, f"too little memory: {row}")
    opentrons = [row for row in opentrons_rows(data) if b"prog_load brief" in row["command"]]
    check(len(opentrons) >= 1000, f"{len(opentrons)} rows in system_resource_data")
    used = used_ns(rows) / 1e6
    ticks = ticks_of(rows)
    least, most = kernel.between(int(ticks[0][0]["time_ns"]), int(ticks[-1][-1]["time_ns"]))
    # Ticks charge a whole one to whoever they find. The 1000 have used far more than what may be off.
    check(least * 0.96 <= used <= most * 1.02,
          f"{used:.0f} ms in the rows, {least} to {most} ms in /proc/stat")


def test_execs_and_ends_have_rows_of_their_own(scratch):
    data = scratch / "data"
    with harness.Recording("-c", resources_config(scratch, target("prog_load") + " *", interval="1h"),
                           directory=data) as r:
        r.until_ready()
        check_equal(subprocess.run(["/bin/sh", "-c", 'exec "$@"', "sh", target("prog_load"),
                                    "brief", "1", "by exec"]).returncode, 7, "status")
        with Load("sleeping", 1, "to be killed") as killed:
            killed.hear()
            killed.process.kill()
            killed.process.wait()
        wait_for(lambda: len([row for row in rows_so_far(data) if "tacho" not in row["comm"]]) >= 4,
                 "four rows")
        check_equal(r.stop(), 0, "status")
    rows = [(row["event"], row["command"].split("prog_load ")[1], row["exit_code"])
            for row in sorted(rows_of(data), key=lambda row: int(row["start_ns"]))
            if "tacho" not in row["comm"]]
    check_equal(rows, [("exec", "brief 1 by exec", ""), ("exit", "brief 1 by exec", "7"),
                       ("exec", "sleeping 1 to be killed", ""),
                       ("exit", "sleeping 1 to be killed", "-9")], "rows")


def test_a_process_that_ends_unreaped_has_its_last_row(scratch):
    data = scratch / "data"
    with harness.Recording("-c", resources_config(scratch, "*prog_load*"), directory=data) as r:
        r.until_ready()
        zombie = subprocess.Popen([target("prog_load"), "brief", "3", "zombie"])
        wait_for(lambda: [row for row in rows_so_far(data) if row["event"] == "exit"], "its last row")
        zombie.wait()
        check_equal(r.stop(), 0, "status")
    rows = [row for row in rows_of(data) if row["pid"] == str(zombie.pid)]
    check_equal([row["event"] for row in rows].count("exit"), 1, "last rows")
    check_equal(rows[-1]["exit_code"], "7", "exit code")


def test_ticks_do_not_drift(scratch):
    data = scratch / "data"
    with Loads([("busy", 1)] * 2 * os.cpu_count()), \
            harness.Recording("-c", resources_config(scratch, "*prog_load*", interval="100ms"),
                              directory=data) as r:
        r.until_ready()
        wait_for(lambda: len(ticks_of(rows_so_far(data))) >= 31, "thirty ticks")
        check_equal(r.stop(), 0, "status")
    times = [int(tick[0]["time_ns"]) / 1e6 for tick in ticks_of(rows_of(data))][1:31]
    # How far each is from its moment, which is some number of intervals after the first one.
    off_ms = [(time_ms - times[0] + 50) % 100 - 50 for time_ms in times]
    drift_ms = statistics.median(off_ms[-10:]) - statistics.median(off_ms[:10])
    # Had each tick to wait for the one before, 20 of them would be off by as much as 20 take.
    check(abs(drift_ms) < 15, f"ticks are off by {off_ms} ms")


def test_the_recorder_is_a_row_of_its_own(scratch):
    data = scratch / "data"
    with harness.Recording("-c", resources_config(scratch, "nothing that runs"),
                           directory=data) as r:
        r.until_ready()
        wait_for(lambda: len(rows_so_far(data)) >= 2, "two rows")
        check_equal(r.stop(), 0, "status")
        rows = rows_of(data)
        check_equal({row["pid"] for row in rows}, {str(r.process.pid)}, "pids")
        check(opentrons_rows(data)[0]["command"].startswith(os.fsencode(harness.TACHO)), "command")


def test_without_the_kernels_help_the_samples_are_the_same(scratch):
    data = scratch / "data"
    with Loads(mixed_kinds(40)) as loads, \
            harness.Recording("-c", resources_config(scratch, "*prog_load*"), directory=data,
                              env={"TACHO_PROCESSES": "proc"}) as r:
        r.until_ready()
        check_all_at_rest(r, loads, data)


def both_sources(scratch, pids):
    """The last row of each process by either way; /proc is asked before and after the kernel."""
    rows = {}
    for name, source in (("before", "proc"), ("kernel", "kernel"), ("after", "proc")):
        data = scratch / name
        with harness.Recording("-c", resources_config(scratch, "*prog_load*"), directory=data,
                               env={"TACHO_PROCESSES": source}) as r:
            r.until_ready()
            wait_for(lambda: ticks_of(rows_so_far(data)), "a tick")
            check_equal(r.stop(), 0, "status")
        rows[name] = {int(row["pid"]): row for row in rows_of(data) if int(row["pid"]) in pids}
    return rows


def test_both_ways_of_looking_at_processes_give_the_same_rows(scratch):
    with Loads(mixed_kinds(20)) as loads:
        loads.stop()
        rows = both_sources(scratch, loads.pids())
        loads.go_on()
    for pid in loads.pids():
        before, kernel, proc = (rows[name][pid] for name in ("before", "kernel", "after"))
        for column in ("rss_bytes", "peak_rss_bytes"):  # as with psutil: probes may go meanwhile
            least, most = sorted((int(before[column]), int(proc[column])))
            check(least <= int(kernel[column]) <= most,
                  f"{column} of {pid}: {kernel[column]}, not {least} to {most}")
        for column in ("ppid", "comm", "command", "virtual_bytes", "threads", "minor_faults",
                       "major_faults", "read_bytes", "write_bytes",
                       "voluntary_switches", "involuntary_switches", "cgroup"):
            # /proc has the switches of the first thread only.
            if "switches" not in column or kernel["threads"] == "1":
                check_equal(proc[column], kernel[column], f"{column} of {pid}")
        for column in ("user_ns", "system_ns", "start_ns"):
            off = abs(int(proc[column]) - int(kernel[column]))
            check(off <= 20_000_000, f"{column} of {pid}: {proc[column]}, {kernel[column]}")


def test_a_command_is_recorded_with_its_children_and_nothing_else(scratch):
    data = scratch / "data"
    script = f'"{target("prog_load")}" brief 1 child; exit 3'
    with Loads([("sleeping", 1)]):
        status, _, errors = harness.record("-r", "--", "/bin/sh", "-c", script, directory=data)
    check_equal(status, 3, errors)
    rows = [row for row in rows_of(data) if not row["comm"].startswith("tacho")]
    # A last row comes when its process has been reaped, which may be in any order.
    events = [(row["comm"], row["event"], row["exit_code"])
              for row in sorted(rows, key=lambda row: int(row["start_ns"]))
              if row["event"] != "sample"]
    check_equal(events, [("sh", "exec", ""), ("sh", "exit", "3"), ("prog_load", "exec", ""),
                         ("prog_load", "exit", "7")], "events")


def test_a_pid_is_recorded_alone(scratch):
    data = scratch / "data"
    with Loads([("sleeping", 1), ("sleeping", 1)]) as loads:
        wanted = loads.pids()[1]
        status, _, errors = harness.record("-r", "-p", str(wanted), "--for", "300ms",
                                           directory=data)
    check_equal(status, 0, errors)
    pids = {int(row["pid"]) for row in rows_of(data) if not row["comm"].startswith("tacho")}
    check_equal(pids, {wanted}, "pids")


def test_the_variables_of_the_opentrons_tracker_override_the_settings(scratch):
    data = scratch / "elsewhere"
    config = scratch / "tacho.conf"
    config.write_text("[resources]\ninterval = 1h\nprocesses = nothing\n")
    env = {"OT_SYSTEM_RESOURCE_TRACKER_ENABLED": "True",
           "OT_SYSTEM_RESOURCE_TRACKER_PROCESS_FILTERS": "nothing, *prog_load*,",
           "OT_SYSTEM_RESOURCE_TRACKER_REFRESH_INTERVAL": "1.0",
           "OT_SYSTEM_RESOURCE_TRACKER_STORAGE_DIR": str(data)}
    with Loads([("sleeping", 1)]) as loads:
        recorder = subprocess.Popen([harness.TACHO, "record", "-c", str(config)],
                                    env=dict(os.environ, **env), stderr=subprocess.PIPE)
        try:
            wait_for(lambda: len(ticks_of(rows_so_far(data))) >= 2, "two ticks")
        finally:
            recorder.send_signal(signal.SIGTERM)
            errors = recorder.communicate()[1].decode()
    check_equal(recorder.returncode, 0, errors)
    check(str(loads.pids()[0]) in {row["pid"] for row in rows_of(data)}, "its row is missing")


def test_a_bad_variable_is_refused_in_the_words_of_the_reference(scratch):
    name = "OT_SYSTEM_RESOURCE_TRACKER_REFRESH_INTERVAL"
    for value, words in (("nan", "must be a number"), ("ten", "must be a number"),
                         ("0.5", "must be greater than or equal to 1.0"), ("", "")):
        status, _, errors = harness.record("-r", "--for", "100ms", directory=scratch / "data",
                                           env={name: value})
        check_equal(status, 2, errors)
        check(f"{name} environment variable {words}" in errors, errors)


def test_a_replay_has_the_same_files(scratch):
    data, again = scratch / "data", scratch / "again"
    status, _, errors = harness.record("-r", "--raw", str(scratch / "raw"), "--", "/bin/sh", "-c",
                                       f'"{target("prog_load")}" brief 1', directory=data)
    check_equal(status, 7, errors)
    subprocess.run([harness.TACHO, "replay", "-d", str(again), str(scratch / "raw")], check=True,
                   capture_output=True)
    for name in ("system_resource_data", "system_resource_data_headers", "process_detail.csv",
                 "system_detail.csv"):
        check_equal((again / name).read_bytes(), (data / name).read_bytes(), name)


def meminfo_bytes():
    text = pathlib.Path("/proc/meminfo").read_text()
    return {key: int(kib) * 1024 for key, kib in re.findall(r"(\w+): +(\d+) kB", text)}


def test_the_machines_memory_is_in_system_detail(scratch):
    data = scratch / "data"
    before = meminfo_bytes()
    status, _, errors = harness.record("-r", "--for", "300ms", directory=data)
    check_equal(status, 0, errors)
    after = meminfo_bytes()
    row = rows_of(data, "system_detail.csv")[-1]
    check_equal(int(row["memory_total_bytes"]), after["MemTotal"], "total")
    least, most = sorted((before["MemAvailable"], after["MemAvailable"]))
    check(least - (1 << 30) < int(row["memory_available_bytes"]) < most + (1 << 30), "available")
    check_equal(len(row["cpu_busy_percents"].split()), os.cpu_count(), "CPUs")


def test_many_processes_at_once_are_counted_when_they_are_lost_and_seen_all_the_same(scratch):
    """Nothing reads the events for a while: the recorder is stopped."""
    data = scratch / "data"
    with harness.Recording("-c", resources_config(scratch, "*prog_load*", interval="1h"),
                           directory=data) as r:
        r.until_ready()
        r.process.send_signal(signal.SIGSTOP)
        run_brief(3000, at_a_time=16)
        r.process.send_signal(signal.SIGCONT)
        check_equal(r.stop(), 0, "status")
        ends = {row["pid"] for row in rows_of(data) if row["event"] == "exit"}
        check(len(ends) < 3000, "nothing was lost: the test shows nothing")
        check("beginnings and ends of processes were not seen" in r.messages(), r.messages())


def test_a_full_disk_keeps_the_recorder_alive(scratch):
    """Rows that cannot be written are kept and tried again, or counted."""
    if not shutil.which("mount"):
        raise Skip("no mount(8)")
    disk = scratch / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        with harness.Recording("-c", resources_config(scratch, interval="100ms"),
                               directory=disk / "data") as r:
            r.until_ready()
            wait_for(lambda: "No space left" in r.messages(), "the full disk")
            check(r.process.poll() is None, "the recorder ended")
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            wait_for(lambda: "writing works again" in r.messages(), "the disk's recovery")
            check_equal(r.stop(), 0, "status")
        check(ticks_of(rows_of(disk / "data")), "no rows")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


if __name__ == "__main__":
    harness.main()
