"""What stands between a start of the page and its first answer, told by what is loaded, not by a clock."""

import subprocess
import sys
from pathlib import Path

START = """
import sys
from pathlib import Path
from rag import Library
from ui.server import serve

def tell(line):
    if "Footnote is at" in line:
        heavy = {"torch", "transformers", "sentence_transformers", "onnx", "onnxruntime", "pypdf", "pypdfium2"}
        heavy |= {"sklearn", "scipy", "plotly", "matplotlib", "openTSNE", "umap", "gensim", "networkx"}
        print("loaded:", *sorted(heavy & set(sys.modules)))
        raise SystemExit(0)

with Library.open(Path(sys.argv[1])) as library:
    serve(library, host="127.0.0.1", port=0, samples=None, tell=tell)
"""


def test_the_page_is_there_before_models_and_readers_are(sample_library: Path) -> None:
    done = subprocess.run([sys.executable, "-c", START, str(sample_library)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded:"
