"""SQL for analysts: DuckDB over the current snapshots of all tables, as one command or at a prompt. It only reads."""
