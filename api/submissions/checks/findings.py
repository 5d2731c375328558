"""What a check can find: each kind with its meaning and its mend, and how equal findings are told once."""

import hashlib
import re
from collections.abc import Iterable

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.http.refusals import Conflict, Invalid
from api.submissions.revisions import Column, ParsedSubmission
from schema.problems import CellName, Finding, Severity
from schema.submissions import Justification

MAX_LISTED_ROWS = 1000
MAX_LISTED_FINDINGS = 200
RETURN_POINTER_PATTERN = re.compile(r"/returns/(?P<item>\d+)(?:/(?P<column>[a-z_]+).*)?")


class Rejected(Invalid):
    """The submission has errors."""

    example = "One row of a thousand names an area that there is not. None of the thousand is written."
    fix = "Each error names its rows, the rule and the mend. Correct them and send the whole submission again."


class BaseRevisionOutdated(Conflict):
    """Another revision stands than the one that this was made from."""

    example = 'You correct revision 1 and say so, `"base_revision": 1`. A colleague has sent revision 2 this morning.'
    fix = (
        "Each error names a cell that has changed since. Take the change over into your return, and send it with the "
        "number of the revision that stands as its `base_revision`."
    )


class DryRunOutdated(Conflict):
    """What stands is no longer what the dry run saw."""

    example = "A colleague sends the same return between your dry run and your submission."
    fix = "Make the dry run again, and look at what it says now."


class FindingExplanation(Struct, frozen=True, kw_only=True):
    """What a code means, for the page that `/errors/{code}` shows."""

    meaning: str
    example: str  # paragraphs: those that end with a full stop are words, any other is shown as it would be sent
    fix: str
    severity: Severity = Severity.ERROR
    justifiable: bool = False


