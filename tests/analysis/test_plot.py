#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tacho plot: its numbers are those of the report, its pages and charts are well-formed whatever
names there are, and a browser shows them without a complaint."""
import base64
import hashlib
import html.parser
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree
import zlib

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))
sys.path.insert(0, str(TOP / "tests" / "analysis"))
import browser  # noqa: E402
import harness  # noqa: E402
from harness import check, check_equal  # noqa: E402

RECORDING = TOP / "tests" / "golden" / "export" / "recording"
CHARTS = ("timeline", "histogram", "percentiles", "cpu", "memory", "losses")
T0 = 1795328314555660785
DETAIL = "state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth\r\n"
PROCESS = ("time_ns,event,pid,ppid,start_ns,user_ns,system_ns,cpu_ns,rss_bytes,peak_rss_bytes,"
           "virtual_bytes,threads,minor_faults,major_faults,read_bytes,write_bytes,"
           "voluntary_switches,involuntary_switches,exit_code,comm,command,cgroup\r\n")
HOSTILE = ["</script><script>document.title='owned'</script>", "<!--<script>", "--><svg onload=a>",
           "\"onload=\"document.title='owned'", "<img src=x onerror=\"document.title='owned'\">",
           "\u202egnp.exe", "a\u2028b", "&amp;&lt;", "\uffff", "]]>", "\x01\x1b[31m", "'", "\\u003c",
           "x" * 5000, "日本語", "</title>", "</style>", "${1}", "__proto__", "constructor"]
VOID = {"meta", "input", "br"}


def plot(*arguments, status=0, stdin=b""):
    """Returns (stdout, stderr)."""
    done = subprocess.run([harness.TACHO, "plot", *map(str, arguments)], input=stdin,
                          env=dict(os.environ, TZ="UTC"), capture_output=True,
                          timeout=harness.DEADLINE_S)
    errors = done.stderr.decode(errors="replace")
    check_equal(done.returncode, status, errors)
    return done.stdout, errors


def report(*arguments):
    done = subprocess.run([harness.TACHO, "report", "--format", "json", "--all", *map(str, arguments)],
                          capture_output=True, check=True)
    return json.loads(done.stdout)


class Page(html.parser.HTMLParser):
    """What a page consists of; fails where elements are not closed as they were opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.scripts, self.styles, self.csp = [], [], [], None
        self.names, self.rows, self.handlers, self.ids, self.links = set(), [], [], [], []
        self.feed(text)
        self.close()
        check_equal(self.open, [], "elements left open")

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.names.add(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on") or name == "style"]
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if "id" in values:
            self.ids.append(values["id"])
        if values.get("http-equiv") == "Content-Security-Policy":
            self.csp = values["content"]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append([values.get("data-value"), ""])
        if tag in ("script", "style"):
            {"script": self.scripts, "style": self.styles}[tag].append([values.get("type"), ""])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        check_equal(tag, self.open.pop() if self.open else None, "end tag")

    def handle_data(self, text):
        if "script" in self.open:
            self.scripts[-1][1] += text
        elif "style" in self.open:
            self.styles[-1][1] += text
        elif self.rows and self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1][1] += text

    def data(self):
        return json.loads(next(text for kind, text in self.scripts if kind == "application/json"))

    def row(self, name):
        return next(r for r in self.rows if r and r[0][1] == name)


def page_of(*arguments, **more):
    return Page(plot(*arguments, **more)[0].decode())


def write_hostile(folder):
    folder.mkdir()
    quoted = ['"' + name.replace('"', '""') + '"' for name in HOSTILE]
    with open(folder / "activity_detail.csv", "w", newline="") as out:
        out.write(DETAIL)
        for i, name in enumerate(quoted):
            for k in range(5):
                out.write(f"{name},{T0 + i * 10**6 + k * 1000},{1000 * (k + 1)},1,{k % 2},{name},"
                          f"return,{k % 2},0\r\n")
    with open(folder / "process_detail.csv", "w", newline="") as out:
        out.write(PROCESS)
        for k in range(5):
            for i, name in enumerate(quoted):
                out.write(f"{T0 + k * 10**7},sample,{i + 1},1,{T0 - 10**9},{k * 10**6},0,{k * 10**6},"
                          f"{10**6 * i},{10**6 * i},0,1,0,0,0,0,0,0,,{name},{name},/\r\n")
    return folder


