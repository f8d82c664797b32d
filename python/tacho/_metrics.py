# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Times, counters and attributes by key, as ProxyStore's stores have them."""
import hashlib
import json

from . import _core
from ._blocks import time_it

KEY_TEXT_MAX = 120  # bytes; recorders read little more


def key_text(key):
    """A key as text. A batch is the sequence of its keys in their order: another order is another
    key, and a batch of one is not that one. Long batches are told apart by a hash."""
    if not isinstance(key, (list, tuple)):
        return str(key)
    text = json.dumps([key_text(part) for part in key], ensure_ascii=False)
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) <= KEY_TEXT_MAX:
        return text
    return f"[{len(key)} keys, {hashlib.blake2b(encoded, digest_size=16).hexdigest()}]"


class operation(time_it):
    """with operation("store.put", key): a marked block with the attribute key."""

    __slots__ = ("key",)

    def __init__(self, name, key=None):
        super().__init__(name)
        self.key = key

    def __enter__(self):
        super().__enter__()
        return self._keyed()

    async def __aenter__(self):
        self.enter_keyed()
        return self._keyed()

    def _keyed(self):
        if self.key is not None and _core.active():
            _core.attribute("key", key_text(self.key))
        return self


class Metrics:
    """Has the methods that ProxyStore's registry is filled with. Each call is a row: a block
    without a duration of its own with the attributes key and value (a time: recorded_ns). Counters
    are counted as well, over all keys. Nothing is kept in the program."""

    __slots__ = ()

    def add_attribute(self, name, key, value):
        self._row(name, key, "value", value)

    def add_counter(self, name, key, value):
        _core.counter(name, value)
        self._row(name, key, "value", value)

    def add_time(self, name, key, time_ms):
        self._row(name, key, "recorded_ns", round(time_ms * 1e6))

    @staticmethod
    def _row(name, key, attribute, value):
        if _core.active():
            with operation(name, key):
                _core.attribute(attribute, value)
