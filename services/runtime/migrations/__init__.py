"""Alembic's frame, shared by the services; each service's steps are in its own `migrations` folder."""
