"""What a verdict takes at the least."""

from __future__ import annotations

LEAST_PERSONAS = 8
LEAST_WORDINGS = 6
SIGNIFICANCE = 0.05
