"""Coverage reported to others: ``make_report`` and ``send_reports`` upward, ``receive_report`` and ``received`` from below, as signed documents.

``history`` (pure) tells where reports contradict those before; ``figure_report`` with ``report_files`` make XLSX, PDF and CSV; ``monthly_statistics``
counts dockings and footage; ``sample`` (drawn by a public seed) is for audits.
"""
