"""The harbour's programme without a database, and short ways to write down what is sent to it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from api.plan import loading
from api.plan.catalogue import Catalogue, Ids, breakdown_keys
from api.statistics import periods
from api.submissions import cells as columns
from api.submissions import rules
from api.submissions.findings import Findings
from api.submissions.revisions import NUMBERS, Cells, PastTotal, sent
from schema.plan import Plan
from schema.submissions import NewSubmission, ReturnKind

HARBOUR = Path(__file__).parent / "plans" / "harbour.yaml"
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TOWN, EAST, WEST = "E06999999", "E05999991", "E05999992"
PLAN = loading.read(HARBOUR)


def catalogue(plan: Plan) -> Catalogue:
    """A plan with numbers such as the database would give it."""
    return Catalogue(
        id=1,
        slug=plan.slug,
        sandbox=False,
        version=1,
        plan=plan,
        ids=Ids(
            organisations={o.slug: n for n, o in enumerate(plan.organisations, 1)},
            series={
                (m.slug, s.slug): 10 * n + k for n, m in enumerate(plan.measures, 1) for k, s in enumerate(m.series)
            },
            areas={a.code: n for n, a in enumerate(plan.areas, 1)},
            breakdowns={key: n for n, key in enumerate(breakdown_keys(plan), 1)},
        ),
    )


HERE = catalogue(PLAN)


def cell(text: str) -> dict:
    """`E06999999 sex=female 12`, `… 8/10`, `… c`, `… c:1-4`: an observation as one would say it."""
    area, *breakdown, figure = text.split()
    made: dict = {"area": {"town": TOWN, "east": EAST, "west": WEST}.get(area, area)}
    made["breakdown"] = dict(part.split("=") for part in breakdown)
    if figure[0] in "cxzw":
        status, _, bounds = figure.partition(":")
        made["status"] = status
        if bounds:
            lower, upper = bounds.split("-")
            made |= {"lower": int(lower)} | ({"upper": int(upper)} if upper else {})
    elif "/" in figure:
        numerator, denominator = figure.split("/")
        made |= {"numerator": int(numerator), "denominator": int(denominator)}
    elif figure != "?":
        made["value"] = int(figure)
    return made


def returned(measure: str, *cells: str, period: str = "2026-02", **more: object) -> dict:
    return {"measure": measure, "period": period, "observations": [cell(c) for c in cells]} | more


def examine(*returns: dict, organisation: str = "quay-college", **more: object) -> rules.Examined:
    submission = msgspec.convert({"returns": list(returns)} | more, NewSubmission)
    return rules.examine(sent(submission), HERE, organisation, {}, now=NOW)


def total(
    measure: str, text: str, *, organisation: str = "quay-college", row: int | None = None, area: str = TOWN
) -> PastTotal:
    """`2026-01 12`, `… 8/10`, `… c:1-4`, `… x`, `… nil`, `… withdrawn`: a total that stands, or with a row is sent."""
    period, said = text.split()
    figure = {} if said in ("nil", "withdrawn") else cell(f"{area} {said}")
    return PastTotal(
        organisation=organisation,
        measure=measure,
        series=next(duty.series for duty in PLAN.duties if (duty.holder, duty.measure) == (organisation, measure)),
        service="main",
        period=periods.parse(period),
        kind=ReturnKind(said) if said in ("nil", "withdrawn") else ReturnKind.DATA,
        area=area,
        hidden=figure.get("status") == "c",
        row=row,
        **{name: figure.get(name) for name in NUMBERS},
    )


def cells_of(*texts: str, items: Sequence[int] | None = None) -> Cells:
    """Cells of returns, the first return's unless `items` says otherwise."""
    made = sent(
        msgspec.convert(
            {"returns": [{"measure": "x", "period": "2026", "observations": [cell(t) for t in texts]}]}, NewSubmission
        )
    )
    resolved = columns.resolve(made, HERE, Findings())
    return resolved if items is None else msgspec.structs.replace(resolved, item=np.array(items, dtype=np.int64))
