"""What comparisons found, and the removal of leftovers by two people."""
