"""One PostgreSQL server for the whole run, and for each test a clone of a migrated database."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import httpx2
import msgspec
import pytest
from hypothesis import settings
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncEngine

from api.access import keys, queries_keys
from api.access.refused_requests import RefusedRequests
from api.app import create_app
from api.database import connections, queue
from api.database.embedded import EmbeddedPostgres
from api.database.roles import ROLE_TIMEOUTS
from api.monitoring.readiness import ReadinessChecker
from api.plan import queries_loading
from api.protection.job import Protector
from api.releases.job import Publisher
from api.releases.queries_jobs import PUBLISH_JOB_KIND
from api.reviews.queries_reviews import PROTECT_JOB_KIND
from schema.partners import Grant, Scope
from schema.plan import Plan
from schema.tables import metadata
from work_health import AsyncWorkHealth

TESTS_FOLDER = Path(__file__).parent
NOTTINGHAM_PLAN_FILE = TESTS_FOLDER.parent / "schema" / "plans" / "work-and-health-2025-2028.yaml"
HARBOUR_PLAN_FILE = TESTS_FOLDER / "plans" / "harbour.yaml"
PROGRAMME = "work-and-health-2025-2028"
NOW = datetime(2025, 10, 20, 9, 30, tzinfo=UTC)
SET_DATABASE_CLOCK = """
create or replace function release.read_clock() returns timestamptz
language sql stable parallel safe set search_path = pg_catalog, pg_temp as $$ select timestamptz '{}' $$
"""
"""The database hides releases that are not published by its clock. It is late, so that tests can set the other clock."""
NO_DELAYS = [timedelta()] * queue.MAX_TRIES
# `make test` draws the same examples each time, so that a commit passes or fails, and is covered, by no chance.
settings.register_profile("same", derandomize=True)
settings.load_profile("default" if int(os.environ.get("FUZZ", "0")) >= 100 else "same")
MIN_FREE_BYTES = 2 * 2**30  # two servers, each with its write-ahead log


@pytest.fixture(scope="session")
def database_url_of() -> Iterator[Callable[[str], str]]:
    """Yield a function that returns the libpq URL of a database on the server of this run."""
    if server_url := os.environ.get("TEST_DATABASE_URL"):
        yield (
            lambda name: (
                server_url.rpartition("/")[0] + "/" + name + ("?" + server_url.partition("?")[2]) * ("?" in server_url)
            )
        )
        return
    version = int(os.environ.get("TEST_POSTGRES", "16"))
    with tempfile.TemporaryDirectory(prefix="work-health-", dir=memory_folder()) as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(Path(folder) / "data", version=version, durable=False) as embedded:
            yield embedded.dsn


def memory_folder() -> Path | None:
    """Return a folder in memory that has room for the databases, or None.

    A database is 500 small files, and each test creates one. On a disk that takes ten times as long.
    """
    folder = Path("/dev/shm")  # noqa: S108 - each server makes its own folder in it
    has_room = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > MIN_FREE_BYTES
    return folder if has_room else None


@pytest.fixture(scope="session")
def nottingham_plan() -> Plan:
    return queries_loading.read_plan(NOTTINGHAM_PLAN_FILE)


@pytest.fixture(scope="session")
async def administrator(database_url_of: Callable[[str], str]) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection that creates and drops databases."""
    connection = await asyncpg.connect(database_url_of("postgres"))
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def template_database(
    database_url_of: Callable[[str], str], administrator: asyncpg.Connection, nottingham_plan: Plan
) -> str:
    """Return the name of a migrated database with the plan of Nottingham, from which tests clone."""
    name = f"template_{uuid4().hex[:8]}"
    await administrator.execute(f"create database {name}")
    await prepare_template(database_url_of(name), nottingham_plan)
    return name


async def prepare_template(url: str, plan: Plan) -> None:
    """Migrate a new database, and load a plan."""
    engine = connections.create_owner_engine(url)
    await connections.migrate(engine)
    async with engine.begin() as transaction:
        if password := urlsplit(url).password:  # of another server
            for role in ROLE_TIMEOUTS:
                await transaction.exec_driver_sql(f"alter role {role} password '{password}'")
        await transaction.exec_driver_sql(SET_DATABASE_CLOCK.format("2100-01-01"))
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=NOW)
    await engine.dispose()


Clone = Callable[[str], AbstractAsyncContextManager[str]]


