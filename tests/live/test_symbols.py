#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The functions of every kind of file are found, probed at the right byte, and left unharmed."""
import os
import subprocess

import harness
from harness import check, check_equal, target


def check_calls(scratch, function, command, calls, env=None):
    """Records the command; the state has a row for each call, and the command is unharmed."""
    untraced = subprocess.run(command, capture_output=True, env=dict(os.environ, **(env or {})))
    status, out, errors = harness.record("-s", f"S={function}", "--", *command,
                                         directory=scratch / "out", env=env)
    check_equal((status, out.encode()), (untraced.returncode, untraced.stdout), errors)
    check_equal(harness.counts(scratch / "out", "S"), {"entries": calls, "returned": calls}, errors)
    harness.check_books(scratch / "out", errors)


def layout_test(name):
    def test(scratch):
        program = target(name)
        check_calls(scratch, f"{program}:tick", [program, "1", "50"], 50)
    return test


for _name, _title in (("prog_storm", "position_independent_program"),
                      ("layout_nopie", "program_at_a_fixed_address"),
                      ("layout_lld", "program_linked_by_lld"),
                      ("layout_cet", "program_with_landing_pads")):
    globals()[f"test_functions_of_a_{_title}"] = layout_test(_name)


def test_a_library_by_path(scratch):
    check_calls(scratch, f"{target('libelf_lib.so')}:versioned", [target("prog_library"), "7"], 7)


def test_a_library_by_soname(scratch):
    check_calls(scratch, "libelf_lib.so.1:versioned", [target("prog_library"), "7"], 7,
                env={"LD_LIBRARY_PATH": str(harness.TARGETS)})


def test_a_symbol_by_its_default_version(scratch):
    check_calls(scratch, f"{target('libelf_lib.so')}:versioned@@LIB_2",
                [target("prog_library"), "7"], 7)


def test_a_symbol_by_a_version_that_is_not_called(scratch):
    status, _, errors = harness.record("-s", f"S={target('libelf_lib.so')}:versioned@LIB_1", "--",
                                       target("prog_library"), "7", directory=scratch / "out")
    check_equal(status, 0, errors)
    check_equal(harness.counts(scratch / "out", "S"), {})


def test_a_program_by_its_name_in_PATH(scratch):
    check_calls(scratch, "prog_storm:tick", ["prog_storm", "1", "3"], 3,
                env={"PATH": f"{harness.TARGETS}:{os.environ['PATH']}"})


def test_an_offset_behind_the_landing_pad(scratch):
    program = target("layout_cet")
    check_calls(scratch, f"{program}:tick+0x4", [program, "1", "9"], 9)
    check_equal(harness.details(scratch / "out")[0]["function"], "tick+0x4")


def test_a_file_under_two_names_is_one_file(scratch):
    link = scratch / "link"
    link.symlink_to(target("prog_storm"))
    status, _, errors = harness.record("-s", f"A={target('prog_storm')}:tick", "-s",
                                       f"B={link}:tick", "--", target("prog_storm"), "1", "5",
                                       directory=scratch / "out")
    check_equal(status, 0, errors)
    check("2 probes in 1 file" in errors, errors)
    for state in "AB":
        check_equal(harness.counts(scratch / "out", state), {"entries": 5, "returned": 5})


def test_a_program_that_throws_through_the_function_is_unharmed(scratch):
    # replacing the return address would abort it
    count = 3000
    command = [target("prog_throw"), str(count)]
    untraced = subprocess.run(command, capture_output=True)
    status, out, errors = harness.record("-s", f"OUTER={command[0]}:thrower", "-s",
                                         f"INNER={command[0]}:inner", "-s",
                                         f"RARE={command[0]}:rare", "--", *command,
                                         directory=scratch / "out")
    check_equal((status, out.encode()), (untraced.returncode, untraced.stdout), errors)
    harness.check_books(scratch / "out", errors)
    for state in ("OUTER", "INNER"):
        row = harness.ledger(scratch / "out")[state]
        check_equal(row["entries"], count, state)
        check_equal(row["returned"], count - count // 3, state)
        check_equal(sum(row[k] for k in harness.LOSSES), 0, state)
    check_equal(harness.counts(scratch / "out", "RARE"), {"entries": count, "returned": count})


if __name__ == "__main__":
    harness.main()
