from rag.formats.pdf.drawing import join_lines


def test_pieces_of_a_line_are_joined() -> None:
    assert join_lines([(10, 100, 50, 112), (54, 102, 90, 111), (88, 100, 120, 112)]) == [(10, 100, 120, 112)]


def test_lines_and_columns_stay_apart() -> None:
    lines = [(10, 100, 200, 112), (10, 114, 80, 126), (260, 114, 300, 126)]
    assert join_lines(lines) == lines


def test_lines_that_run_down_the_page_are_joined_and_kept_apart() -> None:
    pieces = [(100, 10, 112, 90), (100, 94, 112, 130), (116, 10, 128, 130)]
    assert join_lines(pieces, sideways=True) == [(100, 10, 112, 130), (116, 10, 128, 130)]


def test_no_pieces_make_no_lines() -> None:
    assert join_lines([]) == []