def write_many(folder, cnt, states=6, name="S%d"):
    rng = random.Random(4)
    folder.mkdir()
    rows = []
    for i in range(cnt):
        state = rng.randrange(states)
        failed = rng.choice(("", "0", "1")) if state == 1 else ""
        rows.append(f"{name % state},{T0 + i * 997001},{int(2 ** rng.uniform(0, 34))},7,{rng.randrange(3)},"
                    f"worker,{rng.choice(('return',) * 9 + ('exception', 'killed'))},{failed},0\r\n")
    (folder / "activity_detail.csv").write_text(DETAIL + "".join(rows), newline="")
    return folder


# --- numbers ----------------------------------------------------------------------------------

def check_states(page, reported):
    data = page.data()
    for state in reported["states"]:
        name, cells = state["state"], page.row(state["state"])
        check_equal(int(cells[1][0]), state["count"], name)
        check_equal(int(cells[2][0]), state["total_ns"], name)
        check_equal(int(cells[3][0]), state["mean_ns"], name)
        check_equal(int(cells[8][0]), state["max_ns"], name)
        for place, key in ((4, "p50_ns"), (5, "p90_ns"), (6, "p99_ns"), (7, "p999_ns")):
            check(abs(int(cells[place][0]) - state[key]) <= state[key] * 0.008 + 1,
                  f"{name} {key}: {cells[place][0]}, reported {state[key]}")
        drawn = next(s for s in data["states"] if s["name"] == name)
        check_equal(drawn["finished"], state["count"], name)
        check_equal(sum(drawn["cells"][1::6]), drawn["calls"], f"calls in the timeline of {name}")
        if not state["summarised"]:
            check_equal(max(drawn["cells"][5::6]) >= state["max_ns"], True, name)


def test_numbers_are_those_of_the_report(scratch):
    check_states(page_of(RECORDING), report(RECORDING))
    many = write_many(scratch / "many", 20000)
    check_states(page_of(many), report(many))


def test_numbers_of_a_part_are_those_of_the_report(scratch):
    many = write_many(scratch / "many", 20000)
    for part in (["--state", "S[12]"], ["--since", T0 + 5 * 10**9, "--until", T0 + 9 * 10**9],
                 ["--last", "25s"], ["--process", "worker"]):
        check_states(page_of(*part, many), report(*part, many))
    plot("--process", "nobody", many, status=1)


def test_threads_of_a_state_have_all_its_calls(scratch):
    for state in page_of(write_many(scratch / "many", 3000)).data()["states"]:
        check_equal(sum(t["calls"] for t in state["threads"]), state["calls"])
        check_equal(sum(sum(t["cells"][1::6]) for t in state["threads"]), state["calls"])


def test_few_calls_are_all_kept_one_by_one(scratch):
    page = page_of(write_many(scratch / "many", 500))
    data = page.data()
    check(data["allKept"], "all are kept")
    check_equal(sorted((data["states"][0]["name"], c[2] + int(data["first"]), c[3]) for c in data["kept"]
                       if c[0] == data["states"][0]["idx"]),
                sorted((r["state"], r["start_ns"], r["duration_ns"]) for r in rows_of(scratch / "many")
                       if r["state"] == data["states"][0]["name"]))


def rows_of(folder):
    lines = (folder / "activity_detail.csv").read_text().splitlines()[1:]
    return [{"state": f[0], "start_ns": int(f[1]), "duration_ns": int(f[2])}
            for f in (line.split(",") for line in lines)]


def test_processes_are_those_of_the_report(scratch):
    hostile = write_hostile(scratch / "hostile")
    page = page_of(hostile)
    for process in report(hostile)["processes"]:
        row = next(r for r in page.rows if len(r) == 6 and r[1][0] == str(process["pid"]))
        check_equal(int(row[2][0]), process["cpu_ns"], str(process["pid"]))


def test_curves_of_processes_add_up_to_what_they_used(scratch):
    rows, used = [], 0
    for k in range(200):
        for pid in range(1, 12):
            rows.append(f"{T0 + k * 10**9},sample,{pid},1,{T0 - 10**9},0,0,{k * pid * 10**7},{pid << 20},"
                        f"{pid << 20},0,1,0,0,0,0,0,0,,p{pid},p,/\r\n")
    used = sum(199 * pid * 10**7 for pid in range(1, 12))
    chart = page_of("--top", 3, "-", stdin=(PROCESS + "".join(rows)).encode()).data()["charts"]["cpu"]
    check_equal([s["name"] for s in chart["series"]], ["p11 11", "p10 10", "p9 9", "8 others together"])
    drawn = sum(value / 100 * (to - start) for series in chart["series"]
                for value, start, to in zip(series["values"], chart["from"], chart["to"]) if value)
    check(abs(drawn / used - 1) < 0.02, f"{drawn} of {used}")