@pytest.fixture(scope="session")
def clone_database(database_url_of: Callable[[str], str], administrator: asyncpg.Connection) -> Clone:
    """Return a context manager that clones a named database, yields its URL and drops it at the end."""

    @asynccontextmanager
    async def clone(template: str) -> AsyncIterator[str]:
        name = FREE_DATABASE_NAMES.pop() if FREE_DATABASE_NAMES else f"test_{uuid4().hex[:12]}"
        # The clone is temporary, so its pages do not need the write-ahead log. That halves the time.
        await administrator.execute(f"create database {name} template {template} strategy file_copy")
        await administrator.execute(f"revoke temporary on database {name} from public")  # a clone has not its rights
        yield database_url_of(name)
        await administrator.execute(f"drop database {name} with (force)")
        FREE_DATABASE_NAMES.append(name)

    return clone


@pytest.fixture
async def database_url(clone_database: Clone, template_database: str) -> AsyncIterator[str]:
    async with clone_database(template_database) as url:
        yield url


FREE_DATABASE_NAMES: list[str] = []
"""Names of dropped databases. The next database takes one of them, so that its engines exist already."""
SPARE_APPLICATIONS: list[Litestar] = []  # creating one takes a third of a second, and it stores only its state


class DatabaseEngines:
    """The engines of a database name. Applications use them one after another."""

    def __init__(self, url: str) -> None:
        self._engines = {
            "owner": connections.create_owner_engine(url),
            "application": connections.create_application_engine(url, pool_size=4),
            "public": connections.create_public_engine(url, pool_size=2),
            "publisher": connections.create_publisher_engine(url),
        }

    def __getitem__(self, role: str) -> AsyncEngine:
        """Return an engine that shares the compiled statements, but none of the caches that the API has per engine."""
        return self._engines[role].execution_options()

    async def disconnect(self) -> None:
        for engine in self._engines.values():
            await engine.dispose()


ENGINES_BY_URL: dict[str, DatabaseEngines] = {}


class SetClock(NamedTuple):
    """A clock that a test sets. It ignores what the database states."""

    read: Callable[[], datetime]

    def accept(self, _: datetime) -> datetime:
        return self.read()


