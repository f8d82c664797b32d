# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Headless Chromium, spoken to over a pair of pipes (its DevTools protocol), for pages in files."""
import base64
import json
import os
import select
import shutil
import subprocess
import time

DEADLINE_S = 90


def find():
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One page. Everything that the page said to its console, or threw, is in `said`; every
    address that it asked for in `asked`."""

    def __init__(self, profile):
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()

        def place():  # the browser reads from 3 and writes to 4
            source = os.dup(to_read), os.dup(to_write)
            os.dup2(source[0], 3)
            os.dup2(source[1], 4)

        self.process = subprocess.Popen(
            [find(), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars",
             f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.buffer, self.number, self.session = b"", 0, None
        self.loaded, self.said, self.asked = set(), [], []
        self.session = self.call("Target.attachToTarget", targetId=self._first_page(),
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def _first_page(self):
        """It may be spoken to before it has opened one."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            for target in self.call("Target.getTargets")["targetInfos"]:
                if target["type"] == "page":
                    return target["targetId"]
            time.sleep(0.01)  # between looks
        raise TimeoutError("the browser opens no page")

    def close(self):
        os.close(self.to)  # which ends it
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.back)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _message(self):
        end = time.monotonic() + DEADLINE_S
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.back], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.back, 1 << 20)
            if not piece:
                raise EOFError("the browser has ended")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def _note(self, message):
        kind, what = message.get("method"), message.get("params", {})
        if kind == "Runtime.exceptionThrown":
            self.said.append(json.dumps(what["exceptionDetails"]))
        elif kind == "Runtime.consoleAPICalled":
            self.said.append(json.dumps(what["args"]))
        elif kind == "Log.entryAdded":
            self.said.append(what["entry"]["text"])
        elif kind == "Network.requestWillBeSent":
            self.asked.append(what["request"]["url"])
        elif kind == "Page.javascriptDialogOpening":
            self.said.append("a dialog: " + what["message"])
        elif kind == "Page.lifecycleEvent" and what["name"] == "load":
            self.loaded.add(what["loaderId"])

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._note(message)

    def look(self, width=1280, height=900, dark=False, script=True, touch=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=touch)
        self.call("Emulation.setEmulatedMedia", media="", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, path):
        """Until it is loaded, and not a page of before that still was."""
        loader = self.call("Page.navigate", url="file://" + os.path.abspath(path))["loaderId"]
        while loader not in self.loaded:
            self._note(self._message())

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def key(self, name):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name,
                      **({"text": name} if len(name) == 1 and kind == "keyDown" else {}))

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def screenshot(self, whole=True):
        """PNG bytes."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"])