def write_resources(folder, processes=9):
    folder.mkdir()
    (folder / "system_resource_data").write_text("".join(
        f'"{T0 + k * 10**9}","python3 -c ""\n{i}"" {"x" * 200}{i}.py","{T0 / 1e9 - 5 + i % 2:.2f}",'
        f'"{k * i / 100}","{k / 100}","{i + k / 100}"\r\n'
        for k in range(50) for i in range(processes)), newline="")
    return folder


def test_processes_of_the_robot_are_those_of_the_report(scratch):
    folder = write_resources(scratch / "robot")
    for part in ([], ["--process", "*3.py"]):
        page, reported = check_page(plot(*part, folder)[0].decode()), report(*part, folder)["processes"]
        rows = sorted((r for r in page.rows if len(r) == 6 and r[0][1].startswith("python3")),
                      key=lambda r: -int(r[2][0]))
        check_equal([int(r[2][0]) for r in rows], [p["cpu_ns"] for p in reported])
        check_equal([round(float(r[3][0]), 6) for r in rows],
                    [round(p["memory_peak_percent"], 6) for p in reported])
        check(all(r[1] == [None, "–"] for r in rows), "no pid")
    charts = page_of("--top", 16, folder).data()["charts"]
    check_equal(sorted(charts), ["cpu", "memory-share"])
    check_equal([s["values"][-1] for s in charts["cpu"]["series"]], list(range(9, 0, -1)))
    values = [series["values"][-1] for series in charts["memory-share"]["series"]]
    check_equal(values, [i + 0.48 for i in range(8, -1, -1)], "what the last row but one says")
    svg = plot("--svg=memory", folder)[0].decode()
    check("in percent of the machine" in svg, svg[:500])


def test_the_machine_is_shown_where_it_was_recorded(scratch):
    charts = page_of(RECORDING).data()["charts"]
    for name in ("machine-cpu", "machine-memory", "gpu-load", "gpu-memory"):
        check(name in charts, name)


def test_how_busy_the_machine_was_is_read_of_a_pipe_too(scratch):
    head = ("time_ns,memory_total_bytes,memory_available_bytes,memory_used_bytes,load_1min,"
            "cpu_busy_percent\r\n")
    rows = (f"{T0 + k * 10**9},9000,4000,5000,0.5,{(5 * k, '')[not k]}\r\n" for k in range(6))
    charts = page_of("-", stdin=(head + "".join(rows)).encode()).data()["charts"]
    check_equal(charts["machine-cpu"]["series"][0]["values"][-1], 25)
    check_equal(charts["machine-memory"]["series"][0]["values"][-1], 5000)


def test_more_devices_than_are_shown_do_not_hide_the_others(scratch):
    head = ("time_ns,device,name,driver,pid,load_percent,memory_used_bytes,memory_total_bytes,"
            "temperature_celsius\r\n")
    rows = (f"{T0 + k * 10**9},d{i},card{i},x,,{10 * k}.0,5,9,\r\n" for k in range(6) for i in range(11))
    chart = page_of("-", stdin=(head + "".join(rows)).encode()).data()["charts"]["gpu-load"]
    check_equal([s["name"] for s in chart["series"]], [f"card{i}" for i in range(8)])
    check_equal(chart["series"][0]["values"][-1], 50)


def test_losses_come_first_and_over_time(scratch):
    text = plot(RECORDING)[0].decode()
    check("6 of 1021 calls were lost" in text, "the warning")
    check(text.index("calls were lost") < text.index("<svg"), "before every picture")
    chart = Page(text).data()["charts"]["losses"]
    check_equal(sum(sum(s["values"]) for s in chart["series"]), 6)
    _, errors = plot(RECORDING)
    check("6 of 1021 calls were lost" in errors, errors)
    quiet = plot("-", stdin=(DETAIL + f"S,{T0},5,1,2,c,return,,0\r\n").encode())[0].decode()
    check("Whether calls were lost is not known" in quiet, "without a ledger")
    quiet = plot(TOP / "tests" / "replay" / "sqlite")[0].decode()
    check("No call was lost" in quiet, "with one that balances")


