"""What one may do: ``policy`` (pure: role x action), ``permission`` (asks it and refuses), ``reasons``."""
