"""A witness of other logs: keeps what it signed last of each, and signs only what continues it. Stands alone, without database or store."""
