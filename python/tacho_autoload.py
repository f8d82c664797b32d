# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs at the start of every Python program, from tacho_autoload.pth: keep it small.

A recorder publishes which Python functions it wants to see in a file of its own in a folder, usually
/run/tacho/python-functions. While that is missing or empty this module looks there at an import, and
does nothing else. The work is done by tacho._functions, which is loaded when there is one, or when the
program has lived for a second: from then on garbage collections look at it, too, so that a program
which imports nothing any more is reached.

Nothing here may disturb the program: whatever fails, fails in silence, and once.
"""
import gc
import os
import sys
import time

PATH = "/run/tacho/python-functions"
LOAD_AFTER_S = 1.0


class Finder:
    """First in sys.meta_path: looks at the file before each import. Finds no modules itself, but
    lets tacho._functions prepare the loader of a module with selected functions."""

    def __init__(self, path, clock, names):
        self.path = path
        self.clock = clock
        self.names = names
        self.load_at = clock() + LOAD_AFTER_S
        self.functions = None  # tacho._functions, when it is needed
        self.busy = False

    def find_spec(self, name, path=None, target=None):
        if self.busy:
            return None
        functions = self.functions
        try:
            if functions is None:
                functions = self.load_if_needed()
            if functions is not None:
                return functions.find_spec(self, name, path, target)
        except Exception:
            pass
        return None

    def load_if_needed(self):
        if self.clock() < self.load_at:
            try:
                if not self.names(self.path):
                    return None
            except NotADirectoryError:
                pass  # one file is as good
            except OSError:
                return None
        return self.load()

    def load(self):
        """Returns tacho._functions, or None, for good, when the package is broken."""
        self.busy = True
        try:
            from tacho import _functions
            self.functions = _functions.start(self)
        except Exception:
            self.withdraw()
        finally:
            self.busy = False
        return self.functions

    def withdraw(self):
        for hooks, hook in ((sys.meta_path, self), (gc.callbacks, self.collected)):
            try:
                hooks.remove(hook)
            except ValueError:
                pass

    def collected(self, phase, info):
        """Until _functions replaces it: loads that after a second, but not amid an import."""
        if self.busy or phase != "stop" or self.clock() < self.load_at:
            return
        frame = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                return
            frame = frame.f_back
        self.load()


def start():
    path = PATH
    if not sys.flags.ignore_environment:
        path = os.environ.get("TACHO_PYTHON_FUNCTIONS", PATH)
    if not path:
        return None  # TACHO_PYTHON_FUNCTIONS= switches it off
    new = Finder(path, time.monotonic, os.listdir)
    sys.meta_path.insert(0, new)
    gc.callbacks.append(new.collected)
    return new


finder = start()
