# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The C core, or what does nothing in its place: the package must never break a program."""
try:
    from _tacho_marks import (Block, Steps, active, attribute, begin, counter, counting, end, fail,
                              key_attribute, key_begin, key_end, key_enter, key_fail, key_leave,
                              look, mark_collections, new_key, notice, on_collection, on_enter,
                              on_leave, on_resume, on_return, on_start, on_unwind, on_yield,
                              try_again, watch, watch_suspensions)
    PRESENT = True
except Exception:  # missing, for another machine, or in an interpreter of its own
    PRESENT = False
    _last_key = 0

    def _nothing(*_arguments):
        pass

    def _no(*_arguments):
        return False

    begin = end = key_begin = key_end = key_enter = key_leave = key_fail = key_attribute = _nothing
    attribute = counter = fail = mark_collections = notice = on_collection = watch = _nothing
    on_start = on_return = on_yield = on_resume = on_unwind = try_again = _nothing
    on_enter = on_leave = watch_suspensions = _nothing
    active = counting = look = _no

    def new_key():
        global _last_key
        _last_key += 1
        return _last_key

    class Block:
        __slots__ = ("label",)

        def __init__(self, label):
            self.label = label

        def __enter__(self):
            return self

        enter_keyed = __enter__

        def __exit__(self, *_exception):
            return None

    def Steps(inner, _label, _key=0):
        return inner