# In the order of the tiers: who and what and when; the cell; within the return; against what stands.
FINDING_EXPLANATIONS: dict[str, FindingExplanation] = {
    "unreadable-field": FindingExplanation(
        meaning="A field is missing, unknown, or of the wrong type.",
        example='{"area": "E06000018", "value": "140"}\n\nThe count is a text, because of its quotes.',
        fix="Compare the body with the operation's example in `/docs`. Counts are whole numbers, not texts.",
    ),
    # How a file is read.
    "not-text": FindingExplanation(
        meaning="The file is a workbook, or something else that is not text.",
        example="`referrals.xlsx`, the workbook itself.",
        fix="In a spreadsheet, save the sheet as `CSV UTF-8 (Comma delimited)` and send that file.",
    ),
    "wrong-encoding": FindingExplanation(
        meaning="The file is not in UTF-8, so letters with accents and signs such as £ cannot be told.",
        example="The note `café visits` in a file that Excel has saved as plain `CSV`.",
        fix="In Excel, save it as `CSV UTF-8 (Comma delimited)`, not as plain `CSV`.",
    ),
    "no-rows": FindingExplanation(
        meaning="The file has no rows with figures.",
        example="measure,period,area,value\n",
        fix="Send a header, and a row for each figure.",
    ),
    "header-missing": FindingExplanation(
        meaning="The file does not begin with the names of its columns.",
        example="ips-primary-care-referrals,FY2025-26-Q2,E06000018,140\n",
        fix="The first row names the columns: `measure`, `period`, `area`, `value` and so on, in any order.",
    ),
    "column-missing": FindingExplanation(
        meaning="A column that is needed is not there.",
        example="measure,period,value\nips-primary-care-referrals,FY2025-26-Q2,140\n\nThere is no `area`.",
        fix="Add the column, with its name in the first row.",
    ),
    "unknown-column": FindingExplanation(
        meaning="A column has a name that is not known, so that its cells would be lost.",
        example="measure,period,area,gender,value\n"
        "ips-primary-care-referrals,FY2025-26-Q2,E06000018,female,80\n\n"
        "The dimension is called `sex`.",
        fix="Correct the name, or remove the column. Columns whose name ends in `_label` are passed over.",
    ),
    "repeated-column": FindingExplanation(
        meaning="Two columns have the same name.",
        example="measure,period,area,value,Value\nips-primary-care-referrals,FY2025-26-Q2,E06000018,140,142",
        fix="Remove one of them.",
    ),
    "unnamed-column": FindingExplanation(
        meaning="A column has cells and no name.",
        example="measure,period,area,,value\n"
        "ips-primary-care-referrals,FY2025-26-Q2,E06000018,Nottingham,140\n\n"
        "The column of names has no name; `area_label` would be one.",
        fix="Name the column in the first row, or clear its cells.",
    ),
    "ragged-row": FindingExplanation(
        meaning="A row has more or fewer cells than there are columns, so that it cannot be told which is which.",
        example="measure,period,area,value\n"
        "ips-primary-care-referrals,FY2025-26-Q2,E06000018,1,240\n\n"
        "The comma makes two cells of one number.",
        fix="Give the row a cell for each column. A text with a comma in it has to stand in double quotes.",
    ),
    "stray-quote": FindingExplanation(
        meaning="A double quote stands within a cell, or is never closed. What follows it could not be read.",
        example="measure,period,area,value,note\n"
        'ips-primary-care-referrals,FY2025-26-Q2,E06000018,140,the "new" service',
        fix='Put the whole cell in double quotes, and write each quote within it twice: `"the ""new"" service"`.',
    ),
    "row-too-long": FindingExplanation(
        meaning="A row is longer than a megabyte.",
        example="A double quote is opened in row 12, and the next one is in row 90,000: all between them is one row.",
        fix="Check that rows end with line ends, and quotes are closed.",
    ),
    "field-too-long": FindingExplanation(
        meaning="A cell has more text than is taken.",
        example="A `note` of 2,400 characters: a whole e-mail.",
        fix="Shorten it: codes have 80 characters, notes 2,000.",
    ),
    "formula": FindingExplanation(
        meaning="A cell holds a formula, or begins as one does.",
        example="measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q2,E06000018,=B2+B3",
        fix="Paste the cells as values, and save the file again.",
    ),
    "empty-cell": FindingExplanation(
        meaning="A cell is empty that has to be filled in.",
        example="measure,period,area,value\n"
        "ips-primary-care-referrals,FY2025-26-Q2,,140\n\n"
        "The cell of `area` is empty.",
        fix="Fill in the cell, or clear the whole row.",
    ),
    "contradicts-parameter": FindingExplanation(
        meaning="A row says otherwise than the request's parameter of the same name.",
        example="`…/submissions/csv?period=FY2025-26-Q2`, and a row with `FY2025-26-Q1` in its `period`.",
        fix="Check that it is the right file. Leave the parameter out if the rows are to say it.",
    ),
    "spreadsheet-date": FindingExplanation(
        meaning="A spreadsheet has turned a period into a date, as it does with `Apr-25`.",
        example="measure,period,area,value\nhub-job-placements,Jul-25,E06000018,9",
        fix="Format the column as text, and write the period's code again: `2025-04` is April 2025.",
    ),
    "thousands-separator": FindingExplanation(
        meaning="A number has commas or blanks between its digits.",
        example='measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q2,E06000018,"1,240"',
        fix="Format the column as a number without thousands separators, and save the file again.",
    ),
    "not-whole": FindingExplanation(
        meaning="A count is not a whole number.",
        example="measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q2,E06000018,12.5",
        fix="Send what was counted. For a proportion send numerator and denominator, never the quotient.",
    ),
    "percentage": FindingExplanation(
        meaning="A percentage stands where a count should.",
        example="measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q2,E06000018,47%",
        fix="Send `numerator` and `denominator`: percentages are calculated from them.",
    ),
    "negative-number": FindingExplanation(
        meaning="A count is below zero.",
        example="measure,period,area,value\n"
        "ips-primary-care-referrals,FY2025-26-Q2,E06000018,-3\n\n"
        "Three were counted twice in the last quarter: correct that quarter's return.",
        fix="Send the count. A correction is the corrected count, not the difference.",
    ),
    "number-too-large": FindingExplanation(
        meaning="A number is larger than a count can be.",
        example="measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q2,E06000018,140152138971240033",
        fix="Check for digits that have run together.",
    ),
    "unclear-mark": FindingExplanation(
        meaning="A mark stands for a number, and could mean zero, none recorded, not available or suppressed.",
        example="measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q2,E06000018,<5",
        fix="Send 0 for zero. Else send `[c]` for confidential, `[x]` for not available, `[z]` for not applicable "
        "or `[w]` for none recorded. For *fewer than five*, send the status `c` with `lower` and `upper`.",
    ),
    "not-a-number": FindingExplanation(
        meaning="A cell that should be a number is something else.",
        example="measure,period,area,value\nips-primary-care-referrals,FY2025-26-Q2,E06000018,about 140",
        fix="Send a whole number, or leave the cell empty.",
    ),
    "unknown-status": FindingExplanation(
        meaning="The status is none that there is.",
        example="measure,period,area,value,status\nips-primary-care-referrals,FY2025-26-Q2,E06000018,,s",
        fix="`c` confidential, `x` not available, `z` not applicable, `w` none recorded; empty beside a number.",
    ),
    "two-statuses": FindingExplanation(
        meaning="A row has two different statuses.",
        example="measure,period,area,value,status\nips-primary-care-referrals,FY2025-26-Q2,E06000018,[c],x",
        fix="Send one: in `status`, or as shorthand in `value`.",
    ),
    "unknown-kind": FindingExplanation(
        meaning="The kind of return is none that there is.",
        example="measure,period,area,value,kind\nips-primary-care-referrals,FY2025-26-Q2,E06000018,,zero",
        fix="`data` has figures, `nil` says that there was nothing to count, `withdrawn` takes back what was said.",
    ),
    "inconsistent-return": FindingExplanation(
        meaning="Rows of one return say different things of the return as a whole.",
        example="measure,period,area,sex,value,kind\n"
        "ips-primary-care-referrals,FY2025-26-Q2,E06000018,,140,data\n"
        "ips-primary-care-referrals,FY2025-26-Q2,E06000018,female,,nil",
        fix="Say `kind`, `base_revision` and `return_note` once for each return, or the same in all of its rows.",
    ),
    "too-many-returns": FindingExplanation(
        meaning="There are more returns than are taken in one submission.",
        example="One file with 40 measures for each of 36 months: 1,440 returns.",
        fix="Split the submission at return boundaries: 1,000 returns at most in each.",
    ),
    "not-json": FindingExplanation(
        meaning="A line is not one JSON object.",
        example='{"returns": [{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}]}\n'
        '{"area": "E06000018", "value": 140},\n\n'
        "The second line ends with a comma.",
        fix="Each line holds one whole object, and nothing else: the envelope first, then the observations.",
    ),
    "envelope-missing": FindingExplanation(
        meaning="The first line is not the envelope.",
        example='{"area": "E06000018", "value": 140}\n{"area": "E05012270", "value": 12}',
        fix='Begin with a line such as `{"returns": [{"measure": "…", "period": "…"}]}`; observations follow.',
    ),
    "envelope-with-observations": FindingExplanation(
        meaning="A return in the first line has observations of its own.",
        example='{"returns": [{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2", "observations": '
        '[{"area": "E06000018", "value": 140}]}]}',
        fix="Put each observation in a line of its own, with `return` where it is not of the first return.",
    ),
    "unknown-return": FindingExplanation(
        meaning="An observation is of a return that the first line does not have.",
        example='{"returns": [{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}]}\n'
        '{"return": 1, "area": "E06000018", "value": 140}\n\n'
        "The first return is 0, and there is no second.",
        fix="`return` counts the returns of the first line, from 0.",
    ),
    "too-many-errors": FindingExplanation(
        meaning="So much is wrong that reading ended before the end of the file.",
        example="A file of 200,000 rows, with `n/a` in each `value`.",
        fix="Correct what is told, and send the file again: the rest will be told then.",
    ),
    # Who, what, when.
    "unknown-measure": FindingExplanation(
        meaning="The programme has no measure of that name.",
        example='{"measure": "ips-primary-care-referals", "period": "FY2025-26-Q2"}\n\nOne letter is missing.',
        fix="Use a `slug` of `GET /v1/programmes/{programme}/measures`.",
    ),
    "unknown-series": FindingExplanation(
        meaning="The measure has no series of that name.",
        example='{"measure": "neet-16-17", "series": "ccis", "period": "R3-2026-02"}\n\n'
        "The series is called `ccis-provisional`.",
        fix="Use one of the measure's `series`.",
    ),
    "series-required": FindingExplanation(
        meaning="Your organisation returns more than one series of the measure.",
        example="Your organisation returns the series `by-residence` and `by-service`, and the return names neither.",
        fix="Say which in `series`.",
    ),
    "not-submittable": FindingExplanation(
        meaning="Your organisation does not return this series: it is derived from others, taken from published "
        "statistics, which their publisher returns, or not a count.",
        example='{"measure": "ltc-employment-gap", "period": "CY2025"}\n\nThe gap is a published statistic.',
        fix="Leave the return out.",
    ),
    "no-duty": FindingExplanation(
        meaning="The plan does not have your organisation return this series for this service.",
        example='{"measure": "ips-engagements", "service": "futures-positive", "period": "FY2025-26-Q2"}\n\n'
        "Sent by the city council, while the service is Nottinghamshire Healthcare's.",
        fix="Check `service` against your duties. If the duty is missing, the programme's owner can add it "
        "to the plan.",
    ),
    "unclear-period": FindingExplanation(
        meaning="The period is not a period code, or could mean several periods.",
        example='{"measure": "ips-primary-care-referrals", "period": "2025-Q2"}\n\n'
        "It could be April to June or July to September.",
        fix="Use one of the codes offered: `FY2025-26-Q1` is April to June 2025, `CY2025-Q1` January to March.",
    ),
    "wrong-period-type": FindingExplanation(
        meaning="The measure is returned for periods of another type.",
        example='{"measure": "ips-primary-care-referrals", "period": "2025-07"}\n\n'
        "The measure is returned for each quarter.",
        fix="Return the measure for the type of period that the plan asks for.",
    ),
    "period-outside-programme": FindingExplanation(
        meaning="The period does not lie within the programme's window, or not within your duty's.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2024-25-Q4"}\n\n'
        "The programme begins in April 2025.",
        fix="Check the year. `GET /v1/programmes/{programme}/periods` lists the periods.",
    ),
    "period-not-over": FindingExplanation(
        meaning="The period has not ended yet, so its count cannot be complete.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2026-27-Q1"}\n\n'
        "Sent on 20 May 2026: the quarter ends on 30 June.",
        fix="Send the return after the last day of the period.",
    ),
    "period-closed": FindingExplanation(
        meaning="The period is closed to returns.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q1"}\n\n'
        "Sent in January 2027, more than a year after the quarter.",
        fix="Ask the programme's owner for an extension.",
    ),
    "duplicate-return": FindingExplanation(
        meaning="The submission has two returns for the same series, service and period.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}\n'
        '{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2"}',
        fix="Put all observations of a return into one.",
    ),
    "nil-with-observations": FindingExplanation(
        meaning="A nil return says that there was nothing to count, and has observations.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2", "kind": "nil", '
        '"observations": [{"area": "E06000018", "value": 0}]}',
        fix="Remove the observations, or the `kind`.",
    ),
    "no-observations": FindingExplanation(
        meaning="The return has no observations.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2", "observations": []}',
        fix='Send its figures, or `"kind": "nil"` if there was nothing to count.',
    ),
    "reason-missing": FindingExplanation(
        meaning="A return is withdrawn without a reason.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2", "kind": "withdrawn"}',
        fix="Say in the return's `note` why it is withdrawn.",
    ),
    "wrong-content": FindingExplanation(
        meaning="A milestone measure is returned by `items`, an evidence measure by `entries`, a published series by "
        "`figures`, any other by `observations`.",
        example='{"measure": "jsna-research-published", "period": "FY2025-26", "observations": [{"area": '
        '"E06000018", "value": 1}]}',
        fix="Put the content where it belongs, and leave the other lists out.",
    ),
    "nil-published": FindingExplanation(
        meaning="A published series has figures, and each may say by its `status` why there is none.",
        example='{"measure": "economic-inactivity-ill-health", "series": "lts-of-inactive-16-64", '
        '"period": "R12-2025-06", "kind": "nil"}',
        fix="Send the figures with their `status`, or withdraw the return.",
    ),
    "limits-not-around-value": FindingExplanation(
        meaning="The value of a published figure does not lie between its limits.",
        example='{"area": "E06000018", "value": "31.4", "limits": [{"lower": "4.1", "upper": "4.1", '
        '"confidence": "95"}]}\n\nA half-width was taken for the limits.',
        fix="Check whether the publisher gives a half-width: limits are value minus and value plus it. If it is "
        "published so, say so in a `justification`.",
        justifiable=True,
    ),
    "duplicate-limits": FindingExplanation(
        meaning="A published figure has limits of the same confidence more than once.",
        example='{"area": "E06000018", "value": "31.4", "limits": [{"lower": "27.3", "upper": "35.5", '
        '"confidence": "95"}, {"lower": "27", "upper": "36", "confidence": "95"}]}',
        fix="Keep one of each confidence.",
    ),
    "ratio-differs-from-value": FindingExplanation(
        meaning="Numerator over denominator is not the value, allowing for how each is rounded. A number is taken to "
        "be rounded to its last digit that is not zero.",
        example='{"area": "E06000018", "value": "31.4", "numerator": "16000", "denominator": "23000"}',
        fix="Check that all three are of the same series. The publisher's own rounding may be coarser.",
        severity=Severity.WARNING,
        justifiable=True,
    ),
    "unknown-stage": FindingExplanation(
        meaning="The measure has no such stage.",
        example='{"item": "carers", "title": "Carers and work", "stage": "done", "date": "2025-09-12"}',
        fix="Use one of the measure's `stages`.",
    ),
    "unknown-domain": FindingExplanation(
        meaning="The measure has no such domain.",
        example='{"domain": "catering", "title": "Peers chose the provider", "date": "2025-09-12"}',
        fix="Use one of the measure's `domains`.",
    ),
    "duplicate-item": FindingExplanation(
        meaning="The return has the same item, or the very same entry, more than once.",
        example='{"item": "carers", "title": "Carers and work", "stage": "in-progress", "date": "2025-09-12"}\n'
        '{"item": "carers", "title": "Carers and work", "stage": "published", "date": "2026-02-01"}',
        fix="Keep one: an item stands at one stage.",
    ),
    "date-in-future": FindingExplanation(
        meaning="The date has not come yet.",
        example='{"item": "carers", "title": "Carers and work", "stage": "published", "date": "2062-02-01"}',
        fix="Send what has happened; check the year.",
    ),
    "possible-personal-data": FindingExplanation(
        meaning="A text has what looks like somebody's e-mail address, telephone number, National Insurance number, "
        "NHS number or date of birth.",
        example='{"area": "E06000018", "value": 140, "note": "Ask Sam, 0115 496 0123"}',
        fix="Take it out: nobody may be identified. If it is not about a person (the address of a public office, "
        "say), say so in a `justification`.",
        justifiable=True,
    ),
    "unknown-area": FindingExplanation(
        meaning="The area is not one of the programme's.",
        example='{"area": "E06000081", "value": 140}\n\nTwo digits have changed places: Nottingham is `E06000018`.',
        fix="Use a `code` of `GET /v1/programmes/{programme}/areas`.",
    ),
    "area-outside-duty": FindingExplanation(
        meaning="The area lies outside the one that your duty is for.",
        example='{"area": "E12000004", "value": 2100}\n\n'
        "It is the whole East Midlands, and the duty is for Nottingham.",
        fix="Send only the part of your count that belongs to the duty's area.",
    ),
    "area-too-fine": FindingExplanation(
        meaning="The breakdown is not collected for areas as small as this.",
        example='{"area": "E05012270", "breakdown": {"referral-source": "self"}, "value": 12}\n\n'
        "It is a ward, and by `referral-source` only the whole city is collected.",
        fix="Send it for the larger area.",
    ),
    "unknown-dimension": FindingExplanation(
        meaning="There is no such dimension.",
        example='{"area": "E06000018", "breakdown": {"gender": "female"}, "value": 80}',
        fix="Use a `slug` of `GET /v1/programmes/{programme}/dimensions`.",
    ),
    "unknown-category": FindingExplanation(
        meaning="The dimension has no such category.",
        example='{"area": "E06000018", "breakdown": {"sex": "f"}, "value": 80}',
        fix="Use one of the dimension's codes. The total is the absence of the dimension, not a code.",
    ),
    "breakdown-not-collected": FindingExplanation(
        meaning="The measure is not collected by this combination of dimensions.",
        example='{"area": "E06000018", "breakdown": {"sex": "female", "ethnicity-5": "asian"}, "value": 11}',
        fix="Use one of the measure's `schemes`.",
    ),
    "value-missing": FindingExplanation(
        meaning="The observation has neither a number nor a status.",
        example='{"area": "E06000018"}',
        fix="Send the number (zero is a number), or a `status` that says why there is none.",
    ),
    "value-and-status": FindingExplanation(
        meaning="The observation has both a number and a status that says there is none.",
        example='{"area": "E06000018", "value": 3, "status": "c"}',
        fix="Send one or the other.",
    ),
    "wrong-value-fields": FindingExplanation(
        meaning="The measure is counted otherwise: by `value`, or by `numerator` and `denominator`.",
        example='{"area": "E06000018", "numerator": 140, "denominator": 310}\n\nReferrals are a count.',
        fix="Counts go in `value`. Proportions go in `numerator` and `denominator`, never as the quotient.",
    ),
    "numerator-above-denominator": FindingExplanation(
        meaning="More were counted than there were.",
        example='{"measure": "neet-16-17", "series": "ccis-provisional", "period": "R3-2026-02",\n'
        ' "observations": [{"area": "E06000018", "numerator": 7450, "denominator": 371}]}',
        fix="Check whether the two were swapped, or counted over different people.",
    ),
    "bounds-without-c": FindingExplanation(
        meaning="`lower` and `upper` belong to a confidential count, status `c`.",
        example='{"area": "E06000018", "value": 140, "lower": 135, "upper": 145}',
        fix="Remove them, or send the status.",
    ),
    "bounds-reversed": FindingExplanation(
        meaning="`lower` is above `upper`.",
        example='{"area": "E06000018", "status": "c", "lower": 4, "upper": 1}',
        fix="Swap them.",
    ),
    "duplicate-cell": FindingExplanation(
        meaning="The return has the same area and breakdown more than once.",
        example='{"area": "E06000018", "value": 140}\n{"area": "E06000018", "value": 12}',
        fix="Keep one. Figures for the same cell from two sources have to be added before they are sent.",
    ),
    "total-missing": FindingExplanation(
        meaning="There is a breakdown without its total, or no total for the area of the duty.",
        example='{"area": "E06000018", "breakdown": {"sex": "female"}, "value": 80}\n'
        '{"area": "E06000018", "breakdown": {"sex": "male"}, "value": 60}',
        fix="Add an observation with an empty `breakdown` for the area.",
    ),
    "sum-exceeds-total": FindingExplanation(
        meaning="The parts add up to more than the total.",
        example='{"area": "E06000018", "value": 140}\n'
        '{"area": "E06000018", "breakdown": {"sex": "female"}, "value": 80}\n'
        '{"area": "E06000018", "breakdown": {"sex": "male"}, "value": 65}',
        fix="Correct the parts or the total. A hidden part counts as its lower bound here.",
    ),
    "sum-below-total": FindingExplanation(
        meaning="All categories are there and add up to less than the total.",
        example='{"area": "E06000018", "value": 140}\n'
        '{"area": "E06000018", "breakdown": {"sex": "female"}, "value": 80}\n'
        '{"area": "E06000018", "breakdown": {"sex": "male"}, "value": 50}\n'
        '{"area": "E06000018", "breakdown": {"sex": "unknown"}, "value": 0}',
        fix="Put those whose category is not known under `unknown`, or say in a `justification` why it is right.",
        justifiable=True,
    ),
    "categories-missing": FindingExplanation(
        meaning="Some categories were not sent, and those that were add up to less than the total.",
        example='{"area": "E06000018", "value": 140}\n'
        '{"area": "E06000018", "breakdown": {"sex": "female"}, "value": 80}\n'
        '{"area": "E06000018", "breakdown": {"sex": "male"}, "value": 50}',
        fix="Send every category, zero included, and those not known under `unknown`.",
        severity=Severity.WARNING,
        justifiable=True,
    ),
    "part-exceeds-total": FindingExplanation(
        meaning="A part is larger than its total.",
        example='{"area": "E06000018", "value": 140}\n'
        '{"area": "E06000018", "breakdown": {"condition-group": "mental-health"}, "value": 150}',
        fix="Correct the part or the total.",
    ),
    "unconfirmed-withdrawals": FindingExplanation(
        meaning="A return is replaced as a whole, and this one would withdraw more than a tenth of the cells "
        "that stand.",
        example="Twelve cells stand. The correction has only the one that was wrong, so the other eleven would go.",
        fix='Send the missing cells as well, or `"confirm_withdrawals": true` if they should go.',
    ),
    "nothing-to-withdraw": FindingExplanation(
        meaning="No return stands that could be withdrawn.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2", "kind": "withdrawn", "note": '
        '"Sent by mistake"}\n\n'
        "That quarter was never returned.",
        fix="Check measure, series, service and period against `GET …/returns`.",
    ),
    "changed-since-base": FindingExplanation(
        meaning="The cell has changed since the revision that the return was made from.",
        example='{"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2", "base_revision": 1}\n\n'
        "A colleague has sent revision 2 meanwhile, with 138 where revision 1 had 140.",
        fix="Take the change over, or decide against it, and send the return with the newest `base_revision`.",
    ),
    "outlier": FindingExplanation(
        meaning="The figure lies far from those of the earlier periods: its modified z-score, from at least six of "
        "them, is beyond 3.5.",
        example='{"area": "E06000018", "value": 1400}\n\nThe last six quarters had between 110 and 140.',
        fix="Check for a slip of the pen, a cumulative figure, or a change of what was counted. If it is right, say "
        "why in a `justification`: the reviewer sees it.",
        severity=Severity.WARNING,
        justifiable=True,
    ),
    "cumulative-fell": FindingExplanation(
        meaning="A cumulative count is lower than in the period before, and none was to be reset.",
        example="`120` to the end of June, and `95` to the end of July: perhaps the number for July alone.",
        fix="Check whether the figure is for the period alone. If earlier ones were too high, correct them as well, "
        "or say why in a `justification`.",
        severity=Severity.WARNING,
        justifiable=True,
    ),
    "possible-double-count": FindingExplanation(
        meaning="Several organisations count people, or employers, that may be the same ones. Told to reviewers alone.",
        example="Two providers return 30 people each, for the same quarter and the same city.",
        fix="Ask the organisations whether they share cases. The roll-up gives bounds, never a sum.",
        severity=Severity.WARNING,
    ),
    "unknown-justification": FindingExplanation(
        meaning="A justification names no finding of this submission that can be justified.",
        example='{"justifications": [{"finding": "0123456789ab", "text": "Checked with the team"}]}\n\n'
        "The figure was corrected after the dry run, so its finding has another id.",
        fix="Use the `id` of a finding, as the dry run tells it. A figure that has changed has another id.",
    ),
}


