"""Whether what stands left and right of a gutter are columns, to be read one after the other."""

from collections.abc import Sequence
from statistics import median

from rag.formats.pdf.characters import Piece
from rag.formats.pdf.lines import lines_of
from rag.formats.pdf.rows import is_flush, is_numeric

FEWEST_LINES = 3  # of a column of running text
_FULL = 0.6  # of its column's width: a usual line of running text
_SHORTEST_LINE = 6  # characters, of a column that was drawn apart
_LEAST_WORDS = 3.0  # in such a line


def are_columns(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Both are lines of running text, or were drawn one after the other and are no table."""
    if _is_running(left) and _is_running(right):
        return _is_drawn_apart(left, right) or (_is_column(left) and _is_column(right))
    if not _is_drawn_apart(left, right) or not _are_lines(left) or not _are_lines(right):
        return False
    lines = lines_of([*left, *right])
    aligned = sum(len(line.pieces) > 1 for line in lines)
    is_pairs = aligned >= 0.7 * len(lines) and all(piece.text.rstrip().endswith(":") for piece in left)
    is_figures = aligned >= 0.7 * len(lines) and sum(map(is_numeric, right)) >= 0.5 * len(right)
    return not is_pairs and not is_figures


def _is_column(pieces: Sequence[Piece]) -> bool:
    """Whether lines begin at one place; what follows the gaps in justified lines does not."""
    lines = lines_of(pieces)
    return len(lines) > FEWEST_LINES and is_flush([line.pieces[0] for line in lines])


def _is_drawn_apart(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    first, second = [piece.order for piece in left], [piece.order for piece in right]
    return max(first) < min(second) or max(second) < min(first)


def _are_lines(pieces: Sequence[Piece]) -> bool:
    return len(pieces) > 1 and median(len(piece.text) for piece in pieces) >= _SHORTEST_LINE


def _is_running(pieces: Sequence[Piece]) -> bool:
    """Whether these are lines of running text: long ones, of words, that fill their column."""
    lines = lines_of(pieces)
    if len(lines) < FEWEST_LINES:
        return False
    width = max(piece.x1 for piece in pieces) - min(piece.x0 for piece in pieces)
    spans = [line.pieces[-1].x1 - line.pieces[0].x0 for line in lines]
    words = [sum(len(piece.text.split()) for piece in line.pieces) for line in lines]
    letters = [sum(len(piece.text) for piece in line.pieces) for line in lines]
    is_wordy = sum(words) / len(words) >= _LEAST_WORDS or sum(letters) / len(letters) > 20
    return median(spans) >= _FULL * width and is_wordy and sum(map(is_numeric, pieces)) < 0.3 * len(pieces)
