"""Every periodic job of the project on one screen; each says how often it runs in its own module."""

from core import upkeep
from core.jobs import Job
from exceptions.jobs import watch
from integration.jobs import (
    check_connections,
    compute_stock,
    follow_pushes,
    keep_stock_history,
    plan_dispatches,
    plan_pushes,
    prepare_orders,
    prove_stock,
    read_dispatches,
    read_full_stock,
    read_items,
    read_orders,
    read_stock,
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
    read_stock.JOB,
    read_full_stock.JOB,
    read_items.JOB,
    *compute_stock.JOBS,
    plan_pushes.JOB,
    *follow_pushes.JOBS,
    *prove_stock.JOBS,
    keep_stock_history.JOB,
    check_connections.JOB,
    watch.JOB,
    upkeep.JOB,
)
