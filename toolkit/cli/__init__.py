"""The command line: parses, asks the floors below, shows."""
