"""The custody log: ``seal_clips`` (one sequencer, checkpoints), ``timestamp_checkpoint`` (tokens), ``read_chain``, ``keys``."""
