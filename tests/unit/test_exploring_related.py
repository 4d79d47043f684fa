"""Related: the passages and documents nearest to one, and the graph of documents."""

from pathlib import Path

import numpy as np
import pytest

from rag import DocumentNotFoundError, ExploringError, Library, Texts
from rag.exploring import NodeEmbeddings, more_like, node_embeddings, related_documents, related_to
from rag.exploring.figures.graph import document_graph
from rag.exploring.related import found_like
from tests.documents import plain_pdf
from tests.fakes import BagOfWordsEmbedder

SEA = ["The harbour opens at dawn and closes when the lighthouse is lit.", "Sailors moor their boats in the harbour."]
BOATS = ["Boats moor in the harbour overnight, below the lighthouse.", "Rope and tar are sold on the quay."]
WOOD = ["Teak needs oil twice every year.", "Pine furniture wants varnish instead."]
OAK = ["Furniture of oak needs oil every autumn.", "Pine furniture splits without varnish."]


@pytest.fixture
def library(library: Library, tmp_path: Path) -> Library:
    """Two documents about boats, two about furniture; a page each passage."""
    for name, texts in {"sea.pdf": SEA, "boats.pdf": BOATS, "wood.pdf": WOOD, "oak.pdf": OAK}.items():
        (tmp_path / name).write_bytes(plain_pdf(*texts))
        library.add(tmp_path / name)
    return library


def test_more_like_a_passage_a_page_and_a_document(library: Library) -> None:
    assert more_like(library, "wood.pdf", 1, top_k=1)[0].text == OAK[1]
    assert more_like(library, "wood.pdf", page=2, top_k=1) == more_like(library, "wood.pdf", 1, top_k=1)
    nearest = more_like(library, "sea.pdf", top_k=3)
    assert nearest[0].document == "boats.pdf"
    assert [passage.rank for passage in nearest] == [1, 2, 3]
    assert [passage.cosine for passage in nearest] == sorted((passage.cosine for passage in nearest), reverse=True)
    assert len(more_like(library, "sea.pdf", top_k=100)) == 6


def test_the_cosine_is_that_of_the_passages(library: Library) -> None:
    (passage,) = more_like(library, "wood.pdf", 0, top_k=1)
    here, there = library.embedder.embed_documents([WOOD[0], passage.text])
    assert passage.cosine == pytest.approx(float(here @ there), abs=1e-5)
    assert passage.score == passage.cosine


def test_the_own_document_is_left_out_unless_it_is_wanted(library: Library) -> None:
    assert {passage.document for passage in more_like(library, "sea.pdf", 0)} == {"boats.pdf", "wood.pdf", "oak.pdf"}
    found = found_like(library, "sea.pdf", 0, other_documents=False)
    own = [one.ordinal for one in found if one.passage.document == "sea.pdf"]
    assert own == [1]


def test_what_cannot_be_found_is_said(library: Library) -> None:
    with pytest.raises(DocumentNotFoundError):
        more_like(library, "nothing.pdf")
    with pytest.raises(ExploringError, match=r"no passage 7: they are numbered 0 to 1"):
        more_like(library, "sea.pdf", 7)
    with pytest.raises(ExploringError, match=r"no text on page 9 of sea\.pdf, which has 2"):
        more_like(library, "sea.pdf", page=9)
    with pytest.raises(ValueError, match="at least 1"):
        more_like(library, "sea.pdf", top_k=0)
    with pytest.raises(ValueError, match="at least 1"):
        related_to(library, "sea.pdf", top_k=0)
    with pytest.raises(ValueError, match="at least 1"):
        related_documents(library, neighbours=0)
    for name in ("boats.pdf", "wood.pdf", "oak.pdf"):
        library.remove(name)
    with pytest.raises(ExploringError, match=r"nothing besides sea\.pdf"):
        more_like(library, "sea.pdf")
    for call in (lambda: related_to(library, "sea.pdf"), lambda: related_documents(library)):
        with pytest.raises(ExploringError, match="at least 2 documents"):
            call()


