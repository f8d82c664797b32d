# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Marks functions that a recorder selects by name. Loaded by tacho_autoload.

The selection is a text file, or a folder of such files, one a recorder:

    tacho-python 1
    MODULE:QUALIFIED.NAME<TAB>STATE

Functions are marked when their module has been imported, and in modules that are there already
when the file changes. From Python 3.12 on the interpreter tells of them (sys.monitoring), and
nothing in the program is replaced. Before that, and for closures that share their code, the
function is replaced by a marked twin where it is named: in its class or its module, and in the
modules that have imported it by name. One that is kept in other places is left alone.
"""
import _thread
import functools
import gc
import os
import stat
import sys
import types

from . import _core
from ._wrapping import wrap

FIRST_LINE = "tacho-python 1"
FILE_MAX_SZ = 1 << 20
FILES_MAX = 64  # of a folder; those that come first by their names
GC_PAUSES = ("gc", "pause")  # the one name that is not a function's

TOOL = "tacho"

_marker = None


class NotMarked(Exception):
    """str() says why; later says whether that may change."""

    def __init__(self, why, later=False):
        super().__init__(why)
        self.later = later


def parse(text):
    """{module: {qualified name: [state]}}; empty if the text is not a selection."""
    lines = text.split("\n")
    wanted = {}
    if lines[0] != FIRST_LINE or lines[-1] != "":
        return wanted
    for line in lines[1:-1]:
        name, tab, state = line.partition("\t")
        module, colon, qualified = name.partition(":")
        if not (tab and colon and module and qualified and state) or "\t" in state:
            return {}
        states = wanted.setdefault(module, {}).setdefault(qualified, [])
        if state not in states:
            states.append(state)
    return wanted


def open_regular(path, flags):
    """An opener for open(): nothing that could keep us waiting, and no folder."""
    file = os.open(path, flags | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    raise OSError("not a file")


def read_file(path):
    try:
        with open(path, encoding="utf-8", newline="\n", opener=open_regular) as file:
            text = file.read(FILE_MAX_SZ + 1)
    except (OSError, ValueError):
        return {}
    return parse(text) if len(text) <= FILE_MAX_SZ else {}


def read(path):
    """Of the file, or of all files of the folder but those that are being written (.NAME)."""
    try:
        names = sorted(name for name in os.listdir(path) if name[0] != ".")
    except OSError:
        return read_file(path)
    wanted = {}
    for name in names[:FILES_MAX]:
        for module, functions in read_file(os.path.join(path, name)).items():
            for qualified, states in functions.items():
                there = wanted.setdefault(module, {}).setdefault(qualified, [])
                there += [state for state in states if state not in there]
    return wanted


# --- from names to functions ---------------------------------------------------------------------

def members(owner):
    """The owner's own names, without asking code of the program."""
    if isinstance(owner, type):
        return type.__getattribute__(owner, "__dict__")
    if isinstance(owner, types.ModuleType):
        return object.__getattribute__(owner, "__dict__")
    raise NotMarked("is not in a module or a class")


def resolve(module, qualified):
    """(owner, name, what is there, "fget" of a property...)"""
    owner, parts = module, qualified.split(".")
    for at, part in enumerate(parts):
        found = members(owner).get(part)
        if found is None:
            if isinstance(owner, type) and any(part in members(base) for base in owner.__mro__):
                raise NotMarked("is inherited: select it where it is defined", later=True)
            raise NotMarked(f"{part} is not there (yet)", later=True)
        rest = parts[at + 1:]
        if not rest or (isinstance(found, property) and rest in (["fget"], ["fset"], ["fdel"])):
            return owner, part, found, (rest or ["fget"])[0]
        owner = found
    raise NotMarked("has no name")


def function_of(found, accessor):
    if isinstance(found, (staticmethod, classmethod)):
        return found.__func__
    if isinstance(found, property):
        return getattr(found, accessor)
    if isinstance(found, getattr(functools, "cached_property", ())):
        return found.func
    return found


def own_code(function):
    """The code object that only this function runs, behind its decorators; None if there is none.
    Functions defined within others (<locals>) share theirs."""
    for _ in range(100):
        code = getattr(function, "__code__", None)
        if isinstance(code, types.CodeType) and "<locals>" not in code.co_qualname:
            return code
        function = getattr(function, "__wrapped__", None)
        if function is None:
            return None
    return None


# --- marking -------------------------------------------------------------------------------------

