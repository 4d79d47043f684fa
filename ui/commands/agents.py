"""`rag mcp`: the library for agents on this machine."""

import typer

from ui.commands.terminal import LibraryOption, open_library

app = typer.Typer()


@app.command()
def mcp(library: LibraryOption = None) -> None:
    """Serve the library to an agent, by the Model Context Protocol on standard input and output."""
    from rag.remote.library import RemoteLibrary
    from ui.mcp import build_mcp

    with open_library(library, create=True) as opened:
        server = opened.url if isinstance(opened, RemoteLibrary) else ""
        build_mcp(opened, lambda: server).run("stdio")
