"""How evidence and its records are kept: PostgreSQL rows and job queue, S3 objects, embedded servers."""