class Monitor:
    """Asks the interpreter to tell of code objects (Python 3.12)."""

    def __init__(self, monitoring):
        self.monitoring = monitoring
        self.tool = None
        self.codes = {}  # id: (code, {who: states})

    def start(self):
        if self.tool is not None:
            return True
        events = self.monitoring.events
        for tool in (4, 3):  # the numbers without a meaning of their own
            user = self.monitoring.get_tool(tool)
            if user is None:
                self.monitoring.use_tool_id(tool, TOOL)
            if user in (None, TOOL):
                self.tool = tool
                break
        else:
            return False
        for event, callback in ((events.PY_START, _core.on_start),
                                (events.PY_RETURN, _core.on_return),
                                (events.PY_YIELD, _core.on_yield),
                                (events.PY_RESUME, _core.on_resume),
                                (events.PY_THROW, _core.on_resume),
                                (events.PY_UNWIND, _core.on_unwind)):
            self.monitoring.register_callback(self.tool, event, callback)
        return True

    def set(self, code, who, states):
        """States of who; none = not any more."""
        _, users = self.codes.setdefault(id(code), (code, {}))
        if states:
            users[who] = states
        else:
            users.pop(who, None)
        labels = list(dict.fromkeys(state for each in users.values() for state in each))
        _core.watch(code, labels)
        events = self.monitoring.events
        self.monitoring.set_local_events(self.tool, code, 0 if not labels else (
            events.PY_START | events.PY_RETURN | events.PY_YIELD | events.PY_RESUME))
        if not labels:
            del self.codes[id(code)]
        # These two are told of every frame, or of none.
        self.monitoring.set_events(self.tool,
                                   events.PY_UNWIND | events.PY_THROW if self.codes else 0)


class Monitored:
    how = "monitored"

    def __init__(self, monitor, code, who, states):
        self.monitor, self.code, self.who = monitor, code, who
        monitor.set(code, who, states)

    def stands(self, found, accessor):
        return own_code(function_of(found, accessor)) is self.code

    def undo(self):
        self.monitor.set(self.code, self.who, ())


class Wrapped:
    how = "wrapped"

    def __init__(self, places, found, accessor, states):
        function = function_of(found, accessor)
        if not isinstance(function, types.FunctionType):
            raise NotMarked(f"is a {type(function).__name__}, not a function written in Python")
        self.places = places
        self.switch = [True]
        twin = function
        for state in states:
            twin = wrap(twin, state, self.switch)
        self.original = found
        if isinstance(found, getattr(functools, "cached_property", ())):
            found.func = twin
            self.twin, self.function = found, function
        else:
            self.twin, self.function = rebuilt(found, accessor, twin), None
            self.put(self.original, self.twin)

    def put(self, old, new):
        for owner, name in self.places:
            if members(owner).get(name) is old:
                setattr(owner, name, new)

    def stands(self, found, accessor):
        return found is self.twin

    def undo(self):
        self.switch.clear()
        if self.function is not None:
            self.original.func = self.function
        else:
            self.put(self.twin, self.original)


def rebuilt(found, accessor, twin):
    if isinstance(found, (staticmethod, classmethod)):
        return type(found)(twin)
    if isinstance(found, property):
        return {"fget": found.getter, "fset": found.setter, "fdel": found.deleter}[accessor](twin)
    return twin


def aliases(owner, name, function):
    """Where else the function is named. Whoever keeps it otherwise would keep the original, and
    could not even pickle that any more: then it is not to be replaced. Called while nothing but
    local variables of ours keeps it."""
    places, spaces = [], {}
    for module in (owner, *sys.modules.values()):
        if isinstance(module, types.ModuleType):
            spaces[id(members(module))] = module
    for holder in gc.get_referrers(function):
        module = spaces.get(id(holder))
        if module is None and not isinstance(holder, types.FrameType):
            raise NotMarked(f"is kept by a {type(holder).__name__}: restart the program")
        for alias, value in list(holder.items()) if module else ():
            if value is function and not (module is owner and alias == name):
                places.append((module, alias))
    return places


