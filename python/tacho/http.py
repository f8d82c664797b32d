# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""HTTP requests as marked blocks: one per request, called "PATH [VERB]".

    from tacho.http import ASGIMiddleware, WSGIMiddleware

    app.wsgi_app = WSGIMiddleware(app.wsgi_app)      # Flask
    application = WSGIMiddleware(application)        # any other
    app = ASGIMiddleware(app)                        # Starlette, FastAPI, any other
    # or, for gunicorn, without touching the program, in its configuration file:
    from tacho.http import post_worker_init

The attributes are path, verb, route (the template, as "/item/<int:number>", if Flask or Starlette
tell it) and status. A request has failed when the application raises, or answers 500 or more.
mark_path=False never shows a path, for applications with very many of them: the block is then
called "- [VERB]". A request lasts until its body is sent; it is keyed, because bodies are sent
later, and on other threads.
"""
from . import _core
from ._wrapping import failure_text

__all__ = ["ASGIMiddleware", "WSGIMiddleware", "post_worker_init"]


class Request:
    """One marked request; or nothing at all, when nobody recorded at its beginning."""

    __slots__ = ("label", "key", "finished")

    def __init__(self, path, verb, mark_path=True):
        self.key = _core.new_key()
        self.label = f"{path if mark_path else '-'} [{verb}]"
        self.finished = False
        _core.key_begin(self.label, self.key)
        self.say("verb", verb)
        if mark_path:
            self.say("path", path)

    def say(self, name, value):
        _core.key_attribute(name, value, self.key)

    def status(self, status):
        self.say("status", status)
        if status >= 500:
            self.failed(f"status {status}")

    def failed(self, error):
        text = failure_text(error) if isinstance(error, BaseException) else error
        _core.key_fail(text, self.key)

    def end(self):
        if not self.finished:
            self.finished = True
            _core.key_end(self.label, self.key)


def _status_number(text):
    try:
        return int(str(text)[:3])
    except ValueError:
        return 0


# --- WSGI ----------------------------------------------------------------------------------------

class WSGIMiddleware:
    def __init__(self, application, mark_path=True, routes=None):
        """routes(environ) gives the route of a request, or None; default: Flask's."""
        self.application = application
        self.mark_path = mark_path
        self.routes = routes or flask_route

    def __call__(self, environ, start_response):
        if not _core.active():
            return self.application(environ, start_response)
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        path = path.encode("latin-1", "replace").decode("utf-8", "replace")  # as PEP 3333 has it
        request = Request(path, environ.get("REQUEST_METHOD", ""), self.mark_path)

        def start(status, headers, *exc_info):
            self._say_route(request, environ)  # Flask forgets it when it is done
            request.status(_status_number(status))
            return start_response(status, headers, *exc_info)

        try:
            body = self.application(environ, start)
        except BaseException as error:
            request.failed(error)
            request.end()
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper):
            request.end()  # the server knows a file by its type, and sends it without reading it
            return body
        return Body(body, request)

    def _say_route(self, request, environ):
        try:
            route = self.routes(environ)
        except Exception:
            route = None
        if route:
            request.say("route", route)


def flask_route(environ):
    """Flask leaves the request in the environment that it matched."""
    request = environ.get("werkzeug.request")
    return getattr(getattr(request, "url_rule", None), "rule", None)


class Body:
    """What the application answered; the request ends when that is closed or given up."""

    def __init__(self, body, request):
        self.body = body
        self.request = request

    def __iter__(self):
        try:
            yield from self.body
        except GeneratorExit:
            raise
        except BaseException as error:
            self.request.failed(error)
            raise

    def __len__(self):  # servers look for it, and take the length of a body of one part
        return len(self.body)

    def close(self):
        try:
            close = getattr(self.body, "close", None)
            if close:
                close()
        finally:
            self.request.end()

    def __del__(self):
        self.request.end()


# --- ASGI ----------------------------------------------------------------------------------------

class ASGIMiddleware:
    def __init__(self, app, mark_path=True):
        self.app = app
        self.mark_path = mark_path

    async def __call__(self, scope, receive, send):
        if scope.get("type") not in ("http", "websocket") or not _core.active():
            await self.app(scope, receive, send)
            return
        verb = scope.get("method", "WEBSOCKET")
        request = Request(scope.get("path", ""), verb, self.mark_path)

        async def sent(message):
            if message.get("type") == "http.response.start":
                request.status(message.get("status", 0))
            await send(message)

        _core.key_leave(request.key)
        try:
            await _core.Steps(self.app(scope, receive, sent), request.label, request.key)
        except BaseException as error:
            request.failed(error)
            raise
        finally:
            route = starlette_route(scope)
            if route:
                request.say("route", route)
            request.end()


def starlette_route(scope):
    """FastAPI leaves the route in the scope, Starlette the endpoint that it found in its router."""
    path = getattr(scope.get("route"), "path", None)
    if path:
        return path
    endpoint, router = scope.get("endpoint"), scope.get("router")
    for route in getattr(router, "routes", ()) if endpoint else ():
        if getattr(route, "endpoint", None) is endpoint:
            return getattr(route, "path", None)
    return None


# --- gunicorn ------------------------------------------------------------------------------------

def post_worker_init(worker):
    """A hook for gunicorn's configuration file: marks the requests of each of its workers. Also
    for its uvicorn workers, whose application is ASGI."""
    if "uvicorn" in type(worker).__module__.lower():
        worker.config.app = ASGIMiddleware(worker.config.app)
        return
    worker.wsgi = WSGIMiddleware(worker.wsgi)
