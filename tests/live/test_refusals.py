#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What cannot be recorded is refused: a clear message, an exit status, and nothing left behind."""
import os
import pathlib
import shutil
import subprocess

import harness
from harness import check, check_equal, target

NOBODY = 65534


def refusal(status, *texts):
    """A test that tacho with these arguments ends so; {scratch} is replaced in all of them."""
    *arguments, expected = texts

    def test(scratch):
        def fill(text):
            return text.replace("{scratch}", str(scratch)).replace("{storm}", target("prog_storm"))
        done = subprocess.run([harness.TACHO, *map(fill, arguments)], capture_output=True,
                              cwd=scratch, timeout=harness.DEADLINE_S)
        errors = done.stderr.decode(errors="replace")
        check_equal(done.returncode, status, errors)
        check(fill(expected) in errors, f"{errors!r} does not say {fill(expected)!r}")
        check(errors.startswith("tacho: "), errors)
        check_equal(done.stdout, b"")
        check_equal(list(scratch.iterdir()), [], "files left behind")
    return test


STATE = "S={storm}:tick"
for _title, _test in {
        "no_command": refusal(2, "a command is missing"),
        "an_unknown_command": refusal(2, "recrod", "did you mean 'record'?"),
        "an_unknown_option": refusal(2, "record", "--direktory", "x", "did you mean '--directory'?"),
        "an_option_without_its_argument": refusal(2, "record", "-d", "needs an argument"),
        "a_state_without_a_function": refusal(2, "record", "-s", "S={storm}", "BINARY:FUNCTION"),
        "a_time_that_is_none": refusal(2, "record", "-s", STATE, "--for", "soon", "--for soon"),
        "a_pid_that_is_none": refusal(2, "record", "-s", STATE, "-p", "12x", "not a process id"),
        "a_process_that_is_gone": refusal(1, "record", "-s", STATE, "-p", "2147483646",
                                          "no such process"),
        "a_command_together_with_a_pid": refusal(2, "record", "-s", STATE, "-p", "1", "--", "true",
                                                 "exclude each other"),
        "a_missing_config": refusal(2, "record", "-c", "{scratch}/none", "{scratch}/none: No such"),
        "a_missing_binary": refusal(1, "record", "-s", "S=/no/such:f", "/no/such: No such file"),
        "a_missing_library": refusal(1, "record", "-s", "S=libnothing.so.9:f", "libnothing.so.9"),
        "a_folder": refusal(1, "record", "-s", "S=/usr/bin:f", "a folder"),
        "a_file_that_is_not_ELF": refusal(1, "record", "-s", "S=/etc/passwd:f", "not an ELF file"),
        "a_device": refusal(1, "record", "-s", "S=/dev/zero:f", "/dev/zero"),
        "an_unknown_symbol": refusal(1, "record", "-s", "S={storm}:tickk", "closest: tick"),
        "data": refusal(1, "record", "-s", "S={storm}:limit", "not a function"),
        "an_ifunc": refusal(1, "record", "-s", "S=libc.so.6:memcpy", "IFUNC"),
        "the_middle_of_an_instruction": refusal(1, "record", "-s", "S={storm}:main+0x1", "main+0x1"),
        "a_directory_that_is_a_file": refusal(1, "record", "-s", STATE, "-d", "/etc/passwd/x",
                                              "/etc/passwd"),
        "an_unknown_way_of_attaching": lambda scratch: refuse_way(scratch),
        "replay_without_a_file": refusal(2, "replay", "which FILE?"),
        "an_unknown_option_of_all": refusal(2, "--vresion", "there is no option '--vresion'"),
        "an_empty_folder_name": refusal(2, "report", "", "report: an argument is empty"),
        "an_empty_name_to_write": refusal(2, "plot", "-o", "", "x", "--output: the FILE is empty"),
        "an_empty_name_of_settings": refusal(2, "record", "-c", "", "--config: the FILE is empty"),
        "a_folder_to_write_in_that_is_missing": lambda scratch: refuse_output(scratch),
        "what_has_nothing": lambda scratch: refuse_nothing(scratch),
        "check_with_a_word_too_many": refusal(2, "check", "-s", STATE, "word", "one word too many"),
}.items():
    globals()[f"test_{_title}_is_refused"] = _test


