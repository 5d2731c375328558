"""A redaction leaves no true count of a return in the database, whenever it happens, and the chain of displays goes on."""

import asyncio

import asyncpg
import msgspec
import numpy as np
import pytest
from anyio import from_thread

from api.statistics.disclosure.contributions import redact_contribution
from api.statistics.packed_arrays import PackedArray, unpack_array
from schema.disclosure import PERSONS_RULE
from schema.partners import Scope
from tests.attacks.http_releases import (
    ATTACKER,
    VICTIM,
    ReturnCube,
    make_return,
    open_press,
    read_chain,
    read_counts,
    read_displays,
    submit,
    to_key,
)
from tests.attacks.source_attacker import SourceAttacker
from tests.attacks.source_worlds import REDACTED
from tests.fixtures.release_client import ReleaseClient

JULY = ("learners", "2026-07")
SECRET = 611 + 10 * np.arange(9).reshape(3, 3)
"""Counts that no other return has."""


@pytest.fixture
async def press(application) -> ReleaseClient:
    return await open_press(application)


async def redact(press: ReleaseClient, revision: int) -> None:
    """Have two people redact a revision of July's return."""
    await propose_redaction(press, revision)
    await confirm_redaction(press, revision)


async def propose_redaction(press: ReleaseClient, revision: int) -> None:
    http = await press.http_client(press.owner, Scope.REVIEW)
    body = {"revision": revision, "reason": "It names somebody."}
    assert (await http.post(locate_redaction(press), json=body)).status_code == 201


async def confirm_redaction(press: ReleaseClient, revision: int) -> None:
    http = await press.http_client(ATTACKER, Scope.REVIEW)
    answer = await http.post(locate_redaction(press) + "/confirmation", json={"revision": revision})
    assert answer.status_code == 201, answer.text


def locate_redaction(press: ReleaseClient) -> str:
    return f"/v1/programmes/{press.programme}/returns/{VICTIM}/learners/headline/main/2026-07/redaction"


async def list_rows(press: ReleaseClient, organisation: str = VICTIM) -> list[tuple[bool, bool]]:
    """Return for each contribution of an organisation whether it is released and whether it has true counts."""
    connection = await press.application.query_connection()
    rows = await connection.fetch(
        "select c.release is not null, c.counts is not null from protection.contribution c join organisation o "
        "on o.programme = c.programme and o.id = c.organisation where o.slug = $1 order by c.position, c.id",
        organisation,
    )
    return [tuple(row) for row in rows]


async def list_true_counts(press: ReleaseClient) -> set[int]:
    """Return all true counts that the database has of contributions."""
    connection = await press.application.query_connection()
    rows = await connection.fetch("select counts from protection.contribution where counts is not null")
    packed = [msgspec.msgpack.decode(row["counts"], type=PackedArray) for row in rows]
    return {number for array in packed for number in unpack_array(array).tolist()}


async def submit_all(press: ReleaseClient, table, *, seed: int = 1, organisation: str = VICTIM) -> None:
    await submit(press, organisation, [make_return(JULY, table)], seed=seed)


async def test_redaction_deletes_counts_and_the_chain_goes_on(press):
    await submit_all(press, SECRET)
    await submit_all(press, SECRET, organisation=ATTACKER, seed=2)
    await press.publish()
    before = await read_chain(press, VICTIM, JULY)
    await submit_all(press, SECRET + 20, seed=3)
    assert await list_rows(press) == [(True, True), (False, True)]
    await redact(press, 2)
    assert await list_rows(press) == [(True, False)]
    assert await list_rows(press, ATTACKER) == [(True, True)]
    await press.publish()
    assert await read_counts(press, 2, JULY) == read_displays(await read_chain(press, ATTACKER, JULY), 1)[0]
    await submit_all(press, SECRET + 1, seed=4)
    assert await list_rows(press) == [(True, False), (False, True)]
    await press.publish()
    after = await read_chain(press, VICTIM, JULY)
    assert [*after] == [1, 3]
    cube = ReturnCube(after[3])
    old, new = (cube.select(chain.contribution) for chain in (before[1], after[3]))
    assert (near := np.abs(list_counts(cube, SECRET + 1) - old.displayed) < PERSONS_RULE.hold_back).sum() >= 8
    assert (new.displayed[near] == old.displayed[near]).all()
    assert (new.draws == old.draws).all()
    chain = [old, redact_contribution(old), new]
    assert SourceAttacker(cube, PERSONS_RULE, [SECRET, REDACTED, SECRET + 1], chain).attack()[1] == []


def list_counts(cube: ReturnCube, table) -> np.ndarray:
    return np.array([cube.count_people(table, cell) for cell in cube.cells])


