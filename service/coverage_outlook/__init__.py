"""Where coverage is going: ``targets``, ``forecast`` and ``alarms`` (pure rules), and what is made of them.

``standing`` decides for an agency how it stands with its targets, ``trend`` reads its figures over time, ``outlook`` puts both together with the
pipeline; ``watch`` opens and ends alarms, ``list_alarms`` shows them, ``webhooks`` tells others; ``changes`` explains between two days.
"""
