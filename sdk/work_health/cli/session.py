"""The options before the command, and the client that they configure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import typer

from work_health import WorkHealth
from work_health.profiles import choose_connection, load_profiles, save_profile

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_SECONDS = 60.0  # longer than the client's default: people wait for large files


@dataclass(slots=True)
class Session:
    """One run of the command line."""

    profile: str | None = None
    url: str | None = None
    programme: str | None = None
    json: bool = False
    clients: list[WorkHealth] = field(default_factory=list[WorkHealth])

    def open_client(self) -> WorkHealth:
        """Return a client with the options before the command."""
        client = WorkHealth(base_url=self.url, programme=self.programme, profile=self.profile, timeout=TIMEOUT_SECONDS)
        self.clients.append(client)
        return client

    def store_key(self, key: str) -> Path | None:
        """Write the key into the profile that the client's key came from. Return None if it came from none."""
        name = choose_connection(self.url, profile=self.profile).key_profile
        return (name and save_profile(name, replace(load_profiles()[name], key=key))) or None

    def format_command(self, *words: str | Path, **options: object) -> str:
        """Return a command to type next, with the options before the command that this run has."""
        before = {"profile": self.profile, "programme": self.programme, "url": self.url}
        return shlex.join(["work-health", *_list_options(before), *map(str, words), *_list_options(options)])

    def close(self) -> None:
        for client in self.clients:
            client.close()


def _list_options(options: Mapping[str, object]) -> Iterator[str]:
    """Yield the words of options as a command has them, without those that are not set."""
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            yield flag
        elif isinstance(value, list):
            yield from (word for item in cast("list[str]", value) for word in (flag, item))
        elif value not in (None, False):
            yield from (flag, str(value))


def get_session(context: typer.Context, json: bool = False) -> Session:
    """Return the session of this run, and record whether its output is JSON."""
    session = context.ensure_object(Session)
    session.json = json
    return session
