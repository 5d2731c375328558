"""Published statistics: their publisher sends the figures as they are, and they stay as they are."""

import pytest

from work_health import (
    FigureLimits,
    PublisherFigure,
    RequestRejected,
    figure,
    new_return,
    new_submission,
    observation,
)

PROGRAMME = "work-and-health-2025-2028"
INACTIVE = "economic-inactivity-ill-health"
SERIES = "lts-of-inactive-16-64"
YEAR = "R12-2025-06"


def limits(*pairs: str) -> dict[str, tuple[str, str]]:
    """`limits("25.0 35.2")`, `limits("20 40 99.8")`."""
    return {[*pair.split(), "95"][2]: (pair.split()[0], pair.split()[1]) for pair in pairs}


def published(*figures: PublisherFigure, period: str = YEAR, **more: object):
    return new_return(INACTIVE, period, series=SERIES, figures=figures, **more)  # pyright: ignore


CITY = figure("E06000018", "30.1", limits=limits("25.0 35.2"), numerator="15100", denominator="50200")
TWICE = PublisherFigure(area="E06000018", value="1.5", limits=[FigureLimits(lower="1", upper="2")] * 2)
ENGLAND = figure("E92000001", "27.90", numerator="2500000", denominator="8960000")


@pytest.fixture
async def ons(application):
    return await application.partner_client("office-for-national-statistics")


async def push(partner, *returns, **more):
    return await partner.create_submission(PROGRAMME, new_submission(*returns, **more))


async def read(partner, period: str = YEAR, **more):
    return await partner.get_return(
        PROGRAMME,
        organisation="office-for-national-statistics",
        measure=INACTIVE,
        series=SERIES,
        service="main",
        period=period,
        **more,
    )


async def test_figures_are_kept_with_their_publishers_digits(ons):
    report = await push(ons, published(CITY, ENGLAND))
    assert (report.outcome, report.counts.added, report.findings) == ("accepted", 2, [])
    assert (report.returns[0].timeliness, report.returns[0].completeness.required, report.effects) == (None, 0, [])
    kept = await read(ons)
    assert [(one.area, one.value) for one in kept.figures] == [("E06000018", "30.1"), ("E92000001", "27.90")]
    given = kept.figures[0].limits[0]
    assert (given.lower, given.upper, given.confidence, given.method) == ("25.0", "35.2", "95", "published")
    assert (kept.standing.cells, kept.observations) == (0, [])


async def test_figures_of_the_years_before_the_programme_are_taken(ons):
    report = await push(ons, *[published(CITY, period=f"R12-{year}-03") for year in range(2010, 2025)])
    assert report.counts.added == 15


async def test_each_figure_is_known_by_area_and_breakdown(application, ons):
    women = figure("E06000018", "29.0", breakdown={"sex": "female"})
    await push(ons, published(CITY, ENGLAND, women))
    again = await push(ons, published(women, ENGLAND, CITY))
    assert (again.outcome, again.counts.unchanged) == ("unchanged", 3)
    assert await application.count_rows("revision") == 1
    report = await push(ons, published(CITY, figure("E92000001", "27.9"), figure("E12000004", None, status="x"), women))
    assert (report.counts.added, report.counts.changed, report.counts.unchanged) == (1, 1, 2)
    found = await ons.compare_revisions(
        PROGRAMME,
        organisation="office-for-national-statistics",
        measure=INACTIVE,
        series=SERIES,
        service="main",
        period=YEAR,
        older=1,
        newer=2,
    )
    assert [(one.was and one.was.value, one.now and one.now.value) for one in found.figures] == [
        ("27.90", "27.9"),
        (None, None),
    ]
    assert found.change_count == 2
    with pytest.raises(RequestRejected, match=r"unconfirmed-withdrawals.*\b3\b.*\b4\b"):
        await push(ons, published(CITY))


