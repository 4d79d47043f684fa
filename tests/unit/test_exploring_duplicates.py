"""Duplicates: exact and near copies, what differs, boilerplate as one group, and what is merely on the same subject."""

import random
from pathlib import Path
from textwrap import fill

import numpy as np
import pytest

from rag import ExploringError, Library
from rag.exploring import Difference, differences, find_duplicates
from rag.exploring.pairing import similar_pairs
from tests.conftest import OpenLibrary
from tests.documents import plain_pdf

WORDS = [
    f"{beginning}{end}" for beginning in ("ha", "bo", "ni", "tu", "ke", "so") for end in ("rbour", "lten", "mark", "ssel", "ddle", "vern")
]
FOOTER = "This paper was printed for members of the sailing club only and must not be copied or sold to others."


def pages(seed: int, count: int = 4) -> list[str]:
    """Pages of random words, about 60 each."""
    rng = random.Random(seed)
    return [" ".join(f"{rng.choice(WORDS)}{rng.randrange(50)}" for _ in range(60)) + "." for _ in range(count)]


def filled(library: Library, folder: Path, documents: dict[str, list[str]]) -> Library:
    for name, texts in documents.items():
        (folder / name).write_bytes(plain_pdf(*(fill(text, 80) for text in texts)))
    assert library.add([folder / name for name in documents]).all_searchable
    return library


def test_a_copy_with_a_changed_number_is_found_with_the_change(library: Library, tmp_path: Path) -> None:
    text = pages(1)
    changed = [*text[:2], text[2].replace(text[2].split()[30], "ninety-nine"), text[3]]
    found = find_duplicates(filled(library, tmp_path, {"new.pdf": text, "old.pdf": changed, "other.pdf": pages(2)}))
    (pair,) = found.documents
    assert {pair.left, pair.right} == {"new.pdf", "old.pdf"}
    assert (pair.left_shared, pair.right_shared, pair.is_copy, pair.identical) == (4, 4, True, False)
    (change,) = pair.changes
    assert (change.left.passage.page, change.right.passage.page, pair.changes_left_out) == (3, 3, 0)
    (difference,) = [part for part in change.parts if part.kind != "same"]
    assert difference.kind == "changed"
    assert {difference.left, difference.right} == {text[2].split()[30], "ninety-nine"}
    assert found.passages == ()  # all of them are told by the pair


def test_a_document_contained_in_a_longer_one_is_seen_and_so_is_what_the_longer_one_adds(library: Library, tmp_path: Path) -> None:
    text = pages(3, 8)
    (pair,) = find_duplicates(filled(library, tmp_path, {"whole.pdf": text, "part.pdf": text[2:5]})).documents
    assert (pair.left, pair.left_shared, pair.left_passages) == ("part.pdf", 3, 3)
    assert (pair.right_shared, pair.right_passages, pair.shared) == (3, 8, 1.0)
    assert {part.kind for change in pair.changes for part in change.parts} == {"added"}


def test_the_same_words_in_two_files_are_identical_and_nothing_differs(library: Library, tmp_path: Path) -> None:
    text = "\n\n".join(pages(4))
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "b.txt").write_text(f"\n{text.upper()}\n", encoding="utf-8")
    library.add([tmp_path / "a.txt", tmp_path / "b.txt"])
    (pair,) = find_duplicates(library).documents
    assert pair.identical
    assert pair.cosine == pytest.approx(1, abs=1e-3)


def test_text_that_is_moved_within_a_file_without_pages_is_still_shared(library: Library, tmp_path: Path) -> None:
    text = " ".join(pages(5, 12))
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "b.txt").write_text(" ".join(pages(6, 1)) + " " + text, encoding="utf-8")
    library.add([tmp_path / "a.txt", tmp_path / "b.txt"])
    (pair,) = find_duplicates(library).documents
    assert (pair.left, pair.left_shared) == ("a.txt", pair.left_passages)
    parts = [part for change in pair.changes for part in change.parts if part.kind != "same"]
    assert [(part.kind, part.right) for part in parts] == [("added", " ".join(pages(6, 1)))]


def test_boilerplate_in_many_documents_is_one_group_and_no_pair(library: Library, tmp_path: Path) -> None:
    found = find_duplicates(filled(library, tmp_path, {f"{seed}.pdf": [*pages(seed), FOOTER] for seed in range(10, 16)}))
    assert found.documents == ()
    (group,) = found.passages
    assert (group.documents, len(group.passages), group.words) == (6, 6, 1.0)
    assert {" ".join(place.passage.text.split()) for place in group.passages} == {FOOTER}
    assert {place.ordinal for place in group.passages} == {4}


