# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""python_timers.py KIND COUNT DIRECTORY: what timing a function inside a Python program costs.

Prints the CPU time of a call without and with the timer, in nanoseconds, and the rows written. Each kind does
what one known package does for a call, written anew: the same clocks, containers, locks and files.

  rows     two clocks, a list, and a row appended to a CSV file when the call ends (robot activity)
  bucket   an id for each sample, a lock, and a CSV file whenever the bucket is full (web server)
  history  a record of eight fields in a ring, exported as CSV at the end (image processing)
  sums     count, mean, least and greatest of each name; nothing is written (data store)
"""
import collections
import csv
import datetime
import functools
import os
import pathlib
import sys
import threading
import time
import uuid

BUCKET_SAMPLES = 18725


def work(value):
    return value + 1


class Rows:
    def __init__(self, directory):
        self.path, self.data, self.written = directory / "robot_activity_data", [], 0

    def timed(self, function):
        @functools.wraps(function)
        def wrapper(*args):
            start_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
            began_ns = time.perf_counter_ns()
            try:
                return function(*args)
            finally:
                self.data.append(("WORK", start_ns, time.perf_counter_ns() - began_ns))
                self.store()
        return wrapper

    def store(self):
        rows, self.data = self.data, []
        with open(self.path, "a", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
        self.written += len(rows)

    def close(self):
        return self.written


class Bucket:
    def __init__(self, directory):
        self.directory, self.open, self.written = directory, {}, 0
        self.lock, self.samples, self.cnt = threading.Lock(), collections.defaultdict(list), 0

    def timed(self, function):
        @functools.wraps(function)
        def wrapper(*args):
            sample = uuid.uuid4().hex
            self.open[sample] = time.perf_counter()
            try:
                return function(*args)
            finally:
                self.put("work", time.perf_counter() - self.open.pop(sample))
        return wrapper

    def put(self, label, seconds):
        full = None
        with self.lock:
            self.samples[label].append((time.time_ns(), seconds))
            self.cnt += 1
            if self.cnt >= BUCKET_SAMPLES:
                full, self.samples, self.cnt = self.samples, collections.defaultdict(list), 0
        if full:
            self.flush(full)

    def flush(self, samples):
        temporary = self.directory / f"duration.{uuid.uuid4().hex}.tmp"
        with open(temporary, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("Timepoint", "Measurement", "Label", "PID"))
            for label, values in samples.items():
                writer.writerows((at_ns, s, label, os.getpid()) for at_ns, s in values)
                self.written += len(values)
        temporary.rename(temporary.with_suffix(".csv"))

    def close(self):
        self.flush(self.samples)
        return self.written


class History:
    FIELDS = ("timestamp", "operation", "duration_ms", "photo_id", "job_id", "stage", "success",
              "error_message")

    def __init__(self, directory):
        self.path, self.lock = directory / "processing_metrics.csv", threading.Lock()
        self.records = collections.deque(maxlen=1_000_000)

    def timed(self, function):
        @functools.wraps(function)
        def wrapper(*args):
            error, began = None, time.time()
            try:
                return function(*args)
            except Exception as raised:
                error = str(raised)
                raise
            finally:
                duration_ms = (time.time() - began) * 1000
                values = (datetime.datetime.now().isoformat(), "work", duration_ms, None, None,
                          None, error is None, error)
                record = dict(zip(self.FIELDS, values))
                with self.lock:
                    self.records.append(record)
        return wrapper

    def close(self):
        with open(self.path, "w", newline="") as file:
            writer = csv.DictWriter(file, self.FIELDS)
            writer.writeheader()
            writer.writerows(self.records)
        return len(self.records)


class Sums:
    def __init__(self, _):
        self.sums = {}

    def timed(self, function):
        @functools.wraps(function)
        def wrapper(*args):
            began_ns = time.perf_counter_ns()
            try:
                return function(*args)
            finally:
                self.add("work", (time.perf_counter_ns() - began_ns) / 1e6)
        return wrapper

    def add(self, name, ms):
        cnt, mean, least, greatest, _, _ = self.sums.get(name, (0, 0.0, float("inf"), 0.0, 0, 0))
        self.sums[name] = (cnt + 1, (mean * cnt + ms) / (cnt + 1), min(least, ms),
                           max(greatest, ms), ms, time.time())

    def close(self):
        return 0


KINDS = {"rows": Rows, "bucket": Bucket, "history": History, "sums": Sums}


def ns_a_call(function, cnt, finish=lambda: None):
    """CPU time, so that what else the machine does is not in it; with what is written at the end, or
    part of the cost would be left out."""
    value, began_ns = 0, time.process_time_ns()
    for _ in range(cnt):
        value = function(value)
    finish()
    if value != cnt:
        sys.exit(3)
    return (time.process_time_ns() - began_ns) / cnt


def main():
    cnt, directory = int(sys.argv[2]), pathlib.Path(sys.argv[3])
    timer, written = KINDS[sys.argv[1]](directory), []
    plain_ns = ns_a_call(work, cnt)
    timed_ns = ns_a_call(timer.timed(work), cnt, lambda: written.append(timer.close()))
    print(f"{plain_ns:.1f} {timed_ns:.1f} {written[0]}")


main()