def test_a_document_whose_vectors_are_still_made_is_told(library: Library, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("Brand new.", encoding="utf-8")
    library.add(tmp_path / "new.txt", wait=False)
    with pytest.raises(ExploringError, match=r"new\.txt is still being indexed"):
        more_like(library, "new.txt")


def test_related_documents_come_with_the_passages_that_tie_them(library: Library) -> None:
    nearest, *others = related_to(library, "wood.pdf")
    assert (nearest.document, len(others)) == ("oak.pdf", 2)
    assert (nearest.here.passage.text, nearest.there.passage.text) == (WOOD[1], OAK[1])
    assert (nearest.here.ordinal, nearest.there.ordinal) == (1, 1)
    vectors = library.vectors()
    numbers = {record.name: number for number, record in enumerate(vectors.records)}
    assert nearest.cosine == pytest.approx(float(vectors.documents[numbers["wood.pdf"]] @ vectors.documents[numbers["oak.pdf"]]), abs=1e-5)
    assert all(nearest.cosine >= other.cosine for other in others)


def test_the_same_disclaimer_ties_two_documents_only_where_nothing_else_does(library: Library, tmp_path: Path) -> None:
    disclaimer = "Printed without any warranty of fitness."
    (tmp_path / "a.pdf").write_bytes(plain_pdf(disclaimer, "Anchors hold in sand."))
    (tmp_path / "b.pdf").write_bytes(plain_pdf("Anchors drag in gravel.", disclaimer))
    (tmp_path / "c.txt").write_text(disclaimer, encoding="utf-8")
    (tmp_path / "d.md").write_text(f"{disclaimer}\n", encoding="utf-8")
    library.add([tmp_path / name for name in ("a.pdf", "b.pdf", "c.txt", "d.md")])
    ties = {near.document: near for near in related_to(library, "a.pdf", top_k=9)}
    assert ties["b.pdf"].here.passage.text == "Anchors hold in sand."
    only = {near.document: near for near in related_to(library, "c.txt", top_k=9)}
    assert only["d.md"].tie == pytest.approx(1)


def test_the_graph_joins_what_is_near_and_is_the_same_each_time(library: Library) -> None:
    graph = related_documents(library, neighbours=1)
    names = [record.name for record in graph.records]
    joined = {frozenset((names[edge.left], names[edge.right])) for edge in graph.edges}
    assert joined == {frozenset(("sea.pdf", "boats.pdf")), frozenset(("wood.pdf", "oak.pdf"))}
    assert graph.sizes == (2, 2, 2, 2)
    assert np.isfinite(graph.positions).all()
    assert np.array_equal(graph.positions, related_documents(library, neighbours=1).positions)

    places = dict(zip(names, graph.positions, strict=True))
    near = np.linalg.norm(places["sea.pdf"] - places["boats.pdf"])
    assert near < np.linalg.norm(places["sea.pdf"] - places["oak.pdf"])
    assert related_documents(library, least=1.0).edges == ()


def test_the_figure_tells_each_document_and_marks_the_chosen_one(library: Library, tmp_path: Path) -> None:
    (tmp_path / "<b>x&y.txt").write_text("Furniture of teak and oak.", encoding="utf-8")
    library.add(tmp_path / "<b>x&y.txt")
    graph = related_documents(library)
    nodes = document_graph(graph, graph.records[0].id).data[-1]
    assert list(nodes.customdata) == [record.id for record in graph.records]
    assert nodes.marker.symbol[0] == "diamond"
    assert set(nodes.marker.symbol[1:]) == {"circle"}
    assert nodes.text[-1] == "&lt;b&gt;x&amp;y.txt"
    assert "<b>&lt;b&gt;x&amp;y.txt</b><br>1 passage<br>" in nodes.hovertext[-1]


def test_with_many_documents_only_the_chosen_one_and_its_neighbours_are_named(library: Library, tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(f"Note {number} of the {'harbour' if number % 2 else 'workshop'}.", encoding="utf-8")
    library.add([tmp_path / f"{number}.txt" for number in range(30)])
    graph = related_documents(library)
    assert not any(document_graph(graph).data[-1].text)
    named = [bool(name) for name in document_graph(graph, graph.records[0].id).data[-1].text]
    assert named[0]
    assert 1 < sum(named) < len(named)


CHAIN = ["bread flour", "flour wheat", "wheat farmer", "farmer tractor", "tractor fuel", "fuel car", "alone"]


def chain(**options: float) -> NodeEmbeddings:
    return node_embeddings(Texts(CHAIN, embedder=BagOfWordsEmbedder()), **options)  # type: ignore[arg-type]


def test_node_embeddings_tell_what_is_near_in_the_graph_though_the_texts_share_nothing() -> None:
    nodes = chain()
    assert nodes.vectors.shape == (7, 32)
    assert [(edge.left, edge.right) for edge in sorted(nodes.graph.edges, key=lambda edge: edge.left)] == [(n, n + 1) for n in range(5)]
    near = {found.document: found for found in nodes.nearest("0000001", top_k=9)}
    assert len(near) == 5  # neither itself nor what no line joins
    assert (near["text 2"].is_joined, near["text 3"].is_joined) == (True, False)
    assert near["text 3"].text_cosine == pytest.approx(0, abs=1e-5) == near["text 6"].text_cosine
    assert near["text 3"].cosine > near["text 5"].cosine + 0.1
    assert nodes.nearest("0000001")[0].cosine == max(found.cosine for found in near.values())
    assert np.array_equal(nodes.vectors, chain().vectors)  # for the same seed
    far, close = ({one.document: one.cosine for one in chain(p=1 / q, q=q).nearest("0000001")}["text 5"] for q in (0.05, 20))
    assert far > close + 0.1  # walks that lead away bring the ends together


def test_what_has_no_place_in_the_graph_is_said(library: Library) -> None:
    nodes = node_embeddings(Texts(["bread flour", "flour wheat", "alone"], embedder=BagOfWordsEmbedder()))
    with pytest.raises(ExploringError, match="No line of the graph joins this document"):
        nodes.nearest("0000003")
    with pytest.raises(ExploringError, match="not in the graph, which has the 3 with the most passages"):
        nodes.nearest("removed")
    with pytest.raises(ValueError, match="at least 1"):
        nodes.nearest(nodes.graph.records[0].id, top_k=0)
    with pytest.raises(ValueError, match=r"dimensions at least 2, not 1\.0, 0 and 32"):
        node_embeddings(library, q=0)
    with pytest.raises(ExploringError, match="No document is near another"):
        node_embeddings(Texts(["one", "two"], embedder=BagOfWordsEmbedder()))
