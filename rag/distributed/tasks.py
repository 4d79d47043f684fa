"""What a worker does: functions of their arguments alone. The parts that they need are built once in each process of a worker."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

from rag.building import WorkerParts, build_worker
from rag.distributed.order import Order, ReadPage, SentFile, installation
from rag.embedding.protocol import Embeddings
from rag.errors import EmbeddingError, RagError
from rag.formats.protocol import FileToOpen
from rag.formats.registry import format_of
from rag.ingesting.chunking import Chunker
from rag.ingesting.staging import ReadFile
from rag.settings import Settings
from rag.types import Chunk, Heading, Page

SECONDS_UNTIL_REST = 60.0  # after the last page, the process that has the OCR engine ends: it holds 0.4 GB
_RESTS: list[Timer] = []


def carry_out(task: str, order: Order, content: Any, *args: Any) -> Any:
    """Do one of `TASKS`. A `RagError` is returned: it is an outcome like any other, and a future has it as its exception all the same."""
    try:
        return TASKS[task](parts_for(order), content, *args)
    except RagError as error:
        return error


def greet(_: WorkerParts, name: str) -> str:
    """Show that the worker has what is asked for."""
    return f"{socket.gethostname()} greets {name}"


def read(parts: WorkerParts, content: bytes, file: SentFile) -> ReadFile:
    """Read a file, in a child process, and cut it into chunks."""
    chunks: list[Chunk] = []
    chunker = Chunker(file.id, parts.embedder, parts.settings.chunk_tokens)

    def cut(page: Page, headings: Sequence[Heading], _: int) -> None:
        chunks.extend(chunker.cut(page, headings))

    with _on_disk(content, file) as (path, ocr):
        read = parts.loader.read(path, name=file.name, passwords=file.passwords, ocr=ocr, on_page=cut)
        return ReadFile(read, chunks, _files(ocr))


def recognise(parts: WorkerParts, content: bytes, file: SentFile, media_type: str, number: int) -> ReadPage:
    """Have OCR read a page, 1-based, in a child process."""
    while _RESTS:
        _RESTS.pop().cancel()
    with _on_disk(content, file) as (path, ocr):
        ocr.mkdir(exist_ok=True)
        page = parts.recogniser.read(FileToOpen(path, file.name, format_of(media_type), file.passwords, ocr), number).result()
        _RESTS.append(rest := Timer(SECONDS_UNTIL_REST, parts.recogniser.rest))
        rest.daemon = True
        rest.start()
        return ReadPage(page, {name: data for name, data in _files(ocr).items() if name not in file.kept})


def embed(parts: WorkerParts, texts: Sequence[str]) -> Embeddings:
    """Embed texts as documents."""
    return parts.embedder.embed_documents(texts)


TASKS: dict[str, Callable[..., Any]] = {"greet": greet, "read": read, "recognise": recognise, "embed": embed}


@lru_cache(maxsize=2)
def parts_for(order: Order) -> WorkerParts:
    """Built as the order says; `EmbeddingError` where this machine has something else installed."""
    parts = build_worker(Settings(**dict(order.settings)))
    parts.embedder.prepare()
    if (here := installation(parts.embedder, parts.settings.chunk_tokens)) != order.installation:
        raise EmbeddingError(
            f"The Ray worker on {socket.gethostname()} has another version or model: {here}. The library's machine has "
            f"{order.installation}. Install the same version of Footnote, extras and model on both."
        )
    return parts


@contextmanager
def _on_disk(content: bytes, file: SentFile) -> Iterator[tuple[Path, Path]]:
    """The file and its folder for OCR, while the block lasts."""
    with TemporaryDirectory(prefix="footnote-") as folder:
        path, ocr = Path(folder) / f"content{file.suffix}", Path(folder) / "ocr"
        path.write_bytes(content)
        for name, data in file.kept.items():
            ocr.mkdir(exist_ok=True)
            (ocr / name).write_bytes(data)
        yield path, ocr


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()} if folder.is_dir() else {}
