#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho list: what real files have that can be attached to."""
import json
import os
import pathlib
import shutil
import struct
import subprocess

import harness
import terminal
from harness import Skip, check, check_equal, target

NOBODY = 65534
LIBC = "libc.so.6"
LIBSTDCXX = "libstdc++.so.6"
FIELDS = ("size", "cost", "end", "probes", "arguments", "table", "name")


def run(*arguments, status=0, **options):
    """Returns what it wrote to stdout."""
    done = subprocess.run([harness.TACHO, "list", *arguments], capture_output=True,
                          timeout=harness.DEADLINE_S, **options)
    errors = done.stderr.decode(errors="replace")
    check_equal(done.returncode, status, f"exit status; stderr: {errors}")
    check_equal(errors, "", "stderr")
    return done.stdout.decode()


def refused(*arguments, status=1):
    """Returns its message."""
    done = subprocess.run([harness.TACHO, "list", *arguments], capture_output=True,
                          timeout=harness.DEADLINE_S)
    check_equal((done.returncode, done.stdout), (status, b""), str(done.stderr))
    check(done.stderr.startswith(b"tacho: list: "), str(done.stderr))
    return done.stderr.decode()


def lines(*arguments, fields=FIELDS, **options):
    """The rows as dicts."""
    rows = [line.split("\t") for line in run(*arguments, **options).splitlines()]
    for row in rows:
        check_equal(len(row), len(fields), str(row))
    return [dict(zip(fields, row)) for row in rows]


def document(*arguments, **options):
    return json.loads(run("--json", *arguments, **options))


def elf_functions(path):
    """Names of the functions that nm knows, by address."""
    symbols = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
    return {int(line.split()[0], 16): line.split()[2] for line in symbols.splitlines()
            if line.split()[1] in "Tt"}


def test_lines_and_JSON_say_the_same(scratch):
    for file in (LIBC, target("prog_throw"), LIBSTDCXX):
        rows, found = lines(file), document(file)
        functions = found["functions"]
        names = [f["name"] for f in functions] + [u["name"] for u in found["usdt_probes"]]
        check_equal([row["name"] for row in rows], names, file)
        for row, function in zip(rows, functions):
            ends = {"yes": found["exit_auto"]["mode"], "exit_safe": "tail", "no": "refused"}
            check_equal(row["end"], ends[function["recordable"]], str(row))
            check_equal(row["cost"], function["cost"] or "-", str(row))
            check_equal(row["size"], str(function["size_bytes"] or "-"), str(row))
            check_equal(row["table"], function["table"], str(row))
            check_equal(row["probes"], "-" if function["exits"] is None
                        else str(function["exits"] + 1), str(row))
            check_equal(function["why_not"] is None, function["recordable"] == "yes", str(row))


def test_every_function_of_a_program_is_listed_once(scratch):
    program = target("prog_calls")
    functions = document(program)["functions"]
    addresses = [f["address"] for f in functions]
    check_equal(len(addresses), len(set(addresses)), "an address is listed twice")
    known = elf_functions(program)
    # what the linker and the compiler split off is not attached to
    parts = {a for a, name in known.items() if ".cold" in name or ".part." in name}
    check_equal(set(addresses), set(known) - parts)
    names = [f["name"] for f in functions]
    check_equal(names, sorted(names), "order")


def test_what_is_listed_is_what_check_plans(scratch):
    program = target("prog_throw")
    for row in lines(program):
        if row["end"] == "refused" or row["name"].startswith("_"):
            continue
        plan = subprocess.run([harness.TACHO, "check", "-s", f"S={program}:{row['name']}",
                               "--json"], capture_output=True, check=True).stdout
        probe = json.loads(plan)["states"][0]["targets"][0]["probes"][0]
        check_equal((row["cost"], row["end"], row["probes"], row["size"]),
                    (probe["cost"], probe["end"]["mode"], str(1 + len(probe["end"]["exits"])),
                     str(probe["size_bytes"])), row["name"])


def test_many_takes_what_is_listed(scratch):
    pattern = "mem*"
    config = harness.config(scratch, {"S": {"function": f"{LIBC}:{pattern}", "many": "yes"}})
    plan = subprocess.run([harness.TACHO, "check", "-c", config, "--json"], capture_output=True,
                          check=True).stdout
    planned = {p["address"] for p in json.loads(plan)["states"][0]["targets"][0]["probes"]}
    listed = document(LIBC, pattern)["functions"]
    check_equal({f["address"] for f in listed if f["recordable"] == "yes"}, planned)
    refused_cnt = json.loads(plan)["states"][0]["targets"][0]["refused_functions"]
    check_equal(len([f for f in listed if f["recordable"] != "yes"]), refused_cnt)


