# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""psutil_watch.py SECONDS: every so often, `PID COMMAND LINE` of each process that is new."""
import sys
import time

import psutil


def main():
    known = set()
    while True:
        for process in psutil.process_iter(attrs=["cmdline"]):
            if process.pid not in known:
                known.add(process.pid)
                print(process.pid, " ".join(process.info["cmdline"] or []))
        print("ready", flush=True)
        time.sleep(float(sys.argv[1]))


main()
