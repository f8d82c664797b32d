#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The package in a machine with a real systemd: installed, configured, harmed, and taken away.

The cases build on each other, in their order: it is one machine's life. `make check-service`.
"""
import csv
import io
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tacho_service import (CONFIG, DATA, DEB, PROGRAM, PYTHON_DEB, Service, configure,  # noqa: E402
                           machine, more_rows, program, put_program, restart_cleanly, restarted,
                           rows, tacho, upgrade_program)
import harness  # noqa: E402
from harness import Skip, check, check_equal, wait_for  # noqa: E402

STOP_MAX_S, TRIES = 2, 5  # the machine may be busy with something else; the best counts
FLUSHES = 10
failed_before = set()  # units of the machine that have nothing to do with us
# CAP_SYS_ADMIN is given where the unit is made for an old systemd, and given up on a newer kernel.
CAPABILITIES = {"cap_bpf", "cap_perfmon", "cap_dac_read_search", "cap_sys_ptrace", "cap_lease",
                "cap_sys_admin"}


# --- installing, starting -------------------------------------------------------------------------

def test_the_package_installs_and_enables_nothing(scratch):
    failed_before.update(machine().failed_units())
    said = machine().install(DEB)
    check("Setting up tacho" in said, said)
    service = tacho()
    check_equal(service.show("UnitFileState"), "disabled", "tacho.service")
    check_equal(service.show("ActiveState"), "inactive", "tacho.service")
    check("tacho" in machine().run("getent", "passwd", "tacho").stdout, "no user")
    check_equal(machine().failed_units() - failed_before, set(), "failed units")
    check_equal(machine().run("dpkg", "--verify", "tacho").stdout, "", "files that are not ours")


def test_without_settings_the_service_does_not_start_and_does_not_fail(scratch):
    tacho().systemctl("start")
    check_equal(tacho().show("ConditionResult"), "no", "condition")
    check_equal(tacho().show("ActiveState"), "inactive", "state")


def test_it_is_ready_when_probes_are_attached(scratch):
    put_program()
    configure()
    tacho().systemctl("enable")
    tacho().systemctl("start")
    check(tacho().active(), tacho().journal())
    with program() as running:  # the very next call is seen
        more_rows(5, do=lambda: running.ask("call 5"))
    check_equal(tacho().show("StatusText") != "", True, "STATUS=")


def test_rows_belong_to_the_service_and_may_be_read_by_all(scratch):
    path = machine().path(DATA) / "robot_activity_data"
    uid = int(machine().run("id", "-u", "tacho").stdout)
    check_equal((path.stat().st_uid, path.stat().st_mode & 0o777), (uid, 0o644), str(path))


# --- the sandbox ----------------------------------------------------------------------------------

def status_of_recorder():
    text = pathlib.Path(f"/proc/{tacho().host_pid()}/status").read_text()
    return dict(re.findall(r"^(\w+):\s*(.*)$", text, re.M))


def test_it_has_only_its_capabilities(scratch):
    status = status_of_recorder()
    names = {"cap_dac_read_search": 2, "cap_sys_ptrace": 19, "cap_sys_admin": 21, "cap_lease": 28,
             "cap_perfmon": 38, "cap_bpf": 39}
    allowed = sum(1 << names[name] for name in CAPABILITIES)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        check_equal(int(status[kind], 16) & ~allowed, 0, f"{kind} beyond what is allowed")
    check(int(status["CapEff"], 16) & (1 << names["cap_bpf"]), "CAP_BPF is missing")
    uid = machine().run("id", "-u", "tacho").stdout.strip()
    check_equal(status["Uid"].split(), [uid] * 4, "user")


def test_the_kernel_filters_its_system_calls_and_grants_no_privileges(scratch):
    status = status_of_recorder()
    check_equal((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"), "Seccomp, NoNewPrivs")


def in_the_units_place(*command):
    """Runs a command where the recorder lives: its mounts, its user; not its filter."""
    return machine().run("nsenter", "--target", str(tacho().pid()), "--mount", "--net", "--",
                         *command, fine=None)


def test_it_can_write_into_its_own_directories_only(scratch):
    for folder in ("/etc", "/etc/tacho", "/usr", "/var/lib", "/home", "/root", "/opt", "/srv",
                   "/proc/sys/kernel", "/sys/kernel"):
        done = in_the_units_place("sh", "-c", f"touch {folder}/x")
        check(done.returncode and "Read-only file system" in done.stderr or
              "Permission denied" in done.stderr or "No such file" in done.stderr,
              f"{folder}: {done.stderr}")
        check(not machine().path(f"{folder}/x").exists(), folder)
    for folder in (DATA, "/run/tacho/service", "/run/tacho/python-functions"):
        done = in_the_units_place("sh", "-c", f"touch {folder}/x && rm {folder}/x")
        check_equal(done.stderr, "", folder)


def test_it_has_no_network_but_sees_every_process(scratch):
    done = in_the_units_place("cat", "/proc/net/dev")
    check_equal(re.findall(r"^ *(\w+):", done.stdout, re.M), ["lo"], "network devices")
    with program() as running:
        running.ask("call 0")  # it is there
        check(newest_program() in in_the_units_place("ls", "/proc").stdout.split(), "/proc")


def newest_program():
    """The number of the process that we began last, as the machine counts."""
    return machine().run("pgrep", "-n", "-x", "program").stdout.strip()


def test_it_hurts_the_machine_last(scratch):
    pid = tacho().host_pid()
    check_equal(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text().strip(), "500", "OOM score")
    check_equal(os.getpriority(os.PRIO_PROCESS, pid), 5, "nice")
    check_equal(tacho().show("MemoryMax"), str(512 << 20), "MemoryMax")
    check_equal(tacho().show("TasksMax"), "64", "TasksMax")


# --- reloading ------------------------------------------------------------------------------------

def test_reload_takes_new_settings_over_and_goes_on(scratch):
    restart_cleanly()
    pid = tacho().pid()
    with program() as running:
        more_rows(3, do=lambda: running.ask("call 3"))
        configure(("LEAF", "EARLY"))
        tacho().systemctl("reload")
        wait_for(lambda: rows("EARLY") or start_one(), "the new state")
        more_rows(3, do=lambda: running.ask("call 3"))
    check_equal(tacho().pid(), pid, "the recorder's process")


def start_one():
    """That calls early() before main(), and does not call leaf()."""
    with program("call 0") as started:
        started.hear()
    return False


def test_reload_with_a_mistake_keeps_the_old_settings_and_says_why(scratch):
    pid = tacho().pid()
    machine().write(CONFIG, "[record]\ndirctory = /nowhere\n")
    tacho().systemctl("reload", fine=None)
    wait_for(lambda: "dirctory" in tacho().journal(), "the journal to name the mistake")
    check("directory" in tacho().journal(), "the nearest valid word is not named")
    with program() as running:
        more_rows(4, do=lambda: running.ask("call 4"))
    check_equal((tacho().pid(), tacho().active()), (pid, True), "the recorder's process")
    configure()
    tacho().systemctl("reload")


# --- the feature flag -----------------------------------------------------------------------------

def set_flag(value):
    machine().write("/data/feature_flags.json",
                    '{"_version": 36, "enablePerformanceMetrics": %s}\n' % value)


def wakes():
    """How often the recorder has waited for something: for a flush at least."""
    status = pathlib.Path(f"/proc/{tacho().host_pid()}/status").read_text()
    return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M)[1])


def until_recording(running, wanted):
    """Calls until rows come of it, or come no more."""
    def tried():
        before = len(rows())
        running.ask("call 1")
        then = wakes()
        wait_for(lambda: wakes() >= then + FLUSHES, "flushes")
        return (len(rows()) > before) == wanted
    wait_for(tried, f"recording to be {'on' if wanted else 'off'}")


def test_the_feature_flag_switches_recording_without_a_restart(scratch):
    set_flag("false")
    configure(more="[feature-flag]\nfile = /data/feature_flags.json\n"
                   "key = enablePerformanceMetrics\n")
    restart_cleanly()
    pid = tacho().pid()
    with program() as running:
        for value in ("false", "true", "null", "true"):
            set_flag(value)
            until_recording(running, value == "true")
    check_equal(tacho().pid(), pid, "the recorder's process")


def test_programs_in_python_are_told_what_to_mark_as_long_as_it_runs(scratch):
    def told():
        return machine().run("sh", "-c", "cat /run/tacho/python-functions/*", fine=None).stdout

    configure(more="[state PLAN]\npython = robot.planner:Planner.plan\n")
    restart_cleanly()
    check_equal(told(), "tacho-python 1\nrobot.planner:Planner.plan\tPLAN\n")
    tacho().systemctl("stop")
    check_equal(told(), "")
    configure()
    restart_cleanly()


def test_the_package_for_python_marks_functions_of_unchanged_programs(scratch):
    """As one installs it, with the package's own compiled files, and takes it away again."""
    m = machine()
    m.install(PYTHON_DEB)
    core = "/usr/lib/python3/dist-packages/_tacho_marks.abi3.so"
    check(list(m.path(core).parent.glob("tacho/__pycache__/*.pyc")), "nothing is compiled")
    m.write("/opt/robot/planner.py", "def plan():\n    pass\n")
    m.write("/opt/robot/main.py", "import planner\nfor i in range(7):\n    planner.plan()\n")
    configure(more="[state PLAN]\npython = planner:plan\n")
    restart_cleanly()
    more_rows(7, "PLAN", do=lambda: m.run("python3", "/opt/robot/main.py"))
    check("PLAN" in m.run("tacho", "status").stdout, "no such state")
    m.run("dpkg", "--purge", "python3-tacho")
    m.run("python3", "/opt/robot/main.py")
    left = [path for path in m.path(core).parent.rglob("*") if "tacho" in path.name]
    check_equal(left, [], "left behind")
    configure()
    restart_cleanly()


