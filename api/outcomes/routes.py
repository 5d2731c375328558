"""Live figures for reviewers. The public's come out of releases alone."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.clock import Now
from api.database import Transaction
from api.outcomes import disparities, judging, queries, rules
from api.outcomes.standing import StandingCells
from api.partners import queries as partners
from api.partners import rules as permissions
from api.partners.routes import KEY, with_key
from api.plan import queries as plans
from api.plan.catalogue import Catalogue
from api.problems import refusals, request_id_of
from api.reviews import queries as reviews
from schema.inequality import Inequality
from schema.outcomes import Preview, RevisionBasis
from schema.partners import Author, Caller, Scope
from schema.plan import Measure, Series


@get(
    "/programmes/{programme:str}/preview/outcomes",
    operation_id="preview_outcomes",
    summary="Live figures, without disclosure control",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 422),
)
async def preview_outcomes(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    measure: FromQuery[list[str] | None] = None,
    series: FromQuery[str | None] = None,
    theme: FromQuery[str | None] = None,
    period: FromQuery[list[str] | None] = None,
    area: FromQuery[list[str] | None] = None,
    group_by: FromQuery[list[str] | None] = None,
    comparator: FromQuery[list[str] | None] = None,
    basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
    min_coverage: Annotated[float | None, QueryParameter(ge=0, le=1)] = None,
) -> Preview:
    """Needs the scope `review`: small counts in the answer can identify people. Not for publication.

    Every measure is rolled up by the rule that it declares; what can only be bounded is given as bounds, and what
    cannot be answered says why, with what can be asked `instead`. `period` may be `latest`, and is where it is left
    out. `group_by` takes the dimensions of one scheme, and an area level such as `ward`. Milestones and evidence are
    no counts: read their items and entries in the returns.

    `basis=approved` counts approved revisions alone, also while a correction is pending; with `latest` a figure that
    rests on any other is marked `p`. `min_coverage`, from 0 to 1, withholds figures of which a smaller share of the
    expected returns is there. `comparator` names areas to set figures beside; left out, the wider areas that have a
    figure of the same series. `first_released` in a movement is here the first period that was returned.
    """
    grant = permissions.permit(caller, programme, Scope.REVIEW)
    catalogue = await plans.current(transaction, programme)
    await partners.enter(transaction, grant, catalogue.acts_for(grant.organisation))
    question = rules.Question(
        measures=measure or [],
        series=series,
        theme=theme,
        periods=period or [],
        areas=area or [],
        group_by=group_by or [],
        comparators=comparator or [],
    )
    wanted = rules.series_asked(question, catalogue)
    asked, cells = await _read(transaction, question, wanted, basis, catalogue)
    granted = await reviews.leeway(transaction, catalogue)
    author = permissions.author(caller, grant, request_id_of(request))
    named = rules.named(question, wanted)
    await _tell(transaction, catalogue, author, named, grant.organisation, now)
    return Preview(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none",
        basis=basis,
        items=[figure for one in asked for figure in judging.answered(one, cells, catalogue, granted, min_coverage)],
    )


@get(
    "/programmes/{programme:str}/preview/inequality",
    operation_id="preview_inequality",
    summary="How far apart the categories of a dimension are",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404, 422),
)
async def preview_inequality(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    measure: FromQuery[str],
    dimension: FromQuery[str],
    of: FromQuery[str],
    against: FromQuery[str],
    series: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    area: FromQuery[str | None] = None,
    basis: FromQuery[RevisionBasis] = RevisionBasis.LATEST,
) -> Inequality:
    """Needs the scope `review`: small counts in the answer can identify people. Not for publication.

    The gap and the ratio are of two categories of a proportion; the slope and the relative index of inequality are
    over all categories of an ordered dimension, as fifths by deprivation. What cannot be told says why.
    """
    grant = permissions.permit(caller, programme, Scope.REVIEW)
    catalogue = await plans.current(transaction, programme)
    await partners.enter(transaction, grant, catalogue.acts_for(grant.organisation))
    disparities.check(catalogue, measure, dimension, of, against)
    question = rules.Question(
        measures=[measure],
        series=series,
        periods=[period] if period else [],
        areas=[area] if area else [],
        group_by=[dimension],
    )
    wanted = rules.series_asked(question, catalogue)
    [asked], cells = await _read(transaction, question, wanted, basis, catalogue)
    granted = await reviews.leeway(transaction, catalogue)
    author = permissions.author(caller, grant, request_id_of(request))
    named = rules.named(question, wanted) | {"of": of, "against": against}
    await _tell(transaction, catalogue, author, named, grant.organisation, now)
    found = judging.answered(asked, cells, catalogue, granted)
    return disparities.inequality_of(asked, found, (of, against), basis, catalogue)


async def _read(
    transaction: AsyncConnection,
    question: rules.Question,
    wanted: list[tuple[Measure, Series]],
    basis: RevisionBasis,
    catalogue: Catalogue,
) -> tuple[list[rules.Asked], StandingCells]:
    """Each series and period, and the cells of all that it rests on or is judged by."""
    standing = await queries.standing(transaction, catalogue, rules.series_behind(wanted, catalogue), basis)
    asked = rules.ask(question, wanted, catalogue, standing)
    cells = await queries.cells(
        transaction,
        catalogue,
        revisions=sorted({revision.id for one in asked for revision in one.all_returns if revision.counts}),
        areas=sorted({code for one in asked for code in (*one.areas, *one.beside)}),
        breakdowns=sorted({key for one in asked for key in one.breakdowns}),
    )
    return asked, cells


async def _tell(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    author: Author,
    named: dict[str, str],
    organisation: str,
    now: datetime,
) -> None:
    """That somebody looked at figures without disclosure control is in the audit."""
    await partners.tell_audit(
        transaction,
        catalogue.id,
        author,
        "preview.read",
        named,
        organisation_id=catalogue.ids.organisations[organisation],
        now=now,
    )


router = Router("/v1", route_handlers=[preview_outcomes, preview_inequality], tags=["Outcomes"])
