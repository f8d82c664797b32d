#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho doctor: what it finds with all privileges, with some, and with none."""
import ctypes
import json
import os
import pathlib
import platform
import re
import signal
import struct
import subprocess

import harness
from harness import Skip, check, check_equal, wait_for

NOBODY = 65534
STATUSES = ("ok", "fallback", "missing", "not tried")
# what is found out by BPF programs at probes
TRIED = ("session links", "multi links", "perf links", "attach cookies", "USDT semaphores",
         "ring buffer", "task storage", "kernel memory", "sched tracepoints", "task iterator",
         "bpf_loop", "bpf_find_vma", "filtered services")
# prctl(2), seccomp(2)
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
RET_ALLOW, RET_EPERM = 0x7fff0000, 0x00050001
BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}


def run(*arguments, before=(), status=0, **options):
    """Returns what it wrote to stdout."""
    done = subprocess.run([*before, harness.TACHO, "doctor", *arguments], capture_output=True,
                          timeout=harness.DEADLINE_S, **options)
    errors = done.stderr.decode(errors="replace")
    check_equal(done.returncode, status, f"exit status; stderr: {errors}")
    check_equal(errors, "", "stderr")
    return done.stdout.decode()


def examine(status=0, **options):
    """The JSON report, with its rows by name, once it is known to be in order."""
    report = json.loads(run("--json", status=status, **options))
    check_equal(report["can_record"], status == 0)
    check_equal(report["way"] is not None, report["can_record"], "way")
    check(report["summary"], "no summary")
    rows = {row["name"]: row for row in report["checks"]}
    check_equal(len(rows), len(report["checks"]), "rows have different names")
    for row in rows.values():
        check(row["status"] in STATUSES and row["detail"], str(row))
        check_equal(row["status"] == "ok", row["remedy"] is None, f"remedy of {row}")
    return report, rows


def as_nobody():
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def capable_of(*names):
    """Root with these capabilities only."""
    allowed = ",".join(["-all", *(f"+{name}" for name in names)])
    return ["setpriv", f"--bounding-set={allowed}", f"--inh-caps={allowed}"]


def test_root_can_record_here(scratch):
    report, rows = examine()
    check(report["way"] in harness.WAYS, report["way"])
    check_equal(rows[f"{report['way']} links"]["status"], "ok", "the way that is used")
    check_equal(rows["recorder"]["status"], "ok")
    check_equal(report["kernel"], os.uname().release)
    check_equal(report["machine"], platform.machine())
    for name in TRIED:
        check(rows[name]["status"] != "not tried", str(rows[name]))
    for name in ("attach cookies", "ring buffer", "task storage", "sched tracepoints",
                 "task iterator", "USDT semaphores"):
        check_equal(rows[name]["status"], "ok", name)


def test_the_recorder_attaches_as_the_doctor_says(scratch):
    report, _ = examine()
    with harness.Recording("-s", f"X={harness.target('prog_calls')}:leaf", "--for", "1ms",
                           directory=scratch / "out") as recording:
        check_equal(recording.wait(), 0, recording.messages())
        check(f"({report['way']})" in recording.messages(), recording.messages())


def test_stepped_probes_are_the_dear_ones(scratch):
    report, _ = examine()
    costs = {cost["class"]: cost for cost in report["costs"]}
    check_equal(len(costs), len(report["costs"]), "costs have different names")
    for how in ("emulated", "single-stepped", "replaced"):
        check([c for c in costs.values() if c["how"] == how], f"nothing is {how}: {costs}")
    check(costs["a call, exit = fast"]["ns"] > costs["nop"]["ns"], str(costs))
    check(costs["a call, exit = safe"]["ns"] > costs["nop"]["ns"], str(costs))
    if platform.machine() != "x86_64":
        return
    check_equal(costs["push"]["how"], "emulated", str(costs))
    check_equal(costs["endbr64"]["how"], "single-stepped", str(costs))
    # Traps are what virtual machines make dear.
    virtual = "hypervisor" in pathlib.Path("/proc/cpuinfo").read_text()
    check(costs["endbr64"]["ns"] > costs["push"]["ns"] * (3 if virtual else 1.2), str(costs))


