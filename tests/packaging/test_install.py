#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`make install`, `make uninstall` and `make deb`: what is put where, and that it is all taken away."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))
import harness  # noqa: E402
from harness import Skip, check, check_equal  # noqa: E402

BUILD = pathlib.Path(harness.TACHO).parent
UNITS = ("tacho.service", "opentrons-system-resource-tracker.service")


def make(*args):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "-s", f"BUILD={BUILD}", *args], cwd=TOP, capture_output=True,
                          text=True, env=environment)
    check_equal(done.returncode, 0, f"make {args}: {done.stdout}{done.stderr}")
    return done.stdout


def install(scratch, *args, prefix="/usr"):
    """Returns the paths of all files."""
    make("install", f"DESTDIR={scratch}/root", f"PREFIX={prefix}", f"UNIT_BUILD={scratch}/units", *args)
    return {str(p.relative_to(scratch / "root")) for p in (scratch / "root").rglob("*")
            if not p.is_dir()}


def test_everything_is_where_it_belongs(scratch):
    files = install(scratch)
    for path in ("usr/bin/tacho", "usr/share/man/man1/tacho-record.1", "usr/share/man/man5/tacho.conf.5",
                 "usr/share/man/man8/tacho.service.8", "usr/lib/sysusers.d/tacho.conf",
                 "usr/lib/tmpfiles.d/tacho.conf", "usr/share/bash-completion/completions/tacho",
                 "usr/share/zsh/site-functions/_tacho", "usr/share/doc/tacho/tacho.conf",
                 "usr/share/doc/tacho/FORMATS.md", "usr/share/doc/tacho/MARKS.md",
                 "usr/share/doc/tacho/copyright", "usr/share/tacho/opentrons.conf",
                 *(f"usr/lib/systemd/system/{unit}" for unit in UNITS)):
        check(path in files, f"{path} is missing from {sorted(files)}")
    check(not any(path.startswith("etc/") for path in files), "settings are installed as in use")
    check(not any(path.endswith(".wants") for path in files), "something is enabled")
    programs = {p for p in files if os.access(scratch / "root" / p, os.X_OK)}
    check_equal(programs, {"usr/bin/tacho"}, "files that can be executed")


def test_every_manual_is_installed(scratch):
    files = install(scratch)
    for page in (TOP / "docs").glob("*.[1-8]"):
        check(f"usr/share/man/man{page.suffix[1:]}/{page.name}" in files, page.name)


def test_uninstall_takes_exactly_that_away(scratch):
    for version in ("252", "257"):
        where = (f"DESTDIR={scratch}/root", "PREFIX=/opt/x", f"SYSTEMD_VERSION={version}",
                 f"UNIT_BUILD={scratch}/units")
        make("install", *where)
        mine = scratch / "root" / "opt/x/share/doc/tacho/mine"
        mine.write_text("")
        make("uninstall", *where)
        check_equal([p for p in (scratch / "root").rglob("*") if not p.is_dir()], [mine], "left")
        shutil.rmtree(scratch / "root")
        make("install", *where)
        make("uninstall", *where)
        check_equal(list((scratch / "root").rglob("*")), [], "left in a tree of our own")


def test_units_name_the_program_where_it_is(scratch):
    for prefix in ("/usr", "/usr/local", "/opt/tacho"):
        install(scratch, prefix=prefix)
        for unit in UNITS:
            text = (scratch / "root" / prefix[1:] / "lib/systemd/system" / unit).read_text()
            check(f"ExecStart={prefix}/bin/tacho record" in text, f"{unit} for {prefix}")
            check("@" not in re.sub(r"(?m)^#.*|@[a-z-]+\b", "", text), f"{unit}: something is left to fill in")


def test_units_are_made_for_the_systemd_that_will_run_them(scratch):
    for version, new in (("247", False), ("252", False), ("253", True), ("257", True), ("0", False)):
        shutil.rmtree(scratch / "root", ignore_errors=True)
        files = install(scratch, f"SYSTEMD_VERSION={version}")
        for unit in UNITS:
            text = (scratch / "root/usr/lib/systemd/system" / unit).read_text()
            kind = "notify-reload" if new else "notify"
            check_equal(re.findall(r"(?m)^Type=(.*)$", text), [kind], f"{unit} for {version}")
            check_equal("ExecReload=/bin/kill -HUP $MAINPID" in text, not new, f"{unit} for {version}")
        check_equal("usr/lib/systemd/system/tacho.service.d/linux-before-6.6.conf" in files, not new,
                    f"CAP_SYS_ADMIN for {version}")


def deb(scratch, name, *args):
    """Returns the path of the one for the recorder; that for Python is beside it."""
    if not shutil.which("dpkg-shlibdeps"):
        raise Skip("dpkg-shlibdeps is not installed")
    path = scratch / name
    make("deb-only", f"DEB={path}", f"DEB_WORK={scratch}/{name}.work", *args)
    return path


def test_the_package_is_the_same_each_time(scratch):
    for name in ("one.deb", "two.deb"):
        deb(scratch, name, "SOURCE_DATE_EPOCH=1700000000")
    for kind in ("", "python3-"):
        one, two = ((scratch / f"{kind}{name}.deb").read_bytes() for name in ("one", "two"))
        check(one == two, f"{kind}tacho differs")


def unpack(scratch, path):
    """What is in a package that was just built, its control files in DEBIAN; and the control file."""
    into = scratch / f"{path.name}.unpacked"
    subprocess.run(["dpkg-deb", "-R", str(path), str(into)], check=True)
    return into, (into / "DEBIAN/control").read_text()


def check_contents(into):
    for file in into.rglob("*"):
        check(file.is_dir() or str(TOP).encode() not in file.read_bytes(), f"{file} names {TOP}")
    listed = {}
    for line in (into / "DEBIAN/md5sums").read_text().splitlines():
        digest, name = line.split("  ")
        listed[name] = digest
    there = {str(path.relative_to(into)): hashlib.md5(path.read_bytes()).hexdigest()
             for path in into.rglob("*") if path.is_file() and into / "DEBIAN" not in path.parents}
    check_equal(listed, there, "md5sums")


def test_the_package_says_what_it_needs_and_has_no_trace_of_where_it_was_built(scratch):
    into, control = unpack(scratch, deb(scratch, "tacho.deb"))
    for library in ("libbpf", "libelf", "libdw", "libcapstone", "libc6"):
        check(re.search(rf"^Depends:.*\b{library}", control, re.M), f"{library}: {control}")
    check_contents(into)


def test_the_package_for_python_serves_every_version_and_keeps_its_marks(scratch):
    into, control = unpack(scratch, deb(scratch, "tacho.deb").with_name("python3-tacho.deb"))
    check(re.search(r"^Depends:.*\blibc6\b.*\bpython3 \(>= 3\.8\)", control, re.M), control)
    check_contents(into)
    site = into / "usr/lib/python3/dist-packages"
    files = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    check_equal(files, {str(path.relative_to(TOP / "python")) for path in (TOP / "python").rglob("*.p*")
                        if path.suffix in (".py", ".pth")} | {"_tacho_marks.abi3.so"}, "files")
    notes = subprocess.run(["readelf", "-n", str(site / "_tacho_marks.abi3.so")], check=True,
                           capture_output=True, text=True).stdout
    check(re.search(r"Provider: tacho\s+Name: begin\b", notes), f"stripping lost the marks: {notes}")


if __name__ == "__main__":
    harness.main(needs_bpf=False)
