"""Named servers with their keys, in one file in the place that the platform has for such files."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import typer

from work_health.errors import WorkHealthError

PROFILE_FIELDS = ("url", "programme", "key")


@dataclass(frozen=True, slots=True)
class Profile:
    """Where to go, about what, and with which key."""

    url: str | None = None
    programme: str | None = None
    key: str | None = field(default=None, repr=False)


def find_config_file() -> Path:
    """WORK_HEALTH_CONFIG, else `~/.config/work-health/config.toml` and its like on other platforms."""
    given = os.environ.get("WORK_HEALTH_CONFIG")
    return Path(given) if given else Path(typer.get_app_dir("work-health")) / "config.toml"


def load_profiles() -> dict[str, Profile]:
    """By name. Raises `WorkHealthError` where the file cannot be understood."""
    path = find_config_file()
    if not path.exists():
        return {}
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WorkHealthError(f"{path} cannot be read: {error}") from error
    return {name: _parse_profile(path, name, said) for name, said in document.items()}


def _parse_profile(path: Path, name: str, said: object) -> Profile:
    fields = cast("dict[str, object]", said) if isinstance(said, dict) else {name: said}
    if wrong := [one for one in fields if one not in PROFILE_FIELDS]:
        raise WorkHealthError(f"{path}: {wrong[0]!r} is not understood. A profile has {', '.join(PROFILE_FIELDS)}.")
    return Profile(**{key: str(value) for key, value in fields.items()})


def choose_profile(name: str | None) -> Profile:
    """The one that is named, else WORK_HEALTH_PROFILE, else `default` if there is one."""
    named = name or os.environ.get("WORK_HEALTH_PROFILE")
    found = load_profiles()
    if named and named not in found:
        raise WorkHealthError(
            f"There is no profile {named!r} in {find_config_file()}. It has {', '.join(found) or 'none'}."
        )
    return found.get(named or "default", Profile())


def save_profile(name: str, profile: Profile) -> Path:
    """Write it beside the others, readable by its owner alone."""
    path = find_config_file()
    profiles = load_profiles() | {name: profile}
    text = "\n".join(_format_profile(one, said) for one, said in profiles.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)
    return path


def _format_profile(name: str, profile: Profile) -> str:
    said = {one: getattr(profile, one) for one in PROFILE_FIELDS}
    lines = [f"{one} = {json.dumps(value)}" for one, value in said.items() if value]
    return "\n".join([f"[{json.dumps(name)}]", *lines, ""])
