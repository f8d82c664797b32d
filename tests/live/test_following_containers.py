#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs in containers: mount namespaces and roots where paths mean other files."""
import pathlib

import harness
from following import Following, Program, overwrite, program, put, run_program
from harness import check, check_equal

# $1 is a folder that is a file system of its own in there; $2 the program, which is put there.
NAMESPACE = 'mount -t tmpfs none "$1" && cp "$2" "$1/app" && exec "$1/app"'
# The same folder as the root; the shell that made it stays outside of it.
CHROOT = ('mount -t tmpfs none "$1" && mkdir -p "$1/usr" "$1/lib" "$1/lib64" "$1$1" && '
          'for d in usr lib lib64; do mount --bind "/$d" "$1/$d" || exit; done && '
          'cp "$2" "$1$1/app" && chroot "$1" "$1/app"; exit $?')
# $3: folders for an overlay over the folder $2.
OVERLAY = ('mkdir -p "$3/upper" "$3/work" && mount -t overlay none -o '
           '"lowerdir=$2,upperdir=$3/upper,workdir=$3/work" "$1" && exec "$1/app"')


def contain(script, folder, *args, version=1):
    """A program at the path folder/app of a container."""
    return Program("app", version, before=(
        "unshare", "--mount", "sh", "-c", script, "sh", str(folder), *map(str, args)))


def another(container, path, version=1):
    """Another program of the same container."""
    return Program(path, version, before=("nsenter", f"--target={container.pid}", "--mount"))


class Recorded:
    """A container and the recording of it, one begun before the other."""

    def __init__(self, scratch, script, outside, first):
        self.folder = scratch / "inside"
        self.folder.mkdir()
        if outside:
            put(program(2), self.folder / "app")
        self.parts = {}
        self.order = ("container", "recording") if first == "container" else (
            "recording", "container")
        self.make = {
            "container": lambda: contain(script, self.folder, program(1)),
            "recording": lambda: Following(scratch, {"OWN": f"{self.folder}/app:own_work"}),
        }

    def __enter__(self):
        for part in self.order:
            self.parts[part] = self.make[part]().__enter__()
            if part == "container":
                self.parts[part].own(0)  # it runs
            else:
                self.parts[part].until_ready()
        return self.parts["recording"], self.parts["container"]

    def __exit__(self, *error):
        for part in self.parts.values():
            part.__exit__(*error)


def check_contained(scratch, script, outside, first):
    """A program in a container; outside, its path means another file, or nothing."""
    recorded = Recorded(scratch, script, outside, first)
    with recorded as (recording, contained):
        told = recording.told("state OWN:", "is attached", "/root")
        check(told or first == "recording", recording.messages())
        recording.until_told("state OWN:", "is attached", "/root")
        contained.own(3)
        if outside:
            run_program(recorded.folder / "app", 2, 4)
        contained.own(5)
        contained.finish()
        recording.check_stops(OWN=8 + 4 * outside)
        check_equal(len(recording.probes("attached")), 1 + outside, "attached")


for _kind, _script in (("namespace", NAMESPACE), ("root", CHROOT)):
    for _outside, _where in ((False, "only there"), (True, "elsewhere outside")):
        for _first, _when in (("container", "before"), ("recording", "while")):
            globals()[f"test_a program in another {_kind}, its path {_where}, that begins {_when} "
                      "recording"] = (
                lambda scratch, script=_script, outside=_outside, first=_first:
                check_contained(scratch, script, outside, first))


def test_a_second_process_of_a_container_is_recorded_and_nothing_is_attached_twice(scratch):
    recorded = Recorded(scratch, NAMESPACE, False, "container")
    with recorded as (recording, contained):
        with another(contained, recorded.folder / "app") as second:
            second.own(3)
            contained.own(4)
            second.finish()
        with another(contained, recorded.folder / "app") as third:
            third.own(5)
            third.finish()
        contained.finish()
        recording.check_stops(OWN=12)
        check_equal(len(recording.probes("attached")), 1, "attached")


def test_a_namespace_with_the_same_files_changes_nothing(scratch):
    path = scratch / "app"
    put(program(1), path)
    with Following(scratch, {"OWN": f"{path}:own_work"}) as recording:
        recording.until_ready()
        with Program(path, 1, before=("unshare", "--mount")) as contained:
            contained.own(3)
            contained.finish()
        recording.check_stops(OWN=3)
        check_equal(len(recording.probes("attached")), 1, "attached")
        check_equal(recording.told("is attached"), [], "messages")


