#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Files that appear, are replaced, are written into and go away while a recording runs."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

import harness
from following import (SONAME, Following, Program, beside, elsewhere, library, need_overlay,
                       overwrite, program, put, run_library, run_program)
from harness import check, check_equal, record, wait_for


# --- what is not there yet ------------------------------------------------------------------------

def check_comes_later(scratch, bring):
    path = scratch / "a" / "b" / "c" / "app"
    with Following(scratch, {"OWN": f"{path}:own_work"}) as recording:
        recording.until_ready()
        check(recording.told("pending", "OWN", path), recording.messages())
        bring(path)
        recording.until_attached("OWN")
        run_program(path, 1, 7)
        # pending, recording, attached: nothing is said about what was there meanwhile
        check_equal(len(recording.messages().splitlines()), 3, recording.messages())
        recording.check_stops(OWN=7)


def test_a_program_that_is_renamed_into_place_is_attached(scratch):
    (scratch / "a" / "b" / "c").mkdir(parents=True)
    check_comes_later(scratch, lambda path: put(program(1), path))


def test_a_program_that_is_copied_into_place_is_attached(scratch):
    (scratch / "a" / "b" / "c").mkdir(parents=True)
    check_comes_later(scratch, lambda path: subprocess.run(["cp", program(1), path], check=True))


def test_a_program_that_comes_with_its_folders_is_attached(scratch):
    def bring(path):
        path.parent.mkdir(parents=True)
        put(program(1), path)
    check_comes_later(scratch, bring)


def test_a_program_that_is_written_piece_by_piece_is_attached_when_it_is_whole(scratch):
    def bring(path):
        path.parent.mkdir(parents=True)
        content = program(1).read_bytes()
        with open(path, "wb", buffering=0) as file:
            for at in range(0, len(content), 1000):
                file.write(content[at:at + 1000])
                time.sleep(0.01)
        path.chmod(0o755)
    check_comes_later(scratch, bring)


def test_what_minus_s_names_has_to_be_there_at_once(scratch):
    status, _, errors = record("-s", f"OWN={scratch}/app:own_work", "--for", "1h",
                               directory=scratch / "out")
    check_equal(status, 1, errors)
    check("No such file" in errors and "pending" not in errors, errors)


def test_what_is_there_and_cannot_be_recorded_is_no_reason_to_wait(scratch):
    config = harness.config(scratch, {"NOTHING": {"function": f"{library(1)}:nothing"}})
    status, _, errors = record("-c", config, "--for", "1h", directory=scratch / "out")
    check_equal(status, 1, errors)
    check("nothing" in errors and "pending" not in errors, errors)