def test_a_ledger_that_does_not_balance_proves_nothing(scratch):
    (scratch / "activity_detail.csv").write_text(DETAIL + f"S,{T0},5,1,2,c,return,,0\r\n", newline="")
    (scratch / "activity_ledger.csv").write_text(
        "time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,lost_ring,"
        f"lost_nesting,lost_other,unmatched_returns\r\n{T0},S,9,1,0,0,0,0,0,0,0,0,0,0\r\n", newline="")
    text = plot(scratch)[0].decode()
    check("No call was lost" not in text and "does not account for all calls" in text, "said so")


# --- documents --------------------------------------------------------------------------------

def check_page(text):
    page = Page(text)
    hashes = re.findall(r"'(sha256-[^']+)'", page.csp)
    made = ["sha256-" + base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
            for part in (page.styles[0][1], page.scripts[1][1])]
    check_equal(hashes, made, "what the policy allows")
    check("default-src 'none'" in page.csp, page.csp)
    check_equal([kind for kind, _ in page.scripts], ["application/json", None])
    check_equal(len(page.styles), 1)
    check_equal(page.handlers, [], "handlers and styles in attributes")
    check_equal(len(page.ids), len(set(page.ids)), "ids are unique")
    check(all(link.startswith("#") for link in page.links), f"links: {page.links}")
    for svg in re.findall(r"(?s)<svg xmlns.*?</svg>\n(?!</svg>)", text):
        xml.etree.ElementTree.fromstring(svg)
    return page


def test_a_page_is_one_well_formed_document(scratch):
    check_page(plot(RECORDING)[0].decode())
    check_page(plot(write_many(scratch / "many", 5000))[0].decode())
    check_page(plot("-", stdin=(DETAIL + f"S,{T0},0,1,2,c,return,,0\r\n").encode())[0].decode())


def test_hostile_names_stay_text(scratch):
    hostile = write_hostile(scratch / "hostile")
    page = check_page(plot("--title", "</title><script>alert(1)</script>", hostile)[0].decode())
    shown = {state["name"] for state in page.data()["states"]}
    check("</script><script>document.title='owned'</script>" in shown, str(shown))
    check("\\u202egnp.exe" in shown and "a\\u2028b" in shown, str(shown))
    check_equal(len(shown), len(HOSTILE), "states")
    check("img" not in page.names, "an element that a name asked for")


def test_every_chart_is_an_svg_of_its_own(scratch):
    hostile = write_hostile(scratch / "hostile")
    for folder, names in ((RECORDING, CHARTS), (hostile, CHARTS[:-1])):
        for name in names:
            root = xml.etree.ElementTree.fromstring(plot(f"--svg={name}", folder)[0])
            check_equal(root.tag, "{http://www.w3.org/2000/svg}svg", name)
            check(float(root.get("width")) > 0, name)
            style = root.find("{http://www.w3.org/2000/svg}style").text
            check("prefers-color-scheme: dark" in style, name)
    check_equal(plot("--svg", RECORDING)[0], plot("--svg=timeline", RECORDING)[0])


def test_what_there_is_nothing_of_is_no_chart(scratch):
    one = (DETAIL + f"S,{T0},5,1,2,c,return,,0\r\n").encode()
    for name in ("cpu", "memory", "losses"):
        out, errors = plot(f"--svg={name}", "-", stdin=one, status=1)
        check_equal(out, b"")
        check(f"nothing to show of {name}" in errors, errors)


def test_a_page_is_never_larger_than_two_megabytes(scratch):
    worst = write_many(scratch / "worst", 60000, states=70, name="<" * 20 + "%d" + "&" * 150)
    rng = random.Random(5)
    (worst / "process_detail.csv").write_text(PROCESS + "".join(
        f"{T0 + k * 2 * 10**8},sample,{pid},1,{T0 - 10**12},0,0,{k * 10**7 + rng.randrange(10**6)},"
        f"{rng.randrange(10**10)},{10**10},0,1,0,0,0,0,0,0,,{'<' * 15},x,/\r\n"
        for k in range(300) for pid in range(40)), newline="")
    page = plot("--top", 16, worst)[0]
    check(len(page) < 2000 * 1000, f"{len(page)} bytes")
    check_page(page.decode())


