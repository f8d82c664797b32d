# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A module whose functions are selected by name: one of every kind."""
import asyncio
import functools


def plain(number, *, scale=1):
    """Multiplies."""
    return number * scale


def descend(depth):
    return 0 if depth == 0 else 1 + descend(depth - 1)


def fails(text):
    raise ValueError(text)


async def waits(number):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return number


async def waits_for_ever():
    await asyncio.Event().wait()


async def outer(number):
    return await waits(number) + 1


def counts(limit):
    for i in range(limit):
        got = yield i
        if got:
            return got
    return "all"


async def streams(limit):
    for i in range(limit):
        await asyncio.sleep(0)
        yield i


def decorator(function):
    @functools.wraps(function)
    def around(*args, **kwargs):
        return function(*args, **kwargs)
    return around


@decorator
def decorated(number):
    return number


@decorator
def decorated_too(number):
    return -number


class Robot:
    def __init__(self):
        self._speed = 1

    def method(self, number):
        return number + self._speed

    @staticmethod
    def static(number):
        return number

    @classmethod
    def made(cls, number):
        return cls, number

    @property
    def speed(self):
        return self._speed

    @speed.setter
    def speed(self, value):
        self._speed = value

    async def moves(self):
        await asyncio.sleep(0)
        return "moved"

    class Arm:
        def reach(self):
            return "reached"


def untouched():
    return "untouched"
