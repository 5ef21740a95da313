"""What the pages of the maps say, and how they take what a service found wrong."""

from django import forms
from django.http import HttpRequest

from core.models import User
from core.money import Money
from integration.errors import InvalidInputError
from integration.services.release_holds import Released


def freed_words(released: Released) -> str:
    """What saving has freed."""
    if not released.freed_orders:
        return "No order waited for this alone."
    noun = "order goes" if released.freed_orders == 1 else "orders go"
    return f"{released.freed_orders:,} {noun} on, worth {Money(released.freed_value, released.currency)}."


def add_problems(form: forms.Form, error: InvalidInputError, *, otherwise: str | None) -> None:
    """Put each problem at its field; one that has no field of this form goes to `otherwise`."""
    for name, problem in error.problems.items():
        form.add_error(name if name in form.fields else otherwise, problem)


def user_of(request: HttpRequest) -> User:
    """Who is signed in; every page of the maps asks for that."""
    assert isinstance(request.user, User)
    return request.user
