"""How alembic reaches the journal: over the connection (and in the transaction) that `prepare_schema` gives it."""

from alembic import context

from provision.journal.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
