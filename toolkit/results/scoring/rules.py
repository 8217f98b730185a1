"""What a verdict takes at the least."""

from __future__ import annotations

LEAST_PERSONAS = 8
LEAST_WORDINGS = 6
SIGNIFICANCE = 0.05
LEAST_ANSWERED = 0.8
"""Of the reactions that a run planned; with fewer it gives no verdict."""
