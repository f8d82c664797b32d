#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Raw streams, written from docs/FORMATS.md alone. As a program: writes every_record() to a file."""
import struct
import sys

U8, U16, U32, U64, S8, S16, S32, S64, POINTER, BOOL, STRING = range(1, 12)
LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, GREATER_EQUAL, GREATER = range(1, 7)
RETURN, EXCEPTION, UNWOUND, THREAD_EXIT, EXEC, KILLED, OPEN = range(7)
ATTACHED, DETACHED = range(2)
SAMPLE, AT_EXEC, EXIT = range(3)
EXIT_CODE, EXACT_CPU, MEMORY, PEAK, IO, CUT = (1 << n for n in range(6))
BUCKETS, CAPTURES_MAX, RETURNED, UNKNOWN = 48, 8, 1 << 63, (1 << 64) - 1


def record(kind, fixed, *strings):
    body = fixed + b"".join(s.encode("utf-8", "surrogateescape") + b"\0" for s in strings)
    size = 8 + len(body)
    return struct.pack("=II", kind, size) + body + bytes(-size % 8)


def stream():
    return record(1, struct.pack("=QII", 0x314f484341540a, 1, 0))


def state(number, name):
    return record(2, struct.pack("=II", number, 0), name)


def probe(number, of_state, *strings):
    """binary, function and, in later streams, build-id, symbol and exit mode"""
    return record(3, struct.pack("=II", number, of_state), *strings)


def clock(since_ns, offset_ns):
    return record(4, struct.pack("=Qq", since_ns, offset_ns))


def values(returned=None, captured=(), truncated=0, text=b""):
    """captured: numbers, None for what could not be read; of strings their length"""
    valid = sum(1 << n for n, value in enumerate(captured) if value is not None)
    integers = [value or 0 for value in captured] + [0] * (CAPTURES_MAX - len(captured))
    if returned is not None:
        valid |= RETURNED
    return struct.pack("=QQQ8Q", returned or 0, valid, truncated, *integers) + text


def usage(cpu_ns, runqueue_ns=None, minor=0, major=0, voluntary=0, involuntary=0):
    """None: unknown; all of it, if cpu_ns is"""
    cpu_ns, runqueue_ns = (UNKNOWN if n is None else n for n in (cpu_ns, runqueue_ns))
    return struct.pack("=QQ4I", cpu_ns, runqueue_ns, minor, major, voluntary, involuntary)


def activity(number, start_ns, end_ns, ended=RETURN, depth=0, comm=b"motord", used=b"", tail=b"",
             said=b""):
    flags = (1 if tail else 0) | (2 if used else 0) | (4 if said else 0)
    return record(5, struct.pack("=QQIIIIII16s", start_ns, end_ns, number, 4711, 4712, depth, ended,
                                 flags, comm) + used + tail + said)


def counts(of_state, entries, *others):
    return record(6, struct.pack("=II5Q", of_state, 0, entries, *(others or (0, 0, 0, 0))))


def flush(time_ns, last=0):
    return record(7, struct.pack("=QII", time_ns, last, 0))


def capture(of_state, index, kind, name, text_offset=0, text_sz=0):
    return record(8, struct.pack("=6I", of_state, index, kind, text_offset, text_sz, 0), name)


def returns(number, kind, compare=0, operand=0):
    return record(9, struct.pack("=4Iq", number, kind, compare, 0, operand))


def summary(of_state, from_ns, to_ns, ended, sum_ns, min_ns, max_ns, buckets):
    ended = list(ended) + [0] * (7 - len(ended))
    buckets = [buckets.get(n, 0) for n in range(BUCKETS)]
    return record(10, struct.pack("=IIQQ7Q3Q48Q", of_state, 0, from_ns, to_ns, *ended, sum_ns, min_ns,
                                  max_ns, *buckets))


def placed(number, placing, time_ns, offset):
    return record(11, struct.pack("=IIQQ", number, placing, time_ns, offset))


def process(moment, time_ns, pid, command, user_ns=0, system_ns=0, rss=0, flags=MEMORY | PEAK | IO,
            exit_code=0, comm=b"python3", cgroup="/system.slice/server.service"):
    start_ticks, boot_s = 12, 1720546700
    return record(13, struct.pack("=17Q4IiI16s", time_ns, boot_s * 10**9 + start_ticks * 10**7,
                                  start_ticks, boot_s, user_ns, system_ns, user_ns + system_ns, rss,
                                  2 * rss, 3 * rss, 1_000_000_000, 11, 12, 13, 14, 15, 16, pid, 1, 3,
                                  moment, exit_code, flags, comm), command, cgroup)


def system(time_ns, values, cpus=()):
    known = sum(1 << n for n in values)
    return record(14, struct.pack("=QQ32QII", time_ns, known, *(values.get(n, 0) for n in range(32)),
                                  len(cpus), 0)
                  + b"".join(struct.pack("=H", 0xffff if c is None else c) for c in cpus))


def gpu(time_ns, pid, known, load=0, used=0, total=0, temperature=0):
    return record(15, struct.pack("=3Q3Ii", time_ns, used, total, pid, known, load, temperature),
                  "0000:01:00.0", "A \"GPU\", of some kind", "nvidia")


def attribute(number, name):
    return record(16, struct.pack("=II", number, 0), name)


def counter(time_ns, pid, name, delta, total):
    return record(17, struct.pack("=QqqII64s", time_ns, delta, total, pid, pid, name))


