"""Drafts against limits, policies, plain style and the team's own brand: no model, no network."""

from __future__ import annotations

from toolkit.linting.brand import Brand, load_brand
from toolkit.linting.records import Finding
from toolkit.linting.running import RULES, lint, lint_for

__all__ = ["RULES", "Brand", "Finding", "lint", "lint_for", "load_brand"]
