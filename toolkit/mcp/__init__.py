"""The toolkit for agents: a server of the Model Context Protocol, over stdio or HTTP on this machine alone.

An agent prices a test, runs it under a limit, and reads the verdict with its interval. Words of drafts, personas and
models come back in fields named `untrusted`, so that they stay data.

Examples:
    >>> from toolkit.mcp import WorkingFolder
    >>> WorkingFolder("examples").find("paypal-invoices.yaml", "path").name
    'paypal-invoices.yaml'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