# --- harm -----------------------------------------------------------------------------------------

def test_kill_9_is_followed_by_a_restart_and_a_torn_row_is_repaired(scratch):
    configure()
    restart_cleanly()
    with program() as running:
        more_rows(7, do=lambda: running.ask("call 7"))
        pid = tacho().pid()
        host_pid = tacho().freeze()  # what begins it anew might be faster than we are
        with open(machine().path(DATA) / "robot_activity_data", "ab") as data:
            data.write(b'"LEAF","17953')  # as a crash in the middle of a write leaves it
        os.kill(host_pid, signal.SIGKILL)
        restarted(tacho(), pid)
        more_rows(2, do=lambda: running.ask("call 2"))
    check("robot_activity_data" in tacho().journal(), "the repair was not told")


def test_what_hangs_is_begun_anew_by_the_watchdog(scratch):
    tacho().fresh()
    tacho().drop_in("watchdog", "[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\n")
    tacho().systemctl("start")
    pid = tacho().pid()
    tacho().freeze()
    restarted(tacho(), pid)
    tacho().drop_in("watchdog", None)
    restart_cleanly()
    with program() as running:
        more_rows(2, do=lambda: running.ask("call 2"))


def test_wrong_settings_end_it_once_and_for_all(scratch):
    tacho().fresh()
    machine().write(CONFIG, "[record]\ndirctory = /nowhere\n")
    tacho().systemctl("start", fine=1)
    check_equal((tacho().show("ActiveState"), tacho().show("ExecMainStatus"),
                 tacho().show("NRestarts")), ("failed", "2", "0"), "state, status, restarts")
    configure()
    restart_cleanly()


