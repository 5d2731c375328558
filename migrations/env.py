"""The environment of Alembic. It uses the connection that the caller passes."""

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.base import ischema_names

from schema.tables import Snapshot, TransactionId, metadata

ischema_names["xid8"] = TransactionId
ischema_names["pg_snapshot"] = Snapshot

OURS = {None, *(table.schema for table in metadata.tables.values())}
connection: Connection = context.config.attributes["connection"]
# A migration that would wait for a long read fails, so that it does not block all other readers.
connection.execute(text("set lock_timeout = '10s'"))
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
