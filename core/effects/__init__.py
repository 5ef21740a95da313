"""Outward writes as rows: asked for once, sent until true, read back before repeated."""

from core.effects.claim import Claimed
from core.effects.counts import RunCounts
from core.effects.ensure import NewEffect, ensure_effect, ensure_effects
from core.effects.handler import EffectHandler, ReadBack
from core.effects.rearm import cancel_effect, rearm
from core.effects.runner import run_effects

__all__ = [
    "Claimed",
    "EffectHandler",
    "NewEffect",
    "ReadBack",
    "RunCounts",
    "cancel_effect",
    "ensure_effect",
    "ensure_effects",
    "rearm",
    "run_effects",
]
