"""What the view Map shows, made of the library: kept for as long as the library stays as it is."""

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from markupsafe import Markup

from rag.errors import ExploringError
from rag.exploring.passages import passage_of
from rag.library import Library
from rag.types import ChunkKey, Passage
from ui.rendering.html import render
from ui.web.exploring.figures import Figures
from ui.web.exploring.words import map as words

if TYPE_CHECKING:
    from rag.exploring.clusters import Cluster, Clustering
    from rag.exploring.colouring import Caption, Colouring
    from rag.exploring.mapping import Map, PlacedQuestion

SECONDS_BETWEEN_LOOKS = 0.4
NEAREST = 5
"""Passages that a question is placed among."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn."""

    of: Any
    method: Any
    colour: str
    question: str

    @classmethod
    def of_choices(cls, of: str, method: str, colour: str, question: str) -> Self:
        """What the controls say; the first choice in place of one that they do not offer."""

        def offered(value: str, names: dict[str, str]) -> str:
            return value if value in names else next(iter(names))

        return cls(offered(of, words.OFS), offered(method, words.METHODS), offered(colour, words.COLOURS), question.strip())


class MapDrawing:
    """Makes it; may be used from several threads."""

    def __init__(self, library: Library, figures: Figures) -> None:
        self._library = library
        self._figures = figures
        self._lock = threading.RLock()
        self._captions: dict[tuple[str, str], list[Caption]] = {}
        self._clustering: Clustering | None = None

    def state(self) -> str:
        """Another one where what there is to draw is another."""
        vectors = self._library.vectors()
        return f"{vectors.fingerprint} {vectors.waiting}"

    def make(self, wanted: Wanted) -> Generator[int]:
        """Place what is to be drawn; yields how far that is, in percent, where it takes a while.

        Raises:
            ExploringError: It cannot be placed.
            StorageError: The index cannot be read.
        """
        from rag.exploring.mapping import map_library

        share = [0.0]

        def told(done: float) -> None:
            share[0] = done

        with ThreadPoolExecutor(1, thread_name_prefix="map") as executor:
            making = executor.submit(map_library, self._library, of=wanted.of, method=wanted.method, progress=told)
            while not wait([making], SECONDS_BETWEEN_LOOKS).done:
                yield round(100 * share[0])
            making.result()

    def html(self, wanted: Wanted) -> tuple[str, str]:
        """The map with what is to be said of it, and the lists that belong to it: passages near a question, clusters."""
        from rag.exploring.colouring import by_cluster, by_document
        from rag.exploring.figures.map import map_figure
        from rag.exploring.mapping import map_library, place_question

        placed = map_library(self._library, of=wanted.of, method=wanted.method)
        colouring: Colouring = by_cluster(placed, self._clusters()) if wanted.colour == "cluster" else by_document(placed)
        question = place_question(self._library, placed, wanted.question, NEAREST) if wanted.question else None
        figure = map_figure(placed, self._captions_of(placed), colouring, question, by_score=wanted.colour == "question")
        notes = [*_notes(placed, self._library.vectors().waiting)]
        if wanted.colour == "question" and not question:
            notes.append(words.NO_QUESTION)
        label = words.FIGURE.format(points=notes[0].rstrip("."))
        shown = Markup(self._figures.show(figure, label, "passage"))
        lists = render(
            "explore_map_lists.html",
            words=words,
            nearest=self._nearest(placed, question) if question else [],
            clustering=self._clusters() if wanted.colour == "cluster" else None,
            colour=_colour,
            typical=_typical,
        )
        return render("explore_map.html", figure=shown, notes=notes), lists

    def has_clusters(self) -> bool:
        """Whether they are found already."""
        return self._clustering is not None and self._clustering.fingerprint == self._library.vectors().fingerprint

    def members(self, number: Any) -> tuple[ChunkKey, ...]:
        """The chunks of a cluster; none where there is none of that number.

        Raises:
            ExploringError: The library has changed.
        """
        if not self.has_clusters():
            raise ExploringError("The library has changed since this map was drawn. Draw it again.")
        clustering = self._clusters()
        return tuple(key for key, label in zip(clustering.keys, clustering.labels, strict=True) if label == number)

    async def title(self) -> bool:
        """Have the chat model name the clusters; whether it named any."""
        from rag.exploring.titling import title_clusters

        if self._library.chat_model is None or not self.has_clusters():
            return False
        titled = await title_clusters(self._clusters(), self._library.chat_model)
        with self._lock:
            self._clustering = titled
        return any(cluster.title for cluster in titled.clusters)

    def _clusters(self) -> "Clustering":
        from rag.exploring.clusters import find_clusters

        with self._lock:
            if self._clustering is None or not self.has_clusters():
                self._clustering = find_clusters(self._library)
            return self._clustering

    def _captions_of(self, placed: "Map") -> "list[Caption]":
        from rag.exploring.colouring import captions

        key = (placed.fingerprint, placed.of)
        with self._lock:
            if key not in self._captions:
                kept = {other: found for other, found in self._captions.items() if other[0] == placed.fingerprint}
                self._captions = kept | {key: captions(self._library, placed)}
            return self._captions[key]

    def _nearest(self, placed: "Map", question: "PlacedQuestion") -> list[tuple[Passage, int]]:
        """The passages, or the beginnings of the documents, that a question is nearest to, each with its ordinal."""
        rows = question.nearest.tolist()
        keys = {row: placed.keys[row] if placed.keys else (placed.records[placed.owners[row]].id, 0) for row in rows}
        chunks = self._library.chunks(keys.values())
        return [
            (passage_of(chunks[key], placed.records[placed.owners[row]], rank, float(question.cosines[row])), key[1])
            for rank, (row, key) in enumerate(keys.items(), start=1)
            if key in chunks
        ]


def _colour(number: int) -> str:
    from rag.exploring.figures.map import MOST_LISTED
    from rag.exploring.figures.style import mark

    return mark(number if number < MOST_LISTED else -1)[0]


def _typical(cluster: "Cluster") -> list[tuple[ChunkKey, Passage]]:
    return list(zip(cluster.keys, cluster.passages, strict=True))


def _notes(placed: "Map", waiting: int) -> Generator[str]:
    if placed.sampled_from > len(placed):
        yield words.SAMPLED.format(count=len(placed), total=placed.sampled_from) + "."
    else:
        count = len(placed.records)
        documents = words.DOCUMENTS[count != 1].format(count=count)
        yield words.POINTS[placed.of][len(placed) != 1].format(count=len(placed), documents=documents) + "."
    if waiting:
        yield words.WAITING[waiting != 1].format(count=waiting)
    if placed.trustworthiness is not None:
        trust = placed.trustworthiness
        yield next(sentence for least, sentence in words.TRUST if trust >= least).format(trust=trust)
