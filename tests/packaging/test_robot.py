#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The helpers for robots: what they would do, to whom they would not, and a robot of our own."""
import contextlib
import http.server
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))
import harness  # noqa: E402
from harness import Skip, check, check_equal, wait_for  # noqa: E402

BUILD = pathlib.Path(harness.TACHO).parent
TARGETS = ("push", "get-data", "set-performance-metrics-ff", "unset-performance-metrics-ff",
           "setup-system-resource-tracker-systemd-service", "start-remote-system-resource-tracker",
           "override-robot-version", "cleanup-remote")
UNIT = "opentrons-system-resource-tracker.service"
FIELDS = ("opentrons_api_version", "update_server_version", "robot_server_version",
          "server_utils_version", "opentrons_hardware_version")
SSHD = "/usr/sbin/sshd"
PORTS_TRIED = 10


def make(target, cwd=None, status=0, **variables):
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith(("MAKE", "MFLAGS")) and k not in variables}
    done = subprocess.run(["make", "-s", "-C", str(TOP), f"BUILD={BUILD}", target,
                           *(f"{k}={v}" for k, v in variables.items())],
                          capture_output=True, text=True, env=environment, cwd=cwd)
    if status is not None:
        check_equal(done.returncode, status, f"make {target}: {done.stdout}{done.stderr}")
    return done


def shown(target, **variables):
    """The commands of a dry run."""
    return make(target, DRY_RUN="1", **variables).stdout


# --- what would be done -----------------------------------------------------------------------------

def test_without_a_host_each_says_what_to_give(scratch):
    for target in TARGETS:
        done = make(target, status=2, version="8.5.0")
        check(f"tacho: {target}: which robot? Give host=" in done.stderr, done.stderr)


def test_hostile_hosts_are_refused_and_nothing_of_them_is_run(scratch):
    trap = scratch / "trap"
    for host in (f"-oProxyCommand=touch {trap}", f"a; touch {trap}", "a b", f"$(touch {trap})",
                 f"`touch {trap}`", f"$(shell touch {trap})", f"a' ; touch {trap} ; '", "a/b", "root@a",
                 f"a|touch {trap}", f"a\ntouch {trap}", "a\nb", "-", ".", "a-", "..", "ä", "a:b@c", "[::1]",
                 "::1%;x", "x" * 10 + "&", "%", "*", "~", "#", "a#"):
        for target in ("get-data", "set-performance-metrics-ff"):
            done = make(target, status=2, host=host)
            check("neither a name nor an address" in done.stderr, f"{host!r}: {done.stderr}")
        check(not trap.exists(), f"host={host!r} was run")


def test_other_values_are_words_and_nothing_else(scratch):
    trap = scratch / "trap"
    evil = f"x'; touch {trap}; $(touch {trap}) `touch {trap}` \"$(shell touch {trap})\" &"
    for target, name in (("get-data", "dest"), ("get-data", "ssh_key"),
                         ("start-remote-system-resource-tracker", "process_filters")):
        text = shown(target, host="flex", **{name: evil})
        words = shlex.split(text)
        check(any(evil in word for word in words) or any(evil in w for word in words
              for w in split(word)), f"{target} {name}: {text}")
        check(not trap.exists(), f"{target}: {name} was run")
    for name, value in (("data_dir", "relative"), ("data_dir", "/"), ("http_port", "80/x"),
                        ("version", "8.5; reboot"), ("version", ""), ("storage_dir", "relative"),
                        ("logging_level", "INFO\nx")):
        target = {"version": "override-robot-version", "data_dir": "get-data",
                  "http_port": "set-performance-metrics-ff"}.get(
                      name, "start-remote-system-resource-tracker")
        done = make(target, status=2, host="flex", **{name: value})
        check(f"tacho: {target}: " in done.stderr, done.stderr)


def split(word):
    try:
        return shlex.split(word)
    except ValueError:
        return []


