# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Marks for Tachograph: blocks of code, counters and attributes that a recorder can see.

While nobody records, a mark does next to nothing; without the C core it does nothing at all. What
each of these does is in its own text; docs/MARKS.md has them all with examples.
"""
from ._blocks import fail, measure_performance, record_processing_time, time_it
from ._core import (PRESENT, active, attribute, counter, counting, key_attribute, key_begin,
                    key_end, key_enter, key_fail, key_leave, new_key)
from ._metrics import Metrics, key_text, operation

__all__ = ["Metrics", "PRESENT", "active", "attribute", "counter", "counting", "fail",
           "functions", "key_attribute", "key_begin", "key_end", "key_enter", "key_fail",
           "key_leave", "key_text", "mark_garbage_collection", "measure_performance", "new_key",
           "operation", "record_processing_time", "refresh", "time_it"]


def mark_garbage_collection(label="gc pause"):
    """Marks each pause for garbage collection and counts "gc collections", "gc collected" and "gc
    uncollectable". None switches it off. Interpreters with the USDT probes gc__start and gc__done
    do not need it."""
    from . import _functions
    _functions.mark_collections(label)


def refresh():
    """Looks at once whether a recorder has selected other functions."""
    from . import _functions
    _functions.refresh()


def functions():
    """The selected functions: a list of (name, states, how), where how is "monitored", "wrapped",
    or why it is not marked."""
    from . import _functions
    return _functions.status()
