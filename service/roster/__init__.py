"""Agencies, officers, certificates, recorders and assignments, taken in whole: ``rows`` > ``plan_import`` (pure) > ``apply_import``; and read.

``import_file`` takes a file in by way of ``read_file``; ``export_roster`` and ``write_workbook`` give one out.
``pull_roster`` asks systems elsewhere; ``confirm_roster`` keeps who confirmed a month; ``move_due`` lets moves take effect on their day.
``tell_plan`` says what a roster would change. ``list_agencies`` is for whoever chooses one.
"""
