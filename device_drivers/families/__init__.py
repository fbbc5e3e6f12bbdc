"""Driver families, one folder each; no family knows another. They are found by the entry points ``bodycam.drivers``."""
