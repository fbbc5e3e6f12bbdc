"""The page by which anybody verifies an evidence package; ``source/`` is what it is put together from (``tools/build_verify_page.py``)."""
