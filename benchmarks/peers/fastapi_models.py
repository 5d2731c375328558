"""The tables of the peer in FastAPI."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger, datetime: DateTime(timezone=True)}  # noqa: RUF012


class ApiKey(Base):
    __tablename__ = "api_key"
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    grants: Mapped[list["Grant"]] = relationship(lazy="joined")


class Grant(Base):
    __tablename__ = "access_grant"
    key: Mapped[bytes] = mapped_column(ForeignKey("api_key.digest"), primary_key=True)
    programme: Mapped[str] = mapped_column(primary_key=True)
    organisation: Mapped[str]
    scope: Mapped[str]


class PlanVersion(Base):
    __tablename__ = "plan_version"
    programme: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


class Submission(Base):
    __tablename__ = "submission"
    id: Mapped[str] = mapped_column(primary_key=True)
    organisation: Mapped[str]
    plan_version: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    report: Mapped[str]


class Return(Base):
    __tablename__ = "return"
    __table_args__ = (UniqueConstraint("organisation", "measure", "period"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation: Mapped[str]
    measure: Mapped[str]
    period: Mapped[str]
    current: Mapped[int] = mapped_column(default=0)


class Revision(Base):
    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("returned", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    returned: Mapped[int] = mapped_column(ForeignKey("return.id"))
    submission: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    number: Mapped[int]


class Observation(Base):
    __tablename__ = "observation"
    __table_args__ = (UniqueConstraint("revision", "area", "breakdown"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    area: Mapped[str]
    breakdown: Mapped[str]
    value: Mapped[int | None]
    numerator: Mapped[int | None]
    denominator: Mapped[int | None]
    lower: Mapped[int | None]
    upper: Mapped[int | None]
    status: Mapped[str | None]
    note: Mapped[str | None]


class Event(Base):
    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    returned: Mapped[int] = mapped_column(ForeignKey("return.id"))
    number: Mapped[int]
    event: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


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
    organisation: Mapped[str]
    detail: Mapped[str]