#   what is wrong               the return                                                       what it names
BAD = {
    "no such area":             (published(figure("E06999999", "1.0")), "unknown-area"),
    "no such breakdown":        (published(figure("E06000018", "1.0", breakdown={"colour": "red"})), "breakdown-not-collected"),
    "no such category":         (published(figure("E06000018", "1.0", breakdown={"sex": "femal"})), "unknown-category"),
    "twice the same":           (published(CITY, CITY), "duplicate-cell"),
    "nothing said":             (published(figure("E06000018")), "value-missing"),
    "too much said":            (published(figure("E06000018", "1.0", status="c")), "value-and-status"),
    "half a fraction":          (published(figure("E06000018", "1.0", numerator="1")), "wrong-value-fields"),
    "limits of nothing":        (published(figure("E06000018", None, limits=limits("1 2"), status="x")), "wrong-value-fields"),
    "limits turned round":      (published(figure("E06000018", "1.5", limits=limits("2 1"))), "bounds-reversed"),
    "half-widths":              (published(figure("E06000018", "30.1", limits=limits("5.1 5.1"))), "limits-not-around-value"),
    "limits twice":             (published(TWICE), "duplicate-limits"),
    "a number for a text":      (published(figure("E06000018", "1,5")), "/returns/0/figures/0/value"),
    "a telephone number":       (published(figure("E06000018", "1.5", note="Jo, 0115 496 0123")), "possible-personal-data"),
    "no figures":               (published(), "no-observations"),
    "a nil return":             (published(kind="nil"), "nil-published"),
    "observations":             (new_return(INACTIVE, YEAR, [observation("E06000018", 1)], series=SERIES), "wrong-content"),
    "no series named":          (new_return(INACTIVE, YEAR, figures=[CITY]), "series-required"),
    "a month":                  (published(CITY, period="2025-06"), "wrong-period-type"),
    "a year that is not over":  (published(CITY, period="R12-2025-12"), "period-not-over"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
async def test_what_is_wrong_is_refused(application, ons, case):
    one, named = BAD[case]
    with pytest.raises(RequestRejected) as refused:
        await push(ons, one)
    told = [f"{found.code} {found.path} {found.message} {found.fix}" for found in refused.value.findings]
    assert any(named in each for each in told), told
    assert await application.count_rows("submission") == 0


async def test_a_fraction_that_is_not_the_value_is_doubted_and_taken(ons):
    report = await push(ons, published(figure("E06000018", "30.1", numerator="10000", denominator="90000")))
    assert [(one.code, one.expected, one.actual) for one in report.findings] == [
        ("ratio-differs-from-value", "11.11", "30.1")
    ]


async def test_none_but_its_publisher_returns_it(council_client):
    with pytest.raises(RequestRejected, match="not-submittable"):
        await push(council_client, published(CITY))
    with pytest.raises(RequestRejected, match="wrong-content.*`observations`.*`figures`"):
        await push(council_client, new_return("ips-primary-care-referrals", "FY2025-26-Q2", figures=[CITY]))


async def test_a_gap_may_be_negative(application):
    ohid = await application.partner_client("ohid")
    await push(
        ohid,
        new_return("ltc-employment-gap", "FY2023-24", figures=[figure("E06000018", "-0.4", limits=limits("-2.0 1.2"))]),
    )


async def test_figures_have_no_place_in_a_table(application):
    http = application.http_client(await application.issue_key("office-for-national-statistics", "submit", "read"))
    table = f"measure,series,period,area,value\n{INACTIVE},{SERIES},{YEAR},E06000018,30\n"
    answer = await http.post(
        f"/v1/programmes/{PROGRAMME}/submissions/csv", content=table, headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 422
    assert "`figures`" in answer.text


async def test_a_conflict_names_the_figures_that_have_moved(ons):
    await push(ons, published(CITY))
    await push(ons, published(figure("E06000018", "31.0", limits=limits("25.0 36.0"), note="Revised"), base_revision=1))
    with pytest.raises(Exception, match="The figure E06000018") as told:
        await push(ons, published(CITY, base_revision=1))
    assert "31.0, 25.0 to 36.0 (95 %), Revised" in str(told.value.findings)


async def test_a_reviewer_approves_them_and_they_are_withdrawn(ons, reviewer_client):
    await push(ons, published(CITY))
    assert [one.value for one in (await read(reviewer_client)).figures] == ["30.1"]
    report = await push(ons, published(kind="withdrawn", note="Withdrawn by the publisher."))
    assert (report.returns[0].revision, report.counts.withdrawn) == (2, 1)
