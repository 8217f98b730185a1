from . import language_id, reports
from .brand import Brand, load_brand
from .records import Finding
from .rules import RULES, lint, lint_for

__all__ = ["RULES", "Brand", "Finding", "language_id", "lint", "lint_for", "load_brand", "reports"]
