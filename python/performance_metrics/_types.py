# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Types, for those who check them."""
import pathlib
from typing import Any, Callable, TypeVar

from typing import Literal, Protocol

WrappedFunction = TypeVar("WrappedFunction", bound=Callable[..., Any])

RobotActivityState = Literal["ANALYZING_PROTOCOL", "GETTING_CACHED_ANALYSIS", "RUNNING_PROTOCOL",
                             "CALIBRATING", "ROBOT_STARTING_UP", "ROBOT_SHUTTING_DOWN"]


class SupportsTracking(Protocol):
    """What has the methods of RobotActivityTracker."""

    def __init__(self, storage_location: pathlib.Path, should_track: bool) -> None:
        ...

    def track(self, state: RobotActivityState) -> Callable[[WrappedFunction], WrappedFunction]:
        ...

    def store(self) -> None:
        ...
