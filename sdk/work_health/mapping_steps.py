"""Drafting a mapping file for an export, from the plan and the duties of the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ._calls import send
from ._generated.api.plan import list_dimensions, list_measures
from ._generated.api.returns import get_template_schema
from ._generated.api.reviews import list_obligations
from ._paging import PageCursor
from .errors import WorkHealthError
from .grids import WORKBOOK_SUFFIXES, read_grid
from .mapping_proposals import propose_mapping
from .mapping_writing import write_mapping
from .period_spellings import find_period_in_title
from .programme_steps import choose_programme
from .proposal_answers import Choose, answer_open_questions, find_named_measure
from .proposal_structs import Entry, PlanFacts
from .return_forms import DEFAULT_NAMES, ReturnForm
from .source_steps import fetch_labels
from .title_periods import find_title_periods
from .unread_sheets import has_table
from .workbooks import read_visible_sheets

if TYPE_CHECKING:
    from ._calls import Steps
    from ._generated.models import Obligation
    from ._settings import Settings
    from .proposal_structs import Proposal
    from .submit_options import SubmissionOptions
    from .tables import Grid

TITLE_ROWS = 10
OWED_STATES = ("overdue", "open", "queried")


def draft_mapping(
    settings: Settings, path: Path, options: SubmissionOptions, programme: str | None, sheet: str | None, choose: Choose
) -> Steps[str]:
    """Return the text of a mapping file. Raises `WorkHealthError` if a question has no answer."""
    programme = yield from choose_programme(settings, programme)
    dimensions = (yield from send(list_dimensions.call(programme))).items
    labels = yield from fetch_labels(programme, dimensions)
    duties = yield from _fetch_duties(programme, options)
    grids, left_out = _read_tables(path, sheet)
    titles = _read_titles(path)
    measure = options.measure or (yield from _choose_measure(programme, titles, duties, choose))
    owed = [duty for duty in duties if duty.measure == measure]
    if not owed:
        raise WorkHealthError(f"You have no duty for {measure}. `work-health obligations` lists yours.")
    duty = next((duty for duty in owed if duty.state.value in OWED_STATES), owed[0])
    form = yield from _fetch_form(programme, duty, options.organisation)
    periods = tuple({duty.period.code: duty.period for duty in owed}.values())
    dimension_names = frozenset(name for items in form.breakdowns for name, _ in items)
    facts = PlanFacts(labels, form.areas, dimension_names, form.number_columns, periods)
    proposals = {name: propose_mapping(grid, facts) for name, grid in grids.items()}
    for name in [name for name, proposal in proposals.items() if len(proposals) > 1 and not proposal.is_recognised()]:
        if len(proposals) > 1:
            left_out[name] = f"it has no columns of {measure}"
            del proposals[name]
    for name, proposal in proposals.items():
        answer_open_questions(proposal, facts, choose, sheet=name if len(proposals) > 1 else "")
    _add_constants(proposals, grids, facts, duty, options.period, choose)
    only = next(iter(proposals)) if len(proposals) == 1 else ""
    return write_mapping(proposals, duty.period.type_.value, sheet=only or None, left_out=left_out)


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


def _fetch_form(programme: str, duty: Obligation, organisation: str | None) -> Steps[ReturnForm]:
    schema = yield from send(
        get_template_schema.call(
            programme, measure=duty.measure, period=duty.period.code, organisation=organisation,
            series=duty.series, service=duty.service,
        )
    )  # fmt: skip
    form = ReturnForm.from_schema(schema)
    if form is None:
        raise WorkHealthError(f"{duty.measure} is not returned as a table, so a mapping cannot be made for it.")
    return form


def _read_tables(path: Path, sheet: str | None) -> tuple[dict[str, Grid], dict[str, str]]:
    """Return the grid of each visible sheet with a table, or of the chosen one; and why the others are left out."""
    if path.suffix.lower() not in WORKBOOK_SUFFIXES:
        return {"": read_grid(path)}, {}
    sheets = read_visible_sheets(path)
    if not sheets:
        raise WorkHealthError(f"{path.name} has no visible sheet with cells.")
    tables = [sheet] if sheet else [name for name, rows in sheets.items() if has_table(rows)] or [*sheets]
    reason = "another one was chosen" if sheet else "it has no table with numbers"
    left_out = {name: reason for name in sheets if name not in tables}
    return {name: read_grid(path, sheet=name, sends_hidden=True) for name in tables}, left_out


def _choose_measure(programme: str, titles: str, duties: Sequence[Obligation], choose: Choose) -> Steps[str]:
    """Return the only measure of the duties, or the answer to a question. The titles give the proposal."""
    owed = list(dict.fromkeys(duty.measure for duty in duties))
    if not owed:
        raise WorkHealthError("You have no duties. `work-health obligations` lists them.")
    if len(owed) == 1:
        return owed[0]
    measures = {item.slug: item.label for item in (yield from send(list_measures.call(programme))).items}
    labels = {slug: measures.get(slug, "") for slug in owed}
    return choose("Which measure does the file have?", labels, find_named_measure(labels, titles))


def _read_titles(path: Path) -> str:
    """Return the texts at the top of each visible sheet, and the names of the file and the sheets."""
    is_workbook = path.suffix.lower() in WORKBOOK_SUFFIXES
    sheets = read_visible_sheets(path) if is_workbook else {"": read_grid(path).rows}
    cells = [
        cell for rows in sheets.values() for row in rows[:TITLE_ROWS] for cell in row if not cell.strip().isdigit()
    ]
    return " ".join([path.stem, *sheets, *cells])


def _add_constants(
    proposals: Mapping[str, Proposal], grids: Mapping[str, Grid], facts: PlanFacts, duty: Obligation,
    period: str | None, choose: Choose,
) -> None:  # fmt: skip
    """Add the measure, and the period and area if no column has them. A period in the titles needs no constant."""
    defaults = {"series": duty.series, "service": duty.service}
    common = {"measure": duty.measure} | {name: text for name, text in defaults.items() if text not in DEFAULT_NAMES}
    for name, proposal in proposals.items():
        constants = {key: text for key, text in common.items() if not proposal.find_target(key)}
        if not proposal.find_target("period") and not proposal.period_column:
            texts = [*(" ".join(row) for row in grids[name].rows[: proposal.header]), name]
            stated = find_title_periods(texts, duty.period.type_.value)
            proposal.has_title_period = len(stated) == 1 and period in (None, *stated)
            if not proposal.has_title_period:
                period = constants["period"] = period or _choose_period(grids[name], texts, facts, duty, choose)
        if not proposal.find_target("area") and len(facts.areas) == 1:
            constants["area"] = next(iter(facts.areas))
        proposal.constants |= {key: Entry(text) for key, text in constants.items()}


def _choose_period(grid: Grid, titles: Sequence[str], facts: PlanFacts, duty: Obligation, choose: Choose) -> str:
    """Return the period that the titles and the name of the file mean, or the answer to a question."""
    named = find_period_in_title(" ".join([grid.source, *titles]), facts.periods)
    if named is not None:
        return named.code
    answers = {period.code: period.label for period in facts.periods}
    return choose("Which period is the file for?", answers, duty.period.code)
