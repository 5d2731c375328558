"""The codes of findings, with the texts that `/errors/{code}` shows. `finding_codes.yaml` has the texts."""

from pathlib import Path

import msgspec
from msgspec import Struct

from schema.problems import Severity


class FindingExplanation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The meaning of a code, with an example and the fix."""

    meaning: str
    example: str
    corrected: str = ""
    fix: str
    severity: Severity = Severity.ERROR
    justifiable: bool = False


FINDING_EXPLANATIONS = msgspec.yaml.decode(
    Path(__file__).with_suffix(".yaml").read_bytes(), type=dict[str, FindingExplanation]
)
