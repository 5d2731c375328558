"""Published statistics: the publisher submits figures, and they are stored unchanged."""

import pytest

from schema.partners import Scope
from work_health import (
    FigureLimits,
    PublisherFigure,
    PublisherTrend,
    RequestRejected,
    Tendency,
    TrendVerdict,
    figure,
    new_return,
    new_submission,
    observation,
)

PROGRAMME = "work-and-health-2025-2028"
INACTIVE = "economic-inactivity-ill-health"
SERIES = "lts-of-inactive-16-64"
YEAR = "R12-2025-06"


def make_limits(*pairs: str) -> dict[str, tuple[str, str]]:
    """Make limits from texts such as `25.0 35.2` or `20 40 99.8`."""
    return {[*pair.split(), "95"][2]: (pair.split()[0], pair.split()[1]) for pair in pairs}


def make_published_return(*figures: PublisherFigure, period: str = YEAR, **more: object):
    return new_return(INACTIVE, period, series=SERIES, figures=figures, **more)  # pyright: ignore


CITY = figure("E06000018", "30.1", limits=make_limits("25.0 35.2"), numerator="15100", denominator="50200")
DUPLICATE_LIMITS = PublisherFigure(area="E06000018", value="1.5", limits=[FigureLimits(lower="1", upper="2")] * 2)
ENGLAND = figure("E92000001", "27.90", numerator="2500000", denominator="8960000")
RISING = PublisherTrend(tendency=Tendency.INCREASING, verdict=TrendVerdict.WORSE)


@pytest.fixture
async def ons(application):
    return await application.partner_client("office-for-national-statistics")


async def submit(partner, *returns, **more):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **more))


async def read_return(partner, period: str = YEAR, **more):
    return await partner.get_return(
        PROGRAMME,
        organisation="office-for-national-statistics",
        measure=INACTIVE,
        series=SERIES,
        service="main",
        period=period,
        **more,
    )


async def test_figures_are_stored_with_the_publishers_digits(ons):
    report = await submit(ons, make_published_return(CITY, ENGLAND))
    assert (report.outcome, report.counts.added, report.findings) == ("accepted", 2, [])
    assert (report.returns[0].timeliness, report.returns[0].completeness.required, report.effects) == (None, 0, [])
    stored = await read_return(ons)
    assert [(item.area, item.value) for item in stored.figures] == [("E06000018", "30.1"), ("E92000001", "27.90")]
    limit = stored.figures[0].limits[0]
    assert (limit.lower, limit.upper, limit.confidence, limit.method) == ("25.0", "35.2", "95", "published")
    assert (stored.summary.cells, stored.observations) == (0, [])


async def test_trend_of_the_publisher_is_stored_and_previewed_as_its_own(application, ons):
    stated = figure("E06000018", "30.1", limits=make_limits("25.0 35.2"), trend=RISING)
    await submit(ons, make_published_return(stated, ENGLAND))
    trends = [item.trend and (item.trend.tendency, item.trend.verdict) for item in (await read_return(ons)).figures]
    assert trends == [("increasing", "worse"), None]
    reviewer = await application.partner_client("work-money-health-coordination-group", Scope.REVIEW)
    filters = {"measure": [INACTIVE], "series": SERIES, "period": [YEAR], "area": ["E06000018"]}
    [city] = (await reviewer.preview_outcomes(PROGRAMME, **filters)).items
    assert (city.source.trend.tendency, city.source.trend.verdict) == ("increasing", "worse")
    assert (city.trend.tendency, city.trend.reason) == ("cannot_be_calculated", "too_few_points")


async def test_figures_of_years_before_the_programme_are_accepted(ons):
    report = await submit(ons, *[make_published_return(CITY, period=f"R12-{year}-03") for year in range(2010, 2025)])
    assert report.counts.added == 15


async def test_figures_are_matched_by_area_and_breakdown(application, ons):
    women = figure("E06000018", "29.0", breakdown={"sex": "female"})
    await submit(ons, make_published_return(CITY, ENGLAND, women))
    report = await submit(ons, make_published_return(women, ENGLAND, CITY))
    assert (report.outcome, report.counts.unchanged) == ("unchanged", 3)
    assert await application.count_rows("revision") == 1
    correction = await submit(
        ons, make_published_return(CITY, figure("E92000001", "27.9"), figure("E12000004", None, status="x"), women)
    )
    assert (correction.counts.added, correction.counts.changed, correction.counts.unchanged) == (1, 1, 2)
    revision_diff = await ons.compare_revisions(
        PROGRAMME,
        organisation="office-for-national-statistics",
        measure=INACTIVE,
        series=SERIES,
        service="main",
        period=YEAR,
        older=1,
        newer=2,
    )
    assert [
        (change.before and change.before.value, change.after and change.after.value) for change in revision_diff.figures
    ] == [
        ("27.90", "27.9"),
        (None, None),
    ]
    assert revision_diff.change_count == 2
    with pytest.raises(RequestRejected, match=r"unconfirmed-withdrawals.*\b3\b.*\b4\b"):
        await submit(ons, make_published_return(CITY))


