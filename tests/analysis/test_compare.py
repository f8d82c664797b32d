#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho compare: its numbers against scipy's and numpy's, and how often its intervals are right.

All samples are drawn with fixed seeds: a case passes always or never.
"""
import json
import math
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "live"))
import harness  # noqa: E402
import terminal  # noqa: E402
from harness import Skip, check, check_equal  # noqa: E402

SCIPY_PYTHON = "/usr/bin/python3"
ORACLE = pathlib.Path(__file__).with_name("compare_oracle.py")
NOBODY = 65534
METRICS = ("mean", "p50", "p90", "p95", "p99", "max")


def oracle(pairs, *arguments):
    done = subprocess.run([SCIPY_PYTHON, str(ORACLE), *arguments], input=json.dumps(pairs).encode(),
                          capture_output=True, timeout=harness.DEADLINE_S)
    check_equal(done.returncode, 0, done.stderr.decode())
    return json.loads(done.stdout)


def write(path, samples):
    """One state a sample: S0, S1, ..."""
    path.write_text("".join(f'"S{i}","{n}","{value}"\r\n' for i, sample in enumerate(samples)
                            for n, value in enumerate(sample, 1)), newline="")


def run(*arguments, status=0, **options):
    done = subprocess.run([harness.TACHO, "compare", *map(str, arguments)], capture_output=True,
                          timeout=harness.DEADLINE_S, **options)
    check_equal(done.returncode, status, "exit status; stderr: " + done.stderr.decode())
    return done.stdout.decode()


def compare(scratch, pairs, *arguments):
    """What it says of each pair, in their order."""
    write(scratch / "base", [base for base, _ in pairs])
    write(scratch / "new", [new for _, new in pairs])
    said = json.loads(run("--format=json", *arguments, scratch / "base", scratch / "new"))
    found = {state["state"]: state for state in said["states"]}
    return [found[f"S{i}"] for i in range(len(pairs))]


def lognormal(cnt, scale, source):
    return [int(scale * source.lognormvariate(0, 1)) for _ in range(cnt)]


def mixed_pairs():
    """Samples of many sizes: with and without ties, apart and alike, tiny and huge numbers."""
    source = random.Random(1)
    pairs = []
    for cnt in (8, 9, 13, 50, 367, 368, 1000, 5000):
        other = max(8, int(cnt * source.uniform(0.3, 3)))
        pairs.append((lognormal(cnt, 1e6, source), lognormal(other, 1.2e6, source)))
        pairs.append(([source.randint(0, 3) for _ in range(cnt)],
                      [source.randint(1, 4) for _ in range(other)]))
        pairs.append((lognormal(cnt, 1e14, source), lognormal(other, 1e6, source)))
    pairs.append(([7] * 20, [7] * 30))
    pairs.append(([7] * 20, [8] * 30))
    pairs.append((list(range(100)), list(range(99, -1, -1))))
    return pairs


def test_values_are_those_of_numpy(scratch):
    pairs = mixed_pairs()
    for found, expected in zip(compare(scratch, pairs), oracle(pairs)):
        for side in ("base", "new"):
            for metric in METRICS:
                is_value, should_be = found["metrics"][metric][side], expected[side][metric]
                check(abs(is_value - should_be) <= 0.5 + 1e-9 * should_be,
                      f"{found['state']} {side} {metric}: {is_value}, should be {should_be}")


def test_p_values_are_those_of_scipy(scratch):
    pairs = mixed_pairs()
    for found, expected in zip(compare(scratch, pairs), oracle(pairs)):
        for key in ("p_value", "longer"):
            check(math.isclose(found[key], expected[key], rel_tol=1e-9, abs_tol=1e-300),
                  f"{found['state']} {key}: {found[key]}, should be {expected[key]}")


def test_p_values_are_corrected_as_Holm_says(scratch):
    states = compare(scratch, mixed_pairs())
    adjusted = 0
    for rank, state in enumerate(sorted(states, key=lambda s: s["p_value"])):
        adjusted = min(1, max(adjusted, state["p_value"] * (len(states) - rank)))
        check(math.isclose(state["p_adjusted"], adjusted, rel_tol=1e-12), str(state))
        differs = adjusted <= 0.05
        check_equal(state["verdict"], "no difference shown" if not differs else
                    "slower" if state["longer"] > 0.5 else "faster", state["state"])


def test_intervals_are_those_of_a_bootstrap(scratch):
    """Both draw at random, so that their ends differ: by 2 % of the width is usual."""
    source = random.Random(2)
    pairs = [(lognormal(cnt, 1e6, source), lognormal(cnt + cnt // 3, 1.1e6, source))
             for cnt in (20, 100, 400, 700)]
    compared = 0
    for found, expected in zip(compare(scratch, pairs), oracle(pairs, "6000")):
        for metric, (low, high) in expected["intervals"].items():
            interval = found["metrics"][metric]["interval_percent"]
            if not interval:
                continue
            compared += 1
            for end, should_be in zip(interval, (low, high)):
                check(abs(end - should_be) < 0.12 * (high - low),
                      f"{found['state']} {metric}: {interval}, should be {[low, high]}")
    check_equal(compared, 4 + 4 + 3 + 3 + 2, "intervals that both know")


def held(states, metric, change):
    """In how many of 100 states does the interval hold the change?"""
    intervals = [state["metrics"][metric]["interval_percent"] for state in states]
    return 100 * sum(low <= change <= high for low, high in intervals) / len(intervals)


def test_without_a_difference_intervals_hold_0_in_95_of_100_cases(scratch):
    """500 of them: the standard error is 1 %."""
    source = random.Random(3)
    states = compare(scratch, [(lognormal(400, 1e6, source), lognormal(400, 1e6, source))
                               for _ in range(500)])
    for metric in ("mean", "p50", "p90", "p95", "p99"):
        check(92 <= held(states, metric, 0) <= 98.5, f"{metric}: {held(states, metric, 0)} %")
    alarms = sum(state["p_value"] <= 0.05 for state in states) / len(states)
    check(0.02 <= alarms <= 0.08, f"p-values of at most 0.05: {alarms:.1%}")
    check_equal({state["verdict"] for state in states}, {"no difference shown"}, "verdicts")


def test_with_a_difference_intervals_hold_it_as_often(scratch):
    source = random.Random(4)
    states = compare(scratch, [(lognormal(400, 1e6, source), lognormal(400, 1.5e6, source))
                               for _ in range(300)])
    for metric in ("mean", "p50", "p90", "p95", "p99"):
        check(91 <= held(states, metric, 50) <= 99, f"{metric}: {held(states, metric, 50)} %")
    shown = sum(state["verdict"] == "slower" for state in states)
    check(shown > 290, f"only {shown} of 300 differences are shown")


def test_the_answer_is_the_same_each_time(scratch):
    pairs = mixed_pairs()
    check_equal(compare(scratch, pairs), compare(scratch, pairs), "the second answer")


def test_a_directory_joins_its_rotated_parts(scratch):
    (scratch / "dir").mkdir()
    write(scratch / "dir" / "robot_activity_data.1", [[1, 2, 3]])
    write(scratch / "dir" / "robot_activity_data", [[4, 5]])
    write(scratch / "file", [[1, 2, 3, 4, 5]])
    state = json.loads(run("--format=json", scratch / "dir", scratch / "file"))["states"][0]
    for metric, values in state["metrics"].items():
        check_equal(values["base"], values["new"], metric)


def test_standard_input_can_be_a_side(scratch):
    write(scratch / "base", [[5] * 10])
    out = run("--format=csv", scratch / "base", "-", input=b'"S0","1","7"\r\n' * 10)
    check("\r\nS0,p50,5,7,40.0,40.0,40.0,10,10," in out, out)


def test_anybody_may_compare(scratch):
    if os.getuid() != 0:
        raise Skip("only root can become somebody else")
    scratch.chmod(0o755)
    write(scratch / "base", [[5] * 10])
    check(run(scratch / "base", scratch / "base", user=NOBODY, group=NOBODY, extra_groups=[]), "")


def test_a_terminal_gets_a_table_that_fits(scratch):
    write(scratch / "base", [lognormal(500, 1e6, random.Random(5))])
    text = (scratch / "base").read_text().replace("S0", "A_STATE_WITH_A_NAME_" + 5 * "THAT_GOES_ON_")
    (scratch / "base").write_text(text)
    for columns in (60, 80, 120):
        status, shown = terminal.run([harness.TACHO, "compare", str(scratch / "base"),
                                      str(scratch / "base")], columns)
        check_equal(status, 0, shown)
        check(max(map(len, shown.splitlines())) <= columns, f"{columns} columns:\n{shown}")
        check("no difference shown (p = 1.0000)" in shown, shown)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
