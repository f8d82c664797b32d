# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What marks must not change in a program; unittest, run by the Python that is tested, both while
nobody records and while somebody does (test_behaviour_of_python.py)."""
import asyncio
import gc
import importlib
import importlib.util
import inspect
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
import unittest.mock
import zipfile

import tacho
from performance_metrics import RobotActivityTracker
from tacho import _core, _functions, http, time_it

BEYOND_3_12 = sys.version_info >= (3, 12)


class Failure(Exception):
    pass


def plain(number, *, scale: int = 2) -> int:
    """Text."""
    return number * scale


async def waits(number):
    await asyncio.sleep(0)
    return number


def counts(limit):
    total = 0
    try:
        while total < limit:
            total += (yield total) or 1
    except Failure:
        yield "caught"
    return total


async def streams(limit):
    for i in range(limit):
        try:
            got = yield i
        except Failure:
            got = "caught"
        if got:
            yield got


def fails():
    raise Failure("text")


class Decorated(unittest.TestCase):
    def test_each_kind_stays_of_its_kind(self):
        for function, is_kind in ((plain, inspect.isfunction), (waits, inspect.iscoroutinefunction),
                                  (counts, inspect.isgeneratorfunction),
                                  (streams, inspect.isasyncgenfunction)):
            marked = time_it("x")(function)
            self.assertTrue(is_kind(marked))
            for kind in (inspect.iscoroutinefunction, inspect.isgeneratorfunction,
                         inspect.isasyncgenfunction):
                self.assertEqual(kind(marked), kind(function))
            self.assertEqual(inspect.signature(marked), inspect.signature(function))
            self.assertEqual((marked.__name__, marked.__qualname__, marked.__doc__,
                              marked.__module__), (function.__name__, function.__qualname__,
                                                   function.__doc__, function.__module__))
        self.assertTrue(asyncio.iscoroutinefunction(time_it("x")(waits)))

    def test_values_pass(self):
        self.assertEqual(time_it("x")(plain)(3, scale=5), 15)
        self.assertEqual(asyncio.run(time_it("x")(waits)(3)), 3)
        self.assertEqual(list(time_it("x")(counts)(3)), [0, 1, 2])

    def test_exceptions_pass_unchanged(self):
        error = Failure("mine")

        @time_it("x")
        def raises():
            raise error

        @time_it("x")
        async def raises_later():
            await asyncio.sleep(0)
            raise error
        for call in (raises, lambda: asyncio.run(raises_later())):
            with self.assertRaises(Failure) as caught:
                call()
            self.assertIs(caught.exception, error)
            self.assertIsNone(caught.exception.__context__)

    def test_generators_are_sent_to_thrown_into_and_closed(self):
        marked = time_it("x")(counts)
        running = marked(10)
        self.assertEqual([next(running), running.send(5), running.throw(Failure())],
                         [0, 5, "caught"])
        with self.assertRaises(StopIteration) as stopped:
            next(running)
        self.assertEqual(stopped.exception.value, 5)
        closed = marked(10)
        next(closed)
        closed.close()
        self.assertEqual(list(closed), [])
        with self.assertRaises(KeyError):
            marked(1).throw(KeyError("before it began"))

    def test_asynchronous_generators_are_sent_to_thrown_into_and_closed(self):
        async def use():
            running = time_it("x")(streams)(5)
            seen = [await running.__anext__(), await running.asend("sent"),
                    await running.__anext__(), await running.athrow(Failure())]
            await running.aclose()
            return seen + [i async for i in time_it("x")(streams)(2)]
        self.assertEqual(asyncio.run(use()), [0, "sent", 1, "caught", 0, 1])

    def test_cancellation_passes(self):
        cleaned = []

        @time_it("x")
        async def sleeps():
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                cleaned.append(True)

        async def use():
            task = asyncio.ensure_future(sleeps())
            await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                return task.cancelled()
        self.assertTrue(asyncio.run(use()))
        self.assertEqual(cleaned, [True])

    def test_descriptors_stay_descriptors(self):
        class Thing:
            @time_it("x")
            def method(self):
                return self

            @time_it("x")
            @staticmethod
            def static():
                return "static"

            @time_it("x")
            @classmethod
            def made(cls):
                return cls

            @time_it("x")
            @property
            def value(self):
                return "value"
        thing = Thing()
        self.assertEqual([thing.method(), thing.static(), thing.made(), thing.value],
                         [thing, "static", Thing, "value"])

    def test_a_wait_that_is_given_up_is_closed(self):
        async def forgotten():
            async with time_it("x"):
                await asyncio.sleep(0)
        coroutine = time_it("x")(forgotten)()
        coroutine.send(None)
        coroutine.close()

    def test_text_of_any_kind_is_a_label(self):
        for label in ("", "\udc80 not UTF-8", "a\0b", "ä" * 10000, 5, None, b"bytes"):
            with time_it(label):
                tacho.attribute(label, label)
                tacho.counter(label, -3)
                tacho.fail(label)

    def test_an_exception_without_a_text_is_no_trouble(self):
        class Odd(Exception):
            def __str__(self):
                raise ValueError("no text")
        with self.assertRaises(Odd):
            with time_it("x"):
                raise Odd

    def test_blocks_deeper_than_any_stack_of_ours_are_fine(self):
        @time_it("x")
        def descend(depth):
            return depth and descend(depth - 1)
        self.assertEqual(descend(200), 0)

    def test_many_threads_and_tasks(self):
        block, done = time_it("x"), []

        async def task():
            for _ in range(20):
                with block:
                    await asyncio.sleep(0)

        async def several():
            await asyncio.gather(*[task() for _ in range(10)])

        def work():
            asyncio.run(several())
            done.append(True)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(done), 4)


    def test_the_body_of_an_answer_is_as_true_as_that_of_the_application(self):
        request = http.Request("/", "GET")
        self.assertTrue(http.Body(iter(()), request))
        self.assertTrue(http.Body([b""], request))
        self.assertFalse(http.Body([], request))

    def test_blocks_amid_the_end_of_the_interpreter(self):
        program = textwrap.dedent("""\
            import contextvars
            import tacho

            class Last:
                def __init__(self):
                    self.block = tacho.time_it("last")

                def __del__(self):
                    with self.block:
                        pass
            contextvars.ContextVar("kept").set(Last())
            """)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def test_what_signal_handlers_raise_passes(self):
        class Alarm(Exception):
            pass

        def handle(*_):
            told.append(1)
            raise Alarm

        def until_told(count):
            signal.setitimer(signal.ITIMER_REAL, 0.0005)
            while len(told) == count:
                with block:
                    pass

        async def use():
            for count in range(50):
                try:
                    until_told(count)
                except Alarm:
                    passed.append(1)

        block, told, passed = time_it("block"), [], []
        old = signal.signal(signal.SIGALRM, handle)
        self.addCleanup(signal.signal, signal.SIGALRM, old)
        asyncio.run(use())
        self.assertEqual(len(passed), len(told))


class LikeJunmai(unittest.TestCase):
    def test_a_block_knows_how_it_went(self):
        with tacho.measure_performance("op", photo_id=1, job_id="j", stage="s") as timer:
            time.sleep(0.01)
        self.assertGreater(timer.duration_ms, 9)
        self.assertEqual((timer.success, timer.error_message, timer.photo_id), (True, None, 1))
        with self.assertRaises(Failure):
            with tacho.measure_performance("op") as timer:
                fails()
        self.assertEqual((timer.success, timer.error_message), (False, "text"))

    def test_async_too(self):
        async def use():
            async with tacho.measure_performance("op") as timer:
                await asyncio.sleep(0)
            return timer
        self.assertTrue(asyncio.run(use()).success)


class LikeProxyStore(unittest.TestCase):
    def test_a_batch_is_its_keys_in_their_order(self):
        keys = [tacho.key_text(key) for key in ("a", ["a"], ["a", "b"], ["b", "a"], ('a","b',),
                                                [["a"], "b"], list(map(str, range(500))),
                                                list(map(str, range(501))))]
        self.assertEqual(len(set(keys)), len(keys))
        self.assertTrue(all(len(key.encode()) <= 120 for key in keys))
        self.assertEqual(tacho.key_text(("a", "b")), tacho.key_text(["a", "b"]))

    def test_the_registry_takes_everything(self):
        metrics = tacho.Metrics()
        metrics.add_attribute("store.put.object_size", ("a", "b"), 5)
        metrics.add_attribute("store.put.kind", object(), None)
        metrics.add_counter("store.get.cache_hits", "a", 1)
        metrics.add_time("store.get", "a", 45.6)


class LikeOpentrons(unittest.TestCase):
    """The cases of the package's own tests for its activity tracker, but for those about files:
    rows are the recorder's here, and counted in test_marks_of_python.py."""

    def setUp(self):
        self.tracker = RobotActivityTracker(pathlib.Path("/nowhere"), should_track=True)
        self.off = RobotActivityTracker(pathlib.Path("/nowhere"), should_track=False)

    def test_robot_activity_tracker(self):
        @self.tracker.track("ROBOT_STARTING_UP")
        def starting_up():
            return "up"

        @self.tracker.track("CALIBRATING")
        async def calibrating(number):
            return number
        self.assertEqual(starting_up(), "up")
        self.assertEqual(asyncio.run(calibrating(3)), 3)
        self.tracker.store()

    def test_multiple_operations_single_state(self):
        self.assertEqual(self.tracker.track("RUNNING_PROTOCOL")(plain)(1), 2)
        self.assertEqual(self.tracker.track("RUNNING_PROTOCOL")(plain)(2), 4)

    def test_exceptions_propagate_while_tracking_and_while_not(self):
        async def fails_later():
            await asyncio.sleep(0)
            fails()
        for tracker in (self.tracker, self.off):
            with self.assertRaises(Failure):
                tracker.track("ROBOT_SHUTTING_DOWN")(fails)()
            with self.assertRaises(Failure):
                asyncio.run(tracker.track("ROBOT_SHUTTING_DOWN")(fails_later)())

    def test_concurrent_async_operations(self):
        tracked = self.tracker.track("CALIBRATING")(waits)

        async def both():
            return await asyncio.gather(tracked(1), tracked(2))
        self.assertEqual(asyncio.run(both()), [1, 2])

    def test_no_tracking_returns_the_function_itself(self):
        self.assertIs(self.off.track("CALIBRATING")(plain), plain)

    def test_a_tracked_coroutine_function_stays_one(self):
        self.assertTrue(inspect.iscoroutinefunction(self.tracker.track("CALIBRATING")(waits)))

    def test_store_needs_no_directory(self):
        self.assertIsNone(self.tracker.store())


