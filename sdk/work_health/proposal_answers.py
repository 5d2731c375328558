"""Questions about a proposed mapping to the person who drafts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ._spelling.names import fold_name
from .errors import WorkHealthError
from .proposal_structs import Entry

if TYPE_CHECKING:
    from .proposal_structs import PlanFacts, Proposal

Choose = Callable[[str, Mapping[str, str], str | None], str]
"""Asks a question with its possible answers, each with a label, and the proposed one. Returns the answer."""
SKIP, LATER, TOTAL = "leave out", "decide later", "total"
MIN_NAMED_WORDS = 2
MIN_WORD_CHARACTERS = 3  # of a word that distinguishes a measure


def take_proposal(question: str, answers: Mapping[str, str], proposal: str | None) -> str:
    """Answer with the proposal. Raises `WorkHealthError` if there is none."""
    if proposal is None:
        raise WorkHealthError(f"{question} Answers: {', '.join(answers) or 'none'}.")
    return proposal


def find_named_measure(labels: Mapping[str, str], titles: str) -> str | None:
    """Return the measure with the most words of its label in the titles, if no other has as many."""
    text = f" {fold_name(titles)} "
    scores = {
        slug: len({word for word in _list_words(f"{slug} {label}") if f" {word} " in text})
        for slug, label in labels.items()
    }
    best = max(labels, key=lambda slug: scores[slug])
    is_clear = scores[best] >= MIN_NAMED_WORDS and list(scores.values()).count(scores[best]) == 1
    return best if is_clear else None


def _list_words(text: str) -> list[str]:
    return [word for word in fold_name(text).split() if len(word) >= MIN_WORD_CHARACTERS]


def answer_open_questions(proposal: Proposal, facts: PlanFacts, choose: Choose, *, sheet: str = "") -> None:
    """Ask about each row and column that has numbers and no certain meaning. Unanswered ones stay open."""
    column, where = proposal.find_target("area"), f"Sheet {sheet}: " if sheet else ""
    whole = proposal.constants.get("area")
    if whole is not None and whole.is_open and whole.value:
        answers = {whole.value: facts.name_area(whole.value)} | _LATER
        answer = choose(f"{where}No column has areas. Which area do the rows count?", answers, LATER)
        if answer != LATER:
            proposal.constants["area"] = Entry(answer, facts.name_area(answer))
    for text, entry in [*proposal.codes.get("area", {}).items()]:
        if entry.is_open and column is not None:
            answers = {entry.value: facts.name_area(entry.value)} if entry.value else {}
            skip = {} if "*" in text else {SKIP: "do not send these rows"}
            answer = choose(f"{where}Which area is {text!r}? {entry.comment}.", answers | skip | _LATER, LATER)
            if answer == SKIP:
                del proposal.codes["area"][text]
                proposal.skips.setdefault(column, []).append(text)
            elif answer != LATER:
                proposal.codes["area"][text] = Entry(answer, facts.name_area(answer))
    for name, entry in [*proposal.wide_columns.items()]:
        if entry.is_open and proposal.dimension:
            answers = facts.labels.dimensions[proposal.dimension] | {TOTAL: "all categories together"}
            question = f"{where}Which category of {proposal.dimension} is the column {name!r}?"
            answer = choose(question, answers | {SKIP: "do not send this column"} | _LATER, LATER)
            if answer == SKIP:
                del proposal.wide_columns[name]
                proposal.columns[name] = Entry("", "left out")
            elif answer != LATER:
                proposal.wide_columns[name] = Entry("" if answer == TOTAL else answer)


_LATER = {LATER: "the file keeps the question"}
