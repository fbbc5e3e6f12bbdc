"""HTTP JSON, version 1."""
