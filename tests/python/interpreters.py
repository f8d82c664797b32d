# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The Pythons that this machine has, and those of other Debian releases, each in a folder of its own
under BUILD/python-roots."""
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("TACHO", "build/tacho")).resolve().parent
ROOTS = BUILD / "python-roots"
SUITES = ("trixie", "bullseye")
PLACES = ("/usr/bin/python3", "/usr/bin/python3.[0-9]*", "/usr/local/bin/python3.[0-9]*",
          "/opt/python*/bin/python3", "~/.pyenv/versions/*/bin/python3")
OLDEST = (3, 8)
SHARED = "/tacho"  # where a root has the package and the tests
DOWNLOAD_S = 240  # two of them fit into what a suite may take


class Python:
    def __init__(self, command, root=None):
        self.command = list(command)
        self.root = root
        shown = subprocess.run([*command, "-c", "import sys; print(sys.implementation.name, "
                                "*sys.version_info[:2])"], capture_output=True, text=True)
        name, major, minor = shown.stdout.split()
        self.implementation, self.version = name, (int(major), int(minor))
        self.name = f"{major}.{minor}" + (f" of {root.name}" if root else "")

    def place(self, path):
        """A file of the build or of the tests as this Python sees it."""
        if not self.root:
            return str(path)
        top = pathlib.Path(__file__).resolve().parents[2]
        path = pathlib.Path(path).resolve()
        base = BUILD if BUILD in path.parents else top
        return f"{SHARED}/{'build' if base is BUILD else 'top'}/{path.relative_to(base)}"

    def share(self, *folders):
        """Links the files into the root: the same files, so that probes at the one are in both."""
        for folder in folders if self.root else ():
            for file in pathlib.Path(folder).rglob("*"):
                if file.is_file() and "__pycache__" not in file.parts:
                    at = self.root / self.place(file).lstrip("/")
                    at.parent.mkdir(parents=True, exist_ok=True)
                    at.unlink(missing_ok=True)
                    os.link(file.resolve(), at)


def of_this_machine():
    """The first of each version."""
    found = {}
    for place in PLACES:
        for path in sorted(glob.glob(os.path.expanduser(place))):
            if os.access(path, os.X_OK) and not path.endswith("-config"):
                try:
                    python = Python([path])
                except (OSError, ValueError):
                    continue
                if python.implementation == "cpython" and python.version >= OLDEST:
                    found.setdefault(python.version, python)
    return [found[version] for version in sorted(found)]


def download(suite, root):
    """Into a folder that has its name only when all is there. Raises LookupError with a reason."""
    parts = root.with_name(f".{root.name}.{os.getpid()}")
    process = subprocess.Popen(["debootstrap", "--variant=minbase", "--include=python3", suite,
                                str(parts), "http://deb.debian.org/debian"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        said, _ = process.communicate(timeout=DOWNLOAD_S)
        if process.returncode:
            raise LookupError("debootstrap: " + (said.splitlines() or ["failed"])[-1])
        os.rename(parts, root)
    except subprocess.TimeoutExpired:
        raise LookupError(f"debootstrap: took more than {DOWNLOAD_S} s") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        for at in (parts / "proc", parts / "sys"):
            subprocess.run(["umount", "-l", str(at)], stderr=subprocess.DEVNULL)
        shutil.rmtree(parts, ignore_errors=True)


def of_suite(suite):
    """The Python of a Debian release, downloaded once. Raises LookupError with a reason."""
    root = ROOTS / suite
    if not (root / "usr/bin/python3").exists():
        if not shutil.which("debootstrap") or os.getuid() != 0:
            raise LookupError("debootstrap, run by root, would get it")
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(parents=True, exist_ok=True)
        download(suite, root)
    return Python(["chroot", str(root), "/usr/bin/python3"], root)


if __name__ == "__main__":
    for python in of_this_machine():
        print(python.name, *python.command, file=sys.stdout)
