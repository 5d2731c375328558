"""The same submission in FastAPI, pydantic and SQLAlchemy's ORM, in the style of their tutorials.

The checks are those of the server that it is measured against: the key and its grant, the plan version, known codes, what
is collected of which measure, one form of number, each cell once, and parts that fit their totals; then those of
`peer_checks` against the current revision and the other periods. Each submission stores revisions, events, an audit entry
and the response to its idempotency key.
"""

import hashlib
import json
import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Annotated, Literal, Self
from uuid import uuid4

import peer_checks
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi_models import (
    ApiKey,
    AuditEntry,
    Base,
    Event,
    Grant,
    Observation,
    PlanVersion,
    Return,
    Revision,
    StoredResponse,
    Submission,
)
from peer_checks import CELL_FIELDS, format_breakdown
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import create_engine, func, insert, select
from sqlalchemy.orm import Session

PLAN = json.loads(os.environ["PEER_PLAN"])
SCHEMES = {tuple(scheme) for scheme in PLAN["schemes"]}
Count = Annotated[int, Field(ge=0)]


class Cell(BaseModel):
    model_config = ConfigDict(extra="forbid")
    area: str
    breakdown: dict[str, str] = {}
    value: Count | None = None
    numerator: Count | None = None
    denominator: Count | None = None
    lower: Count | None = None
    upper: Count | None = None
    status: Literal["c", "x", "z", "w"] | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None

    @field_validator("area")
    @classmethod
    def check_area(cls, area: str) -> str:
        if area not in PLAN["areas"]:
            raise ValueError(f"{area} is not an area.")
        return area

    @field_validator("breakdown")
    @classmethod
    def check_breakdown(cls, breakdown: dict[str, str]) -> dict[str, str]:
        if breakdown and tuple(sorted(breakdown)) not in SCHEMES:
            raise ValueError(f"Nothing is collected by {' and '.join(breakdown)}.")
        for name, code in breakdown.items():
            if code not in PLAN["dimensions"][name]:
                raise ValueError(f"{code} is not a category of {name}.")
        return breakdown

    @model_validator(mode="after")
    def check_form(self) -> Self:
        ratio = self.numerator is not None and self.denominator is not None
        if self.status is not None and (self.value is not None or ratio):
            raise ValueError("There is both a number and a status.")
        if self.status is None and (self.value is not None) == ratio:
            raise ValueError("There is neither a number nor a status.")
        if ratio and self.numerator > self.denominator:
            raise ValueError("The numerator is above the denominator.")
        return self


class NewReturn(BaseModel):
    measure: str
    period: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    observations: list[Cell]

    @model_validator(mode="after")
    def check_totals(self) -> Self:
        ratio = PLAN["measures"][self.measure] == "proportion"

        def bounds(cell: Cell) -> tuple[float, float]:
            number = cell.denominator if ratio else cell.value
            if number is not None:
                return number, number
            return cell.lower or 0, float("inf") if cell.upper is None else cell.upper

        cells: dict[tuple[str, str], Cell] = {}
        parts: dict[tuple[object, ...], list[tuple[float, float]]] = defaultdict(list)
        for cell in self.observations:
            if (place := (cell.area, format_breakdown(cell.breakdown))) in cells:
                raise ValueError(f"{place} is there twice.")
            cells[place] = cell
            for size in range(len(cell.breakdown)):
                for kept in combinations(sorted(cell.breakdown), size):
                    wanted = (cell.area, format_breakdown({name: cell.breakdown[name] for name in kept}))
                    parts[wanted, "by", tuple(sorted(cell.breakdown))].append(bounds(cell))
            if parent := PLAN["areas"][cell.area]:
                parts[(parent, format_breakdown(cell.breakdown)), "area"].append(bounds(cell))
        for (place, *how), stored in parts.items():
            if place not in cells:
                raise ValueError(f"There is a breakdown without its total for {place}.")
            low, high = bounds(cells[place])
            if sum(one[0] for one in stored) > high or (how[0] == "by" and sum(one[1] for one in stored) < low):
                raise ValueError(f"The parts of {place} do not fit their total.")
        return self


class NewSubmission(BaseModel):
    returns: list[NewReturn]


def find_stored_response(session: Session, key: str, body_sha256: str) -> dict | None:
    stored = session.get(StoredResponse, key)
    if stored is None:
        return None
    if stored.body_sha256 != body_sha256:
        raise HTTPException(422, "The key was used for another body.")
    return json.loads(stored.content)


