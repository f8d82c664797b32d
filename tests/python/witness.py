# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sees the marks as another tool does: bpftrace, at every probe of a file."""
import collections
import os
import pathlib
import re
import subprocess
import tempfile
import time

DEADLINE_S = 60
TEXT, NUMBER, KEY = "str({})", "(int64){}", "{}"
FORMATS = {TEXT: "%s", NUMBER: "%lld", KEY: "%llu"}
PROBES = {
    "begin": (TEXT,), "end": (TEXT,), "key_begin": (TEXT, KEY), "key_end": (TEXT, KEY),
    "key_leave": (KEY,), "key_enter": (KEY,), "counter": (TEXT, NUMBER),
    "attribute_int": (TEXT, NUMBER), "attribute_text": (TEXT, TEXT),
    "key_attribute_int": (TEXT, NUMBER, KEY), "key_attribute_text": (TEXT, TEXT, KEY),
    "fail": (TEXT,), "key_fail": (TEXT, KEY),
}
# Probes are attached one by one, in one order or the other; what is attached first and what is
# attached last both tell of it.
READY = 'interval:ms:20 {{ if (!@{0}) {{ @{0} = 1; printf("\\x1e{0}\\n"); }} }}'
# What is printed on a processor comes in its order: when this has come from each, all has.
LAST = 'tracepoint:syscalls:sys_enter_getpgid /args->pid == {0}/ {{ printf("\\x1eend %d\\n", cpu); }}'
NOBODY = 0x7ac40000  # no process has such a number
Event = collections.namedtuple("Event", "time_ns pid tid mark arguments")


def script_of(path, probes):
    lines = []
    for name in probes:
        kinds = PROBES[name]
        shown = "".join("\\x1f" + FORMATS[kind] for kind in kinds)
        arguments = "".join(", " + kind.format(f"arg{i}") for i, kind in enumerate(kinds))
        lines.append(f'usdt:{path}:tacho:{name} {{ printf("\\x1e%llu\\x1f%d\\x1f%d\\x1f{name}'
                     f'{shown}\\x1f\\n", nsecs, pid, tid{arguments}); }}')
    return "\n".join(lines)


class Witness:
    """A context manager; afterwards, or after stop(), events() has what was seen: everything, but
    where some may be lost, since programs may mark faster than bpftrace is let run."""

    def __init__(self, path, probes=tuple(PROBES), some_may_be_lost=False):
        self.path = pathlib.Path(path)
        self.some_may_be_lost = some_may_be_lost
        self.script = script_of(self.path, probes)
        self.output = tempfile.TemporaryFile()
        self.process = None
        self.nobody = NOBODY + os.getpid()

    def __enter__(self):
        env = dict(os.environ, BPFTRACE_STRLEN="80", BPFTRACE_PERF_RB_PAGES="1024")
        errors = subprocess.STDOUT
        script = "\n".join((READY.format("first"), self.script, LAST.format(self.nobody),
                            READY.format("last")))
        self.process = subprocess.Popen(["bpftrace", "-e", script], stdout=self.output,
                                        stderr=errors, env=env)
        self.wait_for(b"\x1efirst", b"\x1elast")
        return self

    def wait_for(self, *words, meanwhile=lambda: None):
        deadline = time.monotonic() + DEADLINE_S
        while True:
            over = self.process.poll() is not None or time.monotonic() > deadline
            if all(word in self.text() for word in words):
                return
            if over:
                raise AssertionError(f"bpftrace (exit status {self.process.poll()}) has not said "
                                     f"{words}: " + self.text().decode(errors="replace"))
            meanwhile()
            time.sleep(0.01)  # between looks at its output

    def wait_for_the_last(self):
        """Told until it comes: at first there may have been no room for it."""
        self.wait_for(*(b"\x1eend %d\n" % processor for processor in os.sched_getaffinity(0)),
                      meanwhile=self.tell_the_last)

    def tell_the_last(self):
        allowed = os.sched_getaffinity(0)
        try:
            for processor in allowed:
                os.sched_setaffinity(0, {processor})
                try:
                    os.getpgid(self.nobody)
                except ProcessLookupError:
                    pass
        finally:
            os.sched_setaffinity(0, allowed)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()

    def text(self):
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0)

    def stop(self):
        if self.process.poll() is None:
            self.wait_for_the_last()
            self.process.kill()  # all is told; its own way to end takes long
            self.process.wait()
        text = self.text().decode(errors="replace")
        lost = re.search(r"Lost \d+ events", text)
        if lost and not self.some_may_be_lost:
            raise AssertionError(lost[0])

    def events(self, pid=None):
        """In the order of time. Stops the witness."""
        self.stop()
        found = []
        for record in self.text().decode(errors="replace").split("\x1e")[1:]:
            time_ns, *rest = record.split("\x1f")
            if time_ns.isdecimal():
                found.append(Event(int(time_ns), int(rest[0]), int(rest[1]), rest[2],
                                   tuple(rest[3:-1])))
        return sorted(event for event in found if pid in (None, event.pid))


def shape(events):
    """The events as texts, without what differs from run to run: keys are numbered."""
    keys, lines = {}, []
    for event in events:
        kinds = PROBES[event.mark]
        arguments = [str(keys.setdefault(a, f"#{len(keys) + 1}")) if kind is KEY else a
                     for kind, a in zip(kinds, event.arguments)]
        lines.append(" ".join([event.mark, *arguments]))
    return lines
