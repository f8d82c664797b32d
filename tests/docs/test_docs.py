#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The manuals say what the program does: they format, and miss no option, key, column or file."""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))
import harness  # noqa: E402
from harness import check, check_equal  # noqa: E402

DOCS = TOP / "docs"


def manual(name):
    """The page as plain text, on lines too long to break a word."""
    done = subprocess.run(["man", "--warnings", "-l", "-Tutf8", "--no-hyphenation", str(DOCS / name)],
                          capture_output=True, env={"MANWIDTH": "200", "PATH": "/usr/bin:/bin",
                                                    "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""})
    check_equal(done.stderr.decode(), "", f"warnings of {name}")
    text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout.decode())
    return text.replace("\N{HYPHEN}", "-").replace("\N{MINUS SIGN}", "-")


def help_of(command):
    return subprocess.run([harness.TACHO, command, "--help"], capture_output=True, check=True,
                          text=True).stdout


def usage():
    return subprocess.run([harness.TACHO, "--help"], capture_output=True, check=True,
                          text=True).stdout


def commands():
    """As the program itself lists them."""
    found = re.findall(r"^  ([a-z]+) {2,}", usage(), re.M)
    check({"record", "check", "replay", "report", "doctor"} <= set(found), str(found))
    return found


def test_every_manual_formats_without_a_warning(scratch):
    pages = sorted(p.name for p in DOCS.glob("*.[1-8]"))
    check(set(pages) >= {f"tacho-{c}.1" for c in commands()} | {"tacho.1", "tacho.conf.5"}, str(pages))
    for page in pages:
        check(len(manual(page)) > 500, f"{page} says next to nothing")


def test_every_option_of_a_command_is_in_its_manual(scratch):
    for command in commands():
        page = manual(f"tacho-{command}.1")
        options = re.findall(r"^\s+(?:-\w(?:\[\w+\])?, )?(--[a-z-]+)", help_of(command), re.M)
        check(options, f"{command} --help shows no options")
        for option in options:
            check(option in page, f"tacho-{command}.1 does not mention {option}")


def test_every_command_is_in_the_manual_and_the_README(scratch):
    page = manual("tacho.1")
    readme = (TOP / "README.md").read_text()
    for command in commands():
        check(f"tacho-{command}(1)" in page, f"tacho.1 does not mention tacho-{command}(1)")
        check(f"`tacho {command}" in readme, f"README.md does not mention tacho {command}")


def test_every_key_of_the_example_is_in_the_manual_of_the_settings(scratch):
    page = manual("tacho.conf.5")
    keys = re.findall(r"^;?([a-z-]+) *=", (TOP / "systemd" / "tacho.conf").read_text(), re.M)
    check(len(set(keys)) >= 10, str(keys))
    for key in keys:
        check(f"{key}=" in page, f"tacho.conf.5 does not mention {key}")


def test_every_column_is_in_FORMATS(scratch):
    text = (DOCS / "FORMATS.md").read_text()
    recorded = TOP / "tests" / "replay" / "sqlite"
    headers = [(recorded / "robot_activity_data_headers").read_text()] + [
        (recorded / name).read_text().splitlines()[0]
        for name in ("activity_detail.csv", "activity_ledger.csv")]
    for name in ("sink_probes.c", "sink_summary.c", "sink_process_detail.c",
                 "sink_opentrons_resources.c", "sink_system.c", "sink_gpu.c"):
        columns = re.findall(r'^\t{ "([a-z_]+(?:[0-9]+min)?)",', (TOP / "user" / name).read_text(), re.M)
        check(len(columns) > 5, f"{name}: {columns}")
        headers.append(",".join(columns))
    for column in ",".join(headers).split(","):
        check(f"`{column}`" in text, f"FORMATS.md does not describe {column}")


def test_every_source_file_is_in_ARCHITECTURE(scratch):
    text = (DOCS / "ARCHITECTURE.md").read_text()
    missing = [str(p.relative_to(TOP)) for folder in ("bpf", "user", "include")
               for p in (TOP / folder).rglob("*.[ch]")
               if p.name not in text and p.with_suffix(".[ch]").name not in text]
    check_equal(missing, [], "files that ARCHITECTURE.md does not mention")


if __name__ == "__main__":
    harness.main(needs_bpf=False)
