from .plotting import plot_run, plot_study
from .showing import ShownTable, show, show_run

__all__ = ["ShownTable", "plot_run", "plot_study", "show", "show_run"]
