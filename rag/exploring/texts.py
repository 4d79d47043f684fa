"""Texts that are in no library, as a corpus: whatever is shown of a library is shown of them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from rag import arguments
from rag.building import checked_embedder
from rag.embedding.batches import embed_all
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.protocol import Embedder, Embeddings, truncated
from rag.errors import DocumentNotFoundError, ExploringError
from rag.exploring.colouring import LABEL
from rag.exploring.embedding import EmbeddedTexts, embed_question
from rag.exploring.lists import counted, read_input, read_sheet
from rag.exploring.vectors import Progress, Vectors, no_progress
from rag.settings import Settings
from rag.types import Chunk, ChunkKey, DocumentRecord, Passage, TrainedKind

if TYPE_CHECKING:
    from rag.embedding.token_reader import TokenizedText
    from rag.embedding.trained import Trained
    from rag.exploring.classifying import Classification
    from rag.exploring.clusters import Clustering
    from rag.exploring.comparing import Match, Similarities
    from rag.exploring.counting import WordCounts
    from rag.exploring.duplicates import Duplicates
    from rag.exploring.layouts import Method
    from rag.exploring.mapping import Map

MOST_READ = 1_000_000  # texts of a file, or of standard input
STDIN = "-"


class Texts:
    """A list of texts, with labels of one's own or without. Each is embedded once, at the first call that needs it.

    The functions of `rag.exploring` take it in place of a library: each text is a document of one passage, "text 1" and so on.
    """

    def __init__(
        self,
        texts: Sequence[str],
        labels: Sequence[str] | None = None,
        *,
        settings: Settings | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        """Take the texts; nothing is loaded yet.

        Args:
            texts: None of them empty; they may repeat.
            labels: A label or group for each text, "" for none.
            settings: Name the embedding model; read from the environment if not given.
            embedder: Used instead, such as that of other texts or of a library; whoever made it closes it.

        Raises:
            TypeError, ValueError: One is no list of strings, a text is empty, or there are more or fewer labels than texts.
        """
        self.texts = tuple(map(arguments.valid, arguments.texts("texts", texts)))
        self.labels = () if labels is None else tuple(map(arguments.valid, arguments.texts("labels", labels)))
        if empty := [place for place, text in enumerate(self.texts) if not text.strip()]:
            raise ValueError(f"texts[{empty[0]}] is empty. Leave it out.")
        if labels is not None and len(self.labels) != len(self.texts):
            raise ValueError(f"There are {counted(len(self.texts), 'text')} and {counted(len(self.labels), 'label')}: give one for each.")
        self.settings = settings or Settings()
        self._given = embedder
        self._vectors: Vectors | None = None

    @classmethod
    def read(
        cls, file: str | Path, column: str | None = None, label: str | None = None, *, settings: Settings | None = None,
        embedder: Embedder | None = None,
    ) -> Self:  # fmt: skip
        """Read texts from a file in any encoding; empty ones are left out.

        Args:
            file: One text per line, CSV (.csv, .tsv) or JSON Lines (.jsonl); "-" is standard input.
            column: Column of the texts; not needed where there is only one.
            label: Column of their labels.
            settings: As for `Texts`.
            embedder: As for `Texts`.

        Raises:
            ExploringError: The file has no such column, no text, or more than a million.
            DocumentError: It cannot be read.
        """
        if str(file) == STDIN:
            sheet = read_input(has_columns=column is not None or label is not None, most=MOST_READ)
        else:
            sheet = read_sheet(Path(file), most=MOST_READ)
        texts, labels = sheet.labelled(column, label) if label is not None else (sheet.column(column), None)
        return cls(texts, labels, settings=settings, embedder=embedder)

    def embed(self, output: str | Path | None = None) -> Embeddings:
        """The vectors, float32 `(texts, dimensions)`, rows of unit length; also written to a .npy, .csv, .jsonl or .parquet file."""
        from rag.exploring.writing import write_vectors, writer_of

        if output is not None:
            writer_of(Path(output))
        embeddings = self.vectors().embeddings
        if output is not None:
            write_vectors(Path(output), self.texts, embeddings)
        return embeddings

    def map(self, output: str | Path | None = None, *, method: "Method" = "tsne", question: str | None = None) -> "Map":
        """Place the texts in two dimensions; `output` is a picture with a legend of the labels, or else of the clusters.

        Args:
            output: A .png, .svg, .html or .json file.
            method: See `map_library`.
            question: Drawn as a star among its nearest texts.
        """
        from rag.exploring.clusters import find_clusters
        from rag.exploring.colouring import by_cluster, by_label
        from rag.exploring.figures.files import check_ending, write_map
        from rag.exploring.mapping import map_library, place_question

        if output is not None:
            check_ending(Path(output))
        placed = map_library(self, method=method)
        if output is not None:
            colouring = by_label(placed) if any(self.labels) else by_cluster(placed, find_clusters(self))
            star = place_question(self, placed, question) if question is not None else None
            write_map(Path(output), self, placed, colouring, star)
        return placed

    def clusters(self, k: int | None = None) -> "Clustering":
        """Group the texts by meaning, in k groups or as many as there seem to be; see `find_clusters`."""
        from rag.exploring.clusters import find_clusters

        return find_clusters(self, k=k)

    def compare(self) -> "Similarities":
        """The cosine of each text with each, of 1,000 texts at most."""
        from rag.exploring.comparing import check_count, compared

        check_count(len(self.texts), "text")
        return compared(self._embedded)

    def count_words(self, *, stop_words: bool = True, stems: bool = False) -> "WordCounts":
        """How often each word is in each text, to be seen beside the vectors; see `exploring.count_words`."""
        from rag.exploring.counting import count_words

        return count_words(self.texts, stop_words=stop_words, stems=stems)

    def search(self, query: str, top_k: int = 5) -> "list[Match]":
        """The texts most similar to a question, best first."""
        from rag.exploring.comparing import ranked

        return ranked(self._embedded, embed_question(self, query), arguments.count("top_k", top_k))

    def similar(self, text: str | int, top_k: int = 5) -> list[Passage]:
        """The other texts most similar to one of them, given by itself or by its index, best first."""
        from rag.exploring.related import more_like

        self._require(2, "Finding similar texts")
        name = self.texts[text] if isinstance(text, int) else arguments.text("text", text)
        return more_like(self, name, top_k=top_k)

    def duplicates(self, threshold: float = 0.8) -> "Duplicates":
        """The texts that occur twice or nearly so, and the words that differ; see `find_duplicates`."""
        from rag.exploring.duplicates import find_duplicates

        self._require(2, "Finding duplicates")
        return find_duplicates(self, threshold=threshold)

    def classify(self, examples: Mapping[str, Sequence[str]] | None = None) -> "Classification":
        """Give each text the likeliest label; see `exploring.classify`.

        Args:
            examples: Texts by label. If not given, the texts with a label are the examples, and those without get one.
        """
        from rag.exploring.classifying import classify

        return classify(self, self.examples, self.unlabelled) if examples is None else classify(self, examples, self.texts)

    def tokens(self) -> "list[TokenizedText]":
        """Each text as the model splits it."""
        from rag.exploring.tokens import tokenize

        return [tokenize(self, text) for text in self.texts]

    def train(self, kind: TrainedKind, folder: str | Path, dimensions: int = 100, epochs: int = 60) -> "Trained":
        """Train "word2vec", "fasttext" or "doc2vec" on the texts, for RAG_EMBEDDING_MODEL=gensim:FOLDER."""
        from rag.embedding.trained import train

        return train(self.texts, kind, Path(folder), dimensions, epochs)

    @property
    def examples(self) -> dict[str, list[str]]:
        """The texts by label, those without left out."""
        found: dict[str, list[str]] = {}
        for text, label in zip(self.texts, self.labels, strict=False):
            if label:
                found.setdefault(label, []).append(text)
        return found

    @property
    def unlabelled(self) -> tuple[str, ...]:
        """The texts without a label.

        Raises:
            ExploringError: Each has one.
        """
        found = tuple(text for text, label in zip(self.texts, self.labels or [""] * len(self), strict=True) if not label)
        if self.texts and not found:
            raise ExploringError("Each text has a label already: leave empty the labels that are to be found.")
        return found

    @cached_property
    def embedder(self) -> CheckedEmbedder:
        """The model."""
        if self._given is None:
            return checked_embedder(self.settings)
        return self._given if isinstance(self._given, CheckedEmbedder) else CheckedEmbedder(self._given)

    @property
    def folder(self) -> None:
        """None: their maps are not kept."""

    def vectors(self, progress: Progress = no_progress) -> Vectors:
        """The vectors, embedded at the first call."""
        if self._vectors is None:
            if not self.texts:
                raise ExploringError("There are no texts. Write one per line.")
            rows = embed_all(self.embedder, self.texts, progress)
            parts = "\n".join([self.embedder.identity, *self.texts])
            records, keys = tuple(self._records.values()), tuple((id_, 0) for id_ in self._records)
            self._vectors = Vectors(hashlib.sha256(parts.encode()).hexdigest(), records, keys, np.arange(len(keys)), rows, 0)
        return self._vectors

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Each text as a chunk."""
        return {key: Chunk(key[0], 0, 1, 0, len(text), text) for key in keys if (text := self._text(key[0]))}

    def documents(self) -> list[DocumentRecord]:
        """Each text as a document."""
        return list(self._records.values())

    def document(self, name_or_id: str) -> DocumentRecord:
        """A text, by itself, by "text 3", or by its number from 1."""
        if (wanted := name_or_id.strip()) in self._stripped:
            return self._records[_id(self._stripped.index(wanted) + 1)]
        number = wanted.removeprefix("text ")
        if number.isdecimal() and 1 <= int(number) <= len(self.texts):
            return self._records[_id(int(number))]
        raise DocumentNotFoundError(f"“{name_or_id}” is none of the {counted(len(self.texts), 'text')}. Give one of them, or its number.")

    def close(self) -> None:
        """Let go of the model, unless it was given."""
        if self._given is None:
            self.embedder.close()

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        labels = f", {counted(len(set(self.labels)), 'label')}" if self.labels else ""
        return f"<Texts: {counted(len(self.texts), 'text')}{labels}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def _embedded(self) -> EmbeddedTexts:
        cut = tuple(place for place, text in enumerate(self.texts) if truncated(text, self.embedder) != text)
        return EmbeddedTexts(self.texts, self.vectors().embeddings, cut)

    @cached_property
    def _stripped(self) -> tuple[str, ...]:
        return tuple(text.strip() for text in self.texts)

    @cached_property
    def _records(self) -> dict[str, DocumentRecord]:
        labels = self.labels or ("",) * len(self.texts)
        return {
            (id_ := _id(number)): DocumentRecord(
                id=id_,
                name=f"text {number}",
                title="",
                media_type="text/plain",
                sources=(),
                pages=1,
                chunks=1,
                empty_pages=(),
                labels=("1",),
                added="",
                size=len(text),
                metadata={LABEL: label} if label else {},
            )
            for number, (text, label) in enumerate(zip(self.texts, labels, strict=True), start=1)
        }

    def _text(self, id_: str) -> str:
        return self.texts[int(id_) - 1] if id_ in self._records else ""

    def _require(self, least: int, what: str) -> None:
        if (count := len(self.texts)) < least:
            raise ExploringError(f"{what} needs at least {least} texts, and there {'is 1' if count == 1 else 'are none'}. Add more.")


def _id(number: int) -> str:
    return f"{number:07}"  # sorted as the texts are
