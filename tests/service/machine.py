# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A small Debian with a systemd of its own, booted on this machine's kernel by systemd-nspawn.

Its tree is made by debootstrap once and kept (build/service/SUITE); each boot runs on a copy. What
happens in the machine happens through nsenter, which needs nothing in there.
"""
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))
from harness import Skip, check, wait_for  # noqa: E402

DEB = pathlib.Path(os.environ.get("TACHO_DEB", ""))
PYTHON_DEB = DEB.with_name("python3-" + DEB.name)
CACHE = pathlib.Path(os.environ.get("TACHO_SERVICE_CACHE", TOP / "build" / "service"))
MIRROR = os.environ.get("TACHO_DEBIAN_MIRROR", "http://deb.debian.org/debian")
# Beside what the package itself depends on.
PACKAGES = ("systemd", "systemd-sysv", "dbus", "logrotate", "procps", "zstd")
NEEDS = ("debootstrap", "systemd-nspawn", "nsenter")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb",
               "DEBIAN_FRONTEND": "noninteractive"}


def remove(tree):
    """A tree that another root lived in: nothing that may be mounted there is entered."""
    subprocess.run(["rm", "-rf", "--one-file-system", str(tree)], check=True)


def dependencies():
    """The packages of the libraries that ours is linked with."""
    field = subprocess.run(["dpkg-deb", "-f", str(DEB), "Depends"], check=True, capture_output=True,
                           text=True).stdout
    alternatives = [group.split("|")[0].split("(")[0].strip() for group in field.split(",")]
    return tuple(sorted(set(alternatives)))


def tree_of(suite, more=()):
    """The tree of a suite, made if it is not there, or of other packages."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{suite}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _tree_of(suite, sorted(set(PACKAGES + tuple(more))))


def _tree_of(suite, packages):
    tree, made_of = CACHE / suite, CACHE / f"{suite}.json"
    if tree.exists() and made_of.exists() and json.loads(made_of.read_text()) == packages:
        return tree
    remove(tree)
    began = time.monotonic()
    # What it mounts in the tree is gone with it, even if it is killed.
    try:
        done = subprocess.run(["unshare", "--mount", "debootstrap", "--variant=minbase",
                               "--include=" + ",".join(packages), suite, str(tree), MIRROR],
                              capture_output=True, text=True, timeout=500)
    except subprocess.TimeoutExpired as why:
        raise Skip(f"debootstrap {suite}: {why}") from None
    if done.returncode:
        raise Skip(f"debootstrap {suite}: " + " ".join(done.stdout.splitlines()[-2:]))
    remove(tree / "var/cache/apt/archives")
    made_of.write_text(json.dumps(packages))
    print(f"# debootstrap {suite}: {time.monotonic() - began:.0f} s", flush=True)
    return tree


