#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""<tacho/mark.h>: programs of every compiler that include it, seen by tacho, readelf, bpftrace, perf."""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "live"), str(TOP / "tests" / "python")]
import harness  # noqa: E402
from harness import check, check_equal, target  # noqa: E402
from witness import PROBES, Witness, shape  # noqa: E402

SAME_MACHINE = ("gcc_O0", "gcc_O2", "gcc_O3", "gcc_lto", "gcc_static", "gcc_nopie", "gcc_sections",
                "clang_O0", "clang_O2", "clang_lto")
CROSS = ("arm64_O0", "arm64_O2")
SCOPE = ["begin other", "attribute_int number {0}", "end other"]


def round_of(number):
    """What one round of mark_program marks, if evaluated is not to be counted."""
    key = "#" + str(number + 1)
    lines = ["begin block", "begin outer", "begin inner", f"attribute_int number {number}",
             "end inner"]
    if number <= 2:
        lines.append("counter small 1")
    lines += ["end outer", f"key_begin job {key}", f"key_leave {key}", f"key_enter {key}",
              f"key_attribute_int steps -7 {key}", f"key_attribute_text where on the stack {key}",
              f"key_fail no job {key}", f"key_end job {key}", "attribute_text text value",
              "fail broken", "counter bytes -5"]
    for step in (number, number + 1):
        lines += [line.format(step) for line in SCOPE]
    return lines + ["end block"]


def names_of(path):
    """What readelf says: names and how often each, which have no semaphore, and the arguments."""
    text = subprocess.run(["readelf", "-n", path], check=True, capture_output=True, text=True,
                          env=dict(os.environ, LC_ALL="C")).stdout
    notes = re.findall(r"Provider: (\S+)\n\s+Name: (\S+)\n.*Semaphore: (\S+)\n\s+Arguments: (.*)",
                       text)
    return [(name, int(semaphore, 16), arguments) for provider, name, semaphore, arguments in notes
            if provider == "tacho"]


def programs(kinds=("c", "cxx"), variants=SAME_MACHINE):
    return [target(f"mark_{kind}_{variant}") for variant in variants for kind in kinds]


def cross_built():
    return programs(("c",), CROSS) if harness.TARGETS.joinpath(
        "mark_c_arm64_O2").exists() else []


def test_every_mark_is_a_note_with_a_semaphore_and_arguments_in_registers(scratch):
    for path in programs() + cross_built():
        notes = names_of(path)
        check_equal({name for name, _, _ in notes}, set(PROBES), path)
        for name, semaphore, arguments in notes:
            check(semaphore, f"{path}: {name} has no semaphore")
            check_equal(len(arguments.split()), len(PROBES[name]), f"{path}: {name} {arguments}")
            check(re.fullmatch(r"-?8@(%r\w+|x\d+)( -?8@(%r\w+|x\d+))*", arguments), arguments)
        semaphores = {}
        for name, semaphore, _ in notes:
            check_equal(semaphores.setdefault(name, semaphore), semaphore, f"{path}: {name}")
        check_equal(len(set(semaphores.values())), len(PROBES), f"{path}: semaphores")


def test_tacho_lists_the_marks_and_takes_every_place(scratch):
    for path in programs() + programs(("scopes",)) + cross_built():
        done = subprocess.run([harness.TACHO, "list", "--json", path, "usdt:tacho:*"], check=True,
                              capture_output=True, text=True)
        rows = json.loads(done.stdout)
        check("cannot" not in done.stdout, done.stdout)
        listed = set(re.findall(r"usdt:tacho:(\w+)", json.dumps(rows)))
        check_equal(listed, {name for name, _, _ in names_of(path)}, path)
        if path not in cross_built():
            check("nop5" not in done.stdout, f"{path}: {done.stdout}")


def test_a_nop_of_five_bytes_stands_behind_each_place(scratch):
    text = subprocess.run(["objdump", "-d", target("mark_c_gcc_O2")], check=True,
                          capture_output=True, text=True).stdout
    places = {note[1] for note in re.findall(r"(Location: 0x0*(\w+))", subprocess.run(
        ["readelf", "-n", target("mark_c_gcc_O2")], check=True, capture_output=True,
        text=True).stdout)}
    shape_at = {m[1] for m in re.finditer(
        r"^ *(\w+):\t90 .*\n.*:\t0f 1f 44 00 00 .*\n.*:\t48 83 ec 80 ", text, re.M)}
    check(os.uname().machine != "x86_64" or (places and places <= shape_at),
          str(places - shape_at))


