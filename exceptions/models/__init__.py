"""The rows of the desk."""

from exceptions.models.case import Case, CaseEvent, CaseRecord

__all__ = ["Case", "CaseEvent", "CaseRecord"]
