"""The environment of Alembic. It uses the connection that the caller passes."""

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.base import ischema_names

from schema.tables import Snapshot, TransactionId, metadata

ischema_names["xid8"] = TransactionId
ischema_names["pg_snapshot"] = Snapshot

OURS = {None, *(table.schema for table in metadata.tables.values())}
connection: Connection = context.config.attributes["connection"]
# Requests queue behind a lock that a migration waits for. They wait for 5 seconds, so it fails earlier and is repeated.
connection.execute(text("set lock_timeout = '3s'"))
connection.commit()  # so that Alembic begins and ends the transaction of each migration
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    include_schemas=True,
    include_name=lambda name, kind, _: kind != "schema" or name in OURS,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
