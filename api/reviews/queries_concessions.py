"""SQL of extensions and exemptions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue
from api.returns.queries_returns import add_names
from api.reviews.concessions import Concessions, ObligationKey
from api.reviews.queries_obligations import OBLIGATION_KEY_COLUMNS
from schema.partners import Author
from schema.reviews import Exemption, Extension
from schema.tables import exemption, extension, organisation, series


async def insert_extension(
    transaction: AsyncConnection, catalogue: Catalogue, key: ObligationKey, new_extension: Extension, *, author: Author
) -> None:
    await transaction.execute(
        insert(extension)
        .inline()
        .values(
            {
                **_build_decision_row(
                    catalogue, key, new_extension.id, new_extension.reason, author, new_extension.granted_at
                ),
                "until": new_extension.until,
            }
        )
    )


async def insert_exemption(
    transaction: AsyncConnection, catalogue: Catalogue, key: ObligationKey, new_exemption: Exemption, *, author: Author
) -> None:
    await transaction.execute(
        insert(exemption)
        .inline()
        .values(
            {
                **_build_decision_row(
                    catalogue, key, new_exemption.id, new_exemption.reason, author, new_exemption.decided_at
                ),
                "exempt": new_exemption.exempt,
            }
        )
    )


def _build_decision_row(
    catalogue: Catalogue, key: ObligationKey, decision_id: UUID, reason: str, author: Author, at: datetime
) -> dict[str, object]:
    owner, measure, series_slug, service, period = key
    return {
        "programme": catalogue.id,
        "id": decision_id,
        "organisation": catalogue.ids.organisations[owner],
        "series": catalogue.ids.series[measure, series_slug],
        "service": service,
        "period": period,
        "reason": reason,
        "client": author.client,
        "at": at,
    }


async def fetch_extensions(
    transaction: AsyncConnection, catalogue: Catalogue, *, readable_organisations: Sequence[str] | None
) -> list[Extension]:
    """Return the extensions, the newest first."""
    statement = add_names(
        select(
            *(extension.c[name] for name in ("id", "service", "period", "until", "reason", "at")),
            series.c.measure,
            series.c.slug.label("series"),
            organisation.c.slug.label("organisation"),
        ),
        extension,
    ).where(extension.c.programme == catalogue.id)
    if readable_organisations is not None:
        statement = statement.where(organisation.c.slug.in_(readable_organisations))
    return [
        Extension(
            id=row.id,
            organisation=row.organisation,
            measure=row.measure,
            series=row.series,
            service=row.service,
            period=row.period,
            until=row.until,
            reason=row.reason,
            granted_at=row.at,
        )
        for row in await transaction.execute(statement.order_by(extension.c.position.desc()))
    ]


async def fetch_concessions(transaction: AsyncConnection, catalogue: Catalogue) -> Concessions:
    """Return the extensions and exemptions of all organisations. Needs the scope `review`."""

    def get_key(row: Any) -> ObligationKey:
        measure, series_slug = catalogue.series_slugs[row.series]
        return (catalogue.organisation_slugs[row.organisation], measure, series_slug, row.service, row.period)

    columns = [extension.c[name] for name in OBLIGATION_KEY_COLUMNS]
    extensions = await transaction.execute(
        select(*columns, func.max(extension.c.until).label("until"))
        .where(extension.c.programme == catalogue.id, extension.c.series.in_(catalogue.series_slugs))
        .group_by(*columns)
    )
    decisions = await transaction.execute(
        select(*(exemption.c[name] for name in OBLIGATION_KEY_COLUMNS), exemption.c.exempt)
        .where(exemption.c.programme == catalogue.id, exemption.c.series.in_(catalogue.series_slugs))
        .order_by(exemption.c.at, exemption.c.position)
    )
    newest = {get_key(row): row.exempt for row in decisions}  # the last one of each return wins
    return Concessions(
        exempt=frozenset(key for key, is_exempt in newest.items() if is_exempt),
        extended_until={get_key(row): row.until for row in extensions},
    )
