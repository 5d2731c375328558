"""Drafting a mapping file for an export, from the plan and the duties of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ._calls import send
from ._generated.api.plan import list_dimensions, list_measures
from ._generated.api.returns import get_template_schema
from ._generated.api.reviews import list_obligations
from ._paging import PageCursor
from .errors import WorkHealthError
from .grids import WORKBOOK_SUFFIXES, read_grid
from .mapping_proposals import find_header, propose_mapping
from .mapping_writing import write_mapping
from .period_spellings import find_period_in_title
from .programme_steps import choose_programme
from .proposal_answers import Choose, answer_open_questions, find_named_measure
from .proposal_structs import PlanFacts, Proposal
from .return_forms import DEFAULT_NAMES, ReturnForm
from .source_steps import fetch_labels

if TYPE_CHECKING:
    from ._calls import Steps
    from ._generated.models import Obligation, Period
    from ._settings import Settings
    from .return_forms import Labels
    from .submit_options import SubmissionOptions
    from .tables import Grid

OWED_STATES = ("overdue", "open", "queried")


def draft_mapping(
    settings: Settings, path: Path, options: SubmissionOptions, programme: str | None, sheet: str | None, choose: Choose
) -> Steps[str]:
    """Return the text of a mapping file. Raises `WorkHealthError` if a question has no answer."""
    programme = yield from choose_programme(settings, programme)
    dimensions = (yield from send(list_dimensions.call(programme))).items
    labels = yield from fetch_labels(programme, dimensions)
    duties = yield from _fetch_duties(programme, options)
    grid, chosen_sheet = _choose_grid(path, labels, sheet, choose)
    measure = options.measure or (yield from _choose_measure(programme, grid, duties, path, choose))
    owed = [duty for duty in duties if duty.measure == measure]
    if not owed:
        raise WorkHealthError(f"You have no duty for {measure}. `work-health obligations` lists yours.")
    duty = next((duty for duty in owed if duty.state.value in OWED_STATES), owed[0])
    schema = yield from send(
        get_template_schema.call(
            programme, measure=measure, period=duty.period.code, organisation=options.organisation,
            series=duty.series, service=duty.service,
        )
    )  # fmt: skip
    form = ReturnForm.from_schema(schema)
    if form is None:
        raise WorkHealthError(f"{measure} is not returned as a table, so a mapping cannot be made for it.")
    periods = tuple({duty.period.code: duty.period for duty in owed}.values())
    dimension_names = frozenset(name for items in form.breakdowns for name, _ in items)
    facts = PlanFacts(labels, form.areas, dimension_names, form.number_columns, periods)
    proposal = propose_mapping(grid, facts)
    answer_open_questions(proposal, facts, choose)
    constants = _choose_constants(proposal, grid, facts, duty, options.period, choose)
    return write_mapping(proposal, constants, sheet=chosen_sheet, period_type=duty.period.type_.value)


def _fetch_duties(programme: str, options: SubmissionOptions) -> Steps[list[Obligation]]:
    cursors, duties = PageCursor(), list["Obligation"]()
    while True:
        page = yield from send(
            list_obligations.call(
                programme, organisation=options.organisation, measure=options.measure, cursor=cursors.current
            )
        )
        duties += page.items
        if not cursors.advance(page):
            return duties


def _choose_grid(path: Path, labels: Labels, sheet: str | None, choose: Choose) -> tuple[Grid, str | None]:
    """Return the grid of the only sheet, or of the one whose header is most like that of a return."""
    if path.suffix.lower() not in WORKBOOK_SUFFIXES:
        return read_grid(path), None
    from .workbooks import list_sheets

    if sheet is None:
        grids = {name: read_grid(path, sheet=name, sends_hidden=True) for name in list_sheets(path)}
        sizes = {
            name: sum(any(map(str.strip, row)) for row in grid.rows[find_header(grid, labels) + 1 :])
            * sum(bool(cell.strip()) for cell in (grid.rows or [[]])[find_header(grid, labels)])
            for name, grid in grids.items()
            if grid.rows
        }
        if not sizes:
            raise WorkHealthError(f"{path.name} has no visible sheet with cells.")
        largest = max(sizes, key=lambda name: sizes[name])
        tables = [name for name, size in sizes.items() if size * 2 > sizes[largest]]
        sheet = (
            largest if len(tables) == 1 else choose("Which sheet has the return?", dict.fromkeys(tables, ""), largest)
        )
    return read_grid(path, sheet=sheet, sends_hidden=True), sheet


def _choose_measure(programme: str, grid: Grid, duties: Sequence[Obligation], path: Path, choose: Choose) -> Steps[str]:
    """Return the only measure of the duties, the one that the titles name, or the answer to a question."""
    owed = list(dict.fromkeys(duty.measure for duty in duties))
    if not owed:
        raise WorkHealthError("You have no duties. `work-health obligations` lists them.")
    measures = {item.slug: item.label for item in (yield from send(list_measures.call(programme))).items}
    labels = {slug: measures.get(slug, "") for slug in owed}
    if len(owed) == 1:
        return owed[0]
    return choose("Which measure does the file have?", labels, find_named_measure(labels, _read_titles(grid, path)))


def _read_titles(grid: Grid, path: Path) -> str:
    """Return the texts above the table and of its header, and the names of the file and the sheet."""
    rows = grid.rows[:10]
    return " ".join([path.stem, grid.source, *(cell for row in rows for cell in row if not cell.strip().isdigit())])


def _choose_constants(
    proposal: Proposal, grid: Grid, facts: PlanFacts, duty: Obligation, period: str | None, choose: Choose
) -> dict[str, str]:
    """Return the measure, and the period and area if no column has them."""
    constants = {} if proposal.find_target("measure") else {"measure": duty.measure}
    constants |= {
        name: value
        for name, value in (("series", duty.series), ("service", duty.service))
        if value not in DEFAULT_NAMES
    }
    if not proposal.find_target("period") and not proposal.period_column:
        constants["period"] = period or _choose_period(proposal, grid, facts, duty, choose)
    if not proposal.find_target("area") and len(facts.areas) == 1:
        constants["area"] = next(iter(facts.areas))
    return constants


def _choose_period(proposal: Proposal, grid: Grid, facts: PlanFacts, duty: Obligation, choose: Choose) -> str:
    titles = " ".join([grid.source, *(cell for row in grid.rows[: proposal.header] for cell in row)])
    named: Period | None = find_period_in_title(titles, facts.periods)
    if named is not None:
        return named.code
    return choose(
        "Which period is the file for?", {period.code: period.label for period in facts.periods}, duty.period.code
    )