MODULE = '''
import functools

def plain(number):
    return number

class Thing:
    def method(self):
        return "method"

    @functools.lru_cache(maxsize=None)
    def cached(self):
        return "cached"

    @property
    def value(self):
        return "value"

builtin = len
'''


class Selected(unittest.TestCase):
    """Functions that are selected by name, in this process."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(self.clean)
        self.path = os.path.join(self.folder, "functions")
        sys.path.insert(0, self.folder)
        self.module("marked_module", MODULE)
        self.marker = _functions.Marker(self.path)
        self.finder = Finder(self.marker)

    def clean(self):
        self.marker.select({})
        self.finder.remove()
        sys.path.remove(self.folder)
        for name in list(sys.modules):
            if name.startswith("marked_"):
                del sys.modules[name]

    def module(self, name, text):
        path = pathlib.Path(self.folder, *name.split(".")).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
        importlib.invalidate_caches()

    def select(self, *names, then=True):
        with open(self.path + ".new", "w") as file:
            file.write("tacho-python 1\n" + "".join(f"{name}\tSTATE\n" for name in names))
        os.rename(self.path + ".new", self.path)
        if then:
            self.marker.look()

    def how(self, qualified, module="marked_module"):
        mark = self.marker.marks.get((module, qualified))
        return mark.how if mark else str(self.marker.reasons.get((module, qualified)))

    def assertMarked(self, qualified, module="marked_module"):
        self.assertIn(self.how(qualified, module), ("monitored", "wrapped"))

    def test_nothing_selected_leaves_the_originals(self):
        import marked_module
        before = dict(vars(marked_module.Thing)), marked_module.plain
        self.select("other:function")
        self.assertEqual((dict(vars(marked_module.Thing)), marked_module.plain), before)

    def test_a_module_is_marked_when_it_is_imported(self):
        self.select("marked_module:plain", "marked_module:Thing.method",
                    "marked_module:Thing.value", "marked_module:Thing.cached",
                    "marked_module:builtin", "marked_module:Missing.method")
        import marked_module
        for name in ("plain", "Thing.method", "Thing.value"):
            self.assertMarked(name)
        self.assertEqual([marked_module.plain(1), marked_module.Thing().method(),
                          marked_module.Thing().value, marked_module.Thing().cached()],
                         [1, "method", "value", "cached"])
        self.assertIn("not a function", self.how("builtin"))
        self.assertIn("is not there", self.how("Missing.method"))

    def test_from_3_12_on_the_function_is_the_original_one(self):
        import marked_module
        before = marked_module.plain
        self.select("marked_module:plain")
        self.assertMarked("plain")
        self.assertEqual(marked_module.plain is before, BEYOND_3_12)

    def test_deselected_functions_are_the_originals_again(self):
        import marked_module
        plain_before = marked_module.plain
        method_before = vars(marked_module.Thing)["method"]
        self.select("marked_module:plain", "marked_module:Thing.method")
        self.assertMarked("plain")
        self.select()
        self.assertIs(marked_module.plain, plain_before)
        self.assertIs(vars(marked_module.Thing)["method"], method_before)
        os.unlink(self.path)
        self.marker.look()

    def test_a_look_amid_another_leaves_no_twin_behind(self):
        original = importlib.import_module("marked_module").Thing.method
        self.select("marked_module:Thing.method", then=False)
        looks = []

        class Wrapped(_functions.Wrapped):
            def __init__(inner, *arguments):
                if not looks:  # as a collection does that runs here
                    looks.append(1)
                    self.marker.changed()
                super().__init__(*arguments)

        with unittest.mock.patch.object(_functions, "Wrapped", Wrapped), \
                unittest.mock.patch.object(self.marker, "monitor", None):
            self.marker.look()
            self.assertEqual(looks, [1])
            self.assertEqual(self.how("Thing.method"), "wrapped")
            self.select()
        self.assertIs(sys.modules["marked_module"].Thing.method, original)

    def test_a_file_that_is_no_selection_selects_nothing(self):
        import marked_module
        before = marked_module.plain
        for text in (b"", b"tacho-python 2\nmarked_module:plain\tS\n", b"\xff\xfe",
                     b"tacho-python 1\nmarked_module:plain\n", b"tacho-python 1\nplain\tS\n",
                     b"tacho-python 1\nmarked_module:plain\tS", b"\0" * 5000,
                     b"tacho-python 1\n:plain\tS\n", b"tacho-python 1\nmarked_module:\tS\n"):
            pathlib.Path(self.path).write_bytes(text)
            self.marker.changed()
            self.assertEqual(self.marker.wanted, {}, text)
            self.assertIs(marked_module.plain, before)

    def test_reload_marks_the_new_functions(self):
        self.select("marked_module:plain")
        import marked_module
        importlib.reload(marked_module)
        self.assertMarked("plain")
        self.assertEqual(marked_module.plain(2), 2)
        self.assertTrue(self.marker.marks["marked_module", "plain"].stands(
            marked_module.plain, "fget"))

    def test_packages_and_namespace_packages(self):
        self.module("marked_space.inner", "def f(): return 1\n")
        self.select("marked_space.inner:f", "marked_space:g")
        import marked_space.inner
        self.assertMarked("f", "marked_space.inner")
        self.assertEqual(marked_space.inner.f(), 1)

    def test_modules_in_archives(self):
        archive = os.path.join(self.folder, "archive.zip")
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("marked_zipped.py", "def f(): return 1\ndef g(): return 2\n")
        sys.path.insert(0, archive)
        self.addCleanup(sys.path.remove, archive)
        self.select("marked_zipped:f")
        import marked_zipped
        self.assertMarked("f", "marked_zipped")
        self.assertEqual((marked_zipped.f(), marked_zipped.g()), (1, 2))

    def test_lazy_modules_stay_lazy(self):
        self.select("marked_module:plain")
        spec = importlib.util.find_spec("marked_module")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules["marked_module"] = module
        spec.loader.exec_module(module)
        self.marker.mark_known()
        self.assertEqual(type(module).__name__, "_LazyModule")
        self.assertEqual(module.plain(1), 1)
        self.assertMarked("plain")

    def test_loaders_are_what_they_were(self):
        self.select("marked_module:plain")
        import marked_module
        self.assertIsInstance(marked_module.__loader__, importlib.machinery.SourceFileLoader)
        self.assertIs(marked_module.__spec__.loader, marked_module.__loader__)

    def test_an_import_that_fails_fails_alike(self):
        self.module("marked_broken", "raise RuntimeError('broken')\n")
        self.select("marked_broken:f", "marked_absent:f")
        with self.assertRaisesRegex(RuntimeError, "^broken$"):
            import marked_broken  # noqa: F401
        with self.assertRaises(ModuleNotFoundError):
            import marked_absent  # noqa: F401

    def test_marked_functions_are_pickled_by_name(self):
        self.select("marked_module:plain", "marked_module:Thing.method")
        import marked_module
        self.assertIs(pickle.loads(pickle.dumps(marked_module.plain)), marked_module.plain)
        bound = pickle.loads(pickle.dumps(marked_module.Thing().method))
        self.assertEqual(bound(), "method")

    def test_who_has_imported_a_function_by_name_has_the_marked_one(self):
        import marked_module
        self.module("marked_user", "from marked_module import plain as mine\n")
        import marked_user
        self.select("marked_module:plain")
        self.assertMarked("plain")
        self.assertIs(marked_user.mine, marked_module.plain)

    def test_a_function_that_is_kept_elsewhere_is_let_alone_before_3_12(self):
        import marked_module
        kept = [marked_module.plain]
        self.select("marked_module:plain")
        if BEYOND_3_12:
            self.assertMarked("plain")
        else:
            self.assertIn("is kept by a list", self.how("plain"))
        self.assertIs(marked_module.plain, kept[0])
        self.assertIs(pickle.loads(pickle.dumps(kept[0])), kept[0])

    def test_a_collection_of_garbage_notices_the_file(self):
        if not _core.PRESENT:
            self.skipTest("no C core")
        import marked_module  # noqa: F401
        _functions._watch_collections()
        self.select("marked_module:plain", then=False)
        deadline = time.monotonic() + 30
        while ("marked_module", "plain") not in self.marker.marks:
            self.assertLess(time.monotonic(), deadline)
            gc.collect()
        self.assertMarked("plain")

    def test_what_is_selected_amid_its_import_is_marked_at_a_later_collection(self):
        if not tacho.PRESENT:
            self.skipTest("no C core")
        _functions._watch_collections()
        self.module("marked_late", """
            import os, sys
            test = sys.modules["marked_importer"]
            test.select("marked_late:plain", then=False)
            os.utime(test.path, (1e9, 1e9))  # not so new that it would be looked at again anyway
            test.marker.look()
            def plain():
                return 1
        """)
        sys.modules["marked_importer"] = self
        import marked_late
        self.assertIn("is not imported yet", self.how("plain", "marked_late"))
        deadline = time.monotonic() + 30
        while ("marked_late", "plain") not in self.marker.marks:
            self.assertLess(time.monotonic(), deadline)
            gc.collect()
        self.assertEqual(marked_late.plain(), 1)

    def test_the_files_of_a_folder_are_read_together(self):
        import marked_module
        os.mkdir(self.path)
        for name, lines in (("a", "marked_module:plain\tA\nmarked_module:Thing.method\tB\n"),
                            ("b", "marked_module:plain\tC\nmarked_module:plain\tA\n"),
                            (".c", "marked_module:Thing.value\tD\n")):
            pathlib.Path(self.path, name).write_text("tacho-python 1\n" + lines)
        pathlib.Path(self.path, "d").write_text("something else")
        os.mkfifo(os.path.join(self.path, "e"))
        os.mkdir(os.path.join(self.path, "f"))
        self.marker.look()
        self.assertEqual(self.marker.wanted, {"marked_module": {"plain": ["A", "C"],
                                                                "Thing.method": ["B"]}})
        self.assertMarked("plain")
        os.unlink(os.path.join(self.path, "a"))
        self.marker.look()
        self.assertEqual(self.marker.wanted, {"marked_module": {"plain": ["C", "A"]}})
        self.assertEqual(marked_module.plain(1), 1)

    def test_two_changes_within_a_tick_of_the_clock_are_both_seen(self):
        os.mkdir(self.path)
        for i in range(100):
            pathlib.Path(self.path, ".new").write_text(f"tacho-python 1\nmarked_{i}:f\tS\n")
            os.rename(os.path.join(self.path, ".new"), os.path.join(self.path, "a"))
            self.marker.look()
            self.assertEqual(list(self.marker.wanted), [f"marked_{i}"])

    def test_two_states_of_one_function(self):
        with open(self.path, "w") as file:
            file.write("tacho-python 1\nmarked_module:plain\tA\nmarked_module:plain\tB\n")
        self.marker.look()
        import marked_module
        self.assertMarked("plain")
        self.assertEqual(marked_module.plain(1), 1)


class Finder:
    """As tacho_autoload's, for one marker."""

    def __init__(self, marker):
        self.marker = marker
        sys.meta_path.insert(0, self)

    def find_spec(self, name, path=None, target=None):
        return self.marker.find_spec(self, name, path, target)

    def remove(self):
        sys.meta_path.remove(self)


