# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The public names of the package performance_metrics of the Opentrons robots, on marks.

Code that tracks functions with RobotActivityTracker runs unmodified; while a recorder is there,
each call is a block called by its state, and the recorder writes robot_activity_data. This package
writes no files, so there is nothing to flush, to lose or to fail.
"""
from ._robot_activity_tracker import RobotActivityTracker
from ._types import RobotActivityState, SupportsTracking

__all__ = ["RobotActivityState", "RobotActivityTracker", "SupportsTracking"]
