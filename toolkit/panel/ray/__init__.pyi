from .driver import carry_out_on_workers

__all__ = ["carry_out_on_workers"]
