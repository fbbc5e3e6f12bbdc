"""`bodycam up`: the whole service on one machine, in one data directory.

It starts PostgreSQL, SeaweedFS, the API, a worker and a dock as children, watches them, and stops them. Each child is the same program
that a cluster runs.
"""
