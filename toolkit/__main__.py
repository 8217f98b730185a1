"""`python -m toolkit` is the command `audience`."""

from toolkit.cli.main import main

main()
