# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`from with_pandas import pandas`: where the Python that comes first in PATH has none, the test runs
by Debian's instead."""
import os
import sys

DEBIAN_PYTHON = "/usr/bin/python3"
try:
    import pandas  # noqa: F401
except ImportError:
    if os.path.realpath(sys.executable) != os.path.realpath(DEBIAN_PYTHON):
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])
    raise
