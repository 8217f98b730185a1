from . import campaigns, concordance

__all__ = ["campaigns", "concordance"]