def test_a_dry_run_shows_the_commands_and_does_nothing(scratch):
    where = {"host": "flex-1.local", "ssh_key": "/k e y", "ssh_opts": "-o Port=2222"}
    ssh = "'ssh' '-i' '/k e y' '-o' 'Port=2222' -- 'root@flex-1.local' "
    check_equal(shown("get-data", dest="out", **where),
                "mkdir -p 'out'\n" + ssh + r"'cd '\''/data/performance_metrics_data'\'' && tar -cf - .'"
                " >'out'/.part.tar\ntar -C 'out' -xf 'out'/.part.tar --no-same-owner "
                "--no-same-permissions\nrm 'out'/.part.tar\n", "get-data")
    check(not (TOP / "out").exists(), "a directory was made")
    for target, value in (("set-performance-metrics-ff", "true"),
                          ("unset-performance-metrics-ff", "false")):
        words = shlex.split(shown(target, host="flex-1.local"))
        check_equal(words[0], "curl", target)
        check('{"id": "enablePerformanceMetrics", "value": %s}' % value in words, str(words))
        check("opentrons-version: *" in words and "http://flex-1.local:31950/settings" in words,
              str(words))
    check("http://[fe80::1%25eth0]:31950/settings" in
          shown("set-performance-metrics-ff", host="fe80::1%eth0"), "an address of a link")
    lines = shown("push", **where).splitlines()
    check(lines[0].startswith("tar -C ") and lines[0].count(ssh) == 1, lines[0])
    check_equal(lines[1], ssh + "'/opt/tacho/bin/tacho --version'", "push")
    for target in TARGETS:
        text = shown(target, version="8.5.0", **where)
        check("flex-1.local" in text and "performance_metrics_data'" not in
              text.replace("'/data/performance_metrics_data'", "") or target == "get-data", text)


def test_each_target_is_described_where_it_is_defined(scratch):
    text = (TOP / "systemd/robot.mk").read_text()
    for target in TARGETS:
        check(re.search(rf"(?m)^#   make {target} ", text), target)


# --- a robot of our own -----------------------------------------------------------------------------

def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start_sshd(scratch, mounts):
    """On a port that was free a moment ago: where somebody was faster, on another one."""
    log = scratch / "sshd.log"
    for _ in range(PORTS_TRIED):
        port = free_port()
        with open(log, "wb") as errors:
            daemon = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c",
                 f"{mounts} exec {SSHD} -D -e -p {port} -f {scratch}/sshd_config"],
                stderr=errors, start_new_session=True)
        wait_for(lambda: "Server listening" in log.read_text() or daemon.poll() is not None, "sshd")
        if daemon.poll() is None:
            return daemon, port
        check("Address already in use" in log.read_text(), log.read_text())
    raise AssertionError(log.read_text())


@contextlib.contextmanager
def robot(scratch):
    """An sshd that knows one key, in a mount namespace of its own where /opt, /data, /etc/systemd and
    systemctl are the test's. Yields the variables with which it is reached, and its folders."""
    if os.geteuid() or not all(shutil.which(p) for p in (SSHD, "ssh", "ssh-keygen", "unshare")):
        raise Skip("needs root, openssh-server and unshare")
    for name in ("key", "host_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(scratch / name)], check=True)
    folders = {name: scratch / "robot" / name for name in ("opt", "data", "systemd", "bin", "run")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    (folders["run"] / "sshd").mkdir(mode=0o755)
    (folders["bin"] / "systemctl").write_text(f'#!/bin/sh\necho "$@" >>{scratch}/systemctl.log\n'
                                              'case $1 in is-active) exit 3 ;; esac\n')
    (folders["bin"] / "systemctl").chmod(0o755)
    (scratch / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nHostKey {scratch}/host_key\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {scratch}/key.pub\nPermitRootLogin yes\nPasswordAuthentication no\n"
        f"PidFile {scratch}/sshd.pid\nSetEnv PATH={folders['bin']}:/usr/sbin:/usr/bin:/sbin:/bin\n")
    mounts = "".join(f"mount --bind {folders[name]} {at} && " for name, at in
                     (("opt", "/opt"), ("systemd", "/etc/systemd/system"), ("run", "/run")))
    daemon, port = start_sshd(scratch, mounts)
    try:
        options = (f"-o Port={port} -o UserKnownHostsFile={scratch}/known -o BatchMode=yes "
                   f"-o StrictHostKeyChecking=accept-new -o IdentitiesOnly=yes")
        yield {"host": "127.0.0.1", "ssh_key": str(scratch / "key"), "ssh_opts": options}, folders
    finally:
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()


def test_get_data_fetches_every_file(scratch):
    with robot(scratch) as (where, folders):
        data = folders["data"] / "metrics of a 'robot'"
        (data / "sub").mkdir(parents=True)
        contents = {"robot_activity_data": b'"A","1","2"\r\n', "robot_activity_data.1": b"old",
                    "robot_activity_data.2.zst": bytes(range(256)), "activity_detail.csv": b"x" * 300000}
        for name, content in contents.items():
            (data / name).write_bytes(content)
        done = make("get-data", dest=str(scratch / "here"), data_dir=str(data), **where)
        for name, content in contents.items():
            check_equal((scratch / "here" / name).read_bytes(), content, name)
        check(f"{len(contents)} files in" in done.stdout, done.stdout)
        done = make("get-data", status=2, dest=str(scratch / "b"), data_dir="/nowhere/at/all", **where)
        check("failed with exit status" in done.stderr, done.stderr)


def test_a_wrong_key_is_an_error(scratch):
    with robot(scratch) as (where, _):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(scratch / "other")],
                       check=True)
        done = make("get-data", status=2, dest=str(scratch / "here"),
                    **dict(where, ssh_key=str(scratch / "other")))
        check("Permission denied" in done.stderr, done.stderr)


