"""`rag serve`: the page."""

from pathlib import Path
from typing import Annotated

import typer

from ui.commands.terminal import FOLDER, LibraryOption, err, open_library

app = typer.Typer()


@app.command()
def serve(
    library: LibraryOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 accepts connections from other machines.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 7860,
    no_login: Annotated[
        bool, typer.Option("--no-login", help="Let everyone who reaches the address read and change everything, without a login.")
    ] = False,
    samples: Annotated[Path | None, typer.Option(help="Folder to index at the start if the library is empty.", **FOLDER)] = None,
) -> None:
    """Start the page."""
    from ui.server import serve as serve_page

    if not host.strip():
        raise typer.BadParameter(
            "give an address, such as 127.0.0.1, or 0.0.0.0 to accept connections from other machines.", param_hint="--host"
        )
    if samples and not samples.is_dir():
        raise typer.BadParameter(f"there is no folder {samples}. Check the path.", param_hint="--samples")
    with open_library(library, create=True, from_server=False) as opened:
        serve_page(opened, host=host, port=port, samples=samples, no_login=no_login, tell=lambda line: err.print(line, markup=False))