#   fault                       return, text in a finding
INVALID = {
    "no such area":             (make_published_return(figure("E06999999", "1.0")), "unknown-area"),
    "no such breakdown":        (make_published_return(figure("E06000018", "1.0", breakdown={"colour": "red"})), "breakdown-not-collected"),
    "no such category":         (make_published_return(figure("E06000018", "1.0", breakdown={"sex": "femal"})), "unknown-category"),
    "twice the same":           (make_published_return(CITY, CITY), "duplicate-cell"),
    "no value":                 (make_published_return(figure("E06000018")), "value-missing"),
    "two contents":             (make_published_return(figure("E06000018", "1.0", status="c")), "value-and-status"),
    "half a fraction":          (make_published_return(figure("E06000018", "1.0", numerator="1")), "wrong-value-fields"),
    "limits, no value":         (make_published_return(figure("E06000018", None, limits=make_limits("1 2"), status="x")), "wrong-value-fields"),
    "limits reversed":          (make_published_return(figure("E06000018", "1.5", limits=make_limits("2 1"))), "bounds-reversed"),
    "half-widths":              (make_published_return(figure("E06000018", "30.1", limits=make_limits("5.1 5.1"))), "limits-not-around-value"),
    "limits twice":             (make_published_return(DUPLICATE_LIMITS), "duplicate-limits"),
    "a number for a text":      (make_published_return(figure("E06000018", "1,5")), "/returns/0/figures/0/value"),
    "a telephone number":       (make_published_return(figure("E06000018", "1.5", note="Jo, 0115 496 0123")), "possible-personal-data"),
    "no figures":               (make_published_return(), "no-observations"),
    "a nil return":             (make_published_return(kind="nil"), "nil-published"),
    "observations":             (new_return(INACTIVE, YEAR, [observation("E06000018", 1)], series=SERIES), "wrong-content"),
    "no series named":          (new_return(INACTIVE, YEAR, figures=[CITY]), "series-required"),
    "a month":                  (make_published_return(CITY, period="2025-06"), "wrong-period-type"),
    "a year that is not over":  (make_published_return(CITY, period="R12-2025-12"), "period-not-over"),
}  # fmt: skip


@pytest.mark.parametrize("case", INVALID)
async def test_invalid_figures_are_refused(application, ons, case):
    new, text = INVALID[case]
    with pytest.raises(RequestRejected) as refusal:
        await submit(ons, new)
    descriptions = [
        f"{finding.code} {finding.path} {finding.message} {finding.fix}" for finding in refusal.value.findings
    ]
    assert any(text in description for description in descriptions), descriptions
    assert await application.count_rows("submission") == 0


async def test_ratio_that_differs_from_the_value_is_a_warning(ons):
    report = await submit(
        ons, make_published_return(figure("E06000018", "30.1", numerator="10000", denominator="90000"))
    )
    assert [(finding.code, finding.expected, finding.actual) for finding in report.findings] == [
        ("ratio-differs-from-value", "11.11", "30.1")
    ]


async def test_only_the_publisher_may_return_its_figures(council_client):
    with pytest.raises(RequestRejected, match="not-submittable"):
        await submit(council_client, make_published_return(CITY))
    with pytest.raises(RequestRejected, match="wrong-content.*`observations`.*`figures`"):
        await submit(council_client, new_return("ips-primary-care-referrals", "FY2025-26-Q2", figures=[CITY]))


async def test_gap_may_be_negative(application):
    ohid = await application.partner_client("ohid")
    await submit(
        ohid,
        new_return(
            "ltc-employment-gap", "FY2023-24", figures=[figure("E06000018", "-0.4", limits=make_limits("-2.0 1.2"))]
        ),
    )


async def test_published_series_cannot_be_submitted_as_csv(application):
    http = application.http_client(await application.issue_key("office-for-national-statistics", "submit", "read"))
    table = f"measure,series,period,area,value\n{INACTIVE},{SERIES},{YEAR},E06000018,30\n"
    response = await http.post(
        f"/v1/programmes/{PROGRAMME}/submissions/csv", content=table, headers={"Content-Type": "text/csv"}
    )
    assert response.status_code == 422
    assert "`figures`" in response.text


async def test_conflict_names_the_changed_figures(ons):
    await submit(ons, make_published_return(CITY))
    await submit(
        ons,
        make_published_return(
            figure("E06000018", "31.0", limits=make_limits("25.0 36.0"), note="Revised"), base_revision=1
        ),
    )
    with pytest.raises(Exception, match="The figure E06000018") as conflict:
        await submit(ons, make_published_return(CITY, base_revision=1))
    assert "31.0, 25.0 to 36.0 (95 %), Revised" in str([finding.to_dict() for finding in conflict.value.findings])


async def test_published_return_can_be_read_and_withdrawn(ons, reviewer_client):
    await submit(ons, make_published_return(CITY))
    assert [item.value for item in (await read_return(reviewer_client)).figures] == ["30.1"]
    report = await submit(ons, make_published_return(kind="withdrawn", note="Withdrawn by the publisher."))
    assert (report.returns[0].revision, report.counts.withdrawn) == (2, 1)
