"""`python -m rag`: the command line."""

from ui.commands.cli import main

main()