def test_a_word_is_looked_for_and_a_pattern_is_matched(scratch):
    program = target("prog_calls")
    check_equal([row["name"] for row in lines(program, "leaf")], ["call_leaf", "leaf"])
    check_equal([row["name"] for row in lines(program, "leaf*")], ["leaf"])
    check_equal([row["name"] for row in lines(program, "*_leaf")], ["call_leaf"])


def test_CXX_names_are_demangled(scratch):
    rows = lines(LIBSTDCXX, "std::__throw_bad_*")
    check("std::__throw_bad_alloc()" in [row["name"] for row in rows], str(rows))
    mangled = lines(LIBSTDCXX, "_ZSt17__throw_bad_allocv")
    check_equal([row["name"] for row in mangled], ["std::__throw_bad_alloc()"])
    function = document(LIBSTDCXX, "_ZSt17__throw_bad_allocv")["functions"][0]
    check_equal(function["symbol"], "_ZSt17__throw_bad_allocv")
    check_equal(function["recordable"], "yes", "it never returns, which is no trouble")


def test_usdt_probes_of_a_library(scratch):
    found = document(LIBSTDCXX)["usdt_probes"]
    if not found:
        raise Skip(f"{LIBSTDCXX} has no USDT probes here")
    by_name = {probe["name"]: probe for probe in found}
    throw = by_name["usdt:libstdcxx:throw"]
    check_equal((throw["recordable"], throw["argument_count"]), ("yes", 2))
    for pattern in ("usdt:", "libstdcxx:*", "usdt:libstdcxx:*"):
        check_equal([row["name"] for row in lines(LIBSTDCXX, pattern)], sorted(by_name), pattern)
    row = lines(LIBSTDCXX, "usdt:libstdcxx:throw")[0]
    check_equal((row["size"], row["end"], row["probes"], row["arguments"], row["table"]),
                ("-", "point", str(len(throw["sites"])), "2", ".note.stapsdt"))


def usdt_note(address, name, arguments):
    words = b"".join(text.encode() + b"\0" for text in ("maker", name, arguments))
    body = struct.pack("<QQQ", address, 0, 0) + words
    return struct.pack("<III", 8, len(body), 3) + b"stapsdt\0" + body + b"\0" * (-len(body) % 4)


def program_with_marks(scratch):
    """elf_pie with notes: its assembly has nops to point at."""
    program, notes = scratch / "marked", scratch / "notes"
    at = {name: address for address, name in elf_functions(target("elf_pie")).items()}
    nop, other = at["asm_untyped"], at["split_function"]
    notes.write_bytes(usdt_note(nop, "twice", "8@$1 4@$2") + usdt_note(other, "twice", "8@$1 4@$2") +
                      usdt_note(nop, "twice", "8@$1 4@$2") + usdt_note(other, "once", "") +
                      usdt_note(at["main"], "wrong", "8@$1"))
    subprocess.run(["objcopy", "--add-section", f".note.stapsdt={notes}", target("elf_pie"),
                    program], check=True)
    return str(program)


def test_sites_of_a_usdt_probe_are_counted(scratch):
    rows = {row["name"]: row for row in lines(program_with_marks(scratch), "usdt:")}
    check_equal(sorted(rows), [f"usdt:maker:{name}" for name in ("once", "twice", "wrong")])
    check_equal({name.split(":")[2]: (row["end"], row["probes"], row["arguments"])
                 for name, row in rows.items()},
                {"once": ("point", "1", "0"), "twice": ("point", "2", "2"),
                 "wrong": ("refused", "1", "1")})
    row = lines("-v", program_with_marks(scratch), "usdt:maker:wrong", fields=(*FIELDS, "why"))[0]
    check("is no nop" in row["why"] and row["cost"] == "-", str(row))


def test_near_names_are_named_when_nothing_is_found(scratch):
    check("closest: qsort_r" in refused(LIBC, "qsrot_r"), refused(LIBC, "qsrot_r"))
    check("no function is called zz*zz" in refused(LIBC, "zz*zz"), "pattern")
    check("libstdcxx:throw" in refused(LIBSTDCXX, "usdt:libstdcxx:thorw"), "usdt")
    check("neither symbols of functions" in refused(target("elf_stripped")), "stripped")


