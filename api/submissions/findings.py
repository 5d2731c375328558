"""What a check can find: each kind with its meaning and its mend, and how equal findings are told once."""

from collections.abc import Iterable

from msgspec import Struct

from api.refusals import Invalid
from schema.problems import CellName, Finding, Severity

LISTED_ROWS = 1000


class Rejected(Invalid):
    """The submission has errors."""

    mend = "Each error names its rows, the rule and the mend. Correct them and send the whole submission again."


class Explanation(Struct, frozen=True, kw_only=True):
    """What a code means, for the page that `/errors/{code}` shows."""

    meaning: str
    mend: str
    severity: Severity = Severity.ERROR


# In the order of the tiers: who and what and when; the cell; within the return; against what stands.
CODES: dict[str, Explanation] = {
    "unreadable-field": Explanation(
        meaning="A field is missing, unknown, or of the wrong type.",
        mend="Compare the body with the operation's example in `/docs`. Counts are whole numbers, not texts.",
    ),
    # How a file is read.
    "not-text": Explanation(
        meaning="The file is a workbook, or something else that is not text.",
        mend="In a spreadsheet, save the sheet as `CSV UTF-8 (Comma delimited)` and send that file.",
    ),
    "wrong-encoding": Explanation(
        meaning="The file is not in UTF-8, so letters with accents and signs such as £ cannot be told.",
        mend="In Excel, save it as `CSV UTF-8 (Comma delimited)`, not as plain `CSV`.",
    ),
    "no-rows": Explanation(
        meaning="The file has no rows with figures.", mend="Send a header, and a row for each figure."
    ),
    "header-missing": Explanation(
        meaning="The file does not begin with the names of its columns.",
        mend="The first row names the columns: `measure`, `period`, `area`, `value` and so on, in any order.",
    ),
    "column-missing": Explanation(
        meaning="A column that is needed is not there.",
        mend="Add the column, with its name in the first row.",
    ),
    "unknown-column": Explanation(
        meaning="A column has a name that is not known, so that its cells would be lost.",
        mend="Correct the name, or remove the column. Columns whose name ends in `_label` are passed over.",
    ),
    "repeated-column": Explanation(meaning="Two columns have the same name.", mend="Remove one of them."),
    "unnamed-column": Explanation(
        meaning="A column has cells and no name.", mend="Name the column in the first row, or clear its cells."
    ),
    "ragged-row": Explanation(
        meaning="A row has more or fewer cells than there are columns, so that it cannot be told which is which.",
        mend="Give the row a cell for each column. A text with a comma in it has to stand in double quotes.",
    ),
    "stray-quote": Explanation(
        meaning="A double quote stands within a cell, or is never closed. What follows it could not be read.",
        mend='Put the whole cell in double quotes, and write each quote within it twice: `"the ""new"" service"`.',
    ),
    "row-too-long": Explanation(
        meaning="A row is longer than a megabyte.", mend="Check that rows end with line ends, and quotes are closed."
    ),
    "field-too-long": Explanation(
        meaning="A cell has more text than is taken.", mend="Shorten it: codes have 80 characters, notes 2,000."
    ),
    "formula": Explanation(
        meaning="A cell holds a formula, or begins as one does.",
        mend="Paste the cells as values, and save the file again.",
    ),
    "cell-missing": Explanation(
        meaning="A cell is empty that has to be filled in.", mend="Fill in the cell, or clear the whole row."
    ),
    "contradicts-parameter": Explanation(
        meaning="A row says otherwise than the request's parameter of the same name.",
        mend="Check that it is the right file. Leave the parameter out if the rows are to say it.",
    ),
    "spreadsheet-date": Explanation(
        meaning="A spreadsheet has turned a period into a date, as it does with `Apr-25`.",
        mend="Format the column as text, and write the period's code again: `2025-04` is April 2025.",
    ),
    "thousands-separator": Explanation(
        meaning="A number has commas or blanks between its digits.",
        mend="Format the column as a number without thousands separators, and save the file again.",
    ),
    "not-whole": Explanation(
        meaning="A count is not a whole number.",
        mend="Send what was counted. For a proportion send numerator and denominator, never the quotient.",
    ),
    "percentage": Explanation(
        meaning="A percentage stands where a count should.",
        mend="Send `numerator` and `denominator`: percentages are calculated from them.",
    ),
    "negative-number": Explanation(
        meaning="A count is below zero.",
        mend="Send the count. A correction is the corrected count, not the difference.",
    ),
    "number-too-large": Explanation(
        meaning="A number is larger than a count can be.", mend="Check for digits that have run together."
    ),
    "unclear-mark": Explanation(
        meaning="A mark stands for a number, and could mean zero, none recorded, not available or suppressed.",
        mend="Send 0 for zero. Else send `[c]` for confidential, `[x]` for not available, `[z]` for not applicable "
        "or `[w]` for none recorded. For *fewer than five*, send the status `c` with `lower` and `upper`.",
    ),
    "not-a-number": Explanation(
        meaning="A cell that should be a number is something else.",
        mend="Send a whole number, or leave the cell empty.",
    ),
    "unknown-status": Explanation(
        meaning="The status is none that there is.",
        mend="`c` confidential, `x` not available, `z` not applicable, `w` none recorded; empty beside a number.",
    ),
    "two-statuses": Explanation(
        meaning="A row has two different statuses.", mend="Send one: in `status`, or as shorthand in `value`."
    ),
    "unknown-kind": Explanation(
        meaning="The kind of return is none that there is.",
        mend="`data` has figures, `nil` says that there was nothing to count, `withdrawn` takes back what was said.",
    ),
    "unlike-in-return": Explanation(
        meaning="Rows of one return say different things of the return as a whole.",
        mend="Say `kind`, `base_revision` and `return_note` once for each return, or the same in all of its rows.",
    ),
    "too-many-returns": Explanation(
        meaning="There are more returns than are taken in one submission.",
        mend="Split the submission at return boundaries: 1,000 returns at most in each.",
    ),
    "not-json": Explanation(
        meaning="A line is not one JSON object.",
        mend="Each line holds one whole object, and nothing else: the envelope first, then the observations.",
    ),
    "envelope-missing": Explanation(
        meaning="The first line is not the envelope.",
        mend='Begin with a line such as `{"returns": [{"measure": "…", "period": "…"}]}`; observations follow.',
    ),
    "envelope-with-observations": Explanation(
        meaning="A return in the first line has observations of its own.",
        mend="Put each observation in a line of its own, with `return` where it is not of the first return.",
    ),
    "unknown-return": Explanation(
        meaning="An observation is of a return that the first line does not have.",
        mend="`return` counts the returns of the first line, from 0.",
    ),
    "too-many-faults": Explanation(
        meaning="So much is wrong that reading ended before the end of the file.",
        mend="Correct what is told, and send the file again: the rest will be told then.",
    ),
    # Who, what, when.
    "unknown-measure": Explanation(
        meaning="The programme has no measure of that name.",
        mend="Use a `slug` of `GET /v1/programmes/{programme}/measures`.",
    ),
    "unknown-series": Explanation(
        meaning="The measure has no series of that name.", mend="Use one of the measure's `series`."
    ),
    "series-needed": Explanation(
        meaning="Your organisation returns more than one series of the measure.",
        mend="Say which in `series`.",
    ),
    "not-returned": Explanation(
        meaning="Nobody returns this series here: it is derived from others, taken from published statistics, "
        "or not a count.",
        mend="Leave the return out.",
    ),
    "no-duty": Explanation(
        meaning="The plan does not have your organisation return this series for this service.",
        mend="Check `service` against your duties. If the duty is missing, the programme's owner can add it "
        "to the plan.",
    ),
    "unclear-period": Explanation(
        meaning="The period is not a period code, or could mean several periods.",
        mend="Use one of the codes offered: `FY2025-26-Q1` is April to June 2025, `CY2025-Q1` January to March.",
    ),
    "wrong-period-type": Explanation(
        meaning="The measure is returned for periods of another type.",
        mend="Return the measure for the type of period that the plan asks for.",
    ),
    "period-outside-programme": Explanation(
        meaning="The period does not lie within the programme's window, or not within your duty's.",
        mend="Check the year. `GET /v1/programmes/{programme}/periods` lists the periods.",
    ),
    "period-not-over": Explanation(
        meaning="The period has not ended yet, so its count cannot be complete.",
        mend="Send the return after the last day of the period.",
    ),
    "period-closed": Explanation(
        meaning="The period is closed to returns.",
        mend="Ask the programme's owner for an extension.",
    ),
    "duplicate-return": Explanation(
        meaning="The submission has two returns for the same series, service and period.",
        mend="Put all observations of a return into one.",
    ),
    "nil-with-observations": Explanation(
        meaning="A nil return says that there was nothing to count, and has observations.",
        mend="Remove the observations, or the `kind`.",
    ),
    "no-observations": Explanation(
        meaning="The return has no observations.",
        mend='Send its figures, or `"kind": "nil"` if there was nothing to count.',
    ),
    "unknown-area": Explanation(
        meaning="The area is not one of the programme's.",
        mend="Use a `code` of `GET /v1/programmes/{programme}/areas`.",
    ),
    "area-outside-duty": Explanation(
        meaning="The area lies outside the one that your duty is for.",
        mend="Send only the part of your count that belongs to the duty's area.",
    ),
    "area-too-fine": Explanation(
        meaning="The breakdown is not collected for areas as small as this.",
        mend="Send it for the larger area.",
    ),
    "unknown-dimension": Explanation(
        meaning="There is no such dimension.",
        mend="Use a `slug` of `GET /v1/programmes/{programme}/dimensions`.",
    ),
    "unknown-category": Explanation(
        meaning="The dimension has no such category.",
        mend="Use one of the dimension's codes. The total is the absence of the dimension, not a code.",
    ),
    "breakdown-not-collected": Explanation(
        meaning="The measure is not collected by this combination of dimensions.",
        mend="Use one of the measure's `schemes`.",
    ),
    "value-missing": Explanation(
        meaning="The observation has neither a number nor a status.",
        mend="Send the number (zero is a number), or a `status` that says why there is none.",
    ),
    "value-and-status": Explanation(
        meaning="The observation has both a number and a status that says there is none.",
        mend="Send one or the other.",
    ),
    "wrong-form": Explanation(
        meaning="The measure is counted otherwise: by `value`, or by `numerator` and `denominator`.",
        mend="Counts go in `value`. Proportions go in `numerator` and `denominator`, never as the quotient.",
    ),
    "numerator-above-denominator": Explanation(
        meaning="More were counted than there were.",
        mend="Check whether the two were swapped, or counted over different people.",
    ),
    "bounds-without-c": Explanation(
        meaning="`lower` and `upper` belong to a confidential count, status `c`.",
        mend="Remove them, or send the status.",
    ),
    "bounds-reversed": Explanation(meaning="`lower` is above `upper`.", mend="Swap them."),
    "duplicate-cell": Explanation(
        meaning="The return has the same area and breakdown more than once.",
        mend="Keep one. Figures for the same cell from two sources have to be added before they are sent.",
    ),
    "total-missing": Explanation(
        meaning="There is a breakdown without its total, or no total for the area of the duty.",
        mend="Add an observation with an empty `breakdown` for the area.",
    ),
    "parts-exceed-total": Explanation(
        meaning="The parts add up to more than the total.",
        mend="Correct the parts or the total. A hidden part counts as its lower bound here.",
    ),
    "parts-below-total": Explanation(
        meaning="All categories are there and add up to less than the total.",
        mend="Put those whose category is not known under `unknown`.",
    ),
    "categories-missing": Explanation(
        meaning="Some categories were not sent, and those that were add up to less than the total.",
        mend="Send every category, zero included, and those not known under `unknown`.",
        severity=Severity.WARNING,
    ),
    "part-exceeds-total": Explanation(
        meaning="A part is larger than its total.", mend="Correct the part or the total."
    ),
    "unconfirmed-withdrawals": Explanation(
        meaning="A return is replaced as a whole, and this one would withdraw more than a tenth of the cells "
        "that stand.",
        mend='Send the missing cells as well, or `"confirm_withdrawals": true` if they should go.',
    ),
}


