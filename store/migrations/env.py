"""Runs migrations on the connection that store/schema.py hands over."""

from alembic import context

from contracts.failpoints import reached
from store.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    on_version_apply=lambda **_: reached("in_migration"),
)
with context.begin_transaction():
    context.run_migrations()