def test_table_and_JSON_hold_the_same_rows(scratch):
    _, rows = examine()
    # a name, its status, the beginning of the detail; what is wrapped has blanks before it
    found = re.findall(r"^(\S.{18})  (.{9})  (.+)$", run().split("\n\n")[0], re.M)
    check_equal([(name.strip(), status.strip()) for name, status, _ in found],
                [(row["name"], row["status"]) for row in rows.values()], "rows")
    for name, _, detail in found:
        if name.strip() != "clock":  # it was read anew
            check(rows[name.strip()]["detail"].startswith(detail), detail)


def test_the_table_is_narrow_and_without_colours(scratch):
    for text in (run(), run(status=1, **as_nobody())):
        check("\x1b" not in text, "escape sequences")
        check(max(map(len, text.splitlines())) <= 80, "a line of more than 80 columns")
        check(text.endswith("\n"), "no line end")


def test_nobody_is_told_what_could_not_be_tried(scratch):
    report, rows = examine(status=1, **as_nobody())
    for name in TRIED + ("locked memory",):
        check_equal(rows[name]["status"], "not tried", name)
        check("root" in rows[name]["remedy"], str(rows[name]))
    for name in ("CAP_BPF", "CAP_PERFMON", "BPF programs", "recorder"):
        check_equal(rows[name]["status"], "missing", name)
        check("root" in rows[name]["remedy"], str(rows[name]))
    for name in ("kernel", "BTF", "inotify", "file leases", "libraries", "debug files"):
        check_equal(rows[name]["status"], "ok", name)
    check_equal(report["costs"], [])
    check("CAP_BPF" in report["summary"], report["summary"])
    check("not measured: run it as root" in run(status=1, **as_nobody()), "why there are no costs")


def test_two_capabilities_are_enough_for_multi_links(scratch):
    _, rows = examine()
    if rows["multi links"]["status"] != "ok":
        raise Skip("this kernel has no multi links")
    report, rows = examine(before=capable_of("bpf", "perfmon"))
    check(report["way"] in ("session", "multi"), report["way"])
    check_equal(rows["CAP_SYS_ADMIN"]["status"], "ok")
    check_equal(rows["perf links"]["status"], "fallback")
    check("perf_event_paranoid" in rows["perf links"]["detail"], str(rows["perf links"]))
    for name in ("CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE", "CAP_LEASE"):
        check_equal(rows[name]["status"], "fallback", name)
    check(report["costs"], "no costs")


def test_one_capability_is_not(scratch):
    for held, lacking in (("bpf", "CAP_PERFMON"), ("perfmon", "CAP_BPF")):
        report, rows = examine(status=1, before=capable_of(held))
        check_equal(rows[lacking]["status"], "missing", f"only CAP_{held}")
        check(lacking in report["summary"], report["summary"])


def test_CAP_SYS_ADMIN_includes_them(scratch):
    _, rows = examine(before=capable_of("sys_admin"))
    for name in ("CAP_BPF", "CAP_PERFMON"):
        check_equal(rows[name]["status"], "ok", name)
        check("CAP_SYS_ADMIN" in rows[name]["detail"], str(rows[name]))


def test_root_of_a_user_namespace_is_told_that_it_is_none(scratch):
    if subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode:
        raise Skip("user namespaces cannot be made here")
    report, rows = examine(status=1, before=["unshare", "-Ur"])
    check_equal(rows["user namespace"]["status"], "missing")
    check_equal(rows["CAP_BPF"]["status"], "missing")
    check("user namespace" in rows["BPF programs"]["remedy"], str(rows["BPF programs"]))
    check("user namespace" in report["summary"], report["summary"])


def test_a_pid_namespace_is_seen(scratch):
    _, rows = examine(before=["unshare", "--pid", "--fork", "--mount-proc"])
    check_equal(rows["pid namespace"]["status"], "fallback")
    check("-p" in rows["pid namespace"]["remedy"], str(rows["pid namespace"]))


def test_a_kernel_without_BTF_is_named_as_such(scratch):
    # in a mount namespace of its own, where the kernel's BTF is hidden
    script = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"'
    _, rows = examine(status=1, before=["unshare", "--mount", "sh", "-c", script, "sh"])
    check_equal(rows["BTF"]["status"], "missing")
    check("CONFIG_DEBUG_INFO_BTF" in rows["BTF"]["remedy"], str(rows["BTF"]))
    check_equal(rows["ring buffer"]["status"], "ok", "what needs no BTF is tried all the same")