class Alone(unittest.TestCase):
    """Programs of their own, to which anything may happen."""

    def run_python(self, code, *options, env=None, package=True):
        site = os.environ["TACHO_TEST_SITE"]
        start = f"import sys; sys.path.insert(0, {site!r}); import tacho_autoload\n"
        done = subprocess.run([sys.executable, *options, "-c",
                               (start if package else "") + textwrap.dedent(code)],
                              env=dict({"PATH": os.environ.get("PATH", "")}, **(env or {})),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""), code)
        return done.stdout.decode()

    def test_every_way_to_start(self):
        for options in ((), ("-S",), ("-I",), ("-E",), ("-B", "-OO"), ("-X", "dev")):
            self.assertEqual(self.run_python("print(1)", *options), "1\n", options)

    def test_without_its_files_the_first_lines_do_nothing(self):
        line = pathlib.Path(os.environ["TACHO_TEST_SITE"], "tacho_autoload.pth").read_text()
        self.assertEqual(self.run_python(line + "print(1)", "-I", package=False), "1\n")

    def test_without_the_core_the_package_marks_nothing(self):
        self.assertEqual(self.run_python("""
            sys.modules["_tacho_marks"] = None
            import tacho, asyncio, performance_metrics
            from tacho.http import WSGIMiddleware
            @tacho.time_it("x")
            async def f():
                async with tacho.time_it("y"):
                    with tacho.operation("z", "k"), tacho.measure_performance("p", 1):
                        tacho.attribute("a", 1)
                        tacho.counter("c")
                        tacho.fail(ValueError("v"))
                        return 5
            tacho.mark_garbage_collection()
            tacho.Metrics().add_time("t", "k", 1.0)
            tacho.record_processing_time("r", 1.0)
            tacho.refresh()
            print(asyncio.run(f()), tacho.PRESENT, tacho.active(), tacho.functions())
        """), "5 False False []\n")

    def test_the_selection_cannot_be_read(self):
        for path in ("/", "/dev/null", "/dev/full", "/nonexistent/x", "/proc/self/mem"):
            self.assertEqual(self.run_python("import json, wave; print(1)",
                                             env={"TACHO_PYTHON_FUNCTIONS": path}), "1\n", path)

    def test_forked_children_go_on(self):
        self.assertEqual(self.run_python("""
            import os, tacho
            with tacho.time_it("x"):
                pid = os.fork()
                if not pid:
                    with tacho.time_it("child"):
                        pass
                    os._exit(7)
                print(os.waitpid(pid, 0)[1] >> 8)
        """), "7\n")

    def test_threads_and_blocks_at_the_end(self):
        self.assertEqual(self.run_python("""
            import atexit, gc, threading, time, tacho
            tacho.mark_garbage_collection()
            block = tacho.time_it("x")
            atexit.register(lambda: block.__enter__() and block.__exit__())
            def work():
                while True:
                    with block:
                        pass
            for _ in range(4):
                threading.Thread(target=work, daemon=True).start()
            class AtTheEnd:
                def __del__(self):
                    with tacho.time_it("late"):
                        pass
            kept = AtTheEnd()
            kept.self = kept
            open_generator = tacho.time_it("g")(lambda: (yield))()
            next(open_generator, None)
            print(1)
        """), "1\n")

    def test_other_interpreters_of_the_process_go_on(self):
        self.assertEqual(self.run_python("""
            import tacho
            try:
                import _xxsubinterpreters as interpreters
            except ImportError:
                import _interpreters as interpreters
            other = interpreters.create()
            interpreters.run_string(other, '''
            import sys; sys.path.insert(0, %r)
            import tacho
            with tacho.time_it("x"):
                tacho.counter("c")
            assert not tacho.PRESENT
            ''' .replace("            ", "") % sys.path[0])
            interpreters.destroy(other)
            print(tacho.PRESENT)
        """, env={"PYTHONWARNINGS": "ignore"}), "True\n")

    def test_a_core_that_is_loaded_twice_works(self):
        self.assertEqual(self.run_python("""
            import tacho
            for name in [n for n in sys.modules if n.startswith(("tacho", "_tacho"))]:
                del sys.modules[name]
            import tacho
            with tacho.time_it("x"):
                print(tacho.PRESENT)
        """), "True\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
