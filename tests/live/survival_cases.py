# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The programs of the survival matrix: what runs, and which of its functions are recorded."""
import typing

PLAIN = "leaf sleeps outer hidden mixes makes"
JUMPS = "leaf sleeps lands passes jumps"
SIGNALS = "leaf sleeps raises faults"
THROWS = "leaf sleeps catches passes throws cleans"
FOR_EACH = "libsurvive_callback.so:for_each libsurvive_callback.so:visit_two "
LIBRARY = "leaf sleeps outer " + " ".join(
    f"libsurvive_library.so:{function}" for function in ("rotates", "hashes", "judges"))
RUST = "leaf sleeps drops panics passes catches resumes"
GO = "main.sleeps main.grows"
PYTHON = "leaf sleeps divides averages translates total applies"


class Case(typing.NamedTuple):
    name: str
    program: str  # below build/targets
    scenario: str
    functions: str  # [FILE:]FUNCTION; the file is the program, if none is said
    files: str = ""  # what the program needs beside it
    needs: str = ""  # the package without which it was not built
    uncounted: str = ""  # functions whose calls the program cannot count
    # Replaced return addresses see something else: calls that have jumped to another function
    # are open until that returns, and of many open calls all but 64 are counted as lost.
    unlike_fast: bool = False
    # Nothing can be attached to it; not an error, if it is said.
    may_be_refused: str = ""


def plain(name, functions, **more):
    return Case(name, "survive_plain", name, functions, **more)


def throws(name, functions, scenario=None, **more):
    return Case(name, "survive_throws", scenario or name, functions,
                files="libsurvive_callback.so", **more)


CASES = [
    # C
    plain("plain", PLAIN),
    Case("endbr64", "survive_plain_cet", "plain", PLAIN),
    Case("static-pie", "survive_plain_static", "plain", PLAIN),
    Case("library", "survive_caller", "library", LIBRARY, "libsurvive_library.so"),
    Case("library-endbr64", "survive_caller", "library",
         LIBRARY, "cet/libsurvive_library.so"),
    Case("long-nops", "survive_plain_nops", "plain", PLAIN, needs="gcc for x86-64"),
    # Linux 6.18 would end the child at the first long nop that was probed in the parent.
    Case("long-nops-fork", "survive_plain_nops", "fork", "leaf sleeps forks",
         needs="gcc for x86-64"),
    plain("tail", "sleeps front back", unlike_fast=True),
    plain("mutual", "sleeps ping pong", unlike_fast=True),
    plain("chain", "ping pong", unlike_fast=True),
    plain("deep", "descend", unlike_fast=True),
    plain("fork", "leaf sleeps forks"),
    plain("vfork", "leaf sleeps vforks spawns"),
    plain("exec", "leaf sleeps execs"),
    plain("segv", "leaf sleeps faults"),
    plain("handler", "sleeps raises busy"),
    plain("killed", PLAIN + " dies"),
    plain("seccomp", "leaf hidden mixes makes outer front back descend"),
    # threads
    Case("pthread-exit", "survive_threads", "pthread_exit", "leaf sleeps leaves"),
    Case("cancel", "survive_threads", "cancel", "leaf sleeps waits"),
    Case("cancel-async", "survive_threads", "cancel_async", "leaf sleeps spins turns",
         uncounted="turns"),
    Case("exit", "survive_threads", "exit", "sleeps waits quits"),
    # jumps and stacks
    Case("longjmp", "survive_jumps", "longjmp", JUMPS),
    Case("longjmp-checked", "survive_jumps_checked", "longjmp", JUMPS),
    Case("longjmp-static", "survive_jumps_static", "longjmp", JUMPS),
    Case("siglongjmp", "survive_jumps", "siglongjmp", SIGNALS),
    Case("sigaltstack", "survive_altstack", "sigaltstack", SIGNALS),
    Case("coroutines", "survive_coroutines", "coroutines", "leaf sleeps works yields resumes"),
    Case("coroutines-longjmp", "survive_coroutines", "coroutines_longjmp",
         "leaf sleeps works yields resumes passes jumps"),
    Case("switch", "survive_stacks", "switch", "leaf sleeps works yields resumes"),
    # To come back to a call that was left by a jump is undefined in C, and works: such a call has
    # ended when it was left.
    Case("setjmp", "survive_stacks", "setjmp", "leaf sleeps returns_to", uncounted="returns_to"),
    Case("caller", "survive_stacks", "caller", "leaf sleeps asks"),
    Case("backtrace", "survive_stacks", "backtrace", "leaf sleeps traces"),
    # C++
    throws("throw", THROWS),
    Case("throw-static", "survive_throws_static", "throw", THROWS, "libsurvive_callback.so"),
    throws("rethrow", "leaf sleeps nests rethrows passes throws cleans"),
    throws("nested", THROWS + " works"),
    throws("through-c", FOR_EACH + "leaf sleeps visits", "through_c"),
    Case("through-c-plain", "survive_throws", "through_c", FOR_EACH + "leaf sleeps visits",
         "plain/libsurvive_callback.so"),
    throws("callback", FOR_EACH + THROWS + " visits_quietly"),
    throws("throw-threads", THROWS, "threads"),
    throws("throw-coroutines", THROWS + " resumes suspends", "coroutines"),
    Case("nothrow", "survive_nothrow", "nothrow", "leaf sleeps sorts compares area joins"),
    # other languages
    Case("rust", "survive_rust", "", RUST, needs="rustc"),
    Case("go", "survive_go", "grow", GO + " main.leaf main.works", needs="golang-go"),
    Case("go-migrate", "survive_go", "migrate", GO + " main.waits", needs="golang-go"),
    Case("go-stripped", "survive_go_stripped", "grow", GO + " main.leaf main.works",
         needs="golang-go", may_be_refused="stripped"),
    Case("python", "python/survive_python.so", "",
         PYTHON, "survive_python.py", needs="python3-dev"),
]
