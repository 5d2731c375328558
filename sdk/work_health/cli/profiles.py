"""Named servers with their keys, in one file in the platform's folder for configuration."""

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
    """A server, a programme and a key."""

    url: str | None = None
    programme: str | None = None
    key: str | None = field(default=None, repr=False)


def find_config_file() -> Path:
    """Return WORK_HEALTH_CONFIG, or `~/.config/work-health/config.toml` and its like on other platforms."""
    path = os.environ.get("WORK_HEALTH_CONFIG")
    return Path(path) if path else Path(typer.get_app_dir("work-health")) / "config.toml"


def load_profiles() -> dict[str, Profile]:
    """Return the profiles by name. Raises `WorkHealthError` if the file is invalid."""
    path = find_config_file()
    if not path.exists():
        return {}
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WorkHealthError(f"{path} is not readable: {error}") from error
    return {name: _parse_profile(path, name, section) for name, section in document.items()}


def _parse_profile(path: Path, name: str, section: object) -> Profile:
    fields = cast("dict[str, object]", section) if isinstance(section, dict) else {name: section}
    if unknown := [field_name for field_name in fields if field_name not in PROFILE_FIELDS]:
        raise WorkHealthError(f"{path}: unknown field {unknown[0]!r}. A profile has {', '.join(PROFILE_FIELDS)}.")
    return Profile(**{key: str(value) for key, value in fields.items()})


def choose_profile(name: str | None) -> tuple[str, Profile]:
    """Return the named profile, that of WORK_HEALTH_PROFILE, or `default`, which may be empty; with its name."""
    chosen = name or os.environ.get("WORK_HEALTH_PROFILE")
    profiles = load_profiles()
    if chosen and chosen not in profiles:
        raise WorkHealthError(
            f"There is no profile {chosen!r} in {find_config_file()}. Its profiles: {', '.join(profiles) or 'none'}."
        )
    return chosen or "default", profiles.get(chosen or "default", Profile())


def save_profile(name: str, profile: Profile) -> Path:
    """Write the profile to the file, readable only by its owner, and return the path."""
    path = find_config_file()
    profiles = load_profiles() | {name: profile}
    text = "\n".join(_format_profile(name, profile) for name, profile in profiles.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    new_path = path.with_name(path.name + ".new")
    new_path.unlink(missing_ok=True)
    with os.fdopen(os.open(new_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new_path.replace(path)
    return path


def _format_profile(name: str, profile: Profile) -> str:
    values = {field_name: getattr(profile, field_name) for field_name in PROFILE_FIELDS}
    lines = [f"{field_name} = {json.dumps(value)}" for field_name, value in values.items() if value]
    return "\n".join([f"[{json.dumps(name)}]", *lines, ""])
