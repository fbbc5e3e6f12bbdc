"""Who you are: ``sign_in``, ``sessions`` (tokens to actors), ``manage_accounts``, ``passwords``."""
