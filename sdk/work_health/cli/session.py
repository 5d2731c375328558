"""The options before the command, and the client that they configure."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import typer

from work_health import WorkHealth

from . import profiles

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
        """Return a client. Options override environment variables, and these override the profile."""
        _, profile = profiles.choose_profile(self.profile)
        client = WorkHealth(
            os.environ.get("WORK_HEALTH_KEY") or profile.key or "",
            base_url=self.url or os.environ.get("WORK_HEALTH_URL") or profile.url,
            programme=self.programme or os.environ.get("WORK_HEALTH_PROGRAMME") or profile.programme,
            timeout=TIMEOUT_SECONDS,
        )
        self.clients.append(client)
        return client

    def store_key(self, key: str) -> Path | None:
        """Write the key into the profile that the client's key came from. Return None if it came from none."""
        name, profile = profiles.choose_profile(self.profile)
        if os.environ.get("WORK_HEALTH_KEY") or not profile.key:
            return None
        return profiles.save_profile(name, replace(profile, key=key))

    def close(self) -> None:
        for client in self.clients:
            client.close()


def get_session(context: typer.Context, json: bool = False) -> Session:
    """Return the session of this run, and record whether its output is JSON."""
    session = context.ensure_object(Session)
    session.json = json
    return session
