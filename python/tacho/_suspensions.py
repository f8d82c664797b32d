# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Asks the interpreter (Python 3.12 on) to tell when coroutines with marked blocks are
suspended."""
import sys

from . import _core

_TOOL = "tacho blocks"


class Suspensions:
    """Called with a code object and whether its suspensions are wanted: from when a block begins in
    it, and no more when one is told of while nobody records. Returns whether they are told."""

    def __init__(self, monitoring):
        self.monitoring = monitoring
        self.tool = None
        events = monitoring.events
        self.events = events.PY_YIELD | events.PY_RESUME

    def __call__(self, code, wanted):
        if self.tool is None and not self.start():
            return False
        events = self.events if wanted else 0
        if self.monitoring.get_local_events(self.tool, code) != events:
            self.monitoring.set_local_events(self.tool, code, events)
        return wanted

    def start(self):
        for tool in (3, 4):  # the numbers without a meaning of their own; functions are 4 or 3
            if self.monitoring.get_tool(tool) is None:
                break
        else:
            return False
        events = self.monitoring.events
        self.monitoring.use_tool_id(tool, _TOOL)
        self.monitoring.register_callback(tool, events.PY_YIELD, _core.on_leave)
        self.monitoring.register_callback(tool, events.PY_RESUME, _core.on_enter)
        self.monitoring.register_callback(tool, events.PY_THROW, _core.on_enter)
        self.monitoring.set_events(tool, events.PY_THROW)  # is told of every frame, or of none
        self.tool = tool
        return True


def start():
    monitoring = getattr(sys, "monitoring", None)
    if monitoring:
        _core.watch_suspensions(Suspensions(monitoring))
