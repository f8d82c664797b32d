#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Recording on other kernels than the running one, arm64 ones too: each in an emulated machine.

The kernels are Debian's own packages, unpacked and never installed. A machine boots from an initial
RAM disk with tacho, the traced programs and what they are linked with; its init runs the cases below
and prints what the recorder wrote.
"""
import csv
import functools
import io
import os
import pathlib
import re
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))
import harness  # noqa: E402
from harness import Skip, check, check_equal  # noqa: E402

BUILD = pathlib.Path(harness.TACHO).parent
SILENCE_MAX_S = 120  # of a machine that goes on, however slowly
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
MACHINES = {
    "amd64": ["qemu-system-x86_64", "-cpu", "max"],
    "arm64": ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72"],
}
CONSOLES = {"amd64": "ttyS0", "arm64": "ttyAMA0"}
# package names of kernels; the way of attaching that each must find by itself
KERNELS = {("amd64", "6.1"): "perf", ("amd64", "6.12"): "multi", ("arm64", "6.1"): "perf"}
PROGRAMS = ("prog_calls", "prog_ends", "prog_load", "prog_marks")
SETTINGS = """\
[state SAFE]
function = /t/prog_calls:leaf
exit = safe
[state FAST]
function = /t/prog_calls:outer
exit = fast
process = *prog_calls nest*
[state OTHER]
function = /t/prog_calls:leaf
exit = safe
process = somebody else
"""
MARKS = """\
[marks]
programs = /t/prog_marks
labels = [a-z]*
limit = 20
"""
# name: (arguments of record, command, exit status, ledger without zeros)
CASES = {
    "modes and process filters": (
        "-c /t/tacho.conf", "/t/prog_calls nested 5", 0,
        {"SAFE": {"entries": 15, "returned": 15}, "FAST": {"entries": 5, "returned": 5},
         "OTHER": {}}),
    "recursion beyond the kernel's limit": (
        "-s S=/t/prog_calls:descend", "/t/prog_calls descend 201", 0,
        {"S": {"entries": 201, "returned": 201}}),  # auto is safe for what calls itself
    "killed inside a call": (
        "-s S=/t/prog_ends:dies", "/t/prog_ends die 9", 137, {"S": {"entries": 1, "killed": 1}}),
    "exec inside a call": (
        "-s S=/t/prog_ends:execs", "/t/prog_ends exec 1", 0, {"S": {"entries": 1, "exec": 1}}),
    "a thread that ends inside a call": (
        "-s S=/t/prog_ends:leaves", "/t/prog_ends pthread_exit 1", 0,
        {"S": {"entries": 1, "thread_exit": 1}}),
    "marks that nest": (
        "-c /t/marks.conf", "/t/prog_marks nested", 0,
        {"marks": {}, "outer": {"entries": 1, "returned": 1},
         "inner": {"entries": 3, "returned": 3},
         "recursion": {"entries": 100, "returned": 100}}),
    "marks with keys": (
        "-c /t/marks.conf", "/t/prog_marks keyed", 0,
        {"marks": {}, "moved": {"entries": 20, "returned": 20},
         "a": {"entries": 2, "returned": 2}, "b": {"entries": 1, "returned": 1},
         "again": {"entries": 2, "returned": 1, "unwound": 1},
         "other": {"unmatched_returns": 1}, "left": {"entries": 1, "thread_exit": 1}}),
    "marks that are told their labels late": (
        "-c /t/marks.conf", "/t/prog_marks late", 0,
        {"marks": {}, "odd": {"entries": 5, "returned": 5, "unmatched_returns": 5},
         "even": {"entries": 5, "returned": 5, "unmatched_returns": 5},
         "told": {"entries": 1, "returned": 1}}),
    "marks that say something": (
        "-c /t/marks.conf", "/t/prog_marks said", 0,
        {"marks": {}, **{label: {"entries": 1, "returned": 1}
                         for label in ("outer", "inner", "keyed", "plain")}}),
}
INIT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /tmp
cd /tmp
{cases}
{processes}
echo "END"
poweroff -f
"""
CASE = """\
echo "CASE {number}"
/t/tacho record {arguments} -d out{number} -- {command}
echo "STATUS $?"
cat out{number}/activity_ledger.csv
"""


