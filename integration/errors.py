"""Errors of integration that a caller can expect and show."""

from collections.abc import Mapping


class InvalidInputError(Exception):
    """What a person entered cannot be used. `problems` maps each field to what is wrong and what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in self.problems.items()))