def test_a_function_that_comes_with_an_upgrade_is_attached(scratch):
    path = scratch / "libapp.so"
    put(library(1, "-DLACKING"), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording:
        recording.until_ready()
        check(recording.told("pending", "WORK", "work"), recording.messages())
        put(library(2), path)
        recording.until_attached("WORK")
        run_library(path, 2, 5)
        recording.check_stops(WORK=5)


def test_a_function_that_goes_with_an_upgrade_is_waited_for(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording:
        recording.until_ready()
        run_library(path, 1, 3)
        put(library(2, "-DLACKING"), path)
        recording.until_told("pending", "WORK", path)
        recording.until_probes("detached", "WORK")
        put(library(3), path)
        recording.until_attached("WORK")
        run_library(path, 3, 4)
        recording.check_stops(WORK=7)


# --- upgrades -------------------------------------------------------------------------------------

def test_an_upgrade_records_both_versions_and_lets_go_of_the_old_one(scratch):
    path = scratch / "app"
    put(program(1), path)
    with Following(scratch, {"OWN": f"{path}:own_work"}) as recording:
        recording.until_ready()
        with Program(path, 1) as old:
            old.say("own 20000")  # and meanwhile:
            put(program(2), path)
            recording.until_attached("OWN")
            with Program(path, 2) as new:
                new.own(5)
                old.hear()
                old.own(6)
                new.own(7)
                new.finish()
            check_equal(recording.probes("detached"), [], "detached")
            old.finish()
        recording.until_told("old file", path)
        recording.until_probes("detached", "OWN")
        run_program(path, 2, 8)
        recording.check_stops(OWN=20000 + 5 + 6 + 7 + 8)
    first, second = recording.probes("attached")
    gone, = recording.probes("detached")
    left, = recording.probes("end")
    check(first["build_id"] != second["build_id"], "one build-id")
    check_equal((gone["build_id"], left["build_id"]), (first["build_id"], second["build_id"]))


def test_a_library_is_followed_through_its_symbolic_link(scratch):
    name = scratch / "libfollow.so.1"
    for version in (1, 2):
        shutil.copy(library(version), scratch / f"libfollow.so.1.{version}")
    name.symlink_to("libfollow.so.1.1")
    with Following(scratch, {"WORK": f"{name}:work"}) as recording:
        recording.until_ready()
        run_library(name, 1, 3)
        os.symlink("libfollow.so.1.2", scratch / "link")
        os.rename(scratch / "link", name)
        recording.until_attached("WORK")
        run_library(name, 2, 4)
        recording.check_stops(WORK=7)


def test_a_library_is_followed_by_its_soname(scratch):
    first, second = scratch / "first", scratch / "second"
    first.mkdir()
    second.mkdir()
    put(library(1), second / SONAME)
    env = {"LD_LIBRARY_PATH": f"{first}:{second}"}
    with Following(scratch, {"WORK": f"{SONAME}:work"}, env=env) as recording:
        recording.until_ready()
        run_library(SONAME, 1, 3, env=env)
        with Program(program(1), 1, env=env) as old:
            # As long as it runs, the file is not let go, though another has its name.
            old.load(SONAME, 1)
            put(library(2), first / SONAME)  # comes before the other
            recording.until_attached("WORK")
            run_library(SONAME, 2, 4, env=env)
            (first / SONAME).unlink()
            run_library(SONAME, 1, 5, env=env)
            old.finish()
        put(library(3), second / SONAME)
        recording.until_attached("WORK", times=2)
        run_library(SONAME, 3, 6, env=env)
        recording.check_stops(WORK=18)


def test_a_library_is_followed_through_the_cache_of_the_loader(scratch):
    # the recorder has an /etc of its own
    need_overlay()
    tacho = elsewhere(scratch, "mkdir tmp && mount -t tmpfs none tmp && cd tmp && mkdir up work && "
                      "mount -t overlay none -o lowerdir=/etc,upperdir=up,workdir=work /etc")

    def cache(folder):
        (scratch / "ld.so.conf").write_text(f"{folder}\n")
        subprocess.run([*inside, "ldconfig", "-f", scratch / "ld.so.conf"], check=True)

    with Following(scratch, {"WORK": f"{SONAME}:work"}, tacho=tacho) as recording:
        recording.until_ready()
        inside = beside(recording)
        for version in (1, 2):
            (scratch / str(version)).mkdir()
            put(library(version), scratch / str(version) / SONAME)
            cache(scratch / str(version))
            recording.until_attached("WORK", times=version)
            run_library(SONAME, version, 3, before=inside)
        put(library(3), scratch / "2" / SONAME)  # in a folder that came with the cache
        recording.until_attached("WORK", times=3)
        run_library(SONAME, 3, 4, before=inside)
        recording.check_stops(WORK=10)


# --- written into in place ------------------------------------------------------------------------

def by_cp(source, path):
    overwrite(source, path)


def by_truncation(source, path):
    with open(path, "wb") as file:
        file.write(source.read_bytes())


def by_pieces(source, path):
    """Only what differs is written."""
    new, old = source.read_bytes(), path.read_bytes()
    with open(path, "r+b", buffering=0) as file:
        for at in range(0, len(new), 512):
            if new[at:at + 512] != old[at:at + 512]:
                os.pwrite(file.fileno(), new[at:at + 512], at)
        file.truncate(len(new))


def check_overwritten(scratch, write):
    """The probes of the old content would change the constants of the new one."""
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording:
        recording.until_ready()
        run_library(path, 1, 3)
        offset = int(recording.until_probes("attached", "WORK")[0]["offset"], 16)
        new = library(2, "-DCONSTANTS")
        check_equal(new.read_bytes()[offset], 0x5a, "what the new version has there")
        write(new, path)
        written_ns = time.time_ns()
        with Program(program(1), 1) as running:
            running.load(path, 2)
            running.work(4)  # recorded or not, as may be
            recording.until_told("writes into it in place", path)
            recording.until_attached("WORK")
            running.work(5)
            running.finish()
        run_library(path, 2, 6)
        check_equal(recording.stop(), 0, recording.messages())
        harness.check_books(recording.directory, recording.messages())
        calls = harness.counts(recording.directory, "WORK")["returned"]
        check(3 + 5 + 6 <= calls <= 3 + 4 + 5 + 6, f"{calls} calls")
        gone, = recording.probes("detached")
        check(int(gone["time_ns"]) < written_ns, "the writer was not held up")


for _write in (by_cp, by_truncation, by_pieces):
    globals()[f"test_a_library_overwritten_{_write.__name__}_runs_unharmed"] = (
        lambda scratch, write=_write: check_overwritten(scratch, write))


def test_a_library_in_use_may_be_appended_to(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording, \
            Program(program(1), 1) as running:
        recording.until_ready()
        running.load(path, 1)
        running.work(3)
        with open(path, "ab") as file:
            file.write(b"more")
            opened_ns = time.time_ns()
            running.work(100)  # nobody looks while it is open
        recording.until_attached("WORK")
        running.work(4)
        running.finish()
        recording.check_stops(WORK=7)
    gone, = recording.probes("detached")
    check(int(gone["time_ns"]) < opened_ns, "the writer was not held up")


def test_a_library_in_use_may_be_rewritten_as_it_is(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording, \
            Program(program(1), 1) as running:
        recording.until_ready()
        running.load(path, 1)
        running.work(3)
        with open(path, "r+b") as file:
            file.write(library(1).read_bytes())
        recording.until_attached("WORK")
        running.work(4)
        running.finish()
        recording.check_stops(WORK=7)


def test_a_file_opened_for_writing_and_left_alone_is_attached_again(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording:
        recording.until_ready()
        run_library(path, 1, 3)
        with open(path, "r+b"):
            pass
        recording.until_attached("WORK")
        run_library(path, 1, 4)
        recording.check_stops(WORK=7)


def is_held_up(pid):
    with open(f"/proc/{pid}/wchan") as file:
        return "lease" in file.read()


class Writer:
    """Somebody who overwrites a file."""

    def __init__(self, source, path):
        self.process = subprocess.Popen(["cp", source, path])

    def until_held_up(self):
        wait_for(lambda: is_held_up(self.process.pid), "the writer to be held up")

    def finish(self):
        check_equal(self.process.wait(timeout=harness.DEADLINE_S), 0, "the writer")


def test_a_writer_waits_until_the_probes_are_gone(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording:
        recording.until_ready()
        recording.process.send_signal(signal.SIGSTOP)
        writer = Writer(library(2, "-DCONSTANTS"), path)
        writer.until_held_up()
        check_equal(path.read_bytes(), library(1).read_bytes(), "content")
        recording.process.send_signal(signal.SIGCONT)
        writer.finish()
        recording.until_attached("WORK")
        run_library(path, 2, 4)
        recording.check_stops(WORK=4)


def test_a_recorder_that_is_killed_holds_nobody_up(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording:
        recording.until_ready()
        recording.process.send_signal(signal.SIGSTOP)
        writer = Writer(library(2, "-DCONSTANTS"), path)
        writer.until_held_up()
        recording.process.kill()
        writer.finish()
        run_library(path, 2, 4)


def test_a_file_that_is_being_written_at_the_start_is_attached_afterwards(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with open(path, "r+b") as writer, Following(scratch, {"WORK": f"{path}:work"}) as recording:
        recording.until_ready()
        recording.until_told(path, "open for writing")
        run_library(path, 1, 100)
        check_equal(recording.probes("attached"), [], "attached")
        writer.close()
        recording.until_attached("WORK")
        run_library(path, 1, 4)
        recording.check_stops(WORK=4)


# --- names ----------------------------------------------------------------------------------------

def test_a_file_of_several_names_is_attached_once(scratch):
    path, hard, soft, bound = (scratch / name for name in ("app", "hard", "soft", "bound"))
    put(program(1), path)
    os.link(path, hard)
    soft.symlink_to("app")
    bound.touch()
    names = (path, hard, soft, bound)
    functions = "\nfunction = ".join(f"{name}:own_work" for name in names)
    tacho = elsewhere(scratch, "mount --bind app bound")
    with Following(scratch, {"OWN": functions}, tacho=tacho) as recording:
        recording.until_ready()
        for name in names:
            run_program(name, 1, 3, before=beside(recording))
        recording.check_stops(OWN=12)
    check_equal(len(recording.probes("attached")), 1, "attached")


# --- loaded late, unlinked, never called ----------------------------------------------------------

def test_a_library_is_recorded_in_a_process_that_loads_it_late(scratch):
    path = scratch / "libapp.so"
    with Following(scratch, {"WORK": f"{path}:work"}) as recording, \
            Program(program(1), 1) as running:
        recording.until_ready()
        running.own(1)
        put(library(1), path)
        recording.until_attached("WORK")
        running.load(path, 1)
        running.work(3)
        running.finish()
        recording.check_stops(WORK=3)


def test_a_library_that_is_removed_while_in_use_is_recorded_still(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work"}) as recording, \
            Program(program(1), 1) as running:
        recording.until_ready()
        running.load(path, 1)
        running.work(3)
        path.unlink()
        recording.until_told("WORK", path, "No such file")
        running.work(4)
        put(library(2), path)
        recording.until_attached("WORK")
        running.work(5)
        run_library(path, 2, 6)
        running.finish()
        recording.check_stops(WORK=18)


def test_a_probe_that_is_never_hit_is_seen(scratch):
    path = scratch / "libapp.so"
    put(library(1), path)
    with Following(scratch, {"WORK": f"{path}:work", "OWN": f"{program(1)}:own_work"}) as recording:
        recording.until_ready()
        run_program(program(1), 1, 3)
        recording.check_stops(WORK=0, OWN=3)
    ends = {row["state"]: row for row in recording.probes("end")}
    check_equal((ends["WORK"]["calls"], ends["WORK"]["last_hit_ns"]), ("0", ""), "never hit")
    check_equal((ends["OWN"]["calls"], ends["OWN"]["last_hit_ns"] > ""), ("3", True), "hit")


# --- many -----------------------------------------------------------------------------------------

def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_many_pending_states_in_a_busy_folder_cost_little_and_none_is_missed(scratch):
    folder = scratch / "apps"
    folder.mkdir()
    paths = [folder / f"app{i}" for i in range(200)]
    states = {f"S{i}": f"{path}:own_work" for i, path in enumerate(paths)}
    with Following(scratch, states, flush="1s") as recording:
        recording.until_ready()
        began, before = time.monotonic(), cpu_seconds(recording.process.pid)
        for i, path in enumerate(paths):
            put(program(1), path)
            (folder / f"other{i}").touch()
            (folder / f"other{i}").unlink()
            time.sleep(max(0, began + (i + 1) / 50 - time.monotonic()))
        recording.until_told("is attached", times=200)
        share = (cpu_seconds(recording.process.pid) - before) / (time.monotonic() - began)
        for path in paths:
            run_program(path, 1, 1)
        recording.check_stops(**{state: 1 for state in states})
    sanitized = b"__asan_init" in pathlib.Path(harness.TACHO).read_bytes()
    check(share < (0.6 if sanitized else 0.2), f"{share:.0%} of a CPU")


# --- replay ---------------------------------------------------------------------------------------

def test_a_raw_stream_over_an_upgrade_gives_the_same_files(scratch):
    path, raw = scratch / "app", scratch / "stream"
    put(program(1), path)
    with Following(scratch, {"OWN": f"{path}:own_work"}, "--raw", str(raw)) as recording:
        recording.until_ready()
        run_program(path, 1, 3)
        put(program(2), path)
        recording.until_attached("OWN")
        run_program(path, 2, 4)
        overwrite(program(3), path)
        recording.until_attached("OWN", times=2)
        run_program(path, 3, 5)
        recording.check_stops(OWN=12)
    subprocess.run([harness.TACHO, "replay", "-d", scratch / "again", raw], check=True,
                   capture_output=True)
    files = {file.name: file.read_bytes() for file in (scratch / "out").iterdir()}
    again = {file.name: file.read_bytes() for file in (scratch / "again").iterdir()}
    check_equal(sorted(again), sorted(files), "files")
    for name in files:
        check_equal(again[name], files[name], name)


if __name__ == "__main__":
    harness.main()
