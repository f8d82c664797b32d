# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tracks functions by marks."""
import pathlib
from typing import Callable

from tacho import time_it

from ._types import RobotActivityState, WrappedFunction


class RobotActivityTracker:
    """track(state) decorates plain and async functions. With should_track false it returns the
    function itself. storage_location belongs to the recorder, and is only remembered."""

    def __init__(self, storage_location: pathlib.Path, should_track: bool = True) -> None:
        self.storage_location = storage_location
        self._should_track = should_track

    def track(self, state: RobotActivityState) -> Callable[[WrappedFunction], WrappedFunction]:
        def decorate(function: WrappedFunction) -> WrappedFunction:
            return time_it(state)(function) if self._should_track else function
        return decorate

    def store(self) -> None:
        """Nothing is left to store: the recorder has seen each call at its end."""