def attributes(numbers, texts=(), truncated=0):
    """numbers: by attribute; texts: likewise, as bytes"""
    values, text = [0] * 17, b""
    for number, value in dict(numbers).items():
        values[number] = value & (1 << 64) - 1
    for number, value in dict(texts).items():
        values[number] = len(value) << 32 | len(text)
        text += value
    bits = [sum(1 << n for n in which) for which in ({*dict(numbers), *dict(texts)}, dict(texts))]
    return struct.pack("=4I17Q", *bits, truncated, len(text), *values) + text


def every_record():
    """Two states and every kind of record; the files that it comes to are in every_record/."""
    ns = 1_000_000_000
    motord = "/usr/bin/motord"
    return b"".join([
        stream(),
        state(0, "MOVING"), state(1, "HOMING"),
        capture(0, 0, STRING, "axis", 0, 16), capture(0, 1, S32, "steps"),
        capture(1, 0, BOOL, "fast"), capture(1, 1, STRING, "axis", 0, 8),
        capture(1, 2, POINTER, "motor"),
        probe(0, 0, motord, "ns::move(int)", "5f1c", "_ZN2ns4moveEi", "safe"),
        probe(1, 1, motord, "home", "5f1c", "home.isra.0", "fast"),
        probe(2, 1, motord, "never_called", "5f1c", "never_called", "fast"),
        returns(0, S32, LESS, 0), returns(1, BOOL, EQUAL, 0),
        attribute(2, "lines"), attribute(0, "path"),
        clock(0, 1795317604 * ns),
        placed(0, ATTACHED, 1 * ns, 0x11c9), placed(1, ATTACHED, 1 * ns, 0x2000),
        placed(2, ATTACHED, 1 * ns, 0x3000),
        # an int in a register whose upper half is anything
        activity(0, 2 * ns, 2 * ns + 700, tail=values(0xdeadbeef_00000003, (5, 1200), text=b"left\n")),
        activity(0, 2 * ns + 5, 2 * ns + 9, depth=1,
                 tail=values(0xdeadbeef_fffffffe, (16, (1 << 32) - 1), 1, b"x" * 16)),
        activity(1, 3 * ns, 3 * ns + 1, tail=values(0xff00, (1, None, 0x7ffc0a), text=b"z")),
        activity(1, 3 * ns, 3 * ns + 2, tail=values(0x0100_0001, (0, 3, 0), text=b"z\xff,")),
        activity(1, 4 * ns, 5 * ns, EXCEPTION, tail=values(None, (1, 0, None))),
        activity(1, 4 * ns, 5 * ns, KILLED),
        counts(0, 2), counts(1, 4), flush(6 * ns),
        clock(6 * ns, 1795317605 * ns),  # the clock was set
        placed(1, DETACHED, 7 * ns, 0x2000),
        probe(3, 1, motord, "home", "77aa", "home", "fast"),  # motord was replaced
        returns(3, BOOL, EQUAL, 0),
        placed(3, ATTACHED, 7 * ns, 0x2100),
        activity(3, 8 * ns, 8 * ns + 4, tail=values(1, (1, None, 0x7ffc0a))),
        activity(3, 8 * ns, 8 * ns + 500, used=usage(300, 120, 5, 1, 2, 3),
                 tail=values(1, (1, None, 0x7ffc0a))),
        activity(3, 8 * ns, 8 * ns + 500, used=usage(500, None, 5)),
        activity(3, 8 * ns, 8 * ns + 500, used=usage(None)),
        summary(0, 7 * ns, 9 * ns, (998, 0, 0, 1, 0, 1), 5_000_000, 1, 3_000_000,
                {0: 10, 10: 989, 21: 1}),
        activity(0, 8 * ns, 9 * ns, OPEN, tail=values(None, (4, 7), text=b"left")),
        process(AT_EXEC, 8 * ns, 812, "python3 -c import time\ntime.sleep(1)", rss=4096),
        process(SAMPLE, 8 * ns + 1, 812, "python3 -c import time\ntime.sleep(1)", 35279999999,
                4810000000, 95_000_000),
        process(SAMPLE, 8 * ns + 2, 813, 'sh -c "a,\udcff\\"', 10**7, rss=1_234_567, comm=b"s\n",
                cgroup=""),
        process(SAMPLE, 8 * ns + 3, 814, "cut", flags=CUT, cgroup="/"),
        process(EXIT, 8 * ns + 4, 812, "python3 -c import time\ntime.sleep(1)", 35290000000,
                4810000000, flags=EXIT_CODE | EXACT_CPU | PEAK, exit_code=3 << 8),
        process(EXIT, 8 * ns + 5, 813, "", flags=EXIT_CODE, exit_code=9),
        system(8 * ns + 6, {0: 8000, 10: 205, 12: 542}, (125, None, 1000)),
        gpu(8 * ns + 6, 0, 15, 375, 838860800, 6441402368, -55),
        gpu(8 * ns + 6, 812, 2, used=4096),
        state(2, "a label\n"), probe(4, 2, motord, "usdt:tacho:begin", "5f1c", "usdt:tacho:begin",
                                     "mark"),
        activity(4, 8 * ns, 8 * ns + 3, said=attributes({2: -5}, {0: b"/tmp"}, 1)),
        activity(4, 8 * ns, 8 * ns + 4, used=usage(3, 1), said=attributes({1: 1})),
        counter(8 * ns + 7, 812, b"cache, hits", -2, 40),
        counts(0, 1003), counts(1, 9, 1, 0, 0, 2), counts(2, 2), flush(9 * ns, 1),
    ])


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as file:
        file.write(every_record())
