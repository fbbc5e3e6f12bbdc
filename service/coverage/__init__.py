"""Coverage (配置率): ``rate`` (pure: who counts, who is missing and why), ``measure`` (for an agency, at an instant)."""
