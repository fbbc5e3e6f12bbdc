"""Agencies, officers, certificates, recorders and assignments, taken in whole: ``rows`` > ``plan_import`` (pure) > ``apply_import``; and read.

``list_agencies`` is for whoever chooses one.
"""
