# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Marked blocks of code."""
import sys
import time

from . import _core
from ._wrapping import failure_text, wrap

if hasattr(sys, "monitoring"):
    _core.watch_suspensions(sys.monitoring)


class time_it(_core.Block):
    """Marks a block of code, or each call of a function.

        with time_it("load"):           @time_it("save")
            ...                         def save(...): ...

        async with time_it("fetch"):    @time_it("send")
            ...                         async def send(...): ...

    Recursion, threads and tasks may use one object at once. An exception passes unchanged; the
    block has then failed, with its type and text. A block that suspends is keyed: `with` sees by
    itself whether it is in a task of asyncio or trio or in a greenlet.
    """

    __slots__ = ()

    def __call__(self, function):
        if isinstance(function, staticmethod):
            return staticmethod(self(function.__func__))
        if isinstance(function, classmethod):
            return classmethod(self(function.__func__))
        if isinstance(function, property):
            return property(self(function.fget), function.fset, function.fdel, function.__doc__)
        return wrap(function, self.label)

    async def __aenter__(self):
        return self.enter_keyed()

    async def __aexit__(self, *exception):
        return self.__exit__(*exception)


class measure_performance(time_it):
    """A marked block with the columns photo_id, job_id and stage. It also knows afterwards how it
    went: duration_ms, success, error_message. For one use at a time."""

    __slots__ = ("operation", "photo_id", "job_id", "stage", "duration_ms", "success",
                 "error_message", "_started_ns")

    def __init__(self, operation, photo_id=None, job_id=None, stage=None):
        super().__init__(operation)
        self.operation = operation
        self.photo_id, self.job_id, self.stage = photo_id, job_id, stage
        self.duration_ms, self.success, self.error_message = 0.0, True, None

    def _begun(self):
        _attributes(photo_id=self.photo_id, job_id=self.job_id, stage=self.stage)
        self._started_ns = time.perf_counter_ns()
        return self

    def _ended(self, error):
        self.duration_ms = (time.perf_counter_ns() - self._started_ns) / 1e6
        self.success = error is None
        self.error_message = None if error is None else str(error)

    def __enter__(self):
        super().__enter__()
        return self._begun()

    def __exit__(self, kind=None, error=None, traceback=None):
        self._ended(error)
        return super().__exit__(kind, error, traceback)

    async def __aenter__(self):
        self.enter_keyed()
        return self._begun()


def _attributes(**values):
    for name, value in values.items():
        if value is not None:
            _core.attribute(name, value)


def record_processing_time(operation, duration_ms, photo_id=None, job_id=None, stage=None,
                           success=True, error_message=None):
    """Records a block that took place earlier and was timed by other means: a block without a
    duration of its own, with the attribute recorded_ns."""
    if not _core.active():
        return
    with time_it(operation):
        _attributes(recorded_ns=round(duration_ms * 1e6), photo_id=photo_id, job_id=job_id,
                    stage=stage)
        if not success:
            _core.fail(error_message or "")


def fail(error):
    """The innermost block has failed: with a message, or an exception's type and text."""
    _core.fail(failure_text(error) if isinstance(error, BaseException) else error)
