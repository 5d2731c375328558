"""The least that a handler can do with a read: return the same bytes and ETag from memory."""

import gc
import hashlib
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar, Request, Response, get

FOLDER_VARIABLE = "BARE_ANSWERS"
ANSWER_BODIES = {
    int(file.stem): file.read_bytes() for file in Path(os.environ.get(FOLDER_VARIABLE, os.devnull)).glob("*.json")
}
ETAGS = {number: f'"{hashlib.sha256(body).hexdigest()[:32]}"' for number, body in ANSWER_BODIES.items()}


@get("/{number:int}")
async def get_answer(request: Request, number: int) -> Response[bytes]:
    headers = {"etag": ETAGS[number], "cache-control": "public, no-cache"}
    if request.headers.get("if-none-match") == ETAGS[number]:
        return Response(b"", status_code=304, headers=headers)
    return Response(ANSWER_BODIES[number], media_type="application/json", headers=headers)


def serve() -> Litestar:
    @asynccontextmanager
    async def collected(_: Litestar) -> AsyncGenerator[None]:
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        yield

    return Litestar([get_answer], lifespan=[collected], openapi_config=None)