def refuse_way(scratch):
    status, _, errors = harness.record("-s", f"S={target('prog_storm')}:tick", "--for", "1s",
                                       directory=scratch / "out", env={"TACHO_ATTACH": "magic"})
    check_equal(status, 1, errors)
    check("'magic'" in errors and "session, multi or perf" in errors, errors)


def run(*arguments, **options):
    return subprocess.run([harness.TACHO, *arguments], stderr=subprocess.PIPE, text=True,
                          timeout=harness.DEADLINE_S, **options)


def refuse_output(scratch):
    (scratch / "data").write_text("state,func_start,duration\nA,1,5\n")
    for arguments in (("plot",), ("export", "-f", "pstats")):
        done = run(*arguments, "-o", "none/file", "data", cwd=scratch, stdout=subprocess.PIPE)
        check_equal(done.returncode, 1, done.stderr)
        check("none/file: cannot create: No such file" in done.stderr, done.stderr)


def refuse_nothing(scratch):
    (scratch / "a").write_text("")
    (scratch / "b").write_text("")
    for arguments in (("report",), ("plot",), ("export", "-f", "pstats")):
        for paths, told in ((["a"], ": a: no"), (["a", "b"], ": 2 paths: no")):
            done = run(*arguments, *paths, cwd=scratch, stdout=subprocess.PIPE)
            check_equal(done.returncode, 1, done.stderr)
            check(told in done.stderr, done.stderr)


def test_what_cannot_be_shown_is_a_failure(scratch):
    """To whom: a disk that is full."""
    for arguments in (("--help",), ("--version",), ("record", "--help"), ("export", "--list")):
        with open("/dev/full", "w") as full:
            done = run(*arguments, stdout=full)
        check_equal(done.returncode, 1, str(arguments))
        check("writing to standard output failed" in done.stderr, f"{arguments}: {done.stderr}")


def test_a_truncated_binary_is_refused(scratch):
    whole = pathlib.Path(target("prog_storm")).read_bytes()
    cut = scratch / "cut"
    for size in (0, 3, 63, 64, 1000, len(whole) // 2):
        cut.write_bytes(whole[:size])
        status, _, errors = harness.record("-s", f"S={cut}:tick", "--for", "1ms",
                                           directory=scratch / "out")
        check_equal(status, 1, f"{size} bytes: {errors}")
        check(str(cut) in errors, errors)


def test_whoever_lacks_the_privileges_is_told_which(scratch):
    os.chmod(scratch, 0o777)
    program = scratch / "prog_storm"
    shutil.copy(target("prog_storm"), program)
    done = subprocess.run([harness.TACHO, "record", "-d", scratch / "out", "-s", f"S={program}:tick",
                           "--for", "1ms"], capture_output=True, user=NOBODY, group=NOBODY,
                          extra_groups=[])
    errors = done.stderr.decode()
    check_equal(done.returncode, 1, errors)
    check("CAP_BPF" in errors and "root" in errors, errors)


def test_planning_needs_no_privileges(scratch):
    os.chmod(scratch, 0o777)
    program = scratch / "prog_storm"
    shutil.copy(target("prog_storm"), program)
    done = subprocess.run([harness.TACHO, "check", "-s", f"S={program}:tick"], capture_output=True,
                          user=NOBODY, group=NOBODY, extra_groups=[])
    check_equal(done.returncode, 0, done.stderr.decode())
    check(b"build-id" in done.stdout and b"ENTRY" in done.stdout, done.stdout)


def test_a_kernel_without_BTF_is_named_as_such(scratch):
    # in a mount namespace of its own, where the kernel's BTF is hidden
    script = (f"mount -t tmpfs none /sys/kernel/btf && exec {harness.TACHO} record "
              f"-d {scratch}/out -s S={target('prog_storm')}:tick --for 1ms")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True)
    errors = done.stderr.decode()
    check_equal(done.returncode, 1, errors)
    check("no BTF" in errors, errors)


def test_a_command_fails_with_125_when_recording_does(scratch):
    status, _, errors = harness.record("-s", "S=/no/such:f", "--", "true", directory=scratch / "out")
    check_equal(status, 125, errors)


if __name__ == "__main__":
    harness.main()
