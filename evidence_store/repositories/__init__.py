"""Every SELECT. Methods that list or find evidence take the actor, so that no query can forget whose rows may be seen."""
