"""How it is asked for: HTTP JSON (``api.v1``) and pages (``api.web``)."""
