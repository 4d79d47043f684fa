"""`rag backup`: backups of a server while it serves, and back."""

from pathlib import Path
from typing import Annotated

import typer

from rag.errors import LibraryError
from rag.settings import Settings
from ui.commands.terminal import JsonOption, LibraryOption, err, path, print_json, print_table, warn
from ui.commands.waiting import seconds_to_wait

FolderArgument = Annotated[Path, typer.Argument(help="Folder of the backups.", parser=path, metavar="BACKUPS")]
NameOption = Annotated[str, typer.Option("--name", help="Which backup, as `rag backup list` names it; the last one if not given.")]

LEAST_SECONDS = 20.0  # to wait for a library that a server is opening just now

app = typer.Typer()
backup = typer.Typer(no_args_is_help=True)
app.add_typer(backup, name="backup", help="Back up a server with its libraries and people while it serves, and restore it.")


@backup.command("make")
def make(
    folder: FolderArgument,
    library: LibraryOption = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Delete all backups but the last so many.", show_default=False)] = None,
) -> None:
    """Back up a library, the others of its server, its people and their conversations; what earlier backups hold is not copied again.

    With RAG_DATABASE_URL, all of the cluster, from whichever machine.
    """
    from rag.storing.backups import BackupFolder
    from ui.backups import back_up, back_up_cluster

    settings = Settings()
    if settings.database_url:
        made, kept = back_up_cluster(folder, settings, _backing_up)
        for problem in kept.problems:
            warn(f"Not whole in the cluster, and so in the backup: {problem}.")
    else:
        seconds = max(LEAST_SECONDS, seconds_to_wait(settings.wait_seconds))
        made = back_up(library or settings.library, folder, settings, _backing_up, seconds)
    err.print(f"Backup {made.name}: {len(made.parts):,} files, {made.size / 1e6:,.1f} MB, in {folder}.", markup=False)
    if settings.chroma_url and not settings.database_url:
        warn("Embeddings are on the Chroma server: back that up as well. Without them, `rag doctor --repair` embeds all documents again.")
    if keep and (removed := BackupFolder(folder).remove_old(keep)):
        err.print(f"Deleted older backups: {removed}.")


@backup.command("list")
def list_backups(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """List the backups in a folder, oldest first."""
    from rag.storing.backups import BackupFolder

    backups = BackupFolder(folder)
    found = [backups.read(name) for name in backups.names()] or [backups.read()]
    if as_json:
        print_json({"name": each.name, "files": len(each.parts), "bytes": each.size, "version": each.version} for each in found)
        return
    columns = ("backup", "files", "MB", "version")
    print_table(
        columns, ((each.name, f"{len(each.parts):,}", f"{each.size / 1e6:,.1f}", each.version) for each in found), right=columns[1:3]
    )


@backup.command("check")
def check(folder: FolderArgument, name: NameOption = "") -> None:
    """Read every byte of a backup, and say what is missing or changed."""
    from rag.storing.backups import BackupFolder

    backups = BackupFolder(folder)
    read = backups.read(name)
    problems = list(backups.problems(read))
    for problem in problems:
        warn(f"Damaged: {problem}.")
    if problems:
        raise typer.Exit(1)
    err.print(f"Backup {read.name} is whole: {len(read.parts):,} files, {read.size / 1e6:,.1f} MB.", markup=False)


@backup.command("restore")
def restore(
    folder: FolderArgument,
    library: Annotated[
        Path | None,
        typer.Argument(help="Library folder to restore to: new, or empty; none for a cluster.", parser=path, metavar="[FOLDER]"),
    ] = None,
    name: NameOption = "",
) -> None:
    """Restore a backup to a new folder: the same libraries, people, conversations and settings.

    A backup of a cluster goes to the database, the Chroma server and the place for files that the settings name, all of them empty.
    """
    from rag.storing.backups import BackupFolder
    from rag.storing.cluster.backups import is_of_cluster
    from ui.backups import restore_to_cluster

    backups = BackupFolder(folder)
    read = backups.read(name)
    if library is None:
        restore_to_cluster(folder, read, Settings(), lambda what: err.print(f"Restoring: {what}", style="dim", markup=False))
        err.print(f"Restored backup {read.name} to the cluster. `rag serve` on each machine serves it.", markup=False)
        return
    if is_of_cluster(read):
        raise LibraryError(f"Backup {read.name} is one of a cluster: name no folder, and set RAG_DATABASE_URL and what else it shares.")
    backups.restore(read, library)
    err.print(f"Restored backup {read.name} to {library}. `rag serve --library {library}` serves it.", markup=False)


def _backing_up(what: str) -> None:
    err.print(f"Backing up: {what}", style="dim", markup=False)