class _Found:
    def __init__(self, path: str | None, cell: CellName | None) -> None:
        self.path, self.cell = path, cell
        self.rows: list[int] = []


class Findings:
    """Collects what the checks of a tier find; equal findings become one that lists its rows."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str | None, str | None, str | None, str | None], _Found] = {}

    def add(
        self,
        code: str,
        message: str,
        *,
        path: str | None = None,
        rows: Iterable[int] = (),
        column: str | None = None,
        cell: CellName | None = None,
        expected: str | None = None,
        actual: str | None = None,
        hint: str | None = None,
    ) -> None:
        """`rows` are the numbers by which their sender knows them."""
        key = (code, message, column, expected, actual, hint)
        self._found.setdefault(key, _Found(path, cell)).rows.extend(int(row) for row in rows)

    def told(self) -> list[Finding]:
        """In the order of the codes, then as found; at most 1,000 rows for each code."""
        left = dict.fromkeys(CODES, LISTED_ROWS)
        order = list(CODES)
        told: list[Finding] = []
        for (code, message, column, expected, actual, hint), found in sorted(
            self._found.items(), key=lambda item: order.index(item[0][0])
        ):
            found.rows.sort()
            listed = found.rows[: left[code]]
            left[code] -= len(listed)
            told.append(
                Finding(
                    code=code,
                    severity=CODES[code].severity,
                    message=message,
                    path=found.path,
                    rows=listed,
                    row_count=len(found.rows) if len(found.rows) > len(listed) else None,
                    column=column,
                    cell=found.cell,
                    expected=expected,
                    actual=actual,
                    hint=hint or CODES[code].mend,
                )
            )
        return told

    def settle(self) -> list[Finding]:
        """The warnings. Raises Rejected if there is an error among the findings."""
        told = self.told()
        errors = sum(finding.severity is Severity.ERROR for finding in told)
        if errors:
            raise Rejected(f"{errors} error{'s' if errors > 1 else ''}. Nothing was written.", told)
        return told
