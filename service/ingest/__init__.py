"""What a dock asks for: sessions, listings, uploads, and what follows until a clip is verified.

``open_session`` > ``announce_files`` > ``grant_upload`` > ``complete_upload`` > ``read_back_clip``; ``reread_clip`` compares what a recorder gave
before; ``end_session`` tells how the plugging-in goes; ``release_clip`` shows what the wipe gate (``wipe_gate``, pure) decides.
"""
