from .folders import WorkingFolder
from .guides import read_guide
from .purses import SharedPurse
from .serving import make_server, serve_http, serve_stdio
from .toolbox import Toolbox

__all__ = ["SharedPurse", "Toolbox", "WorkingFolder", "make_server", "read_guide", "serve_http", "serve_stdio"]
