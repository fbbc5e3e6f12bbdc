"""Footage from elsewhere: a person opens an import, says what its source states, and the files come through the dock protocol."""
