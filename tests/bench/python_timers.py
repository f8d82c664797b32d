# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""python_timers.py KIND COUNT DIRECTORY: what timing inside a Python program costs.

Prints the CPU time of a call without and with the timer, in nanoseconds, and the rows written. Each
kind does for a timed block what one known package does, written anew: the same clocks, containers,
locks, files and layers of calls. Beside the packages' own code in one process, `sums` costs 1.00 and
`bucket` 1.05 times as much (Python 3.11: 1.9 and 3.6 us, where two emulated uprobes cost 1.2 us);
`history`, made from what is known of its package, costs 26 us.

  rows     Opentrons: two clocks, a list, and a row appended to a CSV file when the call ends
  bucket   QuantumLeap: an identifier for each sample, a lock, and a CSV file when the bucket is full
  history  Junmai AutoDev: a record of eight fields in a ring, and as a line of JSON in a log file
  sums     ProxyStore: count, mean, least, greatest and last of each name of each key; no file
"""
import collections
import collections.abc
import contextlib
import csv
import dataclasses
import datetime
import functools
import json
import logging
import logging.handlers
import math
import os
import pathlib
import sys
import threading
import time
import typing
import uuid


def work(value):
    return value + 1


class Timer:
    """What has block(label), to be used by `with`."""

    def timed(self, function):
        @functools.wraps(function)
        def wrapper(*args):
            with self.block("work"):
                return function(*args)
        return wrapper

    def close(self):
        """Writes what is not written yet. Returns how many rows there are."""
        return 0


class Rows(Timer):
    """The file is opened for each call, as robot-server does when it stores what it has tracked."""

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


# --- QuantumLeap: a sample has an identifier, under which its beginning is kept until its end; then
# --- it goes into a bucket under a lock. The module's functions pass it on to the monitor, that to a
# --- sampler, that to its clock and its bucket, that to its buffer.

class SampleClock:
    def __init__(self):
        self.begun = {}

    @staticmethod
    def identifier():
        return uuid.uuid4().hex

    def begin(self):
        sample = self.identifier()
        self.begun[sample] = time.perf_counter()
        return sample

    def end(self, sample):
        return time.perf_counter() - self.begun.pop(sample)


def now_and(label, seconds):
    return time.time_ns(), seconds, label


def without_label(observation):
    return observation[2], observation[:2]


OBSERVATION_SZ = sys.getsizeof((0, 0.0))


class SampleBuffer:
    def __init__(self):
        self.series, self.least_sz = {}, 0

    def size(self):
        return self.least_sz

    def extend(self, label, observations):
        series = self.series.get(label, [])
        series.extend(observations)
        self.series[label] = series

    def add(self, *observations):
        for observation in observations:
            label, pair = without_label(observation)
            self.extend(label, [pair])
        self.least_sz += len(observations) * OBSERVATION_SZ

    def take(self):
        """The package itself does not set the size back, so that each later sample becomes a file of
        its own; what it means to do costs less and is what is measured here."""
        series, self.series, self.least_sz = self.series, {}, 0
        return series


class SampleBucket:
    FULL_SZ = 1 << 20

    def __init__(self, write):
        self.buffer, self.lock, self.write = SampleBuffer(), threading.Lock(), write

    def put(self, *observations):
        full = None
        with self.lock:
            self.buffer.add(*observations)
            if self.buffer.size() > self.FULL_SZ:
                full = self.buffer.take()
        if full:
            self.write(full)


class Sampler:
    def __init__(self, write):
        self.bucket, self.clock = SampleBucket(write), SampleClock()

    def begin(self):
        return self.clock.begin()

    def end(self, label, sample):
        self.bucket.put(now_and(label, self.clock.end(sample)))


class Monitor:
    def __init__(self, write):
        self.sampler = Sampler(write)

    def begin(self):
        return self.sampler.begin()

    def end(self, label, sample):
        self.sampler.end(label, sample)


monitor = None  # one for the process


def begin_sample():
    return monitor.begin() if monitor else ""


def end_sample(label, sample):
    if monitor:
        monitor.end(label, sample)


class SampledBlock(contextlib.ContextDecorator):
    def __init__(self, label):
        self.label, self.sample = label, None

    def __enter__(self):
        self.sample = begin_sample()
        return self

    def __exit__(self, *exception):
        end_sample(self.label, self.sample)
        return False


class Bucket(Timer):
    """The bucket is full, and written in the block that fills it, after UNTIL_FULL of them."""
    UNTIL_FULL = SampleBucket.FULL_SZ // OBSERVATION_SZ + 1
    block = SampledBlock

    def __init__(self, directory):
        global monitor
        self.directory, self.written = directory, 0
        monitor = Monitor(self.write)

    def write(self, samples):
        temporary = self.directory / f"duration.{uuid.uuid4().hex}.tmp"
        with open(temporary, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("Timepoint", "Measurement", "Label", "PID"))
            for label, values in samples.items():
                writer.writerows((at_ns, s, label, os.getpid()) for at_ns, s in values)
                self.written += len(values)
        temporary.rename(temporary.with_suffix(".csv"))

    def close(self):
        self.write(monitor.sampler.bucket.buffer.take())
        return self.written


# --- Junmai AutoDev: the wall clock before and after; at the end a record, which goes into a ring of
# --- the last 10 000 and, as JSON, into a log of six files of 10 MB, each line of which is written at
# --- once. On failure the record has the exception's text.

@dataclasses.dataclass
class ProcessingRecord:
    timestamp: str
    operation: str
    duration_ms: float
    photo_id: typing.Optional[int] = None
    job_id: typing.Optional[str] = None
    stage: typing.Optional[str] = None
    success: bool = True
    error_message: typing.Optional[str] = None


class JsonLines(logging.Formatter):
    def format(self, record):
        return json.dumps({"timestamp": datetime.datetime.now().isoformat(),
                           "level": record.levelname, "logger": record.name,
                           "message": record.getMessage(), **record.details})


class History(Timer):
    KEPT = 10_000

    def __init__(self, directory):
        self.directory, self.records = directory, collections.deque(maxlen=self.KEPT)
        self.log = logging.Logger("metrics", logging.INFO)
        self.handler = logging.handlers.RotatingFileHandler(
            directory / "main.log", maxBytes=10 << 20, backupCount=5, encoding="utf-8")
        self.handler.setFormatter(JsonLines())
        self.log.addHandler(self.handler)

    def record(self, operation, duration_ms, photo_id, job_id, stage, success, error_message):
        record = ProcessingRecord(datetime.datetime.now().isoformat(), operation, duration_ms,
                                  photo_id, job_id, stage, success, error_message)
        self.records.append(record)
        self.log.log(logging.INFO if success else logging.WARNING, "processing time recorded",
                     extra={"details": {"operation": operation, "duration_ms": duration_ms,
                                        "success": success}})

    @contextlib.contextmanager
    def block(self, operation, photo_id=None, job_id=None, stage=None):
        error, began = None, time.time()
        try:
            yield
        except Exception as raised:
            error = str(raised)
            raise
        finally:
            self.record(operation, (time.time() - began) * 1000, photo_id, job_id, stage,
                        error is None, error)

    def close(self):
        with open(self.directory / "processing_metrics.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in
                                           dataclasses.fields(ProcessingRecord)])
            writer.writeheader()
            writer.writerows(map(dataclasses.asdict, self.records))
        self.handler.close()
        return sum(file.read_bytes().count(b"\n") for file in self.directory.glob("main.log*"))


# --- ProxyStore: a stopwatch that refuses to be read while it runs; what it says goes, by the hash of
# --- the key and by the name, into statistics. A key may be a proxy, several proxies, or several keys,
# --- which is asked each time: ABCs and a generator expression, most of what it costs.

class Stopwatch:
    def __init__(self):
        self.began_ns, self.ended_ns, self.runs = 0, 0, False

    def start(self):
        self.runs = True
        self.began_ns = time.perf_counter_ns()
        return self

    def stop(self):
        self.ended_ns = time.perf_counter_ns()
        self.runs = False
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, traceback):
        self.stop()

    @property
    def ns(self):
        if self.runs:
            raise RuntimeError("the stopwatch is running")
        return self.ended_ns - self.began_ns

    @property
    def ms(self):
        return self.ns / 1e6


class Proxy:
    """Of an object in the store."""


class Key(typing.NamedTuple):
    object_id: str


def key_hash(key):
    if isinstance(key, Proxy):
        key = key.key
    elif isinstance(key, collections.abc.Sequence) and all(isinstance(one, Proxy) for one in key):
        key = tuple(one.key for one in key)
    if isinstance(key, collections.abc.Sequence) and not isinstance(key, tuple):
        key = tuple(key)
    return hash(key)


def mean_of_both(mean, cnt, other, other_cnt):
    return (mean * cnt + other * other_cnt) / (cnt + other_cnt)


@dataclasses.dataclass
class Times:
    cnt: int = 0
    mean_ms: float = 0
    least_ms: float = math.inf
    greatest_ms: float = 0
    last_ms: float = 0
    last_at: float = 0

    def add(self, ms):
        self.mean_ms = mean_of_both(self.mean_ms, self.cnt, ms, 1)
        self.least_ms = min(self.least_ms, ms)
        self.greatest_ms = max(self.greatest_ms, ms)
        self.last_ms = ms
        self.last_at = time.time()
        self.cnt += 1


@dataclasses.dataclass
class OfKey:
    attributes: dict = dataclasses.field(default_factory=dict)
    counters: dict = dataclasses.field(default_factory=dict)
    times: dict = dataclasses.field(default_factory=dict)


class Sums(Timer):
    def __init__(self, _):
        self.of_keys, self.key = collections.defaultdict(OfKey), Key(uuid.uuid4().hex)

    def add(self, name, key, ms):
        times = self.of_keys[key_hash(key)].times
        if name not in times:
            times[name] = Times()
        times[name].add(ms)

    def timed(self, function):
        @functools.wraps(function)
        def wrapper(*args):
            with Stopwatch() as watch:
                result = function(*args)
            self.add("work", self.key, watch.ms)
            return result
        return wrapper


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


if __name__ == "__main__":
    main()
