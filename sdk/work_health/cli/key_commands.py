"""The commands of `work-health keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from work_health import NewKey, WorkHealthError

from . import return_screens, screen
from .options import Json
from .session import get_session

if TYPE_CHECKING:
    from work_health import IssuedKey

app = typer.Typer(help="List, replace and revoke the keys of your client.", no_args_is_help=True)


@app.command("list")
def list_keys(context: typer.Context, json_: Json = False) -> None:
    """List the keys of your client. Their secrets are not shown."""
    items = get_session(context, json_).open_client().list_keys().items
    if json_:
        screen.print_items_json(items)
    else:
        screen.create_console().print(return_screens.render_keys(items))


@app.command("rotate")
def rotate_key(
    context: typer.Context,
    days: Annotated[int, typer.Option(help="Days until the new key expires.", min=1, max=730)] = 365,
    overlap_days: Annotated[
        int, typer.Option(help="Days for which the old key stays valid, unless it expires earlier.", min=1, max=730)
    ] = 7,
    json_: Json = False,
) -> None:
    """Create a key that replaces yours. The command stores it in your profile, or prints it if yours is in none."""
    session = get_session(context, json_)
    issued = session.open_client().create_key(NewKey(days=days, overlap_days=overlap_days))
    try:
        path = session.store_key(issued.secret)
    except (OSError, WorkHealthError) as error:
        _print_secret(issued, json_)  # it exists now, and nobody could read it again
        raise WorkHealthError(f"The profile could not be written: {error}") from error
    if path is None:
        _print_secret(issued, json_)
    elif json_:
        screen.print_json({"key": issued.key.to_dict(), "replaced": issued.replaced.to_dict(), "profile": str(path)})
    else:
        screen.create_console().print(f"Saved key {issued.key.id} in {path}")
    if not json_:
        ends = f"{issued.replaced.expires_at:%d %B %Y %H:%M %Z}"
        screen.create_console(error=True).print(f"The old key {issued.replaced.id} ends on {ends}.")


def _print_secret(issued: IssuedKey, json_: bool) -> None:
    if json_:
        screen.print_json(issued.to_dict())
        return
    typer.echo(issued.secret)
    screen.create_console(error=True).print(f"Store key {issued.key.id} now. It is shown only once.")


@app.command("revoke")
def revoke_key(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The id of the key; [bold]keys list[/] shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Revoke the key of this command without a question.")] = False,
    json_: Json = False,
) -> None:
    """Revoke a key of your client permanently."""
    client = get_session(context, json_).open_client()
    if not yes and client.get_me().key == key:
        typer.confirm("This command uses this key. Revoke it?", abort=True, err=True)
    revoked = client.revoke_key(key)
    if json_:
        screen.print_json(revoked.to_dict())
    else:
        screen.create_console().print(f"Revoked key {revoked.id}")
