"""Words, table rows and seconds of office files, here and with other readers: `python -m tests.benchmarks.office [--peer PYTHON]`.

Makes small files in code. PYTHON is an interpreter that has markitdown, kreuzberg or docling; each one that it can import is measured on
the same files in a process of its own, after one file to warm up.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.office_cases import Case, cases

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
