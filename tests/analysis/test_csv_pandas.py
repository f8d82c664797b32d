#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""pandas reads every CSV file that tacho writes, without any option but the names of columns where
the file has none: the same rows, and numbers are numbers."""
import csv
import importlib.util
import os
import pathlib
import subprocess
import sys

from exports import OPENTRONS, RECORDING, TOP, export
import harness
from harness import check, check_equal
from with_pandas import pandas

RECORDED = {  # a whole recording has these
    "activity_detail.csv", "activity_summary.csv", "activity_ledger.csv", "activity_probes.csv",
    "counters.csv", "process_detail.csv", "system_detail.csv", "gpu_detail.csv", "robot_activity_data",
    "system_resource_data"}
NUMBERS = ("_ns", "_bytes", "_percent", "_celsius", "pid", "tid", "depth", "count", "entries",
           "duration", "func_start", "time", "since", "Timepoint", "Measurement", "PID", "_mb")
TEXTS = ("timestamp", "running_state")


def read(path):
    """As anybody would: the names are in the first row, or in the file of headers beside."""
    headers = path.with_name(path.name + "_headers")
    if not headers.exists():
        return pandas.read_csv(path)
    return pandas.read_csv(path, names=headers.read_text().split(","))


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    headers = path.with_name(path.name + "_headers")
    return [headers.read_text().split(","), *rows] if headers.exists() else rows


def is_number(name):
    return name.endswith(NUMBERS) and name not in TEXTS


def check_cell(found, text, what):
    if pandas.isna(found):
        check_equal(text, "", what)
    elif isinstance(found, str):
        check_equal(found, text, what)
    elif text in ("True", "False"):
        check_equal(str(found), text, what)
    elif isinstance(found, float):  # its quick way to read one may be wrong in the last digit
        check(abs(found - float(text)) <= 4e-15 * abs(float(text)),
              f"{what}: is {found}, should be {text}")
    else:
        check_equal(int(found), int(text), what)


def check_file(path):
    names, *rows = rows_of(path)
    # of two columns of one name, a captured value and ours, pandas calls the second so
    names = [f"{name}.1" if name in names[:i] else name for i, name in enumerate(names)]
    frame = read(path)
    check_equal(list(frame.columns), names, f"columns of {path}")
    check_equal(len(frame), len(rows), f"rows of {path}")
    for column, name in enumerate(names):
        values = frame[name]
        for found, row in zip(values, rows):
            check_cell(found, row[column], f"{name} in {path}")
        if is_number(name) and len(rows):
            check(values.dtype.kind in "iuf", f"{name} in {path} is {values.dtype}")


def replayed(scratch):
    """What a recording writes, by way of its raw stream."""
    spec = importlib.util.spec_from_file_location("streams", TOP / "tests/replay/streams.py")
    streams = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(streams)
    (scratch / "raw").write_bytes(streams.every_record())
    subprocess.run([harness.TACHO, "replay", "-d", scratch / "recorded", scratch / "raw"],
                   check=True, capture_output=True, timeout=harness.DEADLINE_S)
    return scratch / "recorded"


def test_every_recorded_file_is_read(scratch):
    directory = replayed(scratch)
    files = {path.name for path in directory.iterdir() if not path.name.endswith("_headers")}
    check_equal(files, RECORDED)
    for name in sorted(files):
        check(len(rows_of(directory / name)) > 1, f"{name} has no rows")
        check_file(directory / name)


def test_files_of_before_are_read(scratch):
    for directory in RECORDING, OPENTRONS:
        for path in sorted(directory.iterdir()):
            if not path.name.endswith("_headers"):
                check_file(path)


def test_every_exported_file_is_read(scratch):
    for form in "quantumleap", "junmai-csv":
        export("--format", form, "-o", scratch / form, RECORDING)
        paths = sorted((scratch / form).iterdir())
        check(paths, form)
        for path in paths:
            check_file(path)


def test_every_report_is_read(scratch):
    for number, view in enumerate((
            ("--only=states",), ("--only=processes",), ("--by=pid,comm",), ("--tree",),
            ("--tree=name",), ("--rate=1s",), ("--rate=1s", "--series"))):
        path = pathlib.Path(scratch) / f"{number}.csv"
        with open(path, "wb") as file:
            subprocess.run([harness.TACHO, "report", "--format=csv", *view, RECORDING], check=True,
                           stdout=file, stderr=subprocess.DEVNULL, timeout=harness.DEADLINE_S)
        check_file(path)
    path = pathlib.Path(scratch) / "compare.csv"
    with open(path, "wb") as file:
        subprocess.run([harness.TACHO, "compare", "--format=csv", RECORDING, RECORDING], check=True,
                       stdout=file, stderr=subprocess.DEVNULL, timeout=harness.DEADLINE_S)
    check_file(path)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
