"""Docks as an administrator knows them: ``register_dock``, ``credentials`` (tokens to actors), ``board``, ``clock_history``, ``adopt_recorder``."""
