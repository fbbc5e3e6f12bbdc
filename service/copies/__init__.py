"""Every version a second time, in a store of another failure domain: make_copies, check_copies, repair_copy, prove_stores_differ."""
