"""Rows of cells of which only the right edges are known -> the same, with the columns of the whole table."""

from collections.abc import Sequence

Row = tuple[Sequence[str], Sequence[int]]
"""The cells of a row, and their right edges, in twentieths of a point."""

_NEAR = 60  # edges that are no further apart are one


def in_columns(rows: Sequence[Row]) -> list[list[str]]:
    """The rows with an empty cell for each further column that a cell reaches over."""
    columns: list[int] = []
    for edge in sorted(edge for _, edges in rows for edge in edges):
        if not columns or edge > columns[-1] + _NEAR:
            columns.append(edge)
    placed = []
    for cells, edges in rows:
        row: list[str] = []
        for cell, edge in zip(cells, edges if len(edges) == len(cells) else [0] * len(cells), strict=True):
            reached = sum(column + _NEAR < edge for column in columns) + 1
            row += [cell, *[""] * (reached - len(row) - 1)]
        placed.append(row)
    return placed
