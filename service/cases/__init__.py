"""Cases: ``open_case``, ``link_clips``, ``search_cases``."""
