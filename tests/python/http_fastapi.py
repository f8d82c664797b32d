# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A small service of FastAPI, with a router and another service within."""
import fastapi
from tacho.http import ASGIMiddleware

router = fastapi.APIRouter(prefix="/users")
shop = fastapi.FastAPI()
service = fastapi.FastAPI()


@router.get("/{number}")
async def user(number: int):
    return number


@shop.get("/items/{name}")
def item(name: str):
    return name


service.include_router(router, prefix="/v1")
service.mount("/shop", shop)
app = ASGIMiddleware(service)