def test_a_mark_that_is_compiled_out_leaves_nothing(scratch):
    check_equal(names_of(target("mark_none")), [])
    done = subprocess.run([target("mark_none"), "3"], capture_output=True, text=True)
    check_equal((done.returncode, done.stdout), (0, "evaluated 0\n"))


def test_labels_are_evaluated_only_while_somebody_records(scratch):
    for path in programs():
        done = subprocess.run([path, "5"], capture_output=True, text=True)
        check_equal((done.returncode, done.stdout), (0, "evaluated 0\n"), path)


def test_bpftrace_sees_every_mark_with_its_arguments(scratch):
    expected = [line for number in range(4) for line in round_of(number)]
    for path in programs(variants=("gcc_O0", "gcc_O2", "gcc_lto", "gcc_static", "gcc_nopie",
                                   "clang_O2", "clang_lto")):
        with Witness(path) as witness:
            done = subprocess.run([path, "4"], capture_output=True, text=True)
            check_equal((done.returncode, done.stdout), (0, "evaluated 8\n"), path)
            check_equal(shape(witness.events()), expected, path)


def test_a_program_and_its_library_are_recorded_apart(scratch):
    with Witness(target("libmark_other.so"), ("begin", "end", "attribute_int")) as witness:
        done = subprocess.run([target("mark_c_shared"), "1"], capture_output=True, text=True)
        check_equal((done.returncode, done.stdout), (0, "evaluated 0\n"))
        check_equal(shape(witness.events()), [line.format(i) for i in (0, 1) for line in SCOPE])


def test_scopes_of_cxx_end_when_exceptions_leave_them(scratch):
    for path in programs(("scopes",), ("gcc_O0", "gcc_O2", "clang_O2")):
        with Witness(path, ("begin", "end", "fail", "counter")) as witness:
            subprocess.run([path], check=True, capture_output=True)
            counted = collections.Counter(shape(witness.events()))
        check_equal(counted, {"begin shared": 20, "end shared": 20, "counter shared 1": 20,
                              "begin second": 10, "end second": 10, "begin throws": 10,
                              "end throws": 10, "begin holder": 10, "end holder": 10,
                              "fail odd": 5}, path)


def test_bpftrace_and_perf_list_the_marks(scratch):
    path = target("mark_c_gcc_O2")
    listed = subprocess.run(["bpftrace", "-l", f"usdt:{path}:tacho:*"], check=True,
                            capture_output=True, text=True).stdout
    check_equal(set(re.findall(r":tacho:(\w+)", listed)), set(PROBES), listed)
    env = dict(os.environ, HOME=str(scratch), PERF_BUILDID_DIR=str(scratch / "cache"))
    perf = ["perf", "--buildid-dir", str(scratch / "cache")]
    subprocess.run([*perf, "buildid-cache", "--add", path], check=True, capture_output=True, env=env)
    listed = subprocess.run([*perf, "list", "sdt"], check=True, capture_output=True, text=True,
                            env=env).stdout
    check_equal(set(re.findall(r"sdt_tacho:(\w+)", listed)), set(PROBES), listed)


def test_tacho_records_a_pair_of_marks_as_a_state(scratch):
    for variant in ("c_gcc_O2", "cxx_clang_O2", "c_gcc_static"):
        path = target(f"mark_{variant}")
        settings = scratch / f"{variant}.conf"
        settings.write_text(f"[state BLOCK]\nbegin = {path}:usdt:tacho:key_begin\n"
                            f"end = {path}:usdt:tacho:key_end\nkey = arg2\n"
                            "capture = arg1:string as label\n")
        status, output, errors = harness.record("-c", str(settings), "--", path, "100",
                                                directory=scratch / variant)
        check_equal(status, 0, errors)
        check_equal(harness.counts(scratch / variant, "BLOCK"), {"entries": 100, "returned": 100})
        check_equal({row["label"] for row in harness.details(scratch / variant)}, {"job"})


if __name__ == "__main__":
    harness.main()