def test_the_same_words_in_another_order_are_no_duplicate(library: Library, tmp_path: Path) -> None:
    words = pages(7, 1)[0].rstrip(".").split()
    documents = {"a.pdf": [" ".join(words), pages(20, 1)[0]], "b.pdf": [" ".join(reversed(words)), pages(21, 1)[0]]}
    found = find_duplicates(filled(library, tmp_path, documents))
    vectors = library.vectors()
    assert float((vectors.embeddings[vectors.owners == 0] @ vectors.embeddings[vectors.owners == 1].T).max()) > 0.99
    assert found.passages == ()
    assert not any(pair.is_copy for pair in found.documents)


def test_the_threshold_says_how_much_may_differ(library: Library, tmp_path: Path) -> None:
    words = pages(8, 1)[0].rstrip(".").split()
    changed = [f"{word}x" if place % 12 == 5 else word for place, word in enumerate(words)]
    documents = {"a.pdf": [" ".join(words), *pages(30, 3)], "b.pdf": [" ".join(changed), *pages(31, 3)]}
    filled(library, tmp_path, documents)
    (group,) = find_duplicates(library, threshold=0.9).passages
    assert group.words == pytest.approx(55 / 60)
    assert find_duplicates(library, threshold=0.95).passages == ()
    for threshold in (0.0, 1.1, float("nan")):
        with pytest.raises(ValueError, match="threshold must be above 0"):
            find_duplicates(library, threshold=threshold)


def test_progress_rises_to_one(library: Library, tmp_path: Path) -> None:
    seen: list[float] = []
    find_duplicates(filled(library, tmp_path, {"a.pdf": pages(1), "b.pdf": pages(2)}), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_one_document_has_no_duplicate(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ExploringError, match="at least 2 documents"):
        find_duplicates(library)
    filled(library, tmp_path, {"a.pdf": pages(1)})
    with pytest.raises(ExploringError, match="at least 2 documents, and there are 1"):
        find_duplicates(library)


def test_texts_without_words_or_with_odd_characters_are_compared(library: Library, tmp_path: Path) -> None:
    for name, text in {"a.txt": "—— ** ——", "b.txt": "🌊🌊 \u202e ∑", "c.txt": "—— ** —— !"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    library.add([tmp_path / name for name in ("a.txt", "b.txt", "c.txt")])
    assert find_duplicates(library).passages == ()


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("a b c", "a b c", [Difference("same", "a b c", "a b c")]),
        ("", "", []),
        ("", "new", [Difference("added", "", "new")]),
        ("old", "", [Difference("removed", "old", "")]),
        (
            "You may return it within 30 days of delivery",
            "You may return it within 45 days of delivery",
            [
                Difference("same", "You may return it within", "You may return it within"),
                Difference("changed", "30", "45"),
                Difference("same", "days of delivery", "days of delivery"),
            ],
        ),
        ("one the two", "three the four", [Difference("changed", "one the two", "three the four")]),
    ],
)
def test_differences_by_words(left: str, right: str, expected: list[Difference]) -> None:
    assert differences(left, right) == expected


@pytest.mark.parametrize("count", [50, 3_000, 25_000])
def test_differences_of_long_texts_make_up_both(count: int) -> None:
    rng = random.Random(count)
    left = [rng.choice(WORDS) for _ in range(count)]
    right = ["first", *(f"{word}!" if place % 500 == 7 else word for place, word in enumerate(left)), "last"]
    parts = differences(" ".join(left), " ".join(right))
    assert " ".join(part.left for part in parts if part.left) == " ".join(left)
    assert " ".join(part.right for part in parts if part.right) == " ".join(right)
    if count < 20_000:
        assert sum(part.kind == "changed" for part in parts) == len(range(7, count, 500))


def test_all_near_pairs_are_found_across_blocks() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(5_000, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = similar_pairs(rows, 0.9)
    left, right = np.nonzero(np.triu(rows @ rows.T >= 0.9, 1))
    assert set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == set(zip(left.tolist(), right.tolist(), strict=True))
    few = similar_pairs(rows, 0.5, most=1_000)
    assert len(few) <= 1_000
    assert few.least > 0.5
    assert few.cosines.min() >= few.least


def test_of_two_documents_in_other_words_the_most_similar_passages_are_shown(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library()
    words = [page.rstrip(".").split() for page in pages(9, 3)]
    shuffled = [random.Random(number).sample(page, len(page)) for number, page in enumerate(words)]
    documents = {"a.pdf": [" ".join(page) for page in words], "b.pdf": [" ".join(page) for page in shuffled]}
    (pair,) = find_duplicates(filled(library, tmp_path, documents)).documents
    assert (pair.is_copy, pair.left_shared, pair.left_alike, pair.right_alike) == (False, 0, 3, 3)
    assert [(change.left.ordinal, change.right.ordinal) for change in sorted(pair.changes, key=lambda one: one.left.ordinal)] == [
        (0, 0),
        (1, 1),
        (2, 2),
    ]
