"""`rag serve`: the page."""

from pathlib import Path
from typing import Annotated

import typer

from rag.settings import Settings
from ui.commands.terminal import FOLDER, LibraryOption, err, open_library

app = typer.Typer()


@app.command()
def serve(  # noqa: PLR0913, PLR0917 - an option each
    library: LibraryOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 accepts connections from other machines.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 7860,
    no_login: Annotated[
        bool, typer.Option("--no-login", help="Let everyone who reaches the address read and change everything, without a login.")
    ] = False,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file of the certificate with its chain, for HTTPS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's private key.")] = None,
    replica: Annotated[
        bool, typer.Option("--replica", help="Answer questions in a cluster, and leave what changes documents to its writer [RAG_REPLICA].")
    ] = False,
    samples: Annotated[Path | None, typer.Option(help="Folder to index at the start if the library is empty.", **FOLDER)] = None,
) -> None:
    """Start the page."""
    from rag.library import Library
    from rag.remote.cluster import ClusterLibrary
    from ui.server import serve as serve_page

    if not host.strip():
        raise typer.BadParameter(
            "give an address, such as 127.0.0.1, or 0.0.0.0 to accept connections from other machines.", param_hint="--host"
        )
    if samples and not samples.is_dir():
        raise typer.BadParameter(f"there is no folder {samples}. Check the path.", param_hint="--samples")
    chosen = {"tls_certificate": tls_certificate, "tls_key": tls_key, "replica": replica}
    chosen = {name: value for name, value in chosen.items() if value}

    def opener(folder: Path, settings: Settings) -> Library:
        settings = settings.model_copy(update=chosen)
        return (ClusterLibrary if settings.database_url else Library).open(folder, settings)

    with open_library(library, create=True, from_server=False, opener=opener) as opened:
        opened.connect_workers()
        serve_page(opened, host=host, port=port, samples=samples, no_login=no_login, tell=lambda line: err.print(line, markup=False))
