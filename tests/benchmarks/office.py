"""Words, table rows and seconds of office files, here and with other readers: `python -m tests.benchmarks.office [--peer PYTHON]`.

Makes small files in code. PYTHON is an interpreter that has markitdown, kreuzberg or docling; each one that it can import is measured on
the same files in a process of its own, after one file to warm up.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.office_files import docx, epub, odf, p_table, pptx, shape, w, w_box, w_item, w_table

PEERS = {
    "kreuzberg": "import kreuzberg; read = lambda path: kreuzberg.extract_file_sync(path).content",
    "markitdown": "from markitdown import MarkItDown; m = MarkItDown(); read = lambda path: m.convert(path).text_content",
    "docling": "from docling.document_converter import DocumentConverter as C; c = C(); "
    "read = lambda path: c.convert(path).document.export_to_markdown()",
    "footnote": "from pathlib import Path; from rag.formats.protocol import FileToOpen; from rag.formats.registry import recognise\n"
    "def read(path):\n"
    "    file = FileToOpen(Path(path), path, recognise(path, open(path, 'rb').read(4096)))\n"
    "    return '\\n\\n'.join(page.text for page in file.open().pages())",
}
TIMED = """
import json, sys, time
seconds, texts = {}, {}
for turn in range(4):
    for path in sys.argv[1:]:
        begun = time.process_time()
        try:
            texts[path] = read(path)
        except Exception as error:
            texts[path] = ""
        seconds.setdefault(path, []).append(time.process_time() - begun)
