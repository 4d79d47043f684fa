"""Source code, configuration and markup: plain text that has neither headings nor a title of its own."""

from rag.formats.protocol import FileToOpen, Format, PageContent, TextPages
from rag.formats.text import part_labels, split

_SUFFIXES = """
py js ts java c h cpp cs go rs rb php sh sql yaml yml toml ini xml tex
pyi ipy pl pm lua r jl m bash zsh fish ps1 bat cmd awk tcl vb swift dart zig nim pas
mjs cjs jsx mts cts tsx vue svelte css scss sass less
kt kts scala groovy gradle clj cljs fs fsx hs ml mli erl ex exs elm lisp el scm
cc cxx hh hpp hxx inl cu s asm f f90 f95 graphql proto thrift sol
cfg conf properties xsd xsl xslt wsdl dtd tf hcl cmake mk sty cls bib diff patch
"""

CODE = Format(
    name="source code",
    media_type="text/x-source",
    reader="rag.formats.code:open_code",
    suffixes=tuple(f".{suffix}" for suffix in _SUFFIXES.split()),
    unit="part",
    inline_type="text/plain",
    is_code=True,
    kind="code",
)


def open_code(file: FileToOpen) -> TextPages:
    """Its lines as they stand."""
    from rag.formats.decoding import decode_and_tell

    decoded = decode_and_tell(file.path.read_bytes(), file.name)
    parts = list(split(decoded.text))
    pages = [PageContent(label, part) for label, part in zip(part_labels(parts), parts, strict=True)]
    return TextPages(pages, notice=decoded.notice)
