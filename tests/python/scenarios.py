# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs in the Python that is tested: scenarios.py NAME. What it marks is known to the test."""
import asyncio
import os
import sys
import threading


def blocks():
    from tacho import attribute, counter, fail, operation, record_processing_time, time_it
    from tacho import measure_performance
    with time_it("outer"):
        attribute("number", -7)
        attribute("flag", True)
        with time_it("inner"):
            attribute("text", "value")
        attribute("large", 2 ** 70)
        fail("not well")
    try:
        with time_it("raises"):
            raise KeyError("what")
    except KeyError:
        pass
    counter("bytes", 5)
    counter("bytes", -2)
    counter("calls")
    with operation("store.put", ["b", "a"]):
        pass
    with measure_performance("photo", photo_id=3, stage="crop"):
        pass
    record_processing_time("earlier", 1.5, job_id="j", success=False, error_message="no")


def recursion():
    from tacho import time_it

    @time_it("descend")
    def descend(depth):
        if depth:
            descend(depth - 1)
        return depth

    shared = time_it("shared")

    def again(depth):
        with shared:
            if depth:
                again(depth - 1)
    descend(3)
    again(2)


def threads():
    from tacho import time_it
    shared = time_it("in thread")
    gate = threading.Barrier(4)

    def work():
        for _ in range(50):
            with shared:
                gate.wait()
    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def tasks():
    from tacho import attribute, fail, time_it

    @time_it("decorated")
    async def decorated(number):
        await asyncio.sleep(0)
        return number

    async def block(number):
        with time_it("block"):
            attribute("number", number)
            await asyncio.sleep(0)
            attribute("after", number)

    async def entered():
        async with time_it("entered"):
            await asyncio.sleep(0)
            fail("said so")

    @time_it("cancelled")
    async def cancelled():
        await asyncio.Event().wait()

    async def main():
        assert await decorated(5) == 5
        await asyncio.gather(block(1), block(2))
        await entered()
        task = asyncio.ensure_future(cancelled())
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
    asyncio.run(main())


def suspended():
    import contextlib
    from tacho import measure_performance, operation, time_it

    @contextlib.contextmanager
    def made():
        with time_it("made"):
            yield

    async def inner():
        with time_it("inner"):
            await asyncio.sleep(0)

    async def caught():
        with time_it("caught"):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0)

    def plain():
        with time_it("plain"):
            pass

    def stands_still():
        with time_it("inside"):
            yield

    async def main():
        with time_it("outer"):
            await inner()
        async with measure_performance("measured"):
            await asyncio.sleep(0)
        with operation("operation"):
            await asyncio.sleep(0)
        with contextlib.ExitStack() as stack:
            stack.enter_context(time_it("stacked"))
            await asyncio.sleep(0)
        with made():
            await asyncio.sleep(0)
        task = asyncio.ensure_future(caught())
        await asyncio.sleep(0)
        task.cancel()
        await task
        plain()
        generator = stands_still()
        with time_it("around"):
            next(generator)
        next(generator, None)
    asyncio.run(main())


def selected():
    import scenario_functions as functions
    use(functions)


def selected_later():
    """The file appears when the module is there already."""
    import scenario_functions as functions
    path = os.environ["TACHO_PYTHON_FUNCTIONS"]
    os.rename(path + ".later", path)
    import tacho
    tacho.refresh()
    use(functions)


def use(functions):
    assert functions.plain(2, scale=3) == 6
    assert functions.descend(2) == 2
    try:
        functions.fails("odd")
    except ValueError:
        pass

    async def awaited():
        assert await functions.outer(4) == 5
        task = asyncio.ensure_future(functions.waits_for_ever())
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        assert [i async for i in functions.streams(2)] == [0, 1]
        assert await functions.Robot().moves() == "moved"
    asyncio.run(awaited())
    assert list(functions.counts(2)) == [0, 1]
    counting = functions.counts(9)
    next(counting)
    try:
        counting.throw(OSError("thrown"))
    except OSError:
        pass
    closed = functions.counts(9)
    next(closed)
    closed.close()
    del closed
    assert functions.decorated(1) == 1
    assert functions.decorated_too(1) == -1
    robot = functions.Robot()
    assert robot.method(1) == 2
    assert robot.static(1) == 1 and functions.Robot.static(2) == 2
    assert functions.Robot.made(1) == (functions.Robot, 1)
    robot.speed = 5
    assert robot.speed == 5
    assert functions.Robot.Arm().reach() == "reached"
    assert functions.untouched() == "untouched"


def collections():
    import gc
    import tacho
    gc.disable()
    gc.collect()
    tacho.mark_garbage_collection()
    for _ in range(3):
        cycle = []
        cycle.append(cycle)
        del cycle
        gc.collect()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
