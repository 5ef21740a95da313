"""Shared tools, a closed list: effects, queue, limits, job runs, audit, http, money, secrets, clock, permissions, ui tags."""
