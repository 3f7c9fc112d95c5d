"""alembic's entry: migrates over the connection it is handed, inside that transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
