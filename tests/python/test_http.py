#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Services of Debian's packages under load: each request is marked, whichever worker serves it."""
import collections
import concurrent.futures
import csv
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "live"), str(TOP / "tests" / "python")]
import harness  # noqa: E402
import interpreters  # noqa: E402
from harness import Skip, check, check_equal, wait_for  # noqa: E402
from witness import Witness  # noqa: E402

PACKAGE = interpreters.BUILD / "python"
CORE = PACKAGE / "_tacho_marks.abi3.so"
HERE = TOP / "tests" / "python"
PYTHON = "/usr/bin/python3"  # whose modules Debian's packages are
REQUESTS = 300
ITEMS = 100  # so many different paths
PROBES = ("key_begin", "key_end", "key_attribute_text", "key_attribute_int", "key_fail")


class Service:
    def __init__(self, scratch, module, *command):
        missing = subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True)
        if missing.returncode:
            raise Skip(f"python3-{module} is not installed")
        self.socket = scratch / "socket"
        self.log = open(scratch / "log", "w+")
        env = dict(os.environ, PYTHONPATH=f"{PACKAGE}:{HERE}", PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen([PYTHON, *(part.format(self.socket) for part in command)],
                                        env=env, cwd=scratch, stdout=self.log, stderr=self.log)

    def __enter__(self):
        wait_for(self.answers, "the service")
        return self

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(harness.DEADLINE_S)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(harness.DEADLINE_S)
        finally:
            self.process.kill()
            self.log.close()

    def answers(self):
        self.log.seek(0)
        check(self.process.poll() is None, "it ended: " + self.log.read())
        try:
            return self.ask("GET", "/nowhere")[0] == 404
        except OSError:
            return False

    def ask(self, verb, path):
        connection = http.client.HTTPConnection("localhost", timeout=harness.DEADLINE_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(str(self.socket))
            connection.request(verb, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def load(service, requests):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda request: service.ask(*request), requests))


def by_request(events):
    """(label, route, status, failure) of each request, and how many each process served."""
    found = collections.defaultdict(dict)
    for event in events:
        *values, key = event.arguments
        request = found[event.pid, key]
        if event.mark == "key_begin":
            check_equal(values, [""], "the label of a beginning")
        elif event.mark == "key_end":
            request["label"] = values[0]
            request["ended"] = request.get("ended", 0) + 1
        elif event.mark == "key_fail":
            request.setdefault("failed", values[0])
        else:
            request[values[0]] = values[1]
    odd = [request for request in found.values() if request.get("ended") != 1]
    check(not odd, str(odd[:3]))
    return found


def requests_to(with_stream):
    requests = [("GET", f"/item/{i % ITEMS}") for i in range(REQUESTS)]
    if with_stream:
        requests += [("GET", "/stream")] * 20
    return requests + [("POST", "/broken")] * 10


def summary(found):
    return collections.Counter((r["label"], r.get("route"), r.get("status"), r.get("failed"))
                               for r in found.values()
                               if r["label"] not in ("/nowhere [GET]", "/worker [GET]"))


def test_flask_in_three_workers_of_gunicorn(scratch):
    (scratch / "hooks.py").write_text("from tacho.http import post_worker_init\n")
    with Witness(CORE, PROBES) as witness:
        with Service(
                scratch, "flask", "-m", "gunicorn", "-w", "3", "-b", "unix:{}", "-c", "hooks.py",
                "http_flask:app") as service:
            workers = set()
            while len(workers) < 3:
                workers |= {body for _, body in load(service, [("GET", "/worker")] * 24)}
            answers = load(service, requests_to(True))
            check_equal(collections.Counter(status for status, _ in answers),
                        {200: REQUESTS + 20, 500: 10})
            check_equal({body for status, body in answers if status == 200},
                        {b"%d" % i for i in range(ITEMS)} | {b"012"})
        # An answer is there before its request is over; when the service is, both are.
        found = by_request(witness.events())
    check_equal(summary(found), {
        ("/item/<int:number> [GET]", "/item/<int:number>", "200", None): REQUESTS,
        ("/stream [GET]", "/stream", "200", None): 20,
        ("/broken [POST]", "/broken", "500", "status 500"): 10})
    check_equal({str(pid).encode() for pid, _ in found}, workers)


def test_starlette_in_uvicorn(scratch):
    with Witness(CORE, PROBES) as witness:
        with Service(
                scratch, "uvicorn", "-m", "uvicorn", "--uds", "{}", "http_starlette:app") as service:
            answers = load(service, requests_to(False) + [
                ("GET", "/same/3"), ("GET", "/shop/a/shelf/4"), ("GET", "/shop/b/none"),
                ("PUT", "/item/5")])
            check_equal(collections.Counter(status for status, _ in answers),
                        {200: REQUESTS + 2, 500: 10, 404: 1, 405: 1})
        # An answer is there before its request is over; when the service is, both are.
        found = by_request(witness.events())
    seen = summary(found)
    expected = {(f"{route} [{verb}]", route, status, None): count
                for verb, route, status, count in (
                    ("GET", "/item/{number:int}", "200", REQUESTS),
                    ("PUT", "/item/{number:int}", "405", 1),
                    ("GET", "/same/{number:int}", "200", 1),
                    ("GET", "/shop/{name}/shelf/{number:int}", "200", 1),
                    ("GET", "/shop/{name}/{path}", "404", 1))}
    failed = {key: count for key, count in seen.items() if key[0] == "/broken [POST]"}
    check_equal(sum(failed.values()), 10, str(failed))
    check(all("500" == key[2] and key[3] for key in failed), str(failed))
    check_equal({key: count for key, count in seen.items() if key not in failed}, expected)


def test_fastapi_in_uvicorn(scratch):
    with Witness(CORE, PROBES) as witness:
        with Service(
                scratch, "fastapi", "-m", "uvicorn", "--uds", "{}", "http_fastapi:app") as service:
            load(service, [("GET", f"/v1/users/{i}") for i in range(50)] + [
                ("GET", "/v1/users/x"), ("GET", "/shop/items/a"), ("GET", "/shop/items/b"),
                ("POST", "/shop/items/c")])
        found = by_request(witness.events())
    check_equal(summary(found), {
        (f"{route} [{verb}]", route, status, None): count for verb, route, status, count in (
            ("GET", "/v1/users/{number}", "200", 50), ("GET", "/v1/users/{number}", "422", 1),
            ("GET", "/shop/items/{name}", "200", 2), ("POST", "/shop/items/{name}", "405", 1))})


def rows_of_all_parts(directory):
    """A new attribute begins a new file."""
    rows = []
    for path in directory.glob("activity_detail.csv*"):
        with open(path, newline="") as file:
            rows += csv.DictReader(file, restval="", strict=True)
    return rows


def test_a_recording_has_a_state_for_each_route(scratch):
    (scratch / "hooks.py").write_text("from tacho.http import post_worker_init\n")
    settings = scratch / "tacho.conf"
    settings.write_text(f"[marks]\nprograms = {CORE}\nlabels = /[!n]*\n")
    with Service(scratch, "flask", "-m", "gunicorn", "-w", "3", "-b", "unix:{}", "-c", "hooks.py",
                 "http_flask:app") as service, harness.Recording(
                     "-c", str(settings), directory=scratch / "out") as recording:
        recording.until_ready()
        load(service, requests_to(True) + [("GET", f"/nowhere/{i}") for i in range(20)])
        service.end()  # an answer is there before its request is over
        check_equal(recording.stop(), 0, recording.messages())
    rows = rows_of_all_parts(scratch / "out")
    check_equal(collections.Counter((row["state"], row["route"], row["status"],
                                     row.get("failure", "")) for row in rows),
                {("/item/<int:number> [GET]", "/item/<int:number>", "200", ""): REQUESTS,
                 ("/stream [GET]", "/stream", "200", ""): 20,
                 ("/broken [POST]", "/broken", "500", "status 500"): 10})
    check_equal(collections.Counter(row["path"] for row in rows if row["verb"] == "GET"),
                {**{f"/item/{i}": REQUESTS // ITEMS for i in range(ITEMS)}, "/stream": 20})
    check_equal({row["ended"] for row in rows}, {"return"})
    check_equal(set(harness.ledger(scratch / "out")), {"marks"} | {row["state"] for row in rows})


ROUTES = '''
import asyncio, types
from tacho.http import ASGIMiddleware, WSGIMiddleware, flask_route
def start(*_): pass
def serve(app, path, **more):
    environ = dict(PATH_INFO=path, SCRIPT_NAME="", REQUEST_METHOD="GET")
    for part in WSGIMiddleware(app, **more)(environ, start): pass
def mounted(environ, start):
    environ.update(SCRIPT_NAME="/caf\xc3\xa9", PATH_INFO="/3")
    environ["werkzeug.request"] = types.SimpleNamespace(url_rule=types.SimpleNamespace(rule="/<n>"))
    start("200 OK", [])
    return []
serve(mounted, "/caf\xc3\xa9/3")
def plain(environ, start):
    start("200 OK", [])
    return []
serve(plain, "/plain/1")
serve(plain, "/plain/2", mark_path=False)
serve(plain, "/plain/3", routes=lambda environ: environ["PATH_INFO"][:6] + "/N")
serve(plain, "/wrong/4", routes=lambda environ: environ["no such"])
def raises(environ, start):
    raise KeyboardInterrupt
try: serve(raises, "/raises/5", routes=lambda environ: "/raises/N")
except KeyboardInterrupt: pass
async def nothing(*_): pass
def scoped(path, **found):
    async def app(scope, receive, send): scope.update(found)
    asyncio.run(ASGIMiddleware(app)(dict(type="http", method="GET", path=path), nothing, nothing))
route = types.SimpleNamespace(path="/a/{n}")
mount = types.SimpleNamespace(path="/m", routes=[route])
scoped("/a/6", route=route)
scoped("/m/a/7", route=route, router=types.SimpleNamespace(routes=[mount]))
scoped("/odd/8", endpoint=1, router=types.SimpleNamespace(routes=[object(), 5]))
scoped("/odd/9", endpoint=nothing, router=5)
'''


def test_routes_are_whole_and_their_faults_are_no_business_of_the_program(scratch):
    with Witness(CORE, PROBES) as witness:
        subprocess.run([PYTHON, "-c", ROUTES], check=True, cwd=scratch,
                       env=dict(os.environ, PYTHONPATH=str(PACKAGE), PYTHONDONTWRITEBYTECODE="1"))
        labels = [event.arguments[0] for event in witness.events() if event.mark == "key_end"]
    check_equal(labels, [label + " [GET]" for label in (
        "/caf\xe9/<n>", "/plain/1", "-", "/plain/N", "/wrong/4", "/raises/N", "/a/{n}", "/m/a/{n}",
        "/odd/8", "/odd/9")])


def test_a_service_without_a_recorder_answers_alike(scratch):
    (scratch / "hooks.py").write_text("from tacho.http import post_worker_init\n")
    with Service(scratch, "flask", "-m", "gunicorn", "-w", "3", "-b", "unix:{}", "-c", "hooks.py",
                 "http_flask:app") as service:
        answers = load(service, requests_to(True))
        check_equal(collections.Counter(status for status, _ in answers),
                    {200: REQUESTS + 20, 500: 10})


def test_functions_of_a_running_service_are_recorded_where_they_can_be_reached(scratch):
    """Selected when its three workers run already; tacho itself records, and counts what the
    service counts."""
    selection = scratch / "functions"
    (scratch / "hooks.py").write_text(
        "import tacho_autoload\nfrom tacho.http import post_worker_init\n"
        "def pre_request(worker, request):\n"
        "    import tacho; tacho.refresh()\n")
    os.environ["TACHO_PYTHON_FUNCTIONS"] = str(selection)
    try:
        settings = scratch / "tacho.conf"
        settings.write_text(f"[state ITEM]\nbegin = {CORE}:usdt:tacho:begin\n"
                            f"end = {CORE}:usdt:tacho:end\ncapture = arg1:string as label\n")
        with Service(scratch, "flask", "-m", "gunicorn", "-w", "3", "-b", "unix:{}", "-c",
                     "hooks.py", "http_flask:app") as service, harness.Recording(
                         "-c", str(settings), directory=scratch / "out") as recording:
            recording.until_ready()
            selection.write_text("tacho-python 1\nhttp_flask:item\tITEM\n")
            answers = load(service, requests_to(False))
            check_equal(sum(status == 200 for status, _ in answers), REQUESTS)
            check_equal(recording.stop(), 0, recording.messages())
        rows = harness.details(scratch / "out")
        # Flask keeps its functions in a dictionary, so that only sys.monitoring can reach them.
        status = subprocess.run([PYTHON, "-c", "import sys; print(sys.version_info >= (3, 12))"],
                                capture_output=True, text=True).stdout.strip()
        check_equal(len(rows), REQUESTS if status == "True" else 0)
        check({row["label"] for row in rows} <= {"ITEM"}, str(rows[:3]))
    finally:
        del os.environ["TACHO_PYTHON_FUNCTIONS"]


if __name__ == "__main__":
    harness.main()
