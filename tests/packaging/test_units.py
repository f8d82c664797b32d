#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The units as systemd itself judges them: without a mistake, and with little to attack."""
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import test_install  # noqa: E402
from test_install import UNITS, harness  # noqa: E402
from harness import Skip, check, check_equal  # noqa: E402

EXPOSURE_MAX = 2.5


def units(scratch, version):
    """Installed in a tree in which systemd finds everything that they name."""
    if not shutil.which("systemd-analyze"):
        raise Skip("systemd-analyze is not installed")
    test_install.install(scratch, f"SYSTEMD_VERSION={version}")
    root = scratch / "root"
    (root / "bin").mkdir()
    shutil.copy("/bin/kill" if pathlib.Path("/bin/kill").exists() else "/bin/true", root / "bin/kill")
    # What every machine has; the units are judged, not these.
    for name in ("sysinit.target", "basic.target", "shutdown.target", "multi-user.target"):
        (root / "usr/lib/systemd/system" / name).write_text("[Unit]\nDescription=of the test\n"
                                                            "DefaultDependencies=no\n")
    return root


def analyze(*args):
    return subprocess.run(["systemd-analyze", "--no-pager", *args], capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})


def running_version():
    return int(re.search(r"systemd (\d+)", analyze("--version").stdout)[1])


def test_systemd_finds_no_mistake_in_them(scratch):
    root = units(scratch, running_version())
    for unit in UNITS:
        done = analyze("verify", "--man=no", f"--root={root}", unit)
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        check_equal((done.returncode, said), (0, []), unit)


def exposure(root, unit):
    """As one number; and what is said of each setting."""
    # Drop-ins count only where a whole tree is judged: they are put behind the unit.
    path = root.parent / unit
    text = (root / "usr/lib/systemd/system" / unit).read_text()
    for more in sorted((root / "usr/lib/systemd/system" / f"{unit}.d").glob("*.conf")):
        text += more.read_text()
    path.write_text(text)
    done = analyze("security", "--offline=true", f"--threshold={round(EXPOSURE_MAX * 10)}", str(path))
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    check(found, done.stdout + done.stderr)
    return float(found[1]), done.returncode


def test_their_exposure_is_small_also_where_the_kernel_is_old(scratch):
    for version in (257, 252):
        root = units(scratch, version)
        for unit in UNITS:
            value, status = exposure(root, unit)
            print(f"# {unit} for systemd {version}: exposure {value}", flush=True)
            check(value <= EXPOSURE_MAX, f"{unit} for systemd {version}: exposure {value}")
        shutil.rmtree(root)


def settings(text):
    return dict(re.findall(r"(?m)^(\w+)=(.*)$", text))


def test_every_capability_has_its_reason(scratch):
    for unit in UNITS:
        text = (test_install.TOP / "systemd" / f"{unit}.in").read_text()
        comments = "\n".join(re.findall(r"(?m)^#.*$", text))
        capabilities = settings(text)["CapabilityBoundingSet"].split()
        check(capabilities, unit)
        for name in capabilities:
            check(re.search(rf"\b{name}\b", comments), f"{unit} does not say why {name}")


def test_the_tracker_of_opentrons_has_the_values_of_the_reference(scratch):
    text = (test_install.TOP / "systemd/opentrons-system-resource-tracker.service.in").read_text()
    check_equal(re.findall(r"(?m)^Environment=(.*)$", text),
                ["OT_SYSTEM_RESOURCE_TRACKER_ENABLED=false",
                 "OT_SYSTEM_RESOURCE_TRACKER_REFRESH_INTERVAL=15.0"], "Environment=")
    named = set(re.findall(r"OT_SYSTEM_RESOURCE_TRACKER_(\w+)", text))
    check_equal(named, {"ENABLED", "PROCESS_FILTERS", "REFRESH_INTERVAL", "STORAGE_DIR",
                        "LOGGING_LEVEL"}, "variables")
    check_equal(settings(text)["TimeoutSec"], "10s", "TimeoutSec")
    check_equal(settings(text)["Alias"], "system-resource-tracker.service", "Alias")


def test_snippets_are_understood(scratch):
    root = units(scratch, 252)
    (root / "etc").mkdir()
    for program, folder in (("systemd-sysusers", "sysusers.d"), ("systemd-tmpfiles", "tmpfiles.d")):
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")
        command = [program, f"--root={root}"] + (["--create"] if program == "systemd-tmpfiles" else [])
        done = subprocess.run([*command, str(root / "usr/lib" / folder / "tacho.conf")],
                              capture_output=True, text=True)
        check_equal(done.returncode, 0, done.stderr)
    check("tacho:" in (root / "etc/passwd").read_text(), "no user")
    check((root / "var/lib/tacho").is_dir() and (root / "etc/tacho/tacho.conf.d").is_dir(), "folders")


if __name__ == "__main__":
    harness.main(needs_bpf=False)
