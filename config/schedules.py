"""Every periodic job of the project on one screen; each says how often it runs in its own module."""

from core import upkeep
from core.jobs import Job
from exceptions.jobs import watch
from integration.jobs import (
    check_connections,
    plan_dispatches,
    prepare_orders,
    read_dispatches,
    read_orders,
    run_effects,
    sweep_acceptance,
)

JOBS: tuple[Job, ...] = (
    read_orders.JOB,
    sweep_acceptance.JOB,
    prepare_orders.JOB,
    read_dispatches.JOB,
    plan_dispatches.JOB,
    *run_effects.JOBS,
    check_connections.JOB,
    watch.JOB,
    upkeep.JOB,
)
