"""What a person asks of clips: ``search_clips`` (and find one), ``view_clip`` (logged leave to watch), ``read_media`` (the bytes), ``claim_clip``."""
