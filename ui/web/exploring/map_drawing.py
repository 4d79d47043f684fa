"""What the view Map shows of a library. Clusters and captions are kept for as long as the library stays the same."""

import threading
from collections.abc import Generator
from typing import Any

from markupsafe import Markup

from rag.exploring.clusters import Clustering, find_clusters
from rag.exploring.colouring import Caption, by_cluster, by_document, captions
from rag.exploring.figures.map import MOST_LISTED, map_figure
from rag.exploring.figures.style import mark
from rag.exploring.lists import counted
from rag.exploring.mapping import Map, PlacedQuestion, place_question, require_same
from rag.exploring.naming import title_clusters
from rag.exploring.passages import FoundPassage, found_passage
from rag.library import Library
from rag.types import ChunkKey
from ui.rendering.html import render
from ui.web.exploring.figures import Figures

NEAREST = 5  # passages among which a question is placed
TRUST = (
    (0.95, "Neighbours on this map are almost always similar in meaning (trustworthiness {trust:.2f} of 1)."),
    (0.85, "Neighbours on this map are mostly similar in meaning (trustworthiness {trust:.2f} of 1)."),
    (0.0, "Many neighbours on this map are not similar in meaning (trustworthiness {trust:.2f} of 1): two dimensions are too few here."),
)


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

    def html(self, placed: Map, colour: str, asked: str) -> tuple[str, str]:
        """The map with its notes, and the lists that go with it: passages near a question, clusters."""
        clustering = self._clusters() if colour == "cluster" else None
        colouring = by_cluster(placed, clustering) if clustering else by_document(placed)
        question = place_question(self._library, placed, asked, NEAREST) if asked else None
        figure = map_figure(placed, self._captions_of(placed), colouring, question, by_score=colour == "question")
        notes = [*_notes(placed, self._library.vectors().waiting)]
        if colour == "question" and not question:
            notes.append("Type a question to shade the points by their similarity to it.")
        label = f"A map of {notes[0]} The lists below it give the same information as text."
        nearest = self._nearest(placed, question) if question else []
        lists = render("explore_map_lists.html", counted=counted, nearest=nearest, clustering=clustering, colour=_colour, zip=zip)
        return render("explore_map.html", figure=Markup(self._figures.show(figure, label, "passage")), notes=notes), lists

    def has_clusters(self) -> bool:
        """Whether the clusters of the present library are known."""
        return self._clustering is not None and self._clustering.fingerprint == self._library.vectors().fingerprint

    def members(self, number: Any) -> tuple[ChunkKey, ...]:
        """The chunks of a cluster, none if there is no such number; `ExploringError` where the library has changed."""
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
        yield f"{len(placed):,} of {placed.sampled_from:,} passages, sampled evenly from the documents."
    else:
        passages = f"{counted(len(placed), 'passage')} of " if placed.of == "chunks" else ""
        yield f"{passages}{counted(len(placed.records), 'document')}."
    if waiting:
        verb = "is" if waiting == 1 else "are"
        yield f"{counted(waiting, 'document')} {verb} still being indexed and {verb} not on the map yet."
    if placed.trustworthiness is not None:
        trust = placed.trustworthiness
        yield next(sentence for least, sentence in TRUST if trust >= least).format(trust=trust)
