# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""HTTP requests as marked blocks: one per request, called "ROUTE [VERB]", or "PATH [VERB]" if
nobody tells the route.

    from tacho.http import ASGIMiddleware, WSGIMiddleware

    app.wsgi_app = WSGIMiddleware(app.wsgi_app)      # Flask
    application = WSGIMiddleware(application)        # any other
    app = ASGIMiddleware(app)                        # Starlette, FastAPI, any other
    # or, for gunicorn, without touching the program, in its configuration file:
    from tacho.http import post_worker_init

A route is a template, as "/item/<int:number>", of which there are few, where paths may be without
number. Flask, Starlette and FastAPI tell it; of others, a function can, see routes below. The block
gets its label when it ends, when the program itself has found the route: nothing is matched twice.

The attributes are path, verb, route (if it is known) and status. A request has failed when the
application raises, or answers 500 or more. mark_path=False never shows a path: the block without a
route is then called "- [VERB]". A request lasts until its body is sent; it is keyed, because bodies
are sent later, and on other threads.
"""
from . import _core
from ._wrapping import failure_text

__all__ = ["ASGIMiddleware", "WSGIMiddleware", "post_worker_init"]


class Request:
    """One marked request; or nothing at all, when nobody recorded at its beginning."""

    __slots__ = ("name", "verb", "key", "finished")

    def __init__(self, path, verb, mark_path=True):
        self.key = _core.new_key()
        self.name = path if mark_path else "-"
        self.verb = verb
        self.finished = False
        _core.key_begin("", self.key)  # end() says what it is called
        self.say("verb", verb)
        if mark_path:
            self.say("path", path)

    def say(self, name, value):
        _core.key_attribute(name, value, self.key)

    def find_route(self, routes, where):
        """routes(where) gives it, or None; what is wrong there is no business of the program's."""
        try:
            route = routes(where)
        except Exception:
            return
        if route:
            self.name = str(route)
            self.say("route", self.name)

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
            _core.key_end(f"{self.name} [{self.verb}]", self.key)


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
        request = Request(_readable(path), environ.get("REQUEST_METHOD", ""), self.mark_path)

        def start(status, headers, *exc_info):
            request.find_route(self.routes, environ)
            request.status(_status_number(status))
            return start_response(status, headers, *exc_info)

        try:
            body = self.application(environ, start)
        except BaseException as error:
            request.find_route(self.routes, environ)
            request.failed(error)
            request.end()
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper):
            request.end()  # the server knows a file by its type, and sends it without reading it
            return body
        return Body(body, request)


def _readable(text):
    """Text of the environment, which has the bytes of the request as PEP 3333 says."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def flask_route(environ):
    """Flask leaves the request that it matched in the environment; what is mounted within something
    else finds there where."""
    request = environ.get("werkzeug.request")
    rule = getattr(getattr(request, "url_rule", None), "rule", None)
    return rule and _readable(environ.get("SCRIPT_NAME", "")) + rule


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

    def __bool__(self):
        return bool(self.body)

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
    def __init__(self, app, mark_path=True, routes=None):
        """routes(scope) gives the route of a request when it is over, or None; default: Starlette's
        and FastAPI's."""
        self.app = app
        self.mark_path = mark_path
        self.routes = routes or StarletteRoutes()

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
            await _core.Steps(self.app(scope, receive, sent), "", request.key)
        except BaseException as error:
            request.failed(error)
            raise
        finally:
            request.find_route(self.routes, scope)
            request.end()


class StarletteRoutes:
    """FastAPI leaves the route in the scope, Starlette the endpoint that it found, and both the
    outermost router: which routes lie within which is only known from there. What was found there
    is kept, for there may be hundreds; it is looked for again when there are more."""

    def __init__(self):
        self.known = None, 0, {}  # router, how many routes it had, what each is

    def __call__(self, scope):
        taken, router = scope.get("route", scope.get("endpoint")), scope.get("router")
        if taken is None:
            return None
        found = self._find(taken, router, False) or self._find(taken, router, True)
        if not found:
            return getattr(taken, "path", None)
        if any(template != found[0][0] for template, _ in found):  # several paths to one endpoint
            found = sorted(found, key=lambda item: -item[1].matches(scope)[0].value)
        return found[0][0]

    def _find(self, taken, router, again):
        """The routes that are it or lead to it, each with its template."""
        routes = getattr(router, "routes", ())
        whose, count, known = self.known
        if again or whose is not router or count != len(routes):
            known = {}
            for template, route in _templates(routes):
                for which in (route, _endpoint(route)):
                    known.setdefault(id(which), []).append((template, route))
            self.known = router, len(routes), known
        return [item for item in known.get(id(taken), ())
                if item[1] is taken or _endpoint(item[1]) is taken]


def _templates(routes, prefix=""):
    """Each route with its whole template. What is mounted takes all that lies below."""
    for route in routes:
        template = prefix + getattr(route, "path", "")
        within = getattr(route, "routes", None)
        if within is None:
            yield template, route
        else:
            yield template + "/{path}", route
            yield from _templates(within, template)


def _endpoint(route):
    return getattr(route, "endpoint", None) or getattr(route, "app", None)


# --- gunicorn ------------------------------------------------------------------------------------

def post_worker_init(worker):
    """A hook for gunicorn's configuration file: marks the requests of each of its workers. Also
    for its uvicorn workers, whose application is ASGI."""
    if "uvicorn" in type(worker).__module__.lower():
        worker.config.app = ASGIMiddleware(worker.config.app)
        return
    worker.wsgi = WSGIMiddleware(worker.wsgi)
