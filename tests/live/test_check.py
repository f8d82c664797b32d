#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho check: every state is resolved, shown in a table and as JSON, and nothing is attached."""
import ctypes
import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import harness
import terminal
from harness import Skip, check, check_equal, target

NOBODY = 65534
LIBC = "libc.so.6"
LIBSTDCXX = "libstdc++.so.6"
COSTS = ("nop5", "emulated", "stepped")
HEADINGS = ["STATE", "FILE", "FUNCTION", "ENTRY", "HIT", "END", "EXITS"]


def run(*arguments, status=0, **options):
    """Returns what it wrote to stdout."""
    done = subprocess.run([harness.TACHO, "check", *arguments], capture_output=True,
                          timeout=harness.DEADLINE_S, **options)
    errors = done.stderr.decode(errors="replace")
    check_equal(done.returncode, status, f"exit status; stderr: {errors}")
    check_equal(errors, "", "stderr")
    return done.stdout.decode()


def table(text):
    """The rows as lists of cells; no cell in these tests has two blanks in sequence."""
    lines = text.split("\n\n")[0].splitlines()
    check_equal(lines[0].split(), HEADINGS)
    return [re.split(r" {2,}", line) for line in lines[1:]]


def probes(document):
    """(state, probe) of every probe, in the order of the table."""
    return [(state, probe) for state in document["states"] for t in state["targets"]
            for probe in t["probes"]]


def states(scratch):
    """Settings with a state of every kind."""
    return harness.config(scratch, {
        "STORM": {"function": f"{target('prog_storm')}:main", "process": "/opt/robot*",
                  "capture": "arg1:u32 as count, arg2:ptr as words", "failed-if": "return:int != 0"},
        "LIBRARY": {"function": f"{LIBC}:qsort_r", "exit": "safe", "rate-limit": "50"},
        "THROW": {"function": f"{target('prog_throw')}:thrower"},
        "PAIR": {"begin": f"{target('prog_calls')}:leaf", "end": f"{target('prog_calls')}:middle",
                 "key": "thread"},
        "MANY": {"function": f"{LIBC}:str*", "many": "yes"},
        "LATER": {"function": "/no/such/thing:f"},
        "NEVER": {"function": f"{target('prog_storm')}:_start", "exit": "fast"},
    })


def test_the_table_and_JSON_say_the_same(scratch):
    config = states(scratch)
    rows = table(run("-c", config, status=1))
    document = json.loads(run("-c", config, "--json", status=1))
    placed = [row for row in rows if row[5] not in ("pending", "refused")]
    found = probes(document)
    check_equal(len(placed), len(found), "probes")
    for row, (state, probe) in zip(placed, found):
        symbol = probe["symbol"]
        if probe["symbol_offset"]:
            symbol += f"+{probe['symbol_offset']:#x}"
        check_equal(row[:3], [state["name"], probe["file"], symbol])
        check_equal(row[3], f"+{probe['entry_offset']:#x}")
        check_equal(row[4:6], [probe["cost"], probe["end"]["mode"]])
        counted = {cost: sum(e["cost"] == cost for e in probe["end"]["exits"]) for cost in COSTS}
        check_equal(row[6], ", ".join(f"{n} {c}" for c, n in counted.items() if n) or "-")
    others = {(row[0], row[5]) for row in rows} - {(row[0], row[5]) for row in placed}
    check_equal(others, {(s["name"], s["status"]) for s in document["states"]
                         if s["status"] != "ready"})


def test_JSON_has_what_was_asked_for_and_what_was_found(scratch):
    document = json.loads(run("-c", states(scratch), "--json", status=1))
    check_equal(document["counts"], {"ready": 5, "pending": 1, "refused": 1})
    by_name = {state["name"]: state for state in document["states"]}
    storm = by_name["STORM"]
    check_equal((storm["status"], storm["process"], storm["failed_if"]),
                ("ready", "/opt/robot*", "return != 0"))
    probe = storm["targets"][0]["probes"][0]
    check_equal(probe["returns"], {"type": "s32", "known": True})
    check_equal(probe["captures"]["count"]["type"], "u32")
    check_equal(probe["table"], ".symtab")
    check_equal(by_name["LIBRARY"]["rate_limit_per_second"], 50)
    check_equal(by_name["LIBRARY"]["targets"][0]["probes"][0]["end"]["reason"], "asked for")
    throw = by_name["THROW"]["targets"][0]["probes"][0]["end"]
    check_equal(throw["mode"], "safe")
    check("gcc_except_table" in throw["reason"], throw["reason"])
    check_equal(by_name["PAIR"]["key"], {"begin": "thread", "end": "thread"})
    check_equal([t["role"] for t in by_name["PAIR"]["targets"]], ["begin", "end"])
    many = by_name["MANY"]["targets"][0]
    check(len(many["probes"]) > 20 and many["refused_functions"] > 0, str(len(many["probes"])))
    check(many["first_refused"], "no reason")
    check("/no/such/thing" in by_name["LATER"]["targets"][0]["waiting"], str(by_name["LATER"]))
    check("program begins there" in by_name["NEVER"]["targets"][0]["refused"], str(by_name["NEVER"]))
    unwinds = {pathlib.Path(hook["file"]).name for hook in document["hooks"]}
    check(unwinds >= {LIBC}, f"unwinding is seen in {unwinds}")
    libc = [file for file in document["files"] if file["path"].endswith(LIBC)][0]
    notes = subprocess.run(["readelf", "-n", libc["path"]], capture_output=True, text=True).stdout
    check(f"Build ID: {libc['build_id']}" in notes, f"{libc['build_id']} is not in {notes}")
    check_equal(libc["exit_auto"]["mode"], "safe")


