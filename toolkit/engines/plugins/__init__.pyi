from .finding import BUILT_IN, check_name, describe_plugins, list_names, make_plugin

__all__ = ["BUILT_IN", "check_name", "describe_plugins", "list_names", "make_plugin"]