def test_moments_from_one_end_of_time_to_the_other_are_drawn(scratch):
    rows = (f"S,{start},{duration},1,2,c,return,,0\r\n" for start, duration in
            ((0, 0), (0, 2**64 - 1), (2**64 - 1, 2**64 - 1), (5, 7), (T0, 3)))
    page = check_page(plot("-", stdin=(DETAIL + "".join(rows)).encode())[0].decode())
    check_equal(sum(page.data()["states"][0]["cells"][1::6]), 5)


# --- the command ------------------------------------------------------------------------------

def test_a_file_has_its_name_when_it_is_whole(scratch):
    out = scratch / "page.html"
    plot("-o", out, RECORDING)
    first = out.read_bytes()
    plot("-o", out, scratch / "nowhere", status=1)
    plot("--svg=cpu", "-o", out, "-", status=1, stdin=(DETAIL + f"S,{T0},5,1,2,c,return,,0\r\n").encode())
    check_equal(out.read_bytes(), first, "an older page stays")
    check_equal(os.listdir(scratch), ["page.html"])


def test_a_path_that_cannot_be_read_does_not_stop_the_others(scratch):
    out, errors = plot(scratch / "nowhere", RECORDING, status=1)
    check("nowhere" in errors, errors)
    check_page(out.decode())


def test_nothing_is_not_drawn(scratch):
    out, errors = plot("-", stdin=DETAIL.encode(), status=1)
    check_equal(out, b"")
    check("nothing to draw" in errors, errors)


def test_rows_that_make_no_sense_are_said_in_the_page(scratch):
    out, errors = plot("-", stdin=(DETAIL + f"S,{T0},5,1,2,c,return,,0\r\nS,x,5,1,2,c,return,,0\r\n").encode())
    check("1 row is left out" in out.decode() and ":3:" in errors, errors)


def test_wrong_usage_is_refused(scratch):
    for arguments in (["--svg=timelime"], ["--top", "0"], ["--top", "99"], ["--since", "never"],
                      ["--last", "0"], ["--state", ""], ["--until", "5", "--since", "6"]):
        _, errors = plot(*arguments, RECORDING, status=2)
        check("tacho: plot:" in errors, errors)
    check("did you mean 'timeline'" in plot("--svg=timelime", RECORDING, status=2)[1], "suggestion")


# --- in a browser -----------------------------------------------------------------------------

def open_browser(scratch):
    if not browser.find():
        raise harness.Skip("there is no chromium")
    return browser.Browser(scratch / "profile")