async def test_redaction_of_an_old_revision_leaves_the_figures_of_the_new_one(press):
    for number, table in enumerate((SECRET, SECRET + 1)):
        await submit_all(press, table, seed=number)
        await press.publish()
    shown = await read_counts(press, 2, JULY)
    assert None not in shown.values()
    await redact(press, 1)
    assert await list_rows(press) == [(True, False), (True, False)]
    await press.publish()
    assert await read_counts(press, 3, JULY) == shown
    await submit_all(press, SECRET + 2, seed=5)
    assert (await press.publish())["state"] == "published"
    [*_, newest] = (await read_chain(press, VICTIM, JULY)).values()
    assert newest.follows_redaction
    cube = ReturnCube(newest)
    near = [to_key(cell) for cell in cube.cells if abs(cube.count_people(SECRET + 2, cell) - shown[to_key(cell)]) < 8]
    counts = await read_counts(press, 4, JULY)
    assert len(near) >= 8
    assert [counts[cell] for cell in near] == [shown[cell] for cell in near]


def redact_during_calculation(press: ReleaseClient, revision: int):
    """Return a map that redacts a revision after the first contribution is calculated and before it is stored."""
    waiting = [revision]

    def run(function, tasks):
        results = [*map(function, tasks)]
        while waiting:
            from_thread.run(redact, press, waiting.pop())
        return results

    return run


async def test_redaction_during_the_calculation_leaves_nothing(press):
    await press.submit_and_approve(VICTIM, make_return(JULY, SECRET))
    await press.application.run_publication_jobs(across=redact_during_calculation(press, 1))
    assert await list_rows(press) == []


async def test_redaction_of_an_earlier_return_during_the_calculation(press):
    """The new contribution would store the counts of the earlier return, from which it has hardly moved."""
    await submit_all(press, SECRET)
    await press.publish()
    await press.submit_and_approve(VICTIM, make_return(JULY, SECRET + 1))
    await press.application.run_publication_jobs(across=redact_during_calculation(press, 1))
    assert await list_rows(press) == [(True, False), (False, True)]
    assert not await list_true_counts(press) & {*SECRET.ravel().tolist()}
    assert (await press.publish())["state"] == "published"


async def test_redaction_of_a_new_revision_during_the_calculation(press):
    await submit_all(press, SECRET)
    await press.publish()
    await press.submit_and_approve(VICTIM, make_return(JULY, SECRET + 9))
    await press.application.run_publication_jobs(across=redact_during_calculation(press, 2))
    assert await list_rows(press) == [(True, True)]
    assert not await list_true_counts(press) & {*(SECRET + 9).ravel().tolist()}


@pytest.mark.parametrize("released", [False, True])
async def test_redaction_while_a_publication_calculates_leaves_no_true_count(press, released):
    """The publication has found a protected contribution and calculates another; then the first is redacted."""
    await submit_all(press, SECRET)
    if released:
        await press.publish()
    await press.submit_and_approve(ATTACKER, make_return(JULY, SECRET))
    http = await press.http_client(press.owner, Scope.PUBLISH)
    requested = await http.post(f"/v1/programmes/{press.programme}/releases", json={})
    connection = await press.application.query_connection()
    await connection.execute("delete from queue.pgqueuer where entrypoint = 'protect'")
    await press.application.run_publication_jobs(across=redact_during_calculation(press, 1))
    job = (await http.get(f"/v1/programmes/{press.programme}/publications/{requested.json()['id']}")).json()
    assert await list_rows(press) == [(True, False)] * released
    assert job["state"] == "published"  # at the second try, if the first had found what was redacted
    assert (await press.publish())["state"] == "published"
    own = read_displays(await read_chain(press, ATTACKER, JULY), 9)[-1]
    assert await read_counts(press, "latest", JULY) == own


async def test_redaction_waits_for_the_release_that_is_being_written(press):
    """The release records what it displays, so a later return is compared with it."""
    await submit_all(press, SECRET)
    await propose_redaction(press, 1)
    http = await press.http_client(press.owner, Scope.PUBLISH)
    await http.post(f"/v1/programmes/{press.programme}/releases", json={})
    connection = await asyncpg.connect(press.application.url)
    async with connection.transaction():
        await connection.execute("lock table release.release in share row exclusive mode")
        publication = asyncio.create_task(press.application.run_publication_jobs())
        await wait_for_locks(connection, 1)
        confirmation = asyncio.create_task(confirm_redaction(press, 1))
        await wait_for_locks(connection, 2, unless=confirmation)
    await asyncio.gather(publication, confirmation)
    await connection.close()
    assert await list_rows(press) == [(True, False)]


async def wait_for_locks(connection, waiting: int, *, unless: asyncio.Task | None = None) -> None:
    """Wait until so many locks are waited for, or a task has ended."""
    for _ in range(500):
        count = await connection.fetchval("select count(*) from pg_locks where not granted")
        if count >= waiting or (unless is not None and unless.done()):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError
