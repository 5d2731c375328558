"""Findings in the words of the command line: `--confirm-withdrawals` instead of a field of a request."""

import re

OPTION_BY_FIELD = {
    "confirm_withdrawals": "--confirm-withdrawals",
    "justification": "--justify",
    "measure=": "--measure",
    "organisation=": "--organisation",
    "period=": "--period",
    "programme=": "--programme",
    "rounded_to": "--rounded-to",
    "sheet": "--sheet",
}
_FIELD = re.compile(r"`(?P<code>[a-z_]+=?)`|`?\"(?P<field>[a-z_]+)\": true`?|\b(?P<word>confirm_withdrawals)\b")


def to_option_names(text: str) -> str:
    """Return the text with the options of `submit` where it names fields that have one."""
    return _FIELD.sub(_replace, text)


def _replace(match: re.Match[str]) -> str:
    return OPTION_BY_FIELD.get(next(filter(None, match.groups())), match[0])
