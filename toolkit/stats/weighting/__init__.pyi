from .raking import CLOSE, HIGHEST, LOWEST, Raked, rake

__all__ = ["CLOSE", "HIGHEST", "LOWEST", "Raked", "rake"]
