"""The reader's say in the order of chunks."""

from collections.abc import Sequence

from rag.reading.reader import Reader, ReadUnit
from rag.retrieving.passages import RankedChunk
from rag.retrieving.second_look import ReaderLook
from rag.text.units import Unit
from rag.types import Chunk, Passage

TEXTS = ("Benches are sold.", "Benches are oiled in April.", "Nothing of the kind.", "Benches are oiled in May.")


class WordReader(Reader):
    """Finds that texts with the question's last word answer it; reads no model."""

    def read(self, question: str, passages: Sequence[Passage], most_windows: int = 12) -> list[ReadUnit]:
        word = question.split()[-1]
        return [
            ReadUnit(place, Unit(0, len(passage.headed_text), "sentence"), 0.0, 0.0, 4.0 if word in passage.headed_text else -4.0)
            for place, passage in enumerate(passages)
        ]


def _ranked() -> list[RankedChunk]:
    return [RankedChunk(Chunk("d", place, 1, 0, len(text), text), 1.0 - place / 50, 0.5) for place, text in enumerate(TEXTS)]


def test_a_chunk_that_answers_comes_before_one_that_does_not() -> None:
    again = ReaderLook(WordReader(), 4, str).reordered("When are they oiled", _ranked(), 1)
    assert [each.chunk.text for each in again] == [TEXTS[1], TEXTS[3], TEXTS[0], TEXTS[2]]
    assert [each.score for each in again] == sorted((each.score for each in again), reverse=True)


def test_chunks_beyond_the_depth_stay_behind() -> None:
    again = ReaderLook(WordReader(), 2, str).reordered("When are they oiled", _ranked(), 1)
    assert [each.chunk.text for each in again] == [TEXTS[1], TEXTS[0], TEXTS[2], TEXTS[3]]