def test_an_upgrade_in_a_container_is_followed_when_it_runs(scratch):
    recorded = Recorded(scratch, NAMESPACE, False, "container")
    with recorded as (recording, contained):
        path = recorded.folder / "app"
        inside = pathlib.Path(f"/proc/{contained.pid}/root{path}")
        put(program(2), inside)
        with another(contained, path, 2) as new:
            recording.until_told("OWN", "is attached", "/root", times=2)
            new.own(3)
            contained.own(4)
            contained.finish()
            gone, = recording.until_probes("detached", "OWN")
            new.own(5)
            new.finish()
        recording.check_stops(OWN=12)
        check_equal(gone["build_id"], recording.probes("attached")[0]["build_id"], "detached")


def test_a_program_overwritten_in_a_container_is_attached_again(scratch):
    recorded = Recorded(scratch, NAMESPACE, False, "container")
    with recorded as (recording, contained):
        path = recorded.folder / "app"
        inside = pathlib.Path(f"/proc/{contained.pid}/root{path}")
        put(program(2), inside)  # nobody runs this one, so that it can be written
        with another(contained, path, 2) as new:
            recording.until_told("OWN", "is attached", "/root", times=2)
            new.own(3)
            new.finish()
        overwrite(program(3), inside)
        recording.until_told("writes into it in place")
        recording.until_told("OWN", "is attached", "/root", times=3)
        with another(contained, path, 3) as newest:
            newest.own(4)
            newest.finish()
        contained.finish()
        recording.check_stops(OWN=7)


def test_a_container_that_has_ended_is_let_go(scratch):
    recorded = Recorded(scratch, NAMESPACE, False, "container")
    with recorded as (recording, contained):
        contained.own(3)
        contained.finish()
        recording.until_probes("detached", "OWN")
        recording.check_stops(OWN=3)


def test_containers_over_one_image_are_recorded_once(scratch):
    folder, image = scratch / "inside", scratch / "image"
    folder.mkdir()
    image.mkdir()
    put(program(1), image / "app")
    states = {"OWN": f"{folder}/app:own_work", "IMAGE": f"{image}/app:own_work"}
    with contain(OVERLAY, folder, image, scratch / "one") as first, \
            Following(scratch, states) as recording:
        first.own(0)
        recording.until_ready()
        recording.until_attached("OWN")
        with contain(OVERLAY, folder, image, scratch / "two") as second:
            first.own(3)
            second.own(4)
            second.finish()
        first.finish()
        run_program(image / "app", 1, 5)
        recording.check_stops(OWN=12, IMAGE=12)


def test_a_process_asked_for_is_found_through_its_root_and_others_are_left_alone(scratch):
    folder = scratch / "inside"
    folder.mkdir()
    put(program(2), folder / "app")
    with contain(NAMESPACE, folder, program(1)) as contained, \
            contain(NAMESPACE, folder, program(3), version=3) as other:
        contained.own(0)
        other.own(0)
        with Following(scratch, {"OWN": f"{folder}/app:own_work"}, "-p",
                       str(contained.pid)) as recording:
            recording.until_ready()
            with contain(NAMESPACE, folder, program(3), version=3) as later:
                later.own(100)
                later.finish()
            put(program(4), folder / "app")
            recording.until_attached("OWN")  # so that what came before has been looked at
            contained.own(3)
            other.own(100)
            run_program(folder / "app", 4, 100)
            recording.check_stops(OWN=3)
            ids = [row["build_id"] for row in recording.probes("attached")]
        other.finish()
        contained.finish()
    check_equal((len(ids), len(set(ids))), (3, 3), "files attached to: our two, the process's")


def test_minus_s_is_content_with_what_is_in_the_process(scratch):
    folder = scratch / "inside"
    folder.mkdir()
    with contain(NAMESPACE, folder, program(1)) as contained:
        contained.own(0)
        with harness.Recording("-s", f"OWN={folder}/app:own_work", "-p", str(contained.pid),
                               directory=scratch / "out") as recording:
            recording.until_ready()
            contained.own(3)
            check_equal(recording.stop(), 0, recording.messages())
        contained.finish()
    harness.check_books(scratch / "out", recording.messages())
    check_equal(harness.counts(scratch / "out", "OWN"), {"entries": 3, "returned": 3}, "calls")


if __name__ == "__main__":
    harness.main()
