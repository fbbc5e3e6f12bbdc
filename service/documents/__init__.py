"""Documents for people: PDF set by typst from templates and values, and texts that go along with a package. No database, no store."""