def test_places_are_those_of_the_symbols(scratch):
    document = json.loads(run("-s", f"A={target('prog_storm')}:main", "--json"))
    probe = probes(document)[0][1]
    symbols = subprocess.run(["nm", "-S", target("prog_storm")], capture_output=True, text=True,
                             check=True).stdout
    address, size = re.search(r"^(\S+) (\S+) T main$", symbols, re.M).groups()
    check_equal((probe["address"], probe["size_bytes"]), (int(address, 16), int(size, 16)))
    check_equal(probe["offset"] - probe["entry_offset"], probe["address"])  # as ld lays it out


def test_notes_say_what_the_table_does_not(scratch):
    text = run("-c", states(scratch), status=1)
    for expected in ("  process     /opt/robot*\n", "  rate-limit  50 rows a second\n",
                     "  key         thread, at begin and end\n", "  capture     count: arg1, u32 ",
                     "  failed-if   return != 0, of type s32\n", f" of {LIBC}:str* cannot be recorded",
                     "  exit        safe, as the settings say\n",
                     "/no/such/thing: No such file", "unwinding is seen by ",
                     "7 states: 5 ready, 1 pending, 1 refused; "):
        check(expected in text, f"{expected!r} is not in {text}")


def test_verbose_shows_each_place(scratch):
    state = f"S={target('prog_throw')}:rare"
    text = run("-v", "-s", state)
    probe = probes(json.loads(run("-s", state, "--json")))[0][1]
    check(f"file offset {probe['offset']:#x}, {probe['cost']}\n" in text, text)
    for leave in probe["end"]["exits"]:
        check(f"file offset {leave['offset']:#x}, {leave['cost']}, " in text, text)


def test_a_usdt_probe_is_a_point(scratch):
    document = json.loads(run("-s", f"T={LIBSTDCXX}:usdt:libstdcxx:throw", "--json"))
    found = probes(document)
    if not found:
        raise Skip(f"{LIBSTDCXX} has no USDT probes here")
    for _, probe in found:
        check_equal((probe["symbol"], probe["table"], probe["end"]["mode"]),
                    ("usdt:libstdcxx:throw", ".note.stapsdt", "point"))
        check(probe["cost"] in COSTS, probe["cost"])
    row = table(run("-s", f"T={LIBSTDCXX}:usdt:libstdcxx:throw"))[0]
    check_equal(row[2:4] + row[5:], ["usdt:libstdcxx:throw", "-", "point", "-"])


def test_the_marks_of_a_file_are_one_line(scratch):
    config = harness.config(scratch, {})
    with open(config, "a") as file:
        file.write(f"[marks]\nprograms = {target('prog_marks')}\n")
    found = [probe for _, probe in probes(json.loads(run("-c", config, "--json")))]
    counted = {cost: sum(probe["cost"] == cost for probe in found) for cost in COSTS}
    hit = ", ".join(f"{n} {c}" for c, n in counted.items() if n)
    check(len(found) > 10, f"{len(found)} marks")
    check_equal(table(run("-c", config)), [[
        "marks", target("prog_marks"), f"{len(found)} marks", "-",
        hit.split()[1] if len(found) in counted.values() else hit, "mark", "-"]])
    check_equal(run("-v", "-c", config).count("  probe       usdt:tacho:"), len(found))


def test_a_bad_state_does_not_hide_the_others(scratch):
    good = {f"G{i}": {"function": f"{target('prog_storm')}:tick"} for i in range(30)}
    bad = {f"B{i}": {"function": f"{target('prog_storm')}:main+0x1"} for i in range(7)}
    mixed = dict(sorted({**good, **bad}.items(), key=lambda item: item[0][1:]))
    document = json.loads(run("-c", harness.config(scratch, mixed), "--json", status=1))
    check_equal({s["name"]: s["status"] for s in document["states"]},
                {name: "refused" if name[0] == "B" else "ready" for name in mixed})


def test_states_of_the_command_line_may_not_wait(scratch):
    document = json.loads(run("-s", "S=/no/such:f", "--json", status=1))
    check_equal(document["states"][0]["status"], "refused")


def test_nothing_is_attached_or_left(scratch):
    run("-s", f"S={target('prog_storm')}:tick", cwd=scratch)
    check_equal(list(scratch.iterdir()), [], "left behind")