class Findings:
    """Collects what the checks of a tier find; equal findings become one that lists its rows.

    Rows are told by the numbers that their sender knows them by; without `sent`, as they are. What is found in a
    return of a table is told of the rows that it was made from. Justifications are texts, by the id of a finding.
    """

    def __init__(self, sent: ParsedSubmission | None = None) -> None:
        self._parsed = sent
        self._submitted_justifications = sent.envelope.justifications if sent else []
        self._text_by_finding = {one.finding: one.text for one in self._submitted_justifications}
        self._findings_by_key: dict[str, tuple[Finding, list[Column]]] = {}
        self._returns_by_finding: dict[
            str | None, set[int]
        ] = {}  # of justifiable findings: the returns concerned, by id
        self._unlisted: dict[str, int] = {}

    def add(
        self,
        code: str,
        message: str,
        *,
        path: str | None = None,
        rows: Iterable[int] | Column = (),
        column: str | None = None,
        cell: CellName | None = None,
        expected: str | None = None,
        actual: str | None = None,
        fix: str | None = None,
        id_detail: str = "",
    ) -> None:
        """`rows` count from 0 over the whole submission; without `sent` they are the sender's own numbers.

        `about` is what else tells the fault from others at the same place: part of the id, and not told.
        """
        explained = FINDING_EXPLANATIONS[code]
        rows = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows), dtype=np.int64)
        part = RETURN_POINTER_PATTERN.fullmatch(path or "")
        returns = {int(part["item"])} if part else set[int]()
        if self._parsed is not None:
            if part and self._parsed.is_tabular:
                rows = rows if rows.size else np.flatnonzero(self._parsed.item == int(part["item"]))
                path, column = None, column or part["column"]
            if explained.justifiable and not part:
                returns = {*self._parsed.item[rows].tolist()}
        where = path if cell is None else None
        key = msgspec.json.encode((code, message, where, cell, column, expected, actual, fix, id_detail))
        finding = Finding(
            id=hashlib.sha256(msgspec.json.encode((code, where, cell, expected, actual, id_detail))).hexdigest()[:12],
            code=code,
            severity=explained.severity,
            message=message,
            path=path,
            column=column,
            cell=cell,
            expected=expected,
            actual=actual,
            fix=fix or explained.fix,
            justifiable=explained.justifiable,
        )
        _, listed = self._findings_by_key.setdefault(key.decode(), (finding, []))
        listed.append(rows if self._parsed is None else self._parsed.row[rows])
        self._returns_by_finding.setdefault(finding.id, set()).update(returns)

    def count_unlisted(self, code: str, number: int) -> None:
        """There are so many more of the kind than were added."""
        self._unlisted[code] = self._unlisted.get(code, 0) + number

    def listed(self) -> list[Finding]:
        """In the order of the codes, what is not justified first, then as found; at most 200 findings, and 1,000 rows,
        for each code."""
        left = dict.fromkeys(FINDING_EXPLANATIONS, MAX_LISTED_ROWS)
        room = dict.fromkeys(FINDING_EXPLANATIONS, MAX_LISTED_FINDINGS)
        order = list(FINDING_EXPLANATIONS)
        answered = ((self._with_justification(finding), rows) for finding, rows in self._findings_by_key.values())
        told: list[Finding] = []
        for finding, rows in sorted(
            answered, key=lambda it: (order.index(it[0].code), it[0].justification is not None)
        ):
            room[finding.code] -= 1
            if room[finding.code] < 0:
                continue
            every = np.sort(np.concatenate(rows))
            listed = every[: left[finding.code]].tolist()
            left[finding.code] -= len(listed)
            told.append(replace(finding, rows=listed, row_count=len(every) if len(every) > len(listed) else None))
        return told

    def _with_justification(self, finding: Finding) -> Finding:
        text = self._text_by_finding.get(finding.id or "")
        if text is None or not finding.justifiable:
            return finding
        return replace(finding, severity=Severity.WARNING, justification=text)

    def justifications_for(self, item: int) -> list[Justification]:
        """The justifications that bear on a return: of its own findings, and of those of the submission as a whole."""
        return [
            one
            for one in self._submitted_justifications
            if not (about := self._returns_by_finding.get(one.finding)) or item in about
        ]

    def raise_if_errors(self) -> list[Finding]:
        """The warnings. Raises Rejected if there is an error among the findings that nothing justifies."""
        told = self.listed()
        errors = [finding for finding in told if finding.severity is Severity.ERROR]
        number = sum(
            self._with_justification(finding).severity is Severity.ERROR
            for finding, _ in self._findings_by_key.values()
        )
        number += sum(
            more for code, more in self._unlisted.items() if FINDING_EXPLANATIONS[code].severity is Severity.ERROR
        )
        if number:
            listed = f"{len(errors)} of " if len(errors) < number else ""
            detail = f"{listed}{number:,} error{'s' if number > 1 else ''}. Nothing was written."
            if number == len(errors) and all(finding.justifiable for finding in errors):
                detail += " Each can be justified."
            raise Rejected(detail, told)
        return told

    def finish(self) -> list[Finding]:
        """The warnings at the very end. Raises Rejected also for a justification that answers nothing."""
        ids = {finding.id for finding, _ in self._findings_by_key.values() if finding.justifiable}
        for index, given in enumerate(self._submitted_justifications):
            if given.finding not in ids:
                self.add(
                    "unknown-justification",
                    f"No finding that can be justified has the id {given.finding!r}.",
                    path=f"/justifications/{index}/finding",
                    actual=given.finding,
                    expected=" or ".join(sorted(i for i in ids if i)[:20]) or None,
                )
        return self.raise_if_errors()
