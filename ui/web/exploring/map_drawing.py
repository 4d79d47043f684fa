"""What the view Map shows of a library. Clusters and captions are kept for as long as the library stays the same."""

import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Self

from markupsafe import Markup

from rag.exploring.clusters import Clustering, find_clusters
from rag.exploring.colouring import Caption, by_cluster, by_document, captions
from rag.exploring.figures.map import MOST_LISTED, map_figure
from rag.exploring.figures.style import mark
from rag.exploring.mapping import Map, PlacedQuestion, place_question, require_same
from rag.exploring.naming import title_clusters
from rag.exploring.passages import FoundPassage, found_passage
from rag.library import Library
from rag.types import ChunkKey
from ui.rendering.html import render
from ui.web.exploring.figures import Figures
from ui.web.exploring.words import map as words

NEAREST = 5
"""Passages among which a question is placed."""


@dataclass(frozen=True, slots=True)
class MapChoices:
    """What is to be drawn."""

    of: Any
    method: Any
    colour: str
    question: str

    @classmethod
    def of_controls(cls, of: str, method: str, colour: str, question: str) -> Self:
        """What the controls say; the first choice in place of one that they do not offer."""

        def offered(value: str, names: dict[str, str]) -> str:
            return value if value in names else next(iter(names))

        return cls(offered(of, words.OFS), offered(method, words.METHODS), offered(colour, words.COLOURS), question.strip())


class MapDrawing:
    """Draws maps and lists. Safe to use from several threads."""

    def __init__(self, library: Library, figures: Figures) -> None:
        self._library = library
        self._figures = figures
        self._lock = threading.RLock()
        self._captions: dict[tuple[str, str], list[Caption]] = {}
        self._clustering: Clustering | None = None

    def state(self) -> str:
        """Changes whenever the map would."""
        return " ".join(map(str, self._library.vectors().state))

    def html(self, placed: Map, choices: MapChoices) -> tuple[str, str]:
        """The map with its notes, and the lists that go with it: passages near a question, clusters."""
        clustering = self._clusters() if choices.colour == "cluster" else None
        colouring = by_cluster(placed, clustering) if clustering else by_document(placed)
        question = place_question(self._library, placed, choices.question, NEAREST) if choices.question else None
        figure = map_figure(placed, self._captions_of(placed), colouring, question, by_score=choices.colour == "question")
        notes = [*_notes(placed, self._library.vectors().waiting)]
        if choices.colour == "question" and not question:
            notes.append(words.NO_QUESTION)
        label = words.FIGURE.format(points=notes[0].rstrip("."))
        nearest = self._nearest(placed, question) if question else []
        lists = render("explore_map_lists.html", words=words, nearest=nearest, clustering=clustering, colour=_colour, zip=zip)
        return render("explore_map.html", figure=Markup(self._figures.show(figure, label, "passage")), notes=notes), lists

    def has_clusters(self) -> bool:
        """Whether the clusters of the present library are known."""
        return self._clustering is not None and self._clustering.fingerprint == self._library.vectors().fingerprint

    def members(self, number: Any) -> tuple[ChunkKey, ...]:
        """The chunks of a cluster; none if there is no such number.

        Raises:
            ExploringError: The library has changed.
        """
        clustering = self._clustering
        require_same(clustering.fingerprint if clustering else "", self._library.vectors().fingerprint)
        return tuple(key for key, label in zip(clustering.keys, clustering.labels, strict=True) if label == number) if clustering else ()

    async def title(self) -> bool:
        """Have the chat model name the clusters; whether it named any."""
        if self._library.chat_model is None or not self.has_clusters():
            return False
        titled = await title_clusters(self._clusters(), self._library.chat_model)
        with self._lock:
            self._clustering = titled
        return any(cluster.title for cluster in titled.clusters)

    def _clusters(self) -> Clustering:
        with self._lock:
            if self._clustering is None or not self.has_clusters():
                self._clustering = find_clusters(self._library)
            return self._clustering

    def _captions_of(self, placed: Map) -> list[Caption]:
        key = (placed.fingerprint, placed.of)
        with self._lock:
            if key not in self._captions:
                current = {other: found for other, found in self._captions.items() if other[0] == placed.fingerprint}
                self._captions = current | {key: captions(self._library, placed)}
            return self._captions[key]

    def _nearest(self, placed: Map, question: PlacedQuestion) -> list[FoundPassage]:
        """The passages, or the beginnings of the documents, nearest to a question."""
        rows = question.nearest.tolist()
        chunks = self._library.chunks(map(placed.key, rows))
        return [
            found_passage(chunks[key], placed.records[placed.owners[row]], rank, float(question.cosines[row]))
            for rank, row in enumerate(rows, start=1)
            if (key := placed.key(row)) in chunks
        ]


def _colour(number: int) -> str:
    return mark(number if number < MOST_LISTED else -1)[0]


def _notes(placed: Map, waiting: int) -> Generator[str]:
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