def hash_secret(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def authorise(session: Session, authorization: str, programme: str) -> str:
    """Return the organisation that the key may submit for."""
    key, now = session.get(ApiKey, hash_secret(authorization.removeprefix("Bearer "))), datetime.now(UTC)
    if key is None or key.revoked_at is not None or key.expires_at <= now:
        raise HTTPException(401, "The key is not valid.")
    grant = next((grant for grant in key.grants if grant.programme == programme), None)
    if grant is None or "submit" not in grant.scope.split():
        raise HTTPException(403, "The key may not submit to this programme.")
    newest = session.scalar(select(func.max(PlanVersion.number)).where(PlanVersion.programme == programme))
    if newest != PLAN["version"]:
        raise HTTPException(409, "The plan has changed.")
    return grant.organisation


def find_return(session: Session, organisation: str, new: NewReturn) -> Return:
    """Return the row of a return, locked."""
    if new.measure not in PLAN["duties"].get(organisation, ()):
        raise HTTPException(422, f"{organisation} does not return {new.measure}.")
    query = select(Return).where(
        Return.organisation == organisation, Return.measure == new.measure, Return.period == new.period
    )
    stored = session.scalar(query.with_for_update())
    if stored is None:
        stored = Return(organisation=organisation, measure=new.measure, period=new.period, current=0)
        session.add(stored)
        session.flush()
    return stored


def fetch_cells(session: Session, returned: Return) -> dict:
    """Return the cells of the current revision of a return."""
    if not returned.current:
        return {}
    query = select(Observation).join(Revision, Revision.id == Observation.revision)
    query = query.where(Revision.returned == returned.id, Revision.number == returned.current)
    return {
        (cell.area, cell.breakdown): {name: getattr(cell, name) for name in CELL_FIELDS}
        for cell in session.scalars(query)
    }


def fetch_totals(session: Session, returned: Return) -> dict:
    """Return the total of each period of the same measure, from the current revisions."""
    query = (
        select(Return.period, Observation)
        .join(Revision, (Revision.returned == Return.id) & (Revision.number == Return.current))
        .join(Observation, Observation.revision == Revision.id)
        .where(Return.organisation == returned.organisation, Return.measure == returned.measure)
        .where(Observation.area == PLAN["area"], Observation.breakdown == "")
    )
    return {
        period: peer_checks.read_figure({name: getattr(cell, name) for name in CELL_FIELDS})
        for period, cell in session.execute(query)
    }


def check_return(session: Session, returned: Return, new: NewReturn) -> dict:
    """Compare a return with its current revision and with other periods, and return its part of the report."""
    kind = PLAN["measures"][new.measure]
    cells = {(c.area, format_breakdown(c.breakdown)): c.model_dump(include=set(CELL_FIELDS)) for c in new.observations}
    old, totals = fetch_cells(session, returned), fetch_totals(session, returned)
    counts = peer_checks.count_changes(cells, old)
    try:
        peer_checks.check_withdrawals(counts, old)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    figure = peer_checks.read_figure(cells.get((PLAN["area"], "")))
    findings = peer_checks.find_outlier(figure, new.period, totals)
    if kind == "cumulative":
        neighbours = []
        for period in peer_checks.find_neighbours(new.period, totals):
            query = select(Return).where(
                Return.organisation == returned.organisation, Return.measure == new.measure, Return.period == period
            )
            neighbours.append(fetch_cells(session, session.scalars(query).one()) if period else {})
        findings += [*peer_checks.find_falls(neighbours[0], cells), *peer_checks.find_falls(cells, neighbours[1])]
    effects = peer_checks.calculate_effects(kind, new.period, figure, totals)
    return {"measure": new.measure, "period": new.period, "counts": counts, "findings": findings, "effects": effects}


def record(session: Session, submission: Submission, returned: Return, new: NewReturn) -> None:
    returned.current += 1
    revision = Revision(returned=returned.id, submission=submission.id, number=returned.current)
    session.add(revision)
    session.flush()
    rows = [
        cell.model_dump() | {"revision": revision.id, "breakdown": format_breakdown(cell.breakdown)}
        for cell in new.observations
    ]
    session.execute(insert(Observation), rows)
    session.add(Event(returned=returned.id, number=returned.current, event="recorded"))


async def hash_body(request: Request) -> str:
    return hashlib.sha256(await request.body()).hexdigest()


def prepare_database(engine) -> None:
    """Create the tables, the plan version, and a key for each organisation."""
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.merge(PlanVersion(programme=PLAN["programme"], number=PLAN["version"]))
        for secret, organisation in json.loads(os.environ["PEER_KEYS"]).items():
            digest, expires_at = hash_secret(secret), datetime.now(UTC) + timedelta(days=1)
            session.merge(ApiKey(digest=digest, expires_at=expires_at))
            session.merge(
                Grant(key=digest, programme=PLAN["programme"], organisation=organisation, scope="read submit")
            )


def serve() -> FastAPI:
    engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"))
    prepare_database(engine)
    app = FastAPI()

    @app.post("/v1/programmes/{programme}/submissions", status_code=201)
    def take(
        programme: str,
        new: NewSubmission,
        body_sha256: Annotated[str, Depends(hash_body)],
        authorization: Annotated[str, Header()],
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> dict:
        with Session(engine) as session, session.begin():
            organisation = authorise(session, authorization, programme)
            if idempotency_key and (stored := find_stored_response(session, idempotency_key, body_sha256)):
                return stored
            returns = [find_return(session, organisation, one) for one in new.returns]
            parts = [check_return(session, old, one) for old, one in zip(returns, new.returns, strict=True)]
            content = {"submission": str(uuid4()), "content_sha256": body_sha256, "returns": parts}
            report = json.dumps(content)
            submission = Submission(
                id=content["submission"], organisation=organisation, plan_version=PLAN["version"], report=report
            )
            session.add(submission)
            session.flush()
            for old, one in zip(returns, new.returns, strict=True):
                record(session, submission, old, one)
            audit = {"submission": submission.id, "returns": len(returns)}
            session.add(
                AuditEntry(
                    operation="create_submission",
                    programme=programme,
                    organisation=organisation,
                    detail=json.dumps(audit),
                )
            )
            if idempotency_key:
                session.add(StoredResponse(key=idempotency_key, body_sha256=body_sha256, content=report))
        return content

    return app