class Marker:
    def __init__(self, path, finder=None):
        self.path = path
        self.finder = finder
        self.wanted = {}
        self.marks = {}    # (module, qualified): Monitored or Wrapped
        self.reasons = {}  # (module, qualified): NotMarked
        self.modules = {}  # module name: the module object that was marked
        self.lock = _thread.allocate_lock()
        self.stale = False  # the file has been changed, or a module been loaded, amid marking
        monitoring = getattr(sys, "monitoring", None)
        self.monitor = Monitor(monitoring) if monitoring else None
        _core.notice(path, self.changed)

    # A file that changed, or modules that were being imported when it did.

    # A collection may run amid marking, and other threads import: whoever finds somebody at it
    # leaves the rest to them.

    def changed(self, is_changed=True):
        self.stale = self.stale or is_changed
        while self.lock.acquire(False):
            try:
                if self.stale:
                    self.stale = False
                    self.select(read(self.path))
                else:
                    self.mark_known()
            except Exception:
                pass
            finally:
                self.lock.release()
            if not self.stale:
                break

    def look(self):
        if _core.look():
            self.changed()
        elif self.reasons:
            self.changed(False)

    def select(self, wanted):
        for who in list(self.marks):
            module, qualified = who
            if wanted.get(module, {}).get(qualified) != self.wanted[module][qualified]:
                self.marks.pop(who).undo()
        self.wanted = wanted
        self.reasons = {(module, qualified): NotMarked("is not imported yet", later=True)
                        for module, names in wanted.items() for qualified in names
                        if (module, qualified) not in self.marks}
        pauses = wanted.get(GC_PAUSES[0], {}).get(GC_PAUSES[1])
        _core.mark_collections(pauses[0] if pauses else _asked_collections)
        self.mark_known()

    def mark_known(self):
        for name in {module for (module, _), why in self.reasons.items() if why.later}:
            module = imported_module(name)
            if module is not None:
                self.mark_module(name, module, late=True)
        _core.try_again(any(why.later and module in sys.modules
                            for (module, _), why in self.reasons.items()))

    # A module that is there.

    def mark_module(self, name, module, late):
        for qualified, states in self.wanted.get(name, {}).items():
            who = (name, qualified)
            if who == GC_PAUSES:
                self.reasons.pop(who, None)
                continue
            try:
                self.mark(who, module, states, late)
                self.reasons.pop(who, None)
            except NotMarked as why:
                self.reasons[who] = why.with_traceback(None)
            except Exception as error:
                self.reasons[who] = NotMarked(f"{type(error).__name__}: {error}")

    def mark(self, who, module, states, late):
        owner, name, found, accessor = resolve(module, who[1])
        old = self.marks.get(who)
        if old and old.stands(found, accessor):
            return
        if old:  # its module was loaded again
            self.marks.pop(who).undo()
            found = resolve(module, who[1])[2]
        code = own_code(function_of(found, accessor)) if self.monitor else None
        if code is not None and self.monitor.start():
            self.marks[who] = Monitored(self.monitor, code, who, states)
        else:
            places = [(owner, name)]
            if late and isinstance(owner, types.ModuleType):
                places += aliases(owner, name, found)
            self.marks[who] = Wrapped(places, found, accessor, states)

    # A module that is being imported.

    def find_spec(self, finder, name, path, target):
        self.look()
        if name not in self.wanted or finder not in sys.meta_path:
            return None
        for other in sys.meta_path[sys.meta_path.index(finder) + 1:]:
            find = getattr(other, "find_spec", None)
            if find is None:
                return None  # of before Python 3.4; it comes before those behind it
            spec = find(name, path, target)
            if spec is not None:
                self.prepare(spec.loader)
                return spec
        return None

    def prepare(self, loader):
        """The loader stays what it is; this one object runs us after it has run the module."""
        util = sys.modules.get("importlib.util")
        while util and isinstance(loader, util.LazyLoader):
            loader = loader.loader
        if loader is None or isinstance(loader, type):
            return
        method = "exec_module" if hasattr(loader, "exec_module") else "load_module"
        original = getattr(loader, method)
        if getattr(original, "tacho", False):
            return

        def load(module):
            result = original(module)
            self.loaded(result if method == "load_module" else module)
            return result
        load.tacho = True
        setattr(loader, method, load)

    def loaded(self, module):
        if not self.lock.acquire(False):
            self.stale = True
            return
        try:
            name = getattr(getattr(module, "__spec__", None), "name", None) or module.__name__
            self.mark_module(name, module, late=False)
        except Exception:
            pass
        finally:
            self.lock.release()
        if self.stale:
            self.changed()


def imported_module(name):
    """The module, if its import is over; also the program itself, started with python -m NAME."""
    main = sys.modules.get("__main__")
    if getattr(getattr(main, "__spec__", None), "name", None) == name:
        return main
    module = sys.modules.get(name)
    if type(module).__name__ == "_LazyModule" or not isinstance(module, types.ModuleType):
        return None
    spec = members(module).get("__spec__")
    return None if getattr(spec, "_initializing", False) else module


# --- what tacho_autoload and the package call ----------------------------------------------------

_asked_collections = None


def start(finder):
    """For tacho_autoload: takes over. None when there is nothing to take over."""
    global _marker
    if not _core.PRESENT:
        finder.withdraw()
        return None
    if _marker is None:
        _marker = Marker(finder.path, finder)
        _watch_collections()
        if finder.collected in gc.callbacks:
            gc.callbacks.remove(finder.collected)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_begin_child)
    _marker.look()
    return _marker


def _begin_child():
    _marker.lock = _thread.allocate_lock()  # whoever had it may be no more
    refresh()


def _watch_collections():
    if _core.on_collection not in gc.callbacks:
        gc.callbacks.append(_core.on_collection)


def mark_collections(label):
    global _asked_collections
    _asked_collections = label
    if _core.PRESENT:
        _core.mark_collections(label)
        _watch_collections()


def refresh():
    finder = getattr(sys.modules.get("tacho_autoload"), "finder", None)
    try:
        if _marker is not None:
            _marker.look()
        elif finder is not None:
            finder.load()
    except Exception:
        pass


def status():
    refresh()
    if _marker is None:
        return []
    rows = []
    for module, names in sorted(_marker.wanted.items()):
        for qualified, states in sorted(names.items()):
            mark = _marker.marks.get((module, qualified))
            how = mark.how if mark else str(_marker.reasons.get((module, qualified), "marked"))
            rows.append((f"{module}:{qualified}", list(states), how))
    return rows
