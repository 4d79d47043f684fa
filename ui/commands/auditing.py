"""`rag audit`: who did what on the server of a library; also while the server runs."""

import sys
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryError
from rag.settings import Settings
from ui.commands.terminal import JsonOption, LibraryOption, err, out, print_table

DAY = {"formats": ["%Y-%m-%d"], "metavar": "YYYY-MM-DD"}
SHOWN = 50  # unless all are wanted

app = typer.Typer()


@app.command()
def audit(  # noqa: PLR0913, PLR0917 - each is an option
    user: Annotated[str, typer.Option("--user", help="Only of the user with this name or id.")] = "",
    action: Annotated[str, typer.Option(help="Only actions that begin so: sign_in, question, document, people, settings, refused.")] = "",
    since: Annotated[datetime | None, typer.Option(help="From this day on, in UTC.", **DAY)] = None,
    until: Annotated[datetime | None, typer.Option(help="Until this day.", **DAY)] = None,
    as_all: Annotated[bool, typer.Option("--all", help=f"All records instead of the last {SHOWN}.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="All records as CSV, oldest first.")] = False,
    as_json: JsonOption = False,
    verify: Annotated[bool, typer.Option("--verify", help="Check that no record was changed, added or taken out.")] = False,
    kept: Annotated[str, typer.Option(metavar="HASH", help="With --verify: a hash printed earlier, which must still be there.")] = "",
    library: LibraryOption = None,
) -> None:
    """Show the audit log: who did what on the server, the newest record first."""
    from ui.people.audit import AUDIT_FOLDER
    from ui.people.audit_reading import Wanted, facts_in_words, records_of
    from ui.people.audit_reading import as_csv as csv_of
    from ui.people.audit_reading import as_lines as lines_of

    folder = (library or Settings().library) / AUDIT_FOLDER
    if not folder.is_dir():
        raise LibraryError(f"There is no audit log at {folder}. A server writes one once it has users or other machines reach it.")
    if verify or kept:
        _verify(folder, kept)
        return
    wanted = Wanted(user, action, f"{since:%Y-%m-%d}" if since else "", f"{until:%Y-%m-%d}" if until else "")
    if as_csv or as_json:
        sys.stdout.writelines((csv_of if as_csv else lines_of)(records_of(folder, wanted, newest_first=False)))
        return
    records = islice(records_of(folder, wanted), None if as_all else SHOWN)
    cells = ((each["time"][:19], each["name"] or each["door"], each["action"], facts_in_words(each)) for each in records)
    print_table(("time (UTC)", "who", "action", "what"), (tuple(map(escape, row)) for row in cells))


def _verify(folder: Path, kept: str) -> None:
    from ui.people.audit_reading import verified

    chain = verified(folder, kept)
    for place in chain.breaks:
        err.print(place, style="red", markup=False)
    if chain.breaks:
        raise typer.Exit(1)
    out.print(f"{chain.records:,} records, each following the one before it. The last one's hash: {chain.last}", markup=False)
    err.print("Keep that hash elsewhere: with --kept it shows later whether the log up to here was cut off or written anew.")
