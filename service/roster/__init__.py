"""Agencies, officers, certificates, recorders and assignments, taken in whole: ``rows`` > ``plan_import`` (pure) > ``apply_import``."""
