"""Crash points: a worker dies at every step between claim and record, against every fault of the sandbox, for every write.

    python -m bench.crash_points [--kind mirakl.accept ...] [--json]

Each case forks a process that claims one effect over real TCP and really dies at its point; another one then goes on
where it died, until nothing is due. The sandbox's own ledger and the database tell whether the write took place once.
"""
