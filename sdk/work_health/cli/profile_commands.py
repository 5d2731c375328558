"""The commands of `work-health profile`."""

from __future__ import annotations

from typing import Annotated

import typer

from work_health import WorkHealth, profiles
from work_health._settings import DEFAULT_URL

from . import screen
from .options import Json
from .session import get_session

app = typer.Typer(help="Save servers and keys under a name.", no_args_is_help=True)


@app.command("list")
def list_profiles(context: typer.Context, json_: Json = False) -> None:
    """List profiles with their server and programme. Keys are not shown."""
    get_session(context, json_)
    rows = [
        {"name": name, "url": profile.url, "programme": profile.programme, "key": bool(profile.key)}
        for name, profile in profiles.load_profiles().items()
    ]
    if json_:
        return screen.print_json({"items": rows})
    console = screen.create_console()
    console.print(f"[dim]{profiles.find_config_file()}[/]")
    for row in rows:
        key = "with a key" if row["key"] else "without a key"
        console.print(f"{row['name']}  {row['url'] or ''}  {row['programme'] or ''}  {key}", markup=False)
    return None


@app.command("save")
def save_profile(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name of the profile, such as live or sandbox.")] = "default",
    url: Annotated[str | None, typer.Option(help="The base URL of the server.")] = None,
    programme: Annotated[str | None, typer.Option(help="The slug of the programme.")] = None,
) -> None:
    """Save a server and a key under a name, after a test of both. The client in Python reads the same profiles.

    The command asks for the address and the key, and does not show the key.
    """
    session = get_session(context)
    address = url or session.url or typer.prompt("Address of the server", default=DEFAULT_URL, err=True).strip()
    key = typer.prompt("Key", hide_input=True, default="", show_default=False, err=True).strip()
    client = WorkHealth(key, base_url=address, programme=programme)
    session.clients.append(client)
    client_name = client.get_me().client if key else None
    path = profiles.save_profile(name, profiles.Profile(url=address, programme=programme, key=key or None))
    console = screen.create_console()
    console.print(f"The key of {client_name} works." if client_name else "Saved without a key.", markup=False)
    console.print(f"Saved profile {name} in {path}", markup=False, soft_wrap=True)
    screen.print_next(f"work-health {'' if name == 'default' else f'--profile {name} '}obligations")