# A process at rest, seen in both ways; and one that ends before it is looked at.
PROCESSES = """\
mkfifo stay
/t/prog_load memory 50 "an argument" < stay > said &
exec 3> stay
while ! [ -s said ]; do usleep 1000; done
kill -STOP $!
while ! grep -q '^State:.T' /proc/$!/status; do usleep 1000; done
for source in kernel proc; do
	TACHO_PROCESSES=$source /t/tacho record -r'/t/prog_load*' -d $source --for 300ms
	echo "ROWS $source"
	cat $source/process_detail.csv
done
/t/tacho record -r -d brief -- /t/prog_load brief 30
echo "STATUS $?"
echo "ROWS brief"
cat brief/process_detail.csv
echo "ROWS end"
"""
SAME_IN_BOTH_WAYS = ("command", "comm", "rss_bytes", "peak_rss_bytes", "virtual_bytes", "threads",
                     "minor_faults", "major_faults", "read_bytes", "write_bytes",
                     "voluntary_switches", "involuntary_switches", "cgroup")


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, **options)
    check(done.returncode == 0, f"{command}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def build_folder(arch):
    """Where make has put the programs for this architecture."""
    native = os.uname().machine == TRIPLETS[arch].split("-")[0]
    folder = BUILD if native else BUILD / arch
    if not (folder / "targets" / PROGRAMS[0]).exists():
        raise Skip(f"nothing is built for {arch} in {folder}")
    return folder


@functools.lru_cache
def package(name, arch):
    """Unpacks a Debian package (newest version) into a folder under the build folder."""
    folder = BUILD / "vm" / f"{name}_{arch}"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(["apt-get", "download", f"{name}:{arch}"], cwd=folder,
                                 capture_output=True)
        files = list(folder.glob("*.deb"))
        if fetched.returncode or not files:
            raise Skip(f"package {name}:{arch} cannot be fetched")
        run("dpkg", "-x", str(files[0]), str(folder))
        files[0].unlink()
        (folder / "done").touch()
    return folder


def kernel(arch, series):
    """The newest cloud kernel of the series that the package lists offer."""
    pattern = rf"^linux-image-{re.escape(series)}\.[0-9].*cloud-{arch}(-unsigned)?$"
    names = [line.split()[0] for line in run("apt-cache", "search", "--names-only",
                                             pattern).decode().splitlines()]
    if not names:
        raise Skip(f"no package holds a Linux {series} for {arch}")

    def version(name):
        return [int(n) for n in re.findall(r"\d+", name)], name.endswith("-unsigned")
    folder = package(max(names, key=version), arch)
    return next((folder / "boot").glob("vmlinuz-*"))


def needed(path, arch, found):
    """Adds the libraries that a file is linked with, and theirs."""
    folders = [pathlib.Path(prefix) / TRIPLETS[arch] for prefix in ("/lib", "/usr/lib")]
    dynamic = run("readelf", "-d", str(path)).decode()
    for name in re.findall(r"NEEDED.*\[(.*)\]", dynamic):
        candidates = [f / name for f in folders if (f / name).exists()]
        if not candidates:
            raise Skip(f"library {name} is not installed for {arch}")
        if name not in found:
            found[name] = candidates[0]
            needed(candidates[0], arch, found)


def make_ramdisk(arch, scratch):
    """Returns the path of an initial RAM disk."""
    folder, root = build_folder(arch), scratch / "root"
    for name in ("bin", "lib", "lib64", "proc", "sys", "dev", "tmp", "t"):
        (root / name).mkdir(parents=True)
    programs = [folder / "tacho"] + [folder / "targets" / name for name in PROGRAMS]
    # glibc loads libgcc_s itself, for pthread_exit
    gcc = pathlib.Path("/lib") / TRIPLETS[arch] / "libgcc_s.so.1"
    libraries = {gcc.name: gcc} if gcc.exists() else {}
    for program in programs:
        needed(program, arch, libraries)
        (root / "t" / program.name).write_bytes(program.read_bytes())
    for name, path in libraries.items():
        (root / "lib" / name).write_bytes(path.read_bytes())
        if name.startswith("ld-linux"):
            (root / "lib64" / name).write_bytes(path.read_bytes())
    interpreter = re.search(r"interpreter: (\S+)\]", run("readelf", "-lW",
                                                         str(programs[0])).decode())[1]
    (root / interpreter.lstrip("/")).write_bytes(pathlib.Path(interpreter).read_bytes())
    busybox = package("busybox-static", arch)
    (root / "bin" / "busybox").write_bytes(next(busybox.glob("*bin/busybox")).read_bytes())
    (root / "t" / "tacho.conf").write_text(SETTINGS)
    (root / "t" / "marks.conf").write_text(MARKS)
    cases = "".join(CASE.format(number=n, arguments=case[0], command=case[1])
                    for n, case in enumerate(CASES.values()))
    (root / "init").write_text(INIT.format(cases=cases, processes=PROCESSES))
    for path in [root / "init", *(root / "bin").iterdir(), *(root / "t").iterdir(),
                 *(root / "lib").iterdir(), *(root / "lib64").iterdir()]:
        path.chmod(0o755)
    names = "\n".join(str(p.relative_to(root)) for p in root.rglob("*"))
    ramdisk = scratch / "ramdisk"
    ramdisk.write_bytes(run("cpio", "-o", "-H", "newc", "--quiet", cwd=root,
                            input=names.encode()))
    return ramdisk


def wait_while_it_talks(machine, console):
    """Returns when the machine has ended, or has been silent for too long."""
    said, since = 0, time.monotonic()
    while machine.poll() is None and time.monotonic() - since < SILENCE_MAX_S:
        if console.stat().st_size != said:
            said, since = console.stat().st_size, time.monotonic()
        time.sleep(0.05)  # between looks


def boot(arch, image, ramdisk):
    """Returns what the machine printed."""
    console = ramdisk.with_name("console")
    with open(console, "wb") as out, subprocess.Popen(
            [*MACHINES[arch], "-accel", "tcg", "-smp", "2", "-m", "1500", "-nographic",
             "-no-reboot", "-kernel", str(image), "-initrd", str(ramdisk), "-append",
             f"console={CONSOLES[arch]} quiet panic=-1"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out) as machine:
        try:
            wait_while_it_talks(machine, console)
        finally:
            machine.kill()
    text = console.read_text(errors="replace").replace("\r", "")
    check("\nEND\n" in text, "the machine did not get to its end:\n" + text[-3000:])
    return text


def ledger_in(text):
    """The last row of each state, without zeros."""
    rows, header = {}, None
    for line in text.splitlines():
        fields = line.split(",")
        if line.startswith("time_ns,state,"):
            header = fields
        elif header and len(fields) == len(header):
            row = dict(zip(header[2:], map(int, fields[2:])))
            rows[fields[1]] = {k: v for k, v in row.items() if v}
    return rows


def process_rows(text, name):
    """The rows of process_detail.csv under this heading, but for the recorder's own."""
    part = re.search(rf"ROWS {name}\n(.*?)ROWS ", text, re.S)[1]
    rows = csv.DictReader(io.StringIO(part[part.index("time_ns,"):]))
    return [row for row in rows if (row["comm"] or "").startswith("prog_load")]


def check_processes(text):
    kernel, proc = (process_rows(text, name)[0] for name in ("kernel", "proc"))
    for column in SAME_IN_BOTH_WAYS:
        check_equal(kernel[column], proc[column], f"{column}: {text}")
    check("an argument" in kernel["command"], str(kernel))
    for column in ("user_ns", "system_ns"):
        check(abs(int(kernel[column]) - int(proc[column])) <= 20_000_000, f"{column}: {text}")
    brief = process_rows(text, "brief")
    check_equal([(row["event"], row["exit_code"]) for row in brief if row["event"] != "sample"],
                [("exec", ""), ("exit", "7")], f"rows: {text}")
    check(int(brief[-1]["cpu_ns"]) >= 30_000_000, f"CPU time: {text}")
    check(int(brief[-1]["peak_rss_bytes"]) > 100_000, f"peak: {text}")
    check("(kernel)" in text[text.index("ROWS proc"):], "the kernel's help was not to be had: " + text)


def kernel_test(arch, series, way):
    def test(scratch):
        text = boot(arch, kernel(arch, series), make_ramdisk(arch, scratch))
        for number, (title, (_, _, status, ledger)) in enumerate(CASES.items()):
            part = re.search(rf"CASE {number}\n(.*?)(?=CASE {number + 1}\n|ROWS kernel\n)", text, re.S)[1]
            check(f"({way})" in part, f"{title}: not attached by way of {way}: {part}")
            check_equal(ledger_in(part), ledger, f"{title}: {part}")
            check(f"STATUS {status}\n" in part, f"{title}: {part}")
            check("not accounted" not in part, f"{title}: {part}")
        check_processes(text[text.index(f"CASE {len(CASES) - 1}"):])
    return test


for (_arch, _series), _way in KERNELS.items():
    globals()[f"test_Linux_{_series}_on_{_arch}_records_by_way_of_{_way}"] = \
        kernel_test(_arch, _series, _way)


if __name__ == "__main__":
    harness.main(needs_bpf=False)
