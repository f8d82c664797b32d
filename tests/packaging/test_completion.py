#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Completion, as the shells do it: bash's function with the words of a line, zsh at a terminal."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))
import harness  # noqa: E402
from harness import DEADLINE_S, Skip, check, check_equal  # noqa: E402

BASH, ZSH = TOP / "docs/completion/tacho.bash", TOP / "docs/completion/tacho.zsh"
# As bash ends words; the line's words go into COMP_WORDS by it.
BREAKS = "\"'><=;|&(:"

# Splits $1 as readline does, calls the function that `complete` names, prints what it answers.
DRIVER = r"""
source "$1"; line=$2; COMP_LINE=$line; COMP_POINT=${#line}
spec=$(complete -p tacho) || exit 9
function=${spec##*-F }; function=${function%% *}
mapfile -t COMP_WORDS < <(printf %s "$line" | grep -oE '[=:]+|[^=: ]+')
[[ $line == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_WORDS[0]=$TACHO
"$function" "$TACHO" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def bash(line, cwd=None):
    """What bash would offer behind this line."""
    done = subprocess.run(["bash", "--norc", "-c", DRIVER, "bash", str(BASH), line], cwd=cwd,
                          capture_output=True, text=True, timeout=DEADLINE_S,
                          env=dict(os.environ, TACHO=harness.TACHO))
    check_equal((done.returncode, done.stderr), (0, ""), line)
    return set(done.stdout.split("\n")) - {""}


def help_of(*command):
    return subprocess.run([harness.TACHO, *command, "--help"], capture_output=True, text=True,
                          check=True).stdout


def commands():
    return set(re.findall(r"^  ([a-z]+) {2,}", help_of(), re.M))


def options(command):
    """All of them, short and long, as --help lists them."""
    found = set()
    for line in re.findall(r"^ +(-.*)$", help_of(command), re.M):
        found |= set(re.findall(r"(?:^|, )(--?[A-Za-z][a-z-]*)", line))
    return found


def test_commands_complete(scratch):
    check(len(commands()) >= 8, str(commands()))
    check_equal(bash("tacho "), commands() | {"--help", "--version"}, "behind tacho")
    check_equal(bash("tacho repo"), {"report"}, "tacho repo")


def test_every_option_of_every_command_completes(scratch):
    for command in commands():
        wanted = options(command)
        check(len(wanted) >= 2, f"{command}: {wanted}")
        check_equal(bash(f"tacho {command} -"), wanted, f"options of {command}")
        for option in wanted:
            check(option in bash(f"tacho {command} {option}"), f"{command} {option}")


def test_formats_and_other_words_complete(scratch):
    check_equal(bash("tacho report --format "), {"table", "csv", "json", "markdown"}, "formats")
    check_equal(bash("tacho report --format j"), {"json"}, "formats with j")
    check_equal(bash("tacho report --format=j"), {"json"}, "behind =")
    check_equal(bash("tacho report --only "), {"states", "processes"}, "tables")
    listed = subprocess.run([harness.TACHO, "export", "--list"], capture_output=True, text=True).stdout
    wanted = set(re.findall(r"^([a-z-]+)", listed, re.M))
    check("folded" in wanted, listed)
    for option in ("--format", "-f"):
        check_equal(bash(f"tacho export {option} "), wanted, option)


def test_states_of_the_settings_complete(scratch):
    config = scratch / "my.conf"
    config.write_text("[record]\n[state ALPHA]\nfunction = a:b\n  [ state X ]\n[state BETA ]\n")
    (scratch / "my.conf.d").mkdir()
    (scratch / "my.conf.d/more.conf").write_text("[state GAMMA]\n")
    # report has no -c, and what is asked is what there would be with one.
    function = f'source {BASH}; _tacho_states -c "$1"'
    done = subprocess.run(["bash", "-c", function, "bash", str(config)], capture_output=True, text=True)
    check_equal(done.stdout.split(), ["ALPHA", "BETA", "GAMMA"], done.stderr)


def test_files_and_directories_complete(scratch):
    (scratch / "data").mkdir()
    (scratch / "data.conf").write_text("")
    check_equal(bash("tacho record -c da", scratch), {"data", "data.conf"}, "-c")
    check_equal(bash("tacho record --config=da", scratch), {"data", "data.conf"}, "--config=")
    check_equal(bash("tacho record -d da", scratch), {"data"}, "-d")
    check_equal(bash("tacho report da", scratch), {"data", "data.conf"}, "report")


def test_functions_of_a_program_complete(scratch):
    program = harness.target("prog_calls")
    before, found = f"tacho record -s X={program}", f"tacho record -s X={program}:lea"
    check(program in bash(before[:-2]), f"the program: {bash(before[:-2])}")
    check_equal(bash(found), {"leaf"}, "the function")
    check_equal(bash("tacho record -s X"), set(), "a state is the user's to name")


def test_a_command_to_record_completes_as_one(scratch):
    check("sqlite3" in bash("tacho record -s X=a:b -- sqlite") or
          "sh" in bash("tacho record -s X=a:b -- s"), "commands behind --")


def test_both_are_read_without_a_complaint(scratch):
    for shell, file in (("bash", BASH), ("zsh", ZSH)):
        if not shutil.which(shell):
            raise Skip(f"{shell} is not installed")
        done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True)
        check_equal((done.returncode, done.stderr), (0, ""), shell)


class Zsh:
    """An interactive zsh at a terminal of its own, with our completion and no other settings."""

    def __init__(self, scratch):
        if not shutil.which("zsh"):
            raise Skip("zsh is not installed")
        (scratch / "fpath").mkdir()
        shutil.copy(ZSH, scratch / "fpath/_tacho")
        os.symlink(harness.TACHO, scratch / "tacho")
        self.heard = b""
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(scratch)
            os.environ.update(PATH=f"{scratch}:{os.environ['PATH']}", TERM="dumb", PS1="",
                              HOME=str(scratch), LC_ALL="C.UTF-8", COLUMNS="200")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.say("fpath=($PWD/fpath $fpath); autoload -U compinit; compinit -u -D; "
                 "unsetopt beep prompt_cr prompt_sp; LISTMAX=0; PS1='<pro''mpt>' RPS1=''; "
                 "stty cols 200 rows 500; "
                 # What it would insert or list, one a line, instead of a menu.
                 "function compadd { local -a all; builtin compadd -O all \"$@\"; "
                 "print -rl -- $all >>$PWD/offered; builtin compadd \"$@\"; }; echo rea''dy\n")
        self.until(b"ready")
        self.until(b"<prompt>")
        self.offered, self.asked = scratch / "offered", 0

    def say(self, text):
        os.write(self.fd, text.encode())

    def until(self, what):
        deadline = time.monotonic() + DEADLINE_S
        while what not in self.heard:
            check(time.monotonic() < deadline, f"zsh said {self.heard!r}")
            if select.select([self.fd], [], [], 0.1)[0]:
                self.heard += os.read(self.fd, 4096)
        self.heard = self.heard.partition(what)[2]

    def complete(self, line):
        """What is offered behind this line."""
        self.offered.write_text("")
        self.say(line + "\t")
        # Control-U clears the line; what is echoed then tells that the completion is over.
        self.asked += 1
        self.say(f"\x15echo o''ver{self.asked}.\n")
        self.until(f"over{self.asked}.".encode())
        self.until(b"<prompt>")  # before it, the terminal itself would take the keys
        return set(self.offered.read_text().split("\n")) - {""}

    def end(self):
        self.say("\x15exit\n")
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def test_zsh_completes_the_same(scratch):
    zsh = Zsh(scratch)
    try:
        offered = {word.split(":")[0] for word in zsh.complete("tacho ")}
        check(commands() <= offered, f"commands: {offered}")
        for command in sorted(commands()):
            offered = {re.sub(r"[=:].*", "", w) for w in zsh.complete(f"tacho {command} -")}
            check(options(command) <= offered, f"{command}: {options(command) - offered} of {offered}")
        check({"table", "csv", "json", "markdown"} <= zsh.complete("tacho report --format "), "formats")
        check("folded" in zsh.complete("tacho export --format "), "formats of export")
        check("leaf" in zsh.complete(f"tacho record -s X={harness.target('prog_calls')}:lea"),
              "functions")
    finally:
        zsh.end()


if __name__ == "__main__":
    harness.main(needs_bpf=False)