class RunningApplication:
    """A running application with a clock that changes only when a test sets it."""

    def __init__(self, url: str, engines: DatabaseEngines) -> None:
        self.url = url
        self.owner, self.engine = engines["owner"], engines["application"]
        self._publisher, public = engines["publisher"], engines["public"]
        self.now = NOW
        numbers = count(1)
        self.seeds: Iterator[int] = count(16)
        """Seeds of the contributions. A fixed seed makes the displayed counts of a test repeatable."""
        self.app: Litestar = (
            SPARE_APPLICATIONS.pop()
            if SPARE_APPLICATIONS
            else create_app(self.engine, public, session_secret=bytes(range(32)))
        )
        self.app.state.update(
            engine=self.engine,
            public_engine=public,
            replica=None,
            clock=SetClock(lambda: self.now),
            ids=lambda: UUID(int=next(numbers)),
            change_seconds=0,
            refused_requests=RefusedRequests(lambda: self.now),
            readiness=ReadinessChecker(),
        )
        self._http_clients: list[httpx2.AsyncClient] = []
        self._query_connection: asyncpg.Connection | None = None

    async def issue_key(
        self,
        organisation: str,
        *scopes: Scope,
        programme: str = PROGRAMME,
        days: float = 365,
        sandbox: bool = False,
        person: str | None = None,
    ) -> str:
        """Issue a key, by default to a person who has no other one."""
        key = keys.make_key(os.urandom(38), sandbox=sandbox)
        async with self.owner.begin() as transaction:
            await queries_keys.issue_key(
                transaction,
                key,
                client_id=uuid4(),
                name=f"{organisation} script",
                person=person or f"{uuid4()}@example.org",
                grants=[Grant(programme=programme, organisation=organisation, scopes=list(scopes))],
                now=self.now,
                expires_at=self.now + timedelta(days=days),
            )
        return key.secret

    def http_client(self, key: str | None = None) -> httpx2.AsyncClient:
        """Return an HTTP client for requests that the SDK never sends."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx2.ASGITransport(app=self.app)  # pyright: ignore
        client = httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        self._http_clients.append(client)
        return client

    def sdk_client(self, key: str | None = None) -> AsyncWorkHealth:
        """Return a client of the SDK with this key."""
        return AsyncWorkHealth(key, base_url="http://localhost", http=self.http_client(), max_retries=0)

    async def partner_client(self, organisation: str, *scopes: Scope, programme: str = PROGRAMME) -> AsyncWorkHealth:
        return self.sdk_client(
            await self.issue_key(organisation, *(scopes or (Scope.SUBMIT, Scope.READ)), programme=programme)
        )

    async def run_publication_jobs(self, *, across=map) -> None:
        """Process the jobs in the queue, as a worker does."""
        connection = await connections.connect_queue_listener(self.url)
        try:
            make_seed = partial(next, self.seeds)
            protector = Protector(self._publisher, read_clock=self._read_clock, make_seed=make_seed, map_tasks=across)
            publisher = Publisher(protector)
            await publisher.put_back_lost_jobs()
            handlers = {PROTECT_JOB_KIND: protector, PUBLISH_JOB_KIND: publisher}
            await queue.process_jobs(connection, handlers, asyncio.Event(), until_empty=True, retry_delays=NO_DELAYS)
        finally:
            await connection.close()
            await self._publisher.dispose()

    async def _read_clock(self, _: object) -> datetime:
        return self.now

    async def query_connection(self) -> asyncpg.Connection:
        """Return the connection of the owner for queries. It is the same each time."""
        if self._query_connection is None:
            self._query_connection = await asyncpg.connect(self.url)
        return self._query_connection

    async def count_rows(self, table: str) -> int:
        return (await self._count_rows_of([table]))[table]

    async def count_all_rows(self) -> dict[str, int]:
        """Return the number of rows of each table."""
        return await self._count_rows_of([table.fullname for table in metadata.sorted_tables])

    async def _count_rows_of(self, tables: list[str]) -> dict[str, int]:
        quoted = [".".join(f'"{name}"' for name in table.split(".")) for table in tables]
        counts = ", ".join(f"(select count(*) from {table})" for table in quoted)
        connection = await self.query_connection()
        return dict(zip(tables, await connection.fetchrow(f"select {counts}"), strict=True))

    async def wait_for_old_transactions(self) -> None:
        """Wait until no running transaction is older than an event. The server's maintenance has some as well."""
        young = 'select count(*) from return_event where "transaction" >= pg_snapshot_xmin(pg_current_snapshot())'
        connection = await self.query_connection()
        for _ in range(1000):
            if not await connection.fetchval(young):
                break
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        if self._query_connection is not None:
            await self._query_connection.close()
        for client in self._http_clients:
            await client.aclose()
        SPARE_APPLICATIONS.append(self.app)


@pytest.fixture
async def application(database_url: str) -> AsyncIterator[RunningApplication]:
    async with open_application(database_url) as application:
        yield application


@pytest.fixture
async def second_application(clone_database: Clone, template_database: str) -> AsyncIterator[RunningApplication]:
    """Yield another application that starts like the first."""
    async with clone_database(template_database) as url, open_application(url) as application:
        yield application


@asynccontextmanager
async def open_application(url: str) -> AsyncIterator[RunningApplication]:
    if url not in ENGINES_BY_URL:
        ENGINES_BY_URL[url] = DatabaseEngines(url)
    application = RunningApplication(url, ENGINES_BY_URL[url])
    yield application
    await application.close()
    await ENGINES_BY_URL[url].disconnect()


@pytest.fixture
async def council_client(application: RunningApplication) -> AsyncWorkHealth:
    """Return the client of a provider, which submits referrals and reads its own returns."""
    return await application.partner_client("nottingham-city-council")


@pytest.fixture
async def harbour_programme(application: RunningApplication) -> str:
    """Load the invented programme in the autumn of its year, with periods that never close."""
    application.now = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
    plan = read_open_harbour_plan()
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    return plan.slug


def read_open_harbour_plan() -> Plan:
    """Return the invented plan with periods that never close."""
    plan = queries_loading.read_plan(HARBOUR_PLAN_FILE)
    return msgspec.structs.replace(plan, calendar=msgspec.structs.replace(plan.calendar, closes_days=None))


@pytest.fixture
async def reviewer_client(application: RunningApplication) -> AsyncWorkHealth:
    return await application.partner_client("ohid", Scope.REVIEW)
