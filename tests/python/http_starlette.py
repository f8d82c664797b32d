# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A small asynchronous service, with the middleware."""
import asyncio

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from tacho.http import ASGIMiddleware


async def item(request):
    await asyncio.sleep(0.001)
    return PlainTextResponse(str(request.path_params["number"]))


async def broken(request):
    raise RuntimeError("broken")


app = ASGIMiddleware(Starlette(routes=[
    Route("/item/{number:int}", item),
    Route("/same/{number:int}", item),
    Mount("/shop/{name}", routes=[Mount("/shelf", routes=[Route("/{number:int}", item)])]),
    Route("/broken", broken, methods=["POST"])]))