def test_push_brings_a_program_that_runs_with_its_own_libraries(scratch):
    with robot(scratch) as (where, folders):
        done = make("push", robot_arch=os.uname().machine.replace("aarch64", "arm64"), **where)
        version = subprocess.run([harness.TACHO, "--version"], capture_output=True, text=True).stdout
        check(version.strip() in done.stdout, done.stdout)
        needed = subprocess.run(["readelf", "-d", "-l", folders["opt"] / "tacho/bin/tacho"],
                                capture_output=True, text=True).stdout
        check("interpreter: /opt/tacho/lib/ld-linux" in needed, needed)
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", needed):
            check((folders["opt"] / "tacho/lib" / name).exists(), name)
        check("daemon-reload" in (scratch / "systemctl.log").read_text(), "systemd was not told")
        unit = (folders["opt"] / "tacho/lib/systemd/system" / UNIT).read_text()
        check("ExecStart=/opt/tacho/bin/tacho record -c /opt/tacho/share/tacho/opentrons.conf" in unit, unit)
        make("cleanup-remote", status=2, http_port="9", **where)  # nobody listens: the flag stays
        check(not (folders["opt"] / "tacho").exists(), "it is still there")


def test_the_service_is_switched_on_with_the_values_given(scratch):
    with robot(scratch) as (where, folders):
        filters = "/opt/opentrons*, it's \"100%\" $HOME \\"
        make("setup-system-resource-tracker-systemd-service", process_filters=filters,
             refresh_interval="5.0", **where)
        text = (folders["systemd"] / f"{UNIT}.d/robot.conf").read_text()
        check_equal(text.splitlines(), [
            "[Service]", "Environment=OT_SYSTEM_RESOURCE_TRACKER_ENABLED=true",
            'Environment="OT_SYSTEM_RESOURCE_TRACKER_REFRESH_INTERVAL=5.0"',
            'Environment="OT_SYSTEM_RESOURCE_TRACKER_PROCESS_FILTERS=/opt/opentrons*, it\'s '
            '\\"100%%\\" $HOME \\\\"'], "drop-in")
        log = (scratch / "systemctl.log").read_text()
        for verb in (f"link --quiet /opt/tacho/lib/systemd/system/{UNIT}", f"enable --quiet {UNIT}",
                     f"restart {UNIT}"):
            check(verb in log, f"{verb}: {log}")


def test_the_version_is_overridden_in_five_fields(scratch):
    """The script that is sent, on a file of ours: /etc is not the test's to write to."""
    text = shown("override-robot-version", host="flex", version="8.5.0-alpha.1")
    script = shlex.split(text)[-1]
    check(script.endswith("systemctl restart opentrons-robot-server"), script)
    (scratch / "VERSION.json").write_text('{"robot_server_version": "0.0.0", "oe_version": "kept"}')
    (scratch / "systemctl").write_text(f'#!/bin/sh\necho "$@" >>{scratch}/systemctl.log\n')
    (scratch / "systemctl").chmod(0o755)
    done = subprocess.run(["sh", "-c", script.replace("/etc/VERSION", f"{scratch}/VERSION")], text=True,
                          capture_output=True, env={"PATH": f"{scratch}:/usr/bin:/bin"})
    check_equal(done.returncode, 0, done.stderr)
    fields = json.loads((scratch / "VERSION.json").read_text())
    check_equal(fields, {**dict.fromkeys(FIELDS, "8.5.0-alpha.1"), "oe_version": "kept"}, "fields")


class Settings(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, self.headers["opentrons-version"], json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_the_flag_is_set_where_the_robot_takes_it(scratch):
    if not shutil.which("curl"):
        raise Skip("curl is not installed")
    server = http.server.HTTPServer(("127.0.0.1", 0), Settings)
    server.asked, server.status = [], 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        where = {"host": "127.0.0.1", "http_port": server.server_port}
        make("set-performance-metrics-ff", **where)
        make("unset-performance-metrics-ff", **where)
        check_equal(server.asked, [("/settings", "*", {"id": "enablePerformanceMetrics", "value": value})
                                   for value in (True, False)], "requests")
        server.status = 500
        done = make("set-performance-metrics-ff", status=2, **where)
        check("500" in done.stderr, done.stderr)
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    harness.main(needs_bpf=False)
