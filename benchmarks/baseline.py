"""The least that a handler can do with a submission: decode the same body and run one INSERT."""

import gc
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import msgspec
from litestar import Litestar, Request, Response, post
from litestar.datastructures import State

from schema.submissions import NewSubmission

SUBMISSION_DECODER = msgspec.json.Decoder(NewSubmission)
CREATE_TABLE_SQL = "create table if not exists plain (area text, breakdown jsonb, value bigint)"
INSERT_SQL = "insert into plain select * from unnest($1::text[], $2::jsonb[], $3::bigint[])"


@post("/v1/programmes/{programme:str}/submissions")
async def create_submission(request: Request, state: State) -> Response[bytes]:
    submission = SUBMISSION_DECODER.decode(await request.body())
    cells = [cell for one in submission.returns for cell in one.observations]
    async with state.pool.acquire() as connection:
        await connection.execute(
            INSERT_SQL,
            [cell.area for cell in cells],
            [msgspec.json.encode(cell.breakdown).decode() for cell in cells],
            [cell.value for cell in cells],
        )
    return Response(b'{"outcome":"accepted"}', status_code=201, media_type="application/json")


def serve() -> Litestar:
    @asynccontextmanager
    async def connections(app: Litestar) -> AsyncGenerator[None]:
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=8) as pool:
            await pool.execute(CREATE_TABLE_SQL)
            app.state.pool = pool
            yield

    return Litestar([create_submission], lifespan=[connections], openapi_config=None)