class Machine:
    """A running one; to be stopped."""

    def __init__(self, suite, packages=()):
        for program in NEEDS:
            if not shutil.which(program):
                raise Skip(f"{program} is not installed")
        self.name = f"tacho-{suite}-{os.getpid()}"
        self.root = CACHE / self.name
        self.leader = self.nspawn = None
        template = tree_of(suite, packages)
        remove(self.root)
        subprocess.run(["cp", "-ax", "--reflink=auto", str(template), str(self.root)], check=True)
        try:
            self._boot()
        except BaseException:
            self.stop()
            raise

    def _boot(self):
        self.log = open(CACHE / f"{self.name}.log", "w+b")
        # Without a service manager out here there is nothing to register with.
        alone = [] if os.path.exists("/run/systemd/system") else ["--keep-unit"]
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--boot", "--register=no", *alone, "--console=pipe",
             f"--machine={self.name}", f"--directory={self.root}", "--link-journal=no",
             "--resolv-conf=off", "--capability=all", "--bind=/sys/kernel/tracing",
             "--system-call-filter=bpf perf_event_open"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env=dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1"))
        self.leader = wait_for(self._find_leader, "the machine's first process")
        wait_for(lambda: self.run("systemctl", "is-system-running", fine=None).stdout.strip() in
                 ("running", "degraded"), "the machine to be up")

    def _find_leader(self):
        check(self.nspawn.poll() is None, "systemd-nspawn: " +
              pathlib.Path(self.log.name).read_text(errors="replace"))
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children")
        for pid in children.read_text().split():
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                    return pid
            except OSError:
                pass
        return None

    def stop(self):
        if self.nspawn and self.nspawn.poll() is None:
            if self.leader:
                os.kill(int(self.leader), signal.SIGRTMIN + 4)  # power off: systemd(1), SIGNALS
            else:
                self.nspawn.terminate()
            try:
                self.nspawn.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        self.log.close()
        os.unlink(self.log.name)
        remove(self.root)

    def command(self, *args):
        return ["nsenter", "--target", str(self.leader), "--all", "--", *args]

    def popen(self, *args, **kinds):
        return subprocess.Popen(self.command(*args), env=ENVIRONMENT, **kinds)

    def run(self, *args, fine=0, stdin=""):
        """Runs a command in the machine; fine is the exit status it must have, None any."""
        done = subprocess.run(self.command(*args), capture_output=True, text=True, env=ENVIRONMENT,
                              timeout=120, input=stdin, errors="replace")
        check(fine is None or done.returncode == fine,
              f"{' '.join(args)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def failed_units(self):
        """Their names."""
        listed = self.run("systemctl", "--failed", "--plain", "--no-legend").stdout.splitlines()
        return {line.split()[0] for line in listed}

    def path(self, inside):
        return self.root / str(inside).lstrip("/")

    def write(self, inside, text, mode=0o644):
        """A file in the machine, in one piece."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text)
        new.chmod(mode)
        new.replace(path)

    def install(self, deb, version=None):
        """With apt, from a file, without a network."""
        shutil.copy(deb, self.path("/root/tacho.deb"))
        return self.run("apt-get", "install", "-y", "--no-install-recommends", "--reinstall",
                        "--allow-downgrades", "/root/tacho.deb").stdout


class Service:
    """A unit in the machine."""

    def __init__(self, machine, name):
        self.machine = machine
        self.name = name

    def systemctl(self, verb, *args, fine=0):
        return self.machine.run("systemctl", verb, *args, self.name, fine=fine)

    def show(self, key):
        return self.machine.run("systemctl", "show", "--value", "-p", key, self.name).stdout.strip()

    def active(self):
        return self.show("ActiveState") == "active"

    def pid(self):
        """Of the recorder, as the machine counts."""
        return int(self.show("MainPID"))

    def host_pid(self):
        """As this machine counts: no other process tells it by its last NSpid."""
        inside = str(self.pid())
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue
            for line in text.splitlines():
                if line.startswith("NSpid:") and line.split()[2:] == [inside] and \
                        self._is_ours(status.parent):
                    return int(status.parent.name)
        raise AssertionError(f"no process {inside} of {self.name}")

    def freeze(self):
        """Returns when its process has come to a stop, by SIGSTOP."""
        pid = self.host_pid()
        os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: "\nState:\tT" in pathlib.Path(f"/proc/{pid}/status").read_text(),
                 f"{self.name} to stop")
        return pid

    def _is_ours(self, proc):
        try:
            return os.readlink(proc / "ns/pid") == os.readlink(f"/proc/{self.machine.leader}/ns/pid")
        except OSError:
            return False

    def journal(self):
        self.machine.run("journalctl", "--sync")
        return self.machine.run("journalctl", "-o", "cat", "--no-pager", "-u", self.name).stdout

    def drop_in(self, name, text):
        """Settings as by `systemctl edit`; None takes them away."""
        path = f"/etc/systemd/system/{self.name}.d/{name}.conf"
        if text is None:
            self.machine.path(path).unlink(missing_ok=True)
        else:
            self.machine.write(path, text)
        self.machine.run("systemctl", "daemon-reload")

    def fresh(self):
        """Stopped, and with no failures counted."""
        self.systemctl("stop")
        self.systemctl("reset-failed", fine=None)
