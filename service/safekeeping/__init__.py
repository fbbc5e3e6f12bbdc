"""Is what was kept still kept: ``probe_lock``."""
