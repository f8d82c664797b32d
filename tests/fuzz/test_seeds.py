#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every fuzzer survives its own seeds, and what it makes of them in a few seconds: the same each
time, so that what fails once fails again. `make fuzz` looks further."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FUZZERS = pathlib.Path(os.environ["TACHO"]).parent / "fuzz"
SECONDS = 5


def main():
    names = sorted(path.stem[len("fuzz_"):] for path in HERE.glob("fuzz_*.c"))
    print(f"1..{len(names)}")
    failed = False
    for number, name in enumerate(names, 1):
        with tempfile.TemporaryDirectory(prefix="tacho-fuzz-") as found:
            done = subprocess.run(
                [FUZZERS / f"fuzz_{name}", "-seed=1", f"-max_total_time={SECONDS}",
                 "-verbosity=0",
                 f"-artifact_prefix={found}/", found, HERE / "corpus" / name],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            failed = True
            print("# " + done.stdout.decode(errors="replace")[-4000:].replace("\n", "\n# "))
        print(f"{'not ok' if done.returncode else 'ok'} {number} - the {name} fuzzer finds nothing",
              flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
