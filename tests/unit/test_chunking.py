"""Whatever the text: chunks are exact, in order, lose nothing, and fit the model."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag import Chunk, Document, Embedder, Page
from rag.embedding.model_files import BUILT_IN
from rag.formats.loader import Loader
from rag.ingesting.chunking import LONGEST_GAP
from rag.text.headings import part_headings
from rag.types import Heading
from tests import documents
from tests.chunked import chunk_document
from tests.fakes import BagOfWordsEmbedder
from tests.loading import load

WORDS = BagOfWordsEmbedder()
SPECIAL_TOKENS = 2
MODEL_TOKENS = 256

READABLE = {
    "plain": documents.plain_pdf("First page.\nIt has two lines.", "", "Third page. " * 90),
    "labelled": documents.labelled_pdf(),
    "encrypted": documents.encrypted_pdf(),
    "buried": documents.buried_pdf(),
    "half broken": documents.half_broken_pdf(),
    "boastful": documents.boastful_pdf(),
    "turned": documents.turned_pdf("Words on their side.", 90),
    "hyphenated": documents.hyphenated_pdf(),
    "lone surrogates": documents.mapped_pdf(0xD83D, 0x61, 0x62, 0x63),
    "emoji": documents.mapped_character_pdf("😀"),
    "spelt by pypdf": documents.unspelt_pdf("A", "B", "C"),
    "a thousand words": documents.bomb_pdf(3),
}

NASTY = {
    "no spaces": "abcdefghij" * 700,
    "one huge word": "x" * 20_000,
    "Chinese": "我们的目标是让每一句话都有出处。" * 200,
    "Japanese without stops": "これはペンです" * 500,
    "Thai": "ภาษาไทยไม่มีช่องว่างระหว่างคำ" * 200,
    "emoji": "😀👩‍👩‍👧‍👦🇩🇪" * 700,
    "punctuation": "...!?;:,-—…()[]{}" * 400,
    "dots": "." * 5_000,
    "line ends": "a\n" * 3_000,
    "white space within": f"one{' ' * 9_000}two{chr(0xA0) * 900}three",
    "combining marks": "e\u0301\u0323" * 2_000,
    "replacement characters": "\ufffd" * 3_000,
    "table": "| 1,234.50 | 98 % | n/a |\n" * 300,
    "ligatures that are words": "ﷺ" * 900,
    "zero width": "\u200b\u200d\ufeff" * 900 + "end",
    "hexadecimal": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n" * 90,
}


def document(*texts: str) -> Document:
    pages = tuple(Page(n, str(n), text) for n, text in enumerate(texts, start=1))
    return Document("d" * 64, "notes.txt", "", "text/plain", pages, next(part_headings(texts[:1])))


def chunks_of(text: str, tokens: int, embedder: Embedder = WORDS) -> list[str]:
    return [chunk.text for chunk in chunk_document(document(text), embedder, tokens)]


def check_exact(doc: Document, chunks: Iterable[Chunk]) -> None:
    """Every character that is not white space is in exactly one chunk, in its place."""
    chunks = list(chunks)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.page for chunk in chunks] == sorted(chunk.page for chunk in chunks)
    for page in doc.pages:
        end = 0
        for chunk in (chunk for chunk in chunks if chunk.page == page.number):
            assert chunk.document_id == doc.id
            assert page.text[chunk.start : chunk.end] == chunk.text == chunk.text.strip() != ""
            assert chunk.start >= end
            assert not page.text[end : chunk.start].strip()
            end = chunk.end
        assert not page.text[end:].strip()


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """The model's own, by another road than the embedder's; it counts all tokens and cuts nothing."""
    tokenizer = Tokenizer.from_file(str(BUILT_IN / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_fits(chunks: Iterable[Chunk], tokenizer: Tokenizer, limit: int) -> None:
    texts = [chunk.text for chunk in chunks]
    most = max((len(encoded.ids) for encoded in tokenizer.encode_batch(texts)), default=0)
    assert most <= min(limit + SPECIAL_TOKENS, MODEL_TOKENS)


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(["\n\n", "\n", ". ", "  ", "# ", "。", "!\n", "\u00ad", "\u200b", "😀", "ß", "ﬁ", "e\u0301", "- ", "1,000"]),
        st.sampled_from(["word", "Straße", "internationalization", "日本語", "x" * 200, "(a)", "…", "'"]).map(lambda word: f"{word} "),
    ),
    max_size=120,
).map("".join)


@settings(max_examples=80)
@given(text=TEXTS, limit=st.sampled_from([16, 17, 64, 200, 8192]))
@example(text="\x1c\x1d \x85\u2028", limit=16)
@example(text="a" * 193 + " b", limit=16)
def test_any_text_is_cut_exactly(minilm: Embedder, tokenizer: Tokenizer, text: str, limit: int) -> None:
    for embedder in (minilm, WORDS):
        doc = document(text, "", text[::-1])
        chunks = list(chunk_document(doc, embedder, limit))
        check_exact(doc, chunks)
        if embedder is minilm:
            check_fits(chunks, tokenizer, limit)


@pytest.mark.parametrize("limit", [16, 200])
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nasty_text_is_cut_exactly(minilm: Embedder, tokenizer: Tokenizer, text: str, limit: int) -> None:
    doc = document(text)
    chunks = list(chunk_document(doc, minilm, limit))
    check_exact(doc, chunks)
    check_fits(chunks, tokenizer, limit)


@pytest.mark.parametrize("limit", [16, 200])
def test_files_are_cut_exactly(minilm: Embedder, tokenizer: Tokenizer, tmp_path: Path, samples: Path, limit: int) -> None:
    for name, data in READABLE.items():
        (tmp_path / f"{name}.pdf").write_bytes(data)
    files = [*tmp_path.iterdir(), *samples.glob("*.*")]
    assert len(files) >= len(READABLE) + 4
    with closing(Loader()) as loader:
        for file in files:
            doc = load(loader, file, document_id="d" * 64).document
            chunks = list(chunk_document(doc, minilm, limit))
            assert chunks
            check_exact(doc, chunks)
            check_fits(chunks, tokenizer, limit)


def test_a_short_page_is_one_chunk() -> None:
    doc = document("  First page. Two sentences.\n", " \n\t", "Third page.")
    assert [(chunk.page, chunk.start, chunk.end) for chunk in chunk_document(doc, WORDS, 200)] == [(1, 2, 28), (3, 0, 11)]


def test_a_chunk_never_spans_pages() -> None:
    doc = document(*["Short page."] * 5)
    assert [(chunk.ordinal, chunk.page) for chunk in chunk_document(doc, WORDS, 200)] == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("one two three.\n\nfour five. six seven eight nine ten eleven twelve", "one two three.\n\nfour five."),
        ("one two three four five six seven eight.\n\nnine. ten eleven twelve", "one two three four five six seven eight."),
        ("one two three four five six seven\n# Eight\nnine. ten eleven twelve thirteen", "one two three four five six seven"),
        ("one two three four five six seven\neight nine ten eleven twelve thirteen", "one two three four five six seven"),
        ("one two three four five six seven, eight nine ten eleven twelve thirteen", "one two three four five six seven, eight nine ten"),
    ],
    ids=["not too early", "paragraph before sentence", "heading before sentence", "line", "word"],
)
def test_cuts_are_made_at_the_best_place_in_reach(text: str, first: str) -> None:
    assert chunks_of(text, 11)[0] == first


def test_no_word_is_cut_that_fits() -> None:
    text = "extraordinary circumstances notwithstanding " * 40
    assert set(" ".join(chunks_of(text, 16)).split()) == {"extraordinary", "circumstances", "notwithstanding"}


def test_chunks_are_well_filled() -> None:
    text = "A sentence of seven words stands here. " * 100
    *full, _ = [len(WORDS.token_spans(chunk)) for chunk in chunks_of(text, 100)]
    assert min(full) >= 90


def test_the_embedders_own_limit_counts() -> None:
    chunks = chunks_of("word " * 100, 200, BagOfWordsEmbedder(max_tokens=30))
    assert max(len(chunk.split()) for chunk in chunks) == 30


def test_no_text_gives_no_chunk() -> None:
    assert chunks_of("", 200) == chunks_of(" \n\u2003\t", 200) == []


SENTENCES = "A sentence of seven words stands here. " * 4
BLOCKS = {
    "list": "- apples and pears\n- plums\n  from the garden\n- cherries. They are red.\n",
    "numbered list": "1. Open the lid.\n2. Fill in the water.\n3. Close the lid again.\n",
    "table": "| size | price |\n|---|---|\n| small | 3.50 |\n| large | 7.20 |\n",
    "tabs": "size\tprice\tstock\nsmall\t3.50\t12\nlarge\t7.20\t4\n",
    "code": "```\n# open the lid\n\nlid.open()\nlid.close()\n```\n",
}


@pytest.mark.parametrize("before", range(0, 90, 3))
@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_block_that_fits_is_not_torn(block: str, before: int) -> None:
    tokens = len(WORDS.token_spans(block))
    text = f"{'word ' * before}\n\n{block}\n{SENTENCES * 4}"
    holding = [chunk for chunk in chunks_of(text, 50) if set(chunk.splitlines()) & set(block.strip().splitlines()) - {""}]
    assert tokens <= 50
    assert [block.strip() in chunk for chunk in holding] == [True]


def test_a_block_that_fits_is_torn_rather_than_a_scrap_left_before_it() -> None:
    first, *_ = chunks_of("Only three words.\n\n" + "- an item of six words here\n" * 7, 50)
    assert first.startswith("Only three words.\n\n- an item")


def test_a_block_that_is_too_large_is_cut_between_its_lines() -> None:
    rows = [f"| row {n} | {n * n} | yes |" for n in range(60)]
    chunks = chunks_of("\n".join(rows), 50)
    assert len(chunks) > 5
    assert [line for chunk in chunks for line in chunk.splitlines()] == rows


def test_a_block_is_known_after_code_within_a_line() -> None:
    for before in range(0, 90, 3):
        text = f"```pip install footnote```\n\n{'word ' * before}\n\n{BLOCKS['code']}\n{SENTENCES * 4}"
        assert any(BLOCKS["code"].strip() in chunk for chunk in chunks_of(text, 50)), before


def test_a_chunk_knows_the_headings_above_it() -> None:
    text = f"{SENTENCES}\n# Leave\n{SENTENCES}\n## Carrying over\n{SENTENCES}\n# Pay\n{SENTENCES}"
    chunks = list(chunk_document(document(text), WORDS, 40))
    assert [(chunk.heading, chunk.text.splitlines()[0]) for chunk in chunks] == [
        ("", SENTENCES.strip()),
        ("Leave", "# Leave"),
        ("Leave > Carrying over", "## Carrying over"),
        ("Pay", "# Pay"),
    ]


def test_a_heading_holds_until_the_next_one_over_the_pages() -> None:
    pages = tuple(Page(number, str(number), text) for number, text in enumerate(["Title page.", "Leave\nFirst.", "More.", "Pay\nLast."], 1))
    doc = Document("d" * 64, "handbook.pdf", "", "application/pdf", pages, (Heading(1, "Leave", 2, 0), Heading(1, "Pay", 4, 0)))
    assert [chunk.heading for chunk in chunk_document(doc, WORDS, 200)] == ["", "Leave", "Leave", "Pay"]


@settings(max_examples=80)
@given(text=TEXTS.filter(lambda text: text.strip()), limit=st.sampled_from([16, 64, 200]))
@example(text=f"one{' ' * LONGEST_GAP}two{' ' * (LONGEST_GAP + 1)}three", limit=16)
def test_chunks_joined_with_their_gaps_give_the_page(text: str, limit: int) -> None:
    doc = document(text, text)
    for page in doc.pages:
        first, *others = [chunk for chunk in chunk_document(doc, WORDS, limit) if chunk.page == page.number]
        assert first.gap == ""
        joined, before = first.text, first
        for chunk in others:
            space = page.text[before.end : chunk.start]
            assert chunk.gap == (space if len(space) <= LONGEST_GAP else "")
            joined, before = joined + space + chunk.text, chunk
        assert joined == page.text.strip()
