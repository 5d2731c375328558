"""The same submission in FastAPI, pydantic and SQLAlchemy's ORM, in the style of their tutorials.

The checks are those of the server that it is measured against: known codes, what is collected of which measure, one form
of number, each cell once, and parts that fit their totals. An idempotency key and an audit entry are stored with it.
"""

import hashlib
import json
import os
from collections import defaultdict
from datetime import datetime
from itertools import combinations
from typing import Annotated, Literal, Self

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, create_engine, func, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

PLAN = json.loads(os.environ["PEER_PLAN"])
SCHEMES = {tuple(scheme) for scheme in PLAN["schemes"]}
Count = Annotated[int, Field(ge=0)]


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger}  # noqa: RUF012


class Return(Base):
    __tablename__ = "return"
    id: Mapped[int] = mapped_column(primary_key=True)
    measure: Mapped[str]
    period: Mapped[str]


class Observation(Base):
    __tablename__ = "observation"
    __table_args__ = (UniqueConstraint("submitted", "area", "breakdown"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    submitted: Mapped[int] = mapped_column(ForeignKey("return.id"))
    area: Mapped[str]
    breakdown: Mapped[str]
    value: Mapped[int | None]
    numerator: Mapped[int | None]
    denominator: Mapped[int | None]
    lower: Mapped[int | None]
    upper: Mapped[int | None]
    status: Mapped[str | None]
    note: Mapped[str | None]


class StoredResponse(Base):
    __tablename__ = "stored_response"
    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str]
    content: Mapped[str]


class AuditEntry(Base):
    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    operation: Mapped[str]
    programme: Mapped[str]
    detail: Mapped[str]


def format_breakdown(breakdown: dict[str, str]) -> str:
    return ",".join(f"{name}={code}" for name, code in sorted(breakdown.items()))


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


def find_stored_response(session: Session, key: str, body_sha256: str) -> dict[str, int] | None:
    stored = session.get(StoredResponse, key)
    if stored is None:
        return None
    if stored.body_sha256 != body_sha256:
        raise HTTPException(422, "The key was used for another body.")
    return json.loads(stored.content)


async def hash_body(request: Request) -> str:
    return hashlib.sha256(await request.body()).hexdigest()


def serve() -> FastAPI:
    engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    app = FastAPI()

    @app.post("/v1/programmes/{programme}/submissions", status_code=201)
    def take(
        programme: str,
        submission: NewSubmission,
        body_sha256: Annotated[str, Depends(hash_body)],
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> dict[str, int]:
        with Session(engine) as session, session.begin():
            if idempotency_key and (stored := find_stored_response(session, idempotency_key, body_sha256)):
                return stored
            created = [Return(measure=one.measure, period=one.period) for one in submission.returns]
            session.add_all(created)
            session.flush()
            rows = [
                cell.model_dump() | {"submitted": parent.id, "breakdown": format_breakdown(cell.breakdown)}
                for parent, one in zip(created, submission.returns, strict=True)
                for cell in one.observations
            ]
            session.execute(insert(Observation), rows)
            content = {"added": len(rows)}
            detail = json.dumps(content)
            session.add(AuditEntry(operation="create_submission", programme=programme, detail=detail))
            if idempotency_key:
                session.add(StoredResponse(key=idempotency_key, body_sha256=body_sha256, content=detail))
        return content

    return app