def test_a_full_disk_stops_rows_and_nothing_else(scratch):
    """In another directory, with what the manual says that it needs."""
    folder = "/data/metrics"
    m = machine()
    m.write("/etc/tmpfiles.d/tacho-directory.conf", f"d {folder} 0755 tacho tacho -\n")
    m.path(folder).mkdir(parents=True)
    page = os.sysconf("SC_PAGE_SIZE")
    m.run("mount", "-t", "tmpfs", "-o", f"size={16 * page}", "tmpfs", folder)
    m.run("systemd-tmpfiles", "--create", "tacho-directory.conf")
    tacho().fresh()
    tacho().drop_in("directory", f"[Service]\nReadWritePaths={folder}\n")
    configure(directory=folder, formats="opentrons")
    tacho().systemctl("start")
    view = f"/proc/{m.leader}/root{folder}"  # the mount is the machine's
    count = lambda: len(harness.activities(view))  # noqa: E731
    with program() as running:
        running.ask("call 10")
        wait_for(lambda: count() == 10, "rows")
        with open(f"{view}/filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(512))
            except OSError:
                pass
        calls = max(2000, page // 16)  # more than what is left of a page holds
        running.ask(f"call {calls}")
        wait_for(lambda: "No space left" in tacho().journal(), "the journal to say that it is full")
        check(tacho().active(), "it has ended")
        check(count() < calls, "the disk was not full")
        os.unlink(f"{view}/filler")
        m.run("mount", "-o", f"remount,size={256 * page}", folder)
        wait_for(lambda: count() == calls + 10, "all rows once there is room")
        running.ask("call 1")
        wait_for(lambda: count() == calls + 11, "the next row")
    tacho().fresh()
    tacho().drop_in("directory", None)
    # The mounts of the service's own place go a moment after its process.
    wait_for(lambda: not m.run("umount", folder, fine=None).returncode, "nobody to use the disk")
    configure()
    tacho().systemctl("start")


def test_logrotate_takes_files_away_and_no_row_is_lost(scratch):
    example = next(machine().path("/usr/share/doc/tacho").glob("tacho.logrotate*"), None)
    if not example:
        raise Skip("no logrotate example is installed")
    shutil.copy(example, machine().path("/etc/logrotate.d/tacho"))
    folder = machine().path(DATA)
    configure(rotate_size="0")
    restart_cleanly()
    before = whole(folder)
    try:
        with program() as running:
            for _ in range(3):
                running.ask("call 20")
                wait_for(rows, "rows in the new file")
                machine().run("logrotate", "--force", "/etc/logrotate.d/tacho")
            running.ask("call 20")
            wait_for(lambda: whole(folder) >= before + 80, "every row")
        check_equal(whole(folder), before + 80, "rows, each once")
        check(len(list(folder.glob("robot_activity_data.[123]*"))) == 3, str(list(folder.iterdir())))
    finally:
        machine().path("/etc/logrotate.d/tacho").unlink()
    configure()
    restart_cleanly()


def whole(folder):
    """How many rows of LEAF there are in the file and in what rotation has made of it."""
    count = 0
    for path in folder.glob("robot_activity_data*"):
        if path.suffix == ".zst":
            text = machine().run("zstd", "-dcq", f"{DATA}/{path.name}").stdout
        else:
            text = path.read_text()
        count += sum(line.startswith('"LEAF",') for line in text.splitlines())
    return count


def test_an_upgraded_program_is_recorded_in_both_versions(scratch):
    restart_cleanly()
    with program() as old:
        more_rows(2, do=lambda: old.ask("call 2"))
        upgrade_program()
        with program() as new:
            more_rows(3, do=lambda: new.ask("call 3"))
            more_rows(4, do=lambda: old.ask("call 4"))


def test_it_stops_in_time_and_closes_the_books(scratch):
    times = []
    while len(times) < TRIES and (not times or times[-1] >= STOP_MAX_S):
        restart_cleanly()
        with program() as running:
            more_rows(50, do=lambda: running.ask("call 50"))
            began = time.monotonic()
            tacho().systemctl("stop")
            times.append(time.monotonic() - began)
        check_equal((tacho().show("Result"), tacho().show("ExecMainStatus")), ("success", "0"), "end")
        harness.ledger(machine().path(DATA))
    check(min(times) < STOP_MAX_S, f"seconds to stop: {times}")


# --- the unit of the Opentrons tracker --------------------------------------------------------------

OPENTRONS = "opentrons-system-resource-tracker.service"
VARIABLES = "OT_SYSTEM_RESOURCE_TRACKER_"


def resources(folder="/data/performance_metrics_data"):
    path = machine().path(folder) / "system_resource_data"
    if not path.exists():
        return []
    return list(csv.reader(io.StringIO(harness.read_whole_rows(path).decode())))


def test_the_tracker_of_opentrons_idles_until_it_is_enabled(scratch):
    service = Service(machine(), OPENTRONS)
    service.systemctl("enable", "--now")
    check(service.active(), service.journal())
    check_equal(resources(), [], "rows of a tracker that is off")
    alias = Service(machine(), "system-resource-tracker.service")
    check_equal(alias.pid(), service.pid(), "the other name")
    check_equal((service.show("ActiveState"), service.show("NRestarts")), ("active", "0"), "state")


def test_the_tracker_of_opentrons_writes_its_files(scratch):
    service = Service(machine(), OPENTRONS)
    service.drop_in("on", f"[Service]\nEnvironment={VARIABLES}ENABLED=true\n"
                          f"Environment={VARIABLES}REFRESH_INTERVAL=1.0\n"
                          f"Environment=\"{VARIABLES}PROCESS_FILTERS=/opt/robot*\"\n")
    with program("tag-for-the-tracker") as running:
        running.ask("call 1")
        service.systemctl("restart")
        wait_for(lambda: any(row[1].startswith(f"{PROGRAM} tag-for") for row in resources()),
                 "a row of the program")
    header = machine().path("/data/performance_metrics_data/system_resource_data_headers")
    check(header.read_text().startswith("query_time,command"), "header file")


def test_the_tracker_of_opentrons_obeys_STORAGE_DIR(scratch):
    service = Service(machine(), OPENTRONS)
    service.drop_in("elsewhere", f"[Service]\nEnvironment={VARIABLES}STORAGE_DIR=/srv/new/metrics/\n")
    service.systemctl("restart")
    wait_for(lambda: resources("/srv/new/metrics"), "rows there")
    service.systemctl("disable", "--now")
    check_equal(service.show("Result"), "success", "its end")


# --- taking it away -------------------------------------------------------------------------------

def test_an_upgrade_of_the_package_goes_on_recording(scratch):
    restart_cleanly()
    pid = tacho().pid()
    machine().install(DEB)
    restarted(tacho(), pid)
    check_equal(tacho().show("UnitFileState"), "enabled", "unit")
    with program() as running:
        more_rows(2, do=lambda: running.ask("call 2"))


def test_removing_the_package_ends_the_service_and_keeps_settings_and_data(scratch):
    machine().run("apt-get", "remove", "-y", "tacho")
    check_equal(machine().run("pgrep", "-x", "tacho", fine=1).stdout, "", "a recorder that runs")
    check(machine().path(CONFIG).exists() and rows(), "settings or data are gone")


def test_purging_leaves_nothing_but_the_data(scratch):
    machine().run("dpkg", "--purge", "tacho")
    check(rows(), "the data is gone")
    left = machine().run("find", "/etc", "/usr", "/lib/systemd", "/run", "/var/lib", "-xdev",
                         "-ignore_readdir_race", "-name", "*tacho*",
                         "-not", "-path", "/run/host/*").stdout.split()
    links = machine().run("find", "/etc/systemd", "-xtype", "l").stdout.split()
    left = [path for path in left if not path.startswith(DATA) and
            not path.startswith("/etc/systemd/system/tacho.service.d") and
            path != "/etc/tmpfiles.d/tacho-directory.conf"]  # what the cases above made
    check_equal((left, [link for link in links if "tacho" in link]), ([], []), "what is left")
    check_equal(machine().failed_units() - failed_before, set(), "failed units")


if __name__ == "__main__":
    harness.main()
