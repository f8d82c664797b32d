# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A program as anybody writes it: it knows nothing of recorders, and counts what it does itself.

Obeys lines: `work` does one round of everything, `count` says how often each function was called,
`nap MS` has a coroutine sleep beside another that computes, `doze` has one sleep until the next
line, `collect` lets the garbage collector run. It ends with its input.
"""
import asyncio
import collections
import gc
import sys
import threading
import time

calls = collections.Counter()
lock = threading.Lock()


def count(name):
    with lock:
        calls[name] += 1


class Planner:
    def plan(self, depth):
        count("plan")
        return 0 if depth == 0 else 1 + self.plan(depth - 1)

    async def fetch(self, number):
        count("fetch")
        await asyncio.sleep(0)
        return number

    class Axis:
        @staticmethod
        def move():
            count("move")


def fails():
    count("fails")
    raise ValueError("no such axis")


def in_thread():
    count("in_thread")


async def naps(awakening):
    count("naps")
    await awakening


async def gathered():
    planner = Planner()
    await asyncio.gather(*(planner.fetch(i) for i in range(20)))


def work():
    planner = Planner()
    planner.plan(4)
    Planner.Axis.move()
    asyncio.run(gathered())
    threads = [threading.Thread(target=lambda: [in_thread() for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        fails()
    except ValueError:
        pass


async def nap_beside_work(seconds):
    """The nap, while the same thread computes."""
    nap = asyncio.create_task(naps(asyncio.sleep(seconds)))
    await asyncio.sleep(0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))
    await nap


async def doze():
    await naps(asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline))


def main():
    for line in sys.stdin:
        words = line.split()
        if words[0] == "work":
            work()
        elif words[0] == "nap":
            asyncio.run(nap_beside_work(int(words[1]) / 1000))
        elif words[0] == "doze":
            asyncio.run(doze())
        elif words[0] == "collect":
            gc.collect()
        print("done", *(f"{name}={calls[name]}" for name in sorted(calls)), flush=True)


if __name__ == "__main__":
    main()
