"""What a check can find: each kind with its meaning and its mend, and how equal findings are told once."""

from collections.abc import Iterable

from msgspec import Struct

from api.refusals import Invalid
from schema.problems import Finding, Severity

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


class Findings:
    """Collects what the checks of a tier find; equal findings become one that lists its rows."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str | None, str | None, str | None], tuple[str | None, list[int]]] = {}

    def add(
        self,
        code: str,
        message: str,
        *,
        path: str | None = None,
        rows: Iterable[int] = (),
        expected: str | None = None,
        actual: str | None = None,
        hint: str | None = None,
    ) -> None:
        """`rows` count from 0 over the whole submission; they are told from 1."""
        key = (code, message, expected, actual, hint)
        _, listed = self._found.setdefault(key, (path, []))
        listed.extend(int(row) + 1 for row in rows)

    def told(self) -> list[Finding]:
        """In the order of the codes, then as found; at most 1,000 rows for each code."""
        left = dict.fromkeys(CODES, LISTED_ROWS)
        order = list(CODES)
        told: list[Finding] = []
        for (code, message, expected, actual, hint), (path, rows) in sorted(
            self._found.items(), key=lambda item: order.index(item[0][0])
        ):
            rows.sort()
            listed = rows[: left[code]]
            left[code] -= len(listed)
            told.append(
                Finding(
                    code=code,
                    severity=CODES[code].severity,
                    message=message,
                    path=path,
                    rows=listed,
                    row_count=len(rows) if len(rows) > len(listed) else None,
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