def test_anybody_may_check(scratch):
    os.chmod(scratch, 0o755)
    program = scratch / "prog_throw"
    shutil.copy(target("prog_throw"), program)
    nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    check_equal(run("-s", f"S={program}:thrower", **nobody), run("-s", f"S={program}:thrower"))
    os.chmod(program, 0o700)
    text = run("-s", f"S={program}:thrower", status=1, **nobody)
    check("Permission denied" in text, text)


def test_hostile_file_names_stay_text(scratch):
    name = os.fsencode(scratch) + b"/a\x1b[2J\xff\n\\"
    shutil.copy(target("prog_storm"), name)
    state = b"S=" + name + b":tick"
    text = run("-s", state)
    check("\x1b" not in text and "/a\\x1b[2J\\xff\\x0a\\\\" in text, text)
    document = json.loads(run("-s", state, "--json"))
    check(document["files"][0]["path"].endswith("/a\\x1b[2J\\xff\\x0a\\\\"), str(document["files"]))


def test_a_table_in_a_pipe_is_whole(scratch):
    deep = scratch / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    shutil.copy(target("prog_storm"), deep / "prog")
    text = run("-s", f"S={deep}/prog:tick", env=dict(os.environ, COLUMNS="50"))
    check(f"S      {deep}/prog  tick" in text, text)
    check("\x1b" not in text, "escape sequences")


def test_a_table_on_a_terminal_fits(scratch):
    deep = scratch / ("x" * 100)
    deep.mkdir()
    shutil.copy(target("prog_storm"), deep / "prog_with_a_name")
    command = [harness.TACHO, "check", "-s", f"A_STATE={deep}/prog_with_a_name:tick"]
    for columns, environment in ((80, {}), (132, {}), (200, {"COLUMNS": "70"})):
        status, text = terminal.run(command, columns, environment)
        check_equal(status, 0, text)
        rows = text.split("\n\n")[0].splitlines()
        check(max(map(len, rows)) <= int(environment.get("COLUMNS", columns)), text)
        check("..." in rows[1] and "_a_name" in rows[1], rows[1])


def test_a_reader_that_goes_is_no_trouble(scratch):
    config = harness.config(scratch, {"ALL": {"function": f"{LIBC}:*", "many": "yes"}})
    with subprocess.Popen([harness.TACHO, "check", "-v", "-c", config], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        check_equal(process.stderr.read(), b"", "stderr")


def test_a_full_disk_is_an_error(scratch):
    for more in ((), ("--json",)):
        with open("/dev/full", "w") as full:
            done = subprocess.run([harness.TACHO, "check", "-s", f"S={target('prog_storm')}:tick",
                                   *more], stdout=full, stderr=subprocess.PIPE, text=True)
        check_equal(done.returncode, 1, done.stderr)
        check("writing to standard output failed" in done.stderr, done.stderr)


def test_wrong_usage_and_settings_are_2(scratch):
    (scratch / "bad.conf").write_text("[state A]\nfunctoin = /bin/x:f\n")
    for arguments, expected in ((["--jason"], "did you mean '--json'"),
                                (["-c", str(scratch / "bad.conf")], "did you mean 'function'"),
                                (["-s", "S"], "BINARY:FUNCTION")):
        done = subprocess.run([harness.TACHO, "check", *arguments], capture_output=True, text=True)
        check_equal((done.returncode, done.stdout), (2, ""), done.stderr)
        check(expected in done.stderr, done.stderr)


def stripped_with_symbols_on_a_server(scratch):
    """Returns a stripped program and the folder of a server that has its symbols."""
    program = scratch / "program"
    shutil.copy(target("prog_calls"), program)
    notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True).stdout
    build_id = re.search(r"Build ID: (\w+)", notes)[1]
    folder = scratch / "server" / "buildid" / build_id
    folder.mkdir(parents=True)
    subprocess.run(["objcopy", "--only-keep-debug", program, folder / "debuginfo"], check=True)
    subprocess.run(["strip", "--strip-all", program], check=True)
    return program, scratch / "server"


def test_debuginfod_is_asked_only_when_told_to(scratch):
    try:
        ctypes.CDLL("libdebuginfod.so.1")
    except OSError as why:
        raise Skip(f"no libdebuginfod.so.1 here: {why}")
    program, folder = stripped_with_symbols_on_a_server(scratch)
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = dict(os.environ, DEBUGINFOD_URLS=f"http://127.0.0.1:{server.server_port}",
                   DEBUGINFOD_CACHE_PATH=str(scratch / "cache"), no_proxy="*")
        for answer, status in (("no", 1), ("yes", 0)):
            path = harness.config(scratch, {"S": {"function": f"{program}:leaf"}},
                                  debuginfod=answer)
            document = json.loads(run("-c", path, "--json", status=status, env=env))
            check_equal(len(probes(document)), 1 - status, f"debuginfod = {answer}")
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Says nothing."""


if __name__ == "__main__":
    harness.main(needs_bpf=False)
