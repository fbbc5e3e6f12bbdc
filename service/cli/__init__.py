"""Programs of the service, each an entry point ``bodycam.commands``; ``main`` finds one by name and loads only that."""