def test_what_cannot_be_read_is_refused(scratch):
    check("No such file" in refused("/no/such"), "missing")
    check("not an ELF file" in refused("/etc/passwd"), "text")
    check("a folder" in refused(str(scratch)), "folder")
    check("libnothing.so.9" in refused("libnothing.so.9"), "library")
    whole = pathlib.Path(target("prog_calls")).read_bytes()
    cut = scratch / "cut"
    for size in (0, 63, 64, 1000, len(whole) // 2):
        cut.write_bytes(whole[:size])
        check(str(cut) in refused(str(cut)), f"{size} bytes")


def test_wrong_usage_is_2(scratch):
    check("which BINARY?" in refused(status=2), "none")
    check("one word too many" in refused(LIBC, "a", "b", status=2), "three")
    check("did you mean '--verbose'" in refused("--verbosse", LIBC, status=2), "option")


def test_a_program_of_PATH_is_found(scratch):
    env = dict(os.environ, PATH=f"{harness.TARGETS}:{os.environ['PATH']}")
    check_equal(lines("prog_calls", env=env), lines(target("prog_calls")))


def test_anybody_may_list(scratch):
    os.chmod(scratch, 0o755)
    program = str(shutil.copy(target("prog_calls"), scratch / "prog"))
    check_equal(lines(program, user=NOBODY, group=NOBODY, extra_groups=[]), lines(program))


def test_the_other_machine_can_be_listed(scratch):
    code = {"x86-64": (62, bytes([0x55, 0x5d, 0xc3, 0x90])),
            "arm64": (183, struct.pack("<II", 0xd503201f, 0xd65f03c0))}
    for machine, (number, text) in code.items():
        source = scratch / "f.s"
        source.write_text(".globl f\n.type f,@function\nf: .byte " +
                          ",".join(map(str, text)) + "\n.size f, .-f\n")
        program = scratch / "f"
        subprocess.run(["gcc", "-nostdlib", "-shared", "-o", program, source], check=True)
        image = bytearray(program.read_bytes())
        image[18:20] = struct.pack("<H", number)  # e_machine
        program.write_bytes(image)
        found = document(str(program), "f")
        check_equal((found["machine"], found["functions"][0]["cost"]), (machine, "emulated"))


def test_hostile_names_stay_in_their_column(scratch):
    name = os.fsencode(scratch) + b"/a\x1b[2J\xff\n\t"
    renamed = {"leaf": "l\x1beaf", "middle": "mid\tdle"}
    options = [f"--redefine-sym={old}={new}" for old, new in renamed.items()]
    subprocess.run(["objcopy", *options, target("prog_calls"), name], check=True)
    check_equal([row["name"] for row in lines(name, "eaf")], ["call_leaf", "l\\x1beaf"])
    check_equal([row["name"] for row in lines(name, "mid*")], ["mid\\x09dle"])
    check(document(name)["path"].endswith("/a\\x1b[2J\\xff\\x0a\\x09"), "path")


def test_a_terminal_gets_a_table_that_fits(scratch):
    for columns in (60, 80, 120):
        status, text = terminal.run([harness.TACHO, "list", LIBSTDCXX, "throw"], columns)
        check_equal(status, 0, text)
        for part in text.split("\n\n")[1:]:
            check(max(map(len, part.splitlines())) <= columns, part)
        check("exit=auto   safe: " in text and "  FUNCTION\n" in text, text)
        check("cannot be recorded as they are (-v says why)" in " ".join(text.split()), text)


def test_a_reader_that_goes_is_no_trouble(scratch):
    done = subprocess.run(f"{harness.TACHO} list {LIBC} | head -n 1", shell=True,
                          capture_output=True, text=True)
    check_equal((len(done.stdout.splitlines()), done.stderr), (1, ""))


def test_a_full_disk_is_an_error(scratch):
    for more in ((), ("--json",)):
        with open("/dev/full", "w") as full:
            done = subprocess.run([harness.TACHO, "list", *more, target("prog_calls")],
                                  stdout=full, stderr=subprocess.PIPE, text=True)
        check_equal(done.returncode, 1, done.stderr)
        check("writing to standard output failed" in done.stderr, done.stderr)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
