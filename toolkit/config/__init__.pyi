from . import sharing
from .store_path import default_store
from .team_file import Configuration, TeamSettings, load_config

__all__ = ["Configuration", "TeamSettings", "default_store", "load_config", "sharing"]
