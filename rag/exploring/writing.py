"""Texts with their vectors as a file that other programs read: .npy, .csv, .jsonl, .parquet."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError, storage_errors
from rag.exploring.lists import harmless_cell

DIGITS = 9  # tell any two numbers of 32 bits apart


def write_vectors(file: Path, texts: Sequence[str], vectors: Embeddings) -> None:
    """Write them, whole or not at all, in the format of the file's suffix.

    `.npy` has the vectors alone, float32, in the order of the texts; the others have the texts too.

    Raises:
        ExploringError: There is no such format, or pyarrow is needed.
        StorageError: The file cannot be written.
    """
    write = writer_of(file)
    partial = file.with_name(f"{file.name}.partial")
    try:
        with storage_errors(f"{file} cannot be written", cure="Choose another file."):
            write(partial, texts, vectors)
            partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def writer_of(file: Path) -> Callable[[Path, Sequence[str], Embeddings], None]:
    """What writes a file of this suffix; `ExploringError` where nothing does, before anything is embedded."""
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        raise ExploringError(f"{file.name}: vectors are written to {', '.join(_WRITERS)}. Choose a name that ends in one of these.")
    if writer is _write_parquet:
        _pyarrow()
    return writer


def json_lines(texts: Sequence[str], vectors: Embeddings) -> Iterator[str]:
    """A line of JSON for each text."""
    for text, vector in zip(texts, vectors, strict=True):
        yield f'{{"text": {json.dumps(text, ensure_ascii=False)}, "embedding": [{", ".join(_numbers(vector))}]}}\n'


def _numbers(vector: Embeddings) -> list[str]:
    return [f"{number:.{DIGITS}g}" for number in vector.tolist()]


def _write_npy(file: Path, _: Sequence[str], vectors: Embeddings) -> None:
    with file.open("wb") as opened:
        np.save(opened, vectors)


def _write_csv(file: Path, texts: Sequence[str], vectors: Embeddings) -> None:
    with _text_file(file) as opened:
        writer = csv.writer(opened)
        writer.writerow(["text", *range(vectors.shape[1])])
        writer.writerows([harmless_cell(text), *_numbers(vector)] for text, vector in zip(texts, vectors, strict=True))


def _write_json_lines(file: Path, texts: Sequence[str], vectors: Embeddings) -> None:
    with _text_file(file) as opened:
        opened.writelines(json_lines(texts, vectors))


def _write_parquet(file: Path, texts: Sequence[str], vectors: Embeddings) -> None:
    arrow, parquet = _pyarrow()
    column = arrow.FixedSizeListArray.from_arrays(arrow.array(vectors.ravel()), vectors.shape[1])
    parquet.write_table(arrow.table({"text": list(texts), "embedding": column}), file)


def _text_file(file: Path) -> TextIO:
    return file.open("w", encoding="utf-8", newline="")


def _pyarrow() -> tuple[Any, Any]:
    """The library and its part that writes Parquet. It is used where it is installed anyway, and not declared: it takes 170 MB."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise ExploringError("Parquet needs pyarrow. Run `pip install pyarrow`, or write .npy, .csv or .jsonl.") from error


_WRITERS = {".npy": _write_npy, ".csv": _write_csv, ".jsonl": _write_json_lines, ".parquet": _write_parquet}
