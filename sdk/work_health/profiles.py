"""Named servers with their keys, in one file in the platform's folder for configuration.

The client and the command line read the same file.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from .errors import WorkHealthError

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
    return Path(path) if path else _find_config_folder() / "work-health" / "config.toml"


def _find_config_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home())
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


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


@dataclass(frozen=True, slots=True)
class Connection:
    """A server and a key, chosen from arguments, environment variables and a profile."""

    url: str | None
    key: str
    programme: str | None
    key_profile: str | None
    """The profile that has the key; None if the key came from elsewhere."""


def choose_connection(
    url: str | None = None, key: str | None = None, programme: str | None = None, profile: str | None = None
) -> Connection:
    """Return the server and the key to use.

    Arguments come first, then the profile that an argument names, then environment variables, then any other profile.
    The key of a profile goes only to the server of that profile.
    """
    name, saved = choose_profile(profile)
    given_url, given_key = os.environ.get("WORK_HEALTH_URL"), os.environ.get("WORK_HEALTH_KEY")
    if profile:
        given_url, given_key = saved.url or given_url, None if saved.key else given_key
    chosen_url = url or given_url or saved.url
    saved_key = (
        saved.key if chosen_url is None or chosen_url.rstrip("/") == (saved.url or chosen_url).rstrip("/") else None
    )
    chosen_programme = programme or (profile and saved.programme) or os.environ.get("WORK_HEALTH_PROGRAMME")
    if key is None and not given_key and saved_key:
        return Connection(chosen_url, saved_key, chosen_programme or saved.programme, name)
    return Connection(chosen_url, (given_key or "") if key is None else key, chosen_programme or saved.programme, None)


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
