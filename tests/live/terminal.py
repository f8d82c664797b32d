# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a program writes to a terminal."""
import fcntl
import os
import pty
import struct
import subprocess
import termios

import harness


def run(command, columns, environment=None):
    """Runs it with stdout and stderr on a terminal of so many columns. Returns (exit status, text),
    lines ended by \\n alone."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs,
                          env={**env, **(environment or {})}) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            text += piece
        status = process.wait(timeout=harness.DEADLINE_S)
    os.close(ours)
    return status, text.decode().replace("\r\n", "\n")
