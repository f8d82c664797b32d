# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs of the newest Debian suite, in a tree of its own: BUILD/bench-root, made once.

Each command runs in a mount namespace that ends with it, so that nothing stays mounted.
"""
import os
import pathlib
import shutil
import subprocess

from bench import Failed, last_line

SUITE = "sid"
PACKAGES = ("bpftrace",)
MAKE_TIMEOUT_S = 240

# $1 the tree, $2 what it shares with this system, then the command
ENTER = """set -e
mount --make-rprivate /
for dir in proc sys dev; do mount --rbind /$dir "$1/$dir"; done
mkdir -p "$1$2"
mount --bind "$2" "$1$2"
root=$1
shift 2
exec chroot "$root" "$@"
"""


def tree(build):
    return pathlib.Path(build) / "bench-root"


def make(build):
    """Makes the tree if it is not there. Raises Failed: then the peer is missing, no more."""
    root = tree(build)
    if (root / "usr/bin/bpftrace").exists():
        return root
    if os.environ.get("BENCH_QUICK") == "1":
        raise Failed(f"a quick run makes no tree of Debian {SUITE}")
    if not shutil.which("debootstrap", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        raise Failed("debootstrap is not installed")
    shutil.rmtree(root, ignore_errors=True)  # half a tree of a run that was interrupted
    try:
        subprocess.run(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}",
                        SUITE, str(root)], check=True, timeout=MAKE_TIMEOUT_S,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"debootstrap {SUITE}: did not end within {MAKE_TIMEOUT_S} s") from error
    except (subprocess.CalledProcessError, OSError) as error:
        why = last_line(getattr(error, "stdout", None) or str(error))
        raise Failed(f"debootstrap {SUITE}: {why}") from error
    return root


def command(build, words):
    """The command line that runs `words` in the tree, which sees BUILD at the same path."""
    return ["unshare", "--mount", "sh", "-c", ENTER, "enter", str(make(build)), str(build), *words]


def version(build):
    """Of its bpftrace, if the tree is there already."""
    if not (tree(build) / "usr/bin/bpftrace").exists():
        return None
    done = subprocess.run(command(build, ["bpftrace", "--version"]), capture_output=True, text=True,
                          timeout=30)
    return f"{done.stdout.strip()} (Debian {SUITE})" if done.returncode == 0 else None
