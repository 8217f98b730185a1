from .rendering import CardTable, render_card

__all__ = ["CardTable", "render_card"]
