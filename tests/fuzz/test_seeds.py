#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every fuzzer survives its own seeds, and what it makes of them in so many runs: some seconds of
work. They are the same each time, so that what fails once fails again; but for those fuzzers whose
threads race. `make fuzz` looks further."""
import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FUZZERS = pathlib.Path(os.environ["TACHO"]).parent / "fuzz"
RUNS = {"command_line": 80000, "config": 20000, "csv_reader": 6000, "debugdata": 6000,
        "decode": 1500, "elf": 10000, "export": 6000, "gopclntab": 300000, "names": 20000,
        "rows": 2500, "status": 30000, "usdt": 20000}
RUNS_OF_OTHERS = 3000
SECONDS_MAX = 30  # where that is slow: the first ones of the same runs
ADDR_NO_RANDOMIZE = 0x0040000  # Linux, include/uapi/linux/personality.h
libc = ctypes.CDLL(None)


def keep_addresses():
    """Addresses that are compared are hints to a fuzzer. Where this is refused, others come."""
    libc.personality(ctypes.c_ulong(ADDR_NO_RANDOMIZE))


def fuzz(name, found):
    seeds = HERE / "corpus" / name
    runs = len(list(seeds.iterdir())) + RUNS.get(name, RUNS_OF_OTHERS)
    return subprocess.run(
        [FUZZERS / f"fuzz_{name}", "-seed=1", f"-runs={runs}", f"-max_total_time={SECONDS_MAX}",
         "-reload=0", "-verbosity=0", f"-artifact_prefix={found}/", found, seeds],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=keep_addresses)


def main():
    names = sorted(path.stem[len("fuzz_"):] for path in HERE.glob("fuzz_*.c"))
    print(f"1..{len(names)}")
    failed = False
    for number, name in enumerate(names, 1):
        with tempfile.TemporaryDirectory(prefix="tacho-fuzz-") as found:
            done = fuzz(name, found)
        if done.returncode:
            failed = True
            print("# " + done.stdout.decode(errors="replace")[-4000:].replace("\n", "\n# "))
        print(f"{'not ok' if done.returncode else 'ok'} {number} - the {name} fuzzer finds nothing",
              flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
