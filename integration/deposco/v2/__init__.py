"""The V2 API: JSON, bearer tokens, numeric ids, keyset pages. Knows nothing of Django."""
