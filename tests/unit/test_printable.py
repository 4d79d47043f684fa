"""Words of others, on a terminal, on the page and in JSON."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.printable import printable, printable_json, printable_line
from ui.commands.terminal import HarmlessConsole


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2Jgone", "�]0;title��[2Jgone"),
        ("\u202egpj.exe\u202c and \u2066more\u2069", "gpj.exe and more"),
        ("C1 \x9b31m, \x85 and \u2028", "C1 �31m, � and �"),
        ("half \ud800 of one", "half � of one"),
        ("tab\there\nand there\r\n", "tab\there\nand there�\n"),
        ("שלום, مرحبا, \u200fא", "שלום, مرحبا, א"),
        ("👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u0301 नमस्ते می‌خواهم \ufeff\u00ad", "👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u0301 नमस्ते می‌خواهم \ufeff\u00ad"),
    ],
)
def test_only_what_steers_is_changed(words: str, shown: str) -> None:
    assert printable(words) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_anything_is_harmless_and_stays_so(words: str) -> None:
    for shown in (printable(words), printable_line(words)):
        shown.encode()
        kinds = {unicodedata.category(character) for character in shown if character not in "\t\n"}
        assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
        assert printable(shown) == shown
    assert not {"\n", "\t"} & set(printable_line(words))


@given(st.dictionaries(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=()))))
def test_json_keeps_its_values(values: dict[str, str]) -> None:
    line = printable_json(json.dumps(values, ensure_ascii=False))
    assert json.loads(line) == values
    assert printable_line(line) == line


def test_nothing_that_is_printed_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    console, table = HarmlessConsole(force_terminal=True, color_system="truecolor", width=60, highlight=False), Table("name\x1b[2J")
    table.add_row(Text("cell \x1b]8;;http://x\x1b\\ \u202e", style="bold"))
    for shown in (table, Text("\x9b2J"), "[bold]words[/bold]\x1b[5m"):
        console.print(shown)
    out = capsys.readouterr().out
    assert "\x1b[1mwords\x1b[0m�[5m" in out  # its own styles are there
    assert not {"\x1b[2J", "\x1b]8", "\x9b", "\u202e", "\x1b[5m"} & {out[at : at + size] for at in range(len(out)) for size in (1, 3, 4)}
