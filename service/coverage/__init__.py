"""Coverage (配置率): ``rate`` and ``tree`` (pure: who counts, who is missing and why, added up in the tree of the day), ``measure`` (from the facts).

``due`` (pure), ``freeze`` and ``restate`` make frozen figures, ``roster_file`` is how they are spelled, ``frozen`` reads them; ``explain`` says why
one figure came from another; ``companions`` is what stands beside the rate and is never part of it.
"""