def pixels(png):
    """(width, height, rows of RGB or RGBA bytes)."""
    at, packed, head = 8, b"", None
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        if kind == b"IHDR":
            head = struct.unpack(">IIBB", png[at + 8:at + 18])
        elif kind == b"IDAT":
            packed += png[at + 8:at + 8 + size]
        at += size + 12
    width, height, _, kind = head
    step = {2: 3, 6: 4}[kind]
    data, rows, before = zlib.decompress(packed), [], bytes(width * step)
    for y in range(height):
        begin = y * (width * step + 1)
        line, how = bytearray(data[begin + 1:begin + 1 + width * step]), data[begin]
        for i in range(len(line)):
            left = line[i - step] if i >= step else 0
            up, corner = before[i], before[i - step] if i >= step else 0
            if how == 4:
                guess = left + up - corner
                near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up),
                           (abs(guess - corner), 2, corner))[2]
            else:
                near = (0, left, up, (left + up) // 2)[how]
            line[i] = (line[i] + near) & 255
        rows.append(bytes(line))
        before = rows[-1]
    return width, height, [[row[i:i + 3] for i in range(0, len(row), step)] for row in rows]


def brightness(shot):
    _, _, rows = pixels(shot)
    corner = sum(rows[2][2]) / 3
    return corner, len({pixel for row in rows[::3] for pixel in row[::3]})


def test_a_browser_shows_it_without_a_complaint(scratch):
    path = scratch / "page.html"
    plot("-o", path, RECORDING)
    with open_browser(scratch) as page:
        for dark in (False, True):
            page.look(640, 480, dark=dark)
            page.open(path)
            corner, colours = brightness(page.screenshot(False))
            check(colours > 30, f"{colours} colours only")
            check((corner < 60) if dark else (corner > 200), f"the background is {corner}")
        plot("-o", path, RECORDING / "process_detail.csv")
        page.open(path)
        check_equal(page.said, [], "console")
        check(all(url.startswith("file://") and url.endswith("page.html") for url in page.asked),
              str(page.asked))


def test_it_fits_on_a_phone(scratch):
    path = scratch / "page.html"
    plot("-o", path, write_hostile(scratch / "hostile"))
    with open_browser(scratch) as page:
        for width in (320, 390, 768):
            page.look(width, 844, touch=True)
            page.open(path)
            check(page.evaluate("document.documentElement.scrollWidth") <= width, f"wider than {width}")
        check_equal(page.said, [], "console")


def test_the_keyboard_zooms_and_tells(scratch):
    path = scratch / "page.html"
    plot("-o", path, write_many(scratch / "many", 4000))
    with open_browser(scratch) as page:
        page.look()
        page.open(path)
        ticks = "[...document.querySelectorAll('#timeline .tick.middle')].map(e => e.textContent).join()"
        boxes = "[...document.querySelectorAll('svg.zoom')].map(e => e.getAttribute('viewBox')).join()"
        before = page.evaluate(ticks), page.evaluate(boxes)
        page.evaluate("document.getElementById('timeline').focus()")
        for key in ("+", "+", "+", "ArrowRight"):
            page.key(key)
        after = page.evaluate(ticks), page.evaluate(boxes)
        check(before[0] != after[0] and before[1] != after[1], f"{before} {after}")
        check(page.evaluate("!document.getElementById('tip').hidden"), "a description is shown")
        check("began" in page.evaluate("document.getElementById('tip').textContent"), "of calls")
        page.key("0")
        check_equal((page.evaluate(ticks), page.evaluate(boxes)), before, "all again")
        check_equal(page.said, [], "console")


def test_the_pointer_shows_numbers_and_states_can_be_chosen(scratch):
    path = scratch / "page.html"
    plot("-o", path, write_many(scratch / "many", 4000))
    with open_browser(scratch) as page:
        page.look(1280, 1000)
        page.open(path)
        x, y = page.evaluate("(() => { const b = document.querySelector('#timeline .lane .base')"
                             ".getBoundingClientRect(); return [b.left + b.width / 2, b.top - 6]; })()")
        page.mouse("mouseMoved", x, y)
        check("active" in page.evaluate("document.getElementById('tip').textContent"), "the numbers")
        lanes = "document.querySelectorAll('#timeline .lane').length"
        check_equal(page.evaluate(lanes), 6)
        page.evaluate("document.querySelector('input[type=checkbox]').click()")
        check_equal(page.evaluate(lanes), 24, "with three threads each")
        page.evaluate("(() => { const f = document.querySelector('input[type=search]'); f.value = 's3';"
                      " f.dispatchEvent(new Event('input')); })()")
        check_equal(page.evaluate(lanes), 4)
        check_equal(page.evaluate("[...document.querySelectorAll('figure[data-state]')]"
                                  ".filter(f => f.offsetParent).length"), 2)
        check_equal(page.said, [], "console")


def test_hostile_names_do_not_execute(scratch):
    path = scratch / "page.html"
    hostile = write_hostile(scratch / "hostile")
    plot("-o", path, hostile)
    charts = []
    for name in CHARTS[:-1]:
        charts.append(scratch / f"{name}.svg")
        plot(f"--svg={name}", "-o", charts[-1], hostile)
    with open_browser(scratch) as page:
        page.look()
        page.open(path)
        page.evaluate("document.querySelector('input[type=checkbox]').click()")
        check("owned" not in page.evaluate("document.title"), page.evaluate("document.title"))
        check_equal(page.evaluate("document.scripts.length"), 2)
        check_equal(page.evaluate("document.querySelectorAll('img, [onload], [onerror]').length"), 0)
        for chart in charts:
            page.open(chart)
            check_equal(page.evaluate("document.querySelectorAll('parsererror, script').length"), 0)
        check_equal(page.said, [], "console")


def test_it_can_be_read_without_a_script(scratch):
    path = scratch / "page.html"
    plot("-o", path, RECORDING)
    with open_browser(scratch) as page:
        page.look(640, 480, script=False)
        page.open(path)
        check(brightness(page.screenshot(False))[1] > 30, "something is seen")
    text = path.read_text()
    check(text.count('class="lane"') == 4 and "<details>" in text, "lanes and tables")


if __name__ == "__main__":
    harness.main(needs_bpf=False)