print(json.dumps([texts, {path: min(each) for path, each in seconds.items()}]))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A file; what a reader of it sees, in this order; the rows of its tables; and what nobody sees."""

    name: str
    data: bytes
    words: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    unseen: tuple[str, ...] = field(default=())


def cases() -> list[Case]:
    """The files, one of each kind of trouble."""
    head = w("Annual report", style="Heading1")
    rows = (("Region", "Sales"), ("North", "11"))
    return [*_word(head), *_open(rows), *_web(), Case("report.rtf", RTF, ("Sales at café €5 grew.", "End."), rows, ("secret", "Arial"))]


RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title Report}}\pard Sales at caf\'e9 \u8364?5 {\v secret words}grew.\par "
RTF += rb"\trowd\cellx100\cellx200\intbl Region\cell Sales\cell\row\trowd\cellx100\cellx200\intbl North\cell 11\cell\row\pard End.\par}"


def _word(head: str) -> list[Case]:
    items = w_item("Apples", 0, 2) + w_item("Green ones", 1) + w_item("Pears", 0, 2)
    wide = f'<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{w("Both years")}'
    merged = (("Region", "Both years"), ("North", "11", "12"), ("South", "21", "22"))
    table = w_table([["Region", wide], *merged[1:]])
    note = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    said = '<w:r><w:commentReference w:id="1"/></w:r>'
    notes = {
        "footnotes": f'<w:footnote w:id="2">{w("Audited in March.")}</w:footnote>',
        "comments": f'<w:comment w:id="1" w:author="Eva Lund">{w("Please verify.")}</w:comment>',
    }
    changes = "<w:ins><w:r><w:t> rose sharply</w:t></w:r></w:ins><w:del><w:r><w:delText> fell</w:delText></w:r></w:del>"
    linked = "<w:hyperlink><w:r><w:t> see the annex</w:t></w:r></w:hyperlink>"
    typed = "<w:sdt><w:sdtContent><w:r><w:t> typed here</w:t></w:r></w:sdtContent></w:sdt>"
    boxed = w("Please", inside=linked + typed) + w("", inside=w_box("Boxed words"))
    scripts = ("שלום עולם", "東京都は首都です", "co\u00adoperation")
    listed = ("Annual report", "Sales grew by a third.", "Apples", "Green ones", "Pears")
    return [
        Case("lists.docx", docx(head + w("Sales grew by a third.") + items), listed),
        Case("merged.docx", docx(head + table), ("Annual report",), merged),
        Case("notes.docx", docx(w("Profit", inside=note), parts=notes), ("Profit", "Audited in March.")),
        Case("comments.docx", docx(w("Profit", inside=said), parts=notes), ("Profit", "Eva Lund", "Please verify.")),
        Case("changes.docx", docx(w("Profit", inside=changes)), ("Profit rose sharply",), unseen=("fell",)),
        Case("fields.docx", docx(boxed), ("see the annex", "typed here", "Boxed words")),
        Case("scripts.docx", docx("".join(map(w, scripts))), (scripts[0], scripts[1], "cooperation")),
    ]


def _open(rows: tuple[tuple[str, ...], ...]) -> list[Case]:
    named = '<p:nvGrpSpPr><p:cNvPr id="3" name="Group"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
    place = '<a:xfrm><a:off x="5" y="500"/><a:ext cx="100" cy="100"/><a:chOff x="5" y="500"/><a:chExt cx="100" cy="100"/></a:xfrm>'
    group = f"<p:grpSp>{named}<p:grpSpPr>{place}</p:grpSpPr>{shape('Inside a group', at=(5, 500))}</p:grpSp>"
    steps = (("Step", "Date"), ("Build", "May"))
    slide = shape("Lower box", at=(0, 5000)) + group + shape("Our plan", kind="title", at=(0, 0)) + p_table(steps)
    note = '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
    note += "<text:note-body><text:p>Audited in March.</text:p></text:note-body></text:note>"
    cells = ("".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row) for row in rows)
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    inner = "<text:list><text:list-item><text:p>Green ones</text:p></text:list-item></text:list>"
    items = f"<text:list><text:list-item><text:p>Apples</text:p>{inner}</text:list-item></text:list>"
    odt = (
        f'<text:h text:outline-level="1">Annual report</text:h><text:p>Sales grew.{note}</text:p>{items}<table:table>{table}</table:table>'
    )
    box = "<draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    odp = f'<draw:page draw:name="One"><draw:frame presentation:class="title">{box.format("Our plan")}'
    odp += f"<presentation:notes><draw:frame>{box.format('Speak slowly')}</presentation:notes></draw:page>"
    shown = ("Our plan", "Inside a group", "Lower box", "Speak slowly")
    return [
        Case("slides.pptx", pptx(slide, notes={1: "Speak slowly"}), shown, steps),
        Case("text.odt", odf("text", odt), ("Annual report", "Sales grew.", "Apples", "Green ones"), rows),
        Case("notes.odt", odf("text", odt), ("Audited in March.",)),
        Case("slides.odp", odf("presentation", odp), ("Our plan", "Speak slowly")),
    ]


def _web() -> list[Case]:
    page = (
        "<!doctype html><html><head><title>Prices</title><style>p{}</style><script>var evil</script></head><body>"
        "<nav>Home About</nav><main><h1>Prices</h1><p>We sell<b> fr</b>uit.</p><ul><li>Apples<ul>"
        "<li>Green ones</li></ul></li></ul><table>"
        "<tr><th>Fruit<th>Euro<tr><td>Pear<td>2</table><dl><dt>Weight<dd>in kilos</dl><pre>x = 1\n  y</pre><p hidden>unseen words</p>"
        "<img alt='A red pear'>"
        "<details><summary>More</summary>Folded text</details></main></body></html>"
    )
    shown = ("Prices", "We sell fruit.", "Apples", "Green ones", "Weight", "in kilos", "A red pear", "Folded text")
    chapters = {
        "one.xhtml": "<h1>Storm</h1><p>It rained.</p>",
        "two.xhtml": "<h1>Calm</h1><table><tr><th>Day</th><th>Sun</th></tr></table>",
    }
    return [
        Case("page.html", page.encode(), shown, (("Fruit", "Euro"), ("Pear", "2")), ("evil", "unseen")),
        Case("russian.html", "<meta charset=windows-1251><p>Привет, мир".encode("cp1251"), ("Привет, мир",)),
        Case("book.epub", epub(chapters), ("Storm", "It rained.", "Calm"), (("Day", "Sun"),)),
    ]


def measured(reader: str, python: str, folder: Path, files: list[Case]) -> tuple[int, int, int, float] | None:
    """Words kept in their order, rows kept, unseen words kept, and the median of milliseconds a file; None where it is not installed."""
    code = f"{PEERS[reader]}\n{TIMED}"
    done = subprocess.run([python, "-c", code, *(str(folder / case.name) for case in files)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(reader, done.stderr[-300:], file=sys.stderr)
        return None
    texts, seconds = json.loads(done.stdout.splitlines()[-1])
    words = rows = unseen = 0
    for case in files:
        text, at = texts[str(folder / case.name)].replace("\u00ad", "").replace("**", ""), 0
        for each in case.words:
            found = text.find(each, at)
            words += found >= 0
            at = max(found, at)
        lines = text.splitlines()
        rows += sum(any(_has(line, row) for line in lines) for row in case.rows)
        unseen += sum(each in text for each in case.unseen)
        if "-v" in sys.argv:
            print(reader, case.name, repr(text))
    return words, rows, unseen, 1000 * median(seconds.values())


def _has(line: str, row: tuple[str, ...]) -> bool:
    at = 0
    for cell in row:
        at = line.find(cell, at) + len(cell)
        if at < len(cell):
            return False
    return True


def main() -> None:
    """Print a row for each reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable, metavar="PYTHON")
    parser.add_argument("-v", action="store_true", help="print the texts")
    files = cases()
    print(
        "reader",
        f"words of {sum(len(case.words) for case in files)}",
        f"rows of {sum(len(case.rows) for case in files)}",
        "unseen kept",
        "ms a file",
        sep="\t",
    )
    with tempfile.TemporaryDirectory() as made:
        for case in files:
            (Path(made) / case.name).write_bytes(case.data)
        for reader in PEERS:
            python = sys.executable if reader == "footnote" else parser.parse_args().peer
            if figures := measured(reader, python, Path(made), files):
                print(reader, *figures[:3], f"{figures[3]:.2f}", sep="\t")


if __name__ == "__main__":
    main()
