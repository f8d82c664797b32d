#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The benchmarks themselves: what they work out, what they do with a peer that fails, and one quick
run of the driver."""
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "live")]
import harness  # noqa: E402
import paste  # noqa: E402
import results  # noqa: E402
import tracers  # noqa: E402
from bench import Bench, Contender, Failed, Sample  # noqa: E402
from harness import check, check_equal  # noqa: E402


def row(name, samples, failed=None, notes=None):
    return {"group": "g", "name": name, "unit": "ns", "samples": samples, "base": "a",
            "notes": notes or {}, "failed": failed}


def worked_out():
    rows = [row("a", [3.0, 1.0, 2.0], notes={"lost": [0, 0, 0]}),
            row("b", [8.0, 6.0], notes={"lost": [1, 3, 2], "ledger": ["off", "balances"]}),
            row("c", [], "c: not installed")]
    results.work_out(rows)
    return rows


def a_bench(scratch):
    return Bench(scratch, scratch, budget_s=60)


def test_medians_spreads_and_ratios_are_of_the_samples(scratch):
    a, b, c = worked_out()
    check_equal((a["median"], a["spread"], a["ratio"]), (2.0, 1.0, 1.0))
    check_equal((b["median"], b["spread"], b["ratio"]), (7.0, 1.0, 3.5))
    check_equal((c["median"], c["spread"], c["ratio"]), (None, None, None))


def test_notes_are_medians_of_numbers_and_the_last_of_words(scratch):
    _, b, _ = worked_out()
    check_equal(b["notes"], {"lost": 2, "ledger": "balances"})


def test_a_table_says_why_a_peer_has_no_figure(scratch):
    text = results.table(worked_out(), ("lost", "ledger", "nobody has this"))
    lines = text.splitlines()
    check_equal(lines[0], "|  | median, ns | spread | / a | lost | ledger |")
    check_equal(lines[3], "| b | 7 | 1 | 3.5 | 2 | balances |")
    check_equal(lines[4], "| c | none: c: not installed |  |  |  |  |")
    check(len({line.count("|") for line in lines}) == 1, text)


def test_numbers_have_three_digits_and_no_exponent(scratch):
    written = [results.significant(value) for value in (None, 0, 0.000012345, 1.006, 12.34, 999.6,
                                                        1234.4, 12345678.0)]
    check_equal(written, ["", "0", "0.0000123", "1.01", "12.3", "1 000", "1 234", "12 345 678"])


def test_goals_are_judged_and_those_not_measured_say_so(scratch):
    class Subject:
        @staticmethod
        def goals(ratio, value):
            yield "b against a", ratio("g", "b", "a"), "at most", 3
            yield "lost of b", value("g", "b", "lost"), "at most", 2
            yield "c against a", ratio("g", "c", "a"), "at least", 2

    goals = results.goals_of(Subject, worked_out())
    check_equal([goal["met"] for goal in goals], [False, True, None])
    text = results.goal_lines(goals)
    check("3.5 (asked for: at most 3; **not met**)" in text, text)
    check("none (asked for: at least 2; not measured)" in text, text)


def test_contenders_take_turns_and_one_that_fails_is_not_tried_again(scratch):
    order = []

    def take(name):
        order.append(name)
        if name == "b":
            raise Failed("b is missing")
        return Sample(len(order), {"seen": len(order)})

    rows = a_bench(scratch).interleave("g", [Contender(name, lambda name=name: take(name))
                                             for name in "abc"], "ns", "a", rounds=2)
    check_equal("".join(order), "abcac")
    check_equal([r["samples"] for r in rows], [[1, 4], [], [3, 5]])
    check_equal(rows[1]["failed"], "b is missing")


def test_a_subject_whose_time_is_up_measures_each_contender_once(scratch):
    bench = Bench(scratch, scratch, budget_s=0)
    rows = bench.interleave("g", [Contender(name, lambda: 1) for name in "ab"], "ns", rounds=5)
    check_equal([r["samples"] for r in rows], [[1.0], [1.0]])


def failure_of(scratch, command, **how):
    try:
        a_bench(scratch).run(command, **how)
    except Failed as failure:
        return str(failure)
    return None


def test_a_peer_that_is_missing_fails_or_hangs_is_a_reason_in_words(scratch):
    check_equal(failure_of(scratch, ["/nonexistent/peer"]),
                "/nonexistent/peer: No such file or directory")
    check_equal(failure_of(scratch, ["sh", "-c", "echo a; echo why >&2; exit 3"]),
                "sh: exit status 3: why")
    began = time.monotonic()
    check_equal(failure_of(scratch, ["sh", "-c", "sleep 100 & wait"], timeout_s=0.2),
                "sh: did not end within 0.2 s")
    check(time.monotonic() - began < 30, "its children were waited for")


def test_a_program_in_the_background_ends_with_its_block(scratch):
    with a_bench(scratch).background(["sh", "-c", "echo ready; exec sleep 100"],
                                     lambda text: "ready" in text) as (process, _):
        check(process.poll() is None, "it does not run")
    check(process.poll() is not None, "it has not ended")


def test_histograms_of_peers_are_added_up(scratch):
    bpftrace = "@h: \n[512, 1K)  217 |@@@ |\n[1K, 2K)  780 |@@@@|\n[4K, 8K)  3 | |\n"
    bcc = "     nsecs               : count    distribution\n" \
          "       512 -> 1023       : 998      |****|\n      1024 -> 2047       : 2        |    |\n"
    check_equal(tracers.histogram_sum(bpftrace), 1000)
    check_equal(tracers.histogram_sum(bcc), 1000)
    check_equal(tracers.histogram_sum("nothing"), None)


def test_a_program_that_was_harmed_has_no_figure(scratch):
    check_equal(tracers.traced("calls: 1.5 2.5 right\n").ns, 1.5)
    for printed in ("", "calls: 1.5 2.5 wrong\n"):
        try:
            tracers.traced(printed)
        except Failed:
            continue
        check(False, f"{printed!r} was taken")


def test_sections_of_a_run_replace_those_of_a_document_and_no_others(scratch):
    text = "a\n<!-- bench: idle -->\nold\n<!-- end -->\nb\n<!-- bench: processes -->\nkept\n" \
           "<!-- end -->\nc\n"
    new, names = paste.pasted(text, paste.sections("<!-- bench: idle -->\n\nnew\n\n<!-- end -->\n"))
    check_equal(new, text.replace("old\n", "\nnew\n\n"))
    check_equal(names, ["idle"])


def test_every_section_of_the_documents_is_of_a_subject(scratch):
    import run
    known = {*run.SUBJECTS, "machine", "ratios"}
    found = [name for document in paste.DOCUMENTS
             for name in paste.sections((paste.TOP / document).read_text())]
    check_equal(sorted(found), sorted(known))


def test_a_quick_run_writes_what_it_measured(scratch):
    if os.geteuid():
        raise harness.Skip("needs root")
    build = pathlib.Path(harness.TACHO).resolve().parent
    done = subprocess.run([sys.executable, str(HERE / "run.py"), str(build), "start-stop"],
                          env=dict(os.environ, BENCH_QUICK="1"), capture_output=True, text=True,
                          timeout=300)
    check_equal(done.returncode, 0, done.stderr)
    found = json.loads((build / "bench-quick.json").read_text())
    (subject,) = found["subjects"]
    own = [r for r in subject["rows"] if r["name"] == "Tachograph"]
    check(len(own) == 1 and own[0]["median"] > 0, done.stderr)
    check((build / "bench-quick.md").read_text() in done.stdout, "the tables are printed, too")


def test_a_subject_that_does_not_exist_is_named(scratch):
    done = subprocess.run([sys.executable, str(HERE / "run.py"), "build", "idel"],
                          capture_output=True, text=True)
    check(done.returncode and "no subject 'idel'" in done.stderr, done.stderr)


harness.main(needs_bpf=False)
