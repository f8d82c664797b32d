# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Marked twins of functions. A twin is of the same kind as its original: what inspect and asyncio
say of the one they say of the other, and values, exceptions and cancellation pass unchanged."""
import functools
import types

from . import _core

_GENERATOR, _COROUTINE, _ITERABLE_COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200


def code_flags(function):
    """Those of the function that is called in the end; 0 for what is not written in Python."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    return getattr(getattr(function, "__code__", None), "co_flags", 0)


def _innermost(function):
    seen = 0
    while seen < 100 and getattr(function, "__wrapped__", None) is not None:
        function = function.__wrapped__
        seen += 1
    return function


def wrap(function, label, switch=(True,)):
    """The twin of function. While switch is empty it marks nothing."""
    flags = code_flags(function)
    if flags & _COROUTINE:
        marked = _coroutine(function, label, switch)
    elif flags & _ASYNC_GENERATOR:
        marked = _async_generator(function, label, switch)
    elif flags & (_GENERATOR | _ITERABLE_COROUTINE):
        marked = _generator(function, label, switch)
        if flags & _ITERABLE_COROUTINE:
            marked = types.coroutine(marked)
    elif code_flags(_innermost(function)) & _COROUTINE:
        marked = _hidden_coroutine(function, label, switch)
    else:
        marked = _call(function, label, switch)
    return functools.wraps(function)(marked)


def _call(function, label, switch):
    block = _core.Block(label)

    def marked(*args, **kwargs):
        if not switch:
            return function(*args, **kwargs)
        with block:
            return function(*args, **kwargs)
    return marked


def _coroutine(function, label, switch):
    active, steps = _core.active, _core.Steps

    async def marked(*args, **kwargs):
        if switch and active():
            return await steps(function(*args, **kwargs), label)
        return await function(*args, **kwargs)
    return marked


def _hidden_coroutine(function, label, switch):
    """A plain function around a coroutine function: what it returns is what takes the time."""
    active, steps = _core.active, _core.Steps

    async def drive(coroutine):
        return await steps(coroutine, label)

    def marked(*args, **kwargs):
        result = function(*args, **kwargs)
        if switch and isinstance(result, types.CoroutineType) and active():
            return drive(result)
        return result
    return marked


def _generator(function, label, switch):
    active, steps = _core.active, _core.Steps

    def marked(*args, **kwargs):
        if switch and active():
            return (yield from steps(function(*args, **kwargs), label))
        return (yield from function(*args, **kwargs))
    return marked


def _async_generator(function, label, switch):
    async def marked(*args, **kwargs):
        inner = function(*args, **kwargs)
        key = _core.new_key() if switch and _core.active() else 0
        if key:
            _core.key_begin(label, key)
            _core.key_leave(key)
        try:
            awaited = inner.__anext__()
            while True:
                try:
                    value = await (_core.Steps(awaited, label, key) if key else awaited)
                except StopAsyncIteration:
                    return
                try:
                    awaited = inner.asend((yield value))
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:
                    awaited = inner.athrow(error)
        except GeneratorExit:
            raise
        except BaseException as error:
            if key:
                _core.key_fail(failure_text(error), key)
            raise
        finally:
            if key:
                _core.key_end(label, key)
    return marked


def failure_text(error):
    """As the C core writes it."""
    try:
        text = str(error)
    except Exception:
        text = ""
    name = type(error).__name__
    return f"{name}: {text[:1000]}" if text else name
