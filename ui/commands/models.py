"""`rag models`: the embedding models that are known, downloading one, and changing to one."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from rag.errors import LibraryLockedError
from rag.settings import Settings
from ui.commands.page import ask_page
from ui.commands.terminal import JsonOption, LibraryOption, err, open_library, print_json, print_table, progress_bar, warn

if TYPE_CHECKING:
    from ui.models import ModelRow

COLUMNS = ("model", "parameters", "dimensions", "tokens", "languages", "licence", "quality", "speed", "state")
STYLES = {"in use": "bold green", "indexing": "yellow", "on this machine": "green"}

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="A name of the list, a folder, or what RAG_EMBEDDING_MODEL takes.")]

app = typer.Typer()
models = typer.Typer(invoke_without_command=True, no_args_is_help=False)
app.add_typer(models, name="models", help="List embedding models, download one, or change to one.")


@models.callback()
def list_models(context: typer.Context, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the embedding models that are known to work, and which one the library uses."""
    if context.invoked_subcommand:
        return
    from ui.models import model_rows, models_of

    settings = Settings()
    used, following = models_of(library or settings.library, settings)
    rows = model_rows(used, following)
    if as_json:
        print_json(asdict(row.model) | {"prompts": row.model.prompts._asdict(), "state": row.state} for row in rows)
        return
    print_table(COLUMNS, map(_cells, rows), right=("parameters", "dimensions", "tokens", "speed"))
    if not any(row.state == "in use" for row in rows):
        err.print(f"The library uses {used}.", markup=False)
    if "embedding_model" in settings.model_fields_set:
        err.print("RAG_EMBEDDING_MODEL is set, and wins over a library's own choice.")


@models.command("get")
def get_model(model: ModelArgument) -> None:
    """Download a model from Hugging Face and prepare it for this machine."""
    from rag import building
    from ui.models import setting_of

    with progress_bar(f"downloading {model}") as show:
        building.get_model(setting_of(model), Settings(), show)
    err.print(f"{model} is ready. `rag models use {model}` changes to it.", markup=False)


@models.command("use")
def use_model(model: ModelArgument, library: LibraryOption = None) -> None:
    """Re-index the library with another model. Until that is done, the old index answers."""
    from ui.models import setting_of

    setting = setting_of(model)
    try:
        with open_library(library, create=True, from_server=False) as opened:
            opened.use_model(setting)
            with progress_bar("preparing the model") as show:
                while opened.index_next():
                    if switch := opened.model_switch:
                        show(switch.share, f"re-indexing with {model}")
            if switch := opened.model_switch:
                warn(switch.problem)
                raise typer.Exit(1)
    except LibraryLockedError as error:
        ask_page(library, "POST", "/models", error, model=setting)
        err.print(f"The page that holds the library re-indexes it with {model}. Until that is done, the old index answers.", markup=False)
        return
    err.print(f"The library uses {model} now.", markup=False)


def _cells(row: "ModelRow") -> tuple[str, ...]:
    model, style = row.model, STYLES.get(row.state, "dim")
    return (
        escape(model.name),
        f"{model.parameters} M" if model.parameters else "",
        str(model.dimensions),
        f"{model.tokens:,}",
        model.languages,
        model.licence,
        escape(row.quality),
        f"{model.speed:g} ×" if model.speed else "",
        f"[{style}]{row.state}[/{style}]",
    )
