"""Questions to begin with."""

from pathlib import Path

from tests.conftest import OpenLibrary
from ui.web.examples import Examples

HARBOUR = """# Harbour rules

## Opening hours of the northern lock

The northern lock opens at six and closes at nine in the evening.

## 3.2 Fees for guest berths

A guest berth costs twelve euros a night.

## A

x
"""
GERMAN = """# Hafenordnung

## Öffnungszeiten der Schleuse

Die Schleuse öffnet um sechs Uhr und schließt um neun Uhr am Abend. Danach ist die Schleuse für alle Boote gesperrt.
"""
FAQ = """# Questions

## When does the ferry leave the island?

The ferry leaves the island at noon.
"""


def test_examples_are_made_of_headings_in_their_language_and_are_answered(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library(min_confidence=0.0)
    examples = Examples(library)
    assert examples.find() == ()
    for name, words in {"harbour.md": HARBOUR, "hafen.md": GERMAN, "faq.md": FAQ}.items():
        (tmp_path / name).write_text(words)
        library.add(tmp_path / name)
    found = examples.find()
    assert found[0] == "When does the ferry leave the island?"
    assert "Was steht dort zu „Öffnungszeiten der Schleuse“?" in found
    assert {"What should I know about “Opening hours of the northern lock”?", "What should I know about “Fees for guest berths”?"} & {
        *found
    }
    assert Examples(library).find() == found == examples.known


def test_what_the_documents_do_not_answer_is_not_offered(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library(min_confidence=1.0)
    (tmp_path / "harbour.md").write_text(HARBOUR)
    library.add(tmp_path / "harbour.md")
    assert Examples(library).find() == ()
