"""Reviewed, forward-only SQL, one dated file per step, and the command that applies them."""
