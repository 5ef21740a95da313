"""The stock lane: read what the warehouse has, work out what each offer may show, tell it, prove it."""
