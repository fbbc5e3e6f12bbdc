"""Pages: ``router`` and one folder for each feature; ``rendering`` makes HTML of ``templates/``, ``problem_pages`` tells errors."""
