# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A small service as its makers would write it: nothing here knows of marks."""
import os

import flask

app = flask.Flask(__name__)


@app.route("/item/<int:number>")
def item(number):
    return str(number)


@app.route("/stream")
def stream():
    return flask.Response(str(i) for i in range(3))


@app.route("/broken", methods=["POST"])
def broken():
    raise RuntimeError("broken")


@app.route("/worker")
def worker():
    return str(os.getpid())
