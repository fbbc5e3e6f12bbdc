"""Is what was kept still kept: ``probe_lock``, ``reconcile``, ``check_fixity``, ``remove_leftover``."""
