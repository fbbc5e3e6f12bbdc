"""Routes and schemas of one feature."""
