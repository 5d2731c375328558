"""Live figures for reviewers. The public's come out of releases alone."""

from typing import Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from api.clock import Now
from api.database import Transaction
from api.outcomes import queries, rules
from api.partners import queries as partners
from api.partners import rules as permissions
from api.partners.routes import KEY, with_key
from api.plan import queries as plans
from api.problems import refusals, request_id_of
from api.reviews import queries as reviews
from schema.outcomes import Preview
from schema.partners import Caller, Scope


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
) -> Preview:
    """Needs the scope `review`: small counts in the answer can identify people. Not for publication.

    Every measure is rolled up by the rule that it declares; what can only be bounded is given as bounds, and what
    cannot be answered says why. `period` may be `latest`, and is where it is left out. `group_by` takes the
    dimensions of one scheme, and an area level such as `ward`.
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
    )
    wanted = rules.series_asked(question, catalogue)
    standing = await queries.standing(transaction, catalogue, [(m.slug, s.slug) for m, s in wanted])
    asked = rules.ask(question, wanted, catalogue, standing)
    cells = await queries.cells(
        transaction,
        catalogue,
        revisions=[revision.id for one in asked for revision in one.returns],
        areas=sorted({code for one in asked for code in one.areas}),
        breakdowns=sorted({key for one in asked for key in one.breakdowns}),
    )
    granted = await reviews.leeway(transaction, catalogue)
    await partners.tell_audit(
        transaction,
        catalogue.id,
        permissions.author(caller, grant, request_id_of(request)),
        "preview.read",
        rules.named(question, wanted),
        organisation_id=catalogue.ids.organisations[grant.organisation],
        now=now,
    )
    return Preview(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none",
        basis="latest",
        items=[figure for one in asked for figure in rules.figures(one, cells, catalogue, granted)],
    )


router = Router("/v1", route_handlers=[preview_outcomes], tags=["Outcomes"])
