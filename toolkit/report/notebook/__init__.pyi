from .plotting import plot_run
from .showing import ShownTable, show, show_run

__all__ = ["ShownTable", "plot_run", "show", "show_run"]