def forbid_bpf():
    """Runs in the child: a filter that refuses bpf(2) and nothing else."""
    def instruction(code, jump_true, jump_false, value):
        return struct.pack("HBBI", code, jump_true, jump_false, value)
    number = BPF_SYSCALL[platform.machine()]
    code = ctypes.create_string_buffer(
        instruction(0x20, 0, 0, 0) + instruction(0x15, 0, 1, number) +  # load it, compare
        instruction(0x06, 0, 0, RET_EPERM) + instruction(0x06, 0, 0, RET_ALLOW))
    program = struct.pack("HxxxxxxP", 4, ctypes.addressof(code))
    libc = ctypes.CDLL(None)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
            libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program):
        os._exit(99)


def test_a_seccomp_filter_that_refuses_BPF_is_blamed(scratch):
    report, rows = examine(status=1, preexec_fn=forbid_bpf)
    check("seccomp" in rows["BPF programs"]["remedy"], str(rows["BPF programs"]))
    check("seccomp" in report["summary"], report["summary"])


def test_hostile_bytes_do_not_break_the_JSON(scratch):
    place = os.fsencode(scratch) + b"/\xff\x1b[31m\\"
    _, rows = examine(env={**os.environb, b"TMPDIR": place})
    for name in ("inotify", "file leases"):
        check_equal(rows[name]["status"], "not tried", name)
        check("/\\xff\\x1b[31m\\\\/" in rows[name]["detail"], rows[name]["detail"])


def test_nothing_is_left_in_the_temporary_directory(scratch):
    examine(env=dict(os.environ, TMPDIR=str(scratch)))
    check_equal(list(scratch.iterdir()), [], "left behind")


def children(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []


def is_doctor(pid):
    try:
        return b"doctor" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def state_of(pid):
    """One letter, as in ps(1); Z of what has gone, too."""
    try:
        return harness.state_in(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def child_at_rest(doctor):
    """Of a doctor that is stopped: the child that waits for its orders, or None."""
    wait_for(lambda: state_of(doctor.pid) in "TZ", "the doctor to stop")
    for pid in children(doctor.pid):
        if wait_for(lambda pid=pid: state_of(pid) in "SZ" and state_of(pid),
                    f"child {pid} to rest") == "S":
            return pid
    return None


def doctor_with_child():
    """A doctor that is stopped while it has a child, and that child."""
    while True:
        doctor = subprocess.Popen([harness.TACHO, "doctor"], stdout=subprocess.DEVNULL)
        while doctor.poll() is None:
            if not children(doctor.pid):
                continue
            doctor.send_signal(signal.SIGSTOP)
            child = child_at_rest(doctor)
            if child:
                return doctor, child
            doctor.send_signal(signal.SIGCONT)


def test_no_child_outlives_a_doctor_that_is_killed(scratch):
    doctor, child = doctor_with_child()
    found = is_doctor(child)
    doctor.kill()
    doctor.wait()
    check(found, f"{child} is no child of the doctor")
    wait_for(lambda: not is_doctor(child), f"child {child} to go")


def test_two_doctors_at_a_time_both_measure(scratch):
    doctors = [subprocess.Popen([harness.TACHO, "doctor", "--json"], stdout=subprocess.PIPE)
               for _ in range(2)]
    reports = [json.loads(d.communicate(timeout=harness.DEADLINE_S)[0]) for d in doctors]
    check_equal([d.returncode for d in doctors], [0, 0], "exit statuses")
    for report in reports:
        check(report["costs"], "not measured")


def refused(*arguments, stdout=subprocess.PIPE):
    done = subprocess.run([harness.TACHO, "doctor", *arguments], stdout=stdout,
                          stderr=subprocess.PIPE, text=True, timeout=harness.DEADLINE_S)
    check(not done.stdout, f"stdout: {done.stdout}")
    return done.returncode, done.stderr


def test_wrong_usage_is_refused(scratch):
    status, errors = refused("now")
    check_equal(status, 2, errors)
    check("one word too many" in errors, errors)
    status, errors = refused("--jsn")
    check_equal(status, 2, errors)
    check("did you mean '--json'" in errors, errors)


def test_a_full_disk_is_an_error(scratch):
    for arguments in ((), ("--json",)):
        with open("/dev/full", "w") as full:
            status, errors = refused(*arguments, stdout=full)
        check_equal(status, 1, errors)
        check("writing to standard output failed" in errors, errors)


if __name__ == "__main__":
    harness.main()
