"""Write migrations/walls.sql: what separates callers in a newly migrated database, as the statements that build it."""

import asyncio
import tempfile
from pathlib import Path

from api.database import connections
from api.database.embedded import EmbeddedPostgres
from api.database.walls import DECLARED_FILE, fetch_walls


async def fetch_declared_walls(url: str) -> list[str]:
    """Migrate an empty database and return its walls."""
    engine = connections.create_owner_engine(url)
    await connections.migrate(engine)
    async with engine.connect() as connection, connection.begin():
        walls = await fetch_walls(connection)
    await engine.dispose()
    return walls


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="work-health-walls-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(Path(folder) / "data", durable=False) as embedded:
            walls = asyncio.run(fetch_declared_walls(embedded.dsn()))
    DECLARED_FILE.write_text("".join(f"{statement}\n" for statement in walls))
    print(f"{DECLARED_FILE.name}: {len(walls)} statements")


if __name__ == "__main__":
    main()
