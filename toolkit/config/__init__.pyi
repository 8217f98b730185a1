from . import sharing
from .team_file import Configuration, TeamSettings, load_config

__all__ = ["Configuration", "TeamSettings", "load_config", "sharing"]
