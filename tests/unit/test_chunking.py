"""Whatever the text: chunks are exact, in order, lose nothing, and fit the model."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag import Chunk, Document, Embedder, Page
from rag.chunking import chunk_document
from rag.embedding.model_files import model_folder
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder
from rag.headings import text_headings
from rag.loading.loader import Loader
from rag.settings import DEFAULT_EMBEDDING_MODEL
from tests import documents
from tests.fakes import BagOfWordsEmbedder

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
    return Document("d" * 64, "notes.txt", "", "text/plain", pages, text_headings(texts[0]))


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
    tokenizer = Tokenizer.from_file(str(model_folder(DEFAULT_EMBEDDING_MODEL) / "tokenizer.json"))
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
def test_any_text_is_cut_exactly(minilm: SentenceTransformerEmbedder, tokenizer: Tokenizer, text: str, limit: int) -> None:
    for embedder in (minilm, WORDS):
        doc = document(text, "", text[::-1])
        chunks = list(chunk_document(doc, embedder, limit))
        check_exact(doc, chunks)
        if embedder is minilm:
            check_fits(chunks, tokenizer, limit)


@pytest.mark.parametrize("limit", [16, 200])
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nasty_text_is_cut_exactly(minilm: SentenceTransformerEmbedder, tokenizer: Tokenizer, text: str, limit: int) -> None:
    doc = document(text)
    chunks = list(chunk_document(doc, minilm, limit))
    check_exact(doc, chunks)
    check_fits(chunks, tokenizer, limit)


@pytest.mark.parametrize("limit", [16, 200])
def test_files_are_cut_exactly(
    minilm: SentenceTransformerEmbedder, tokenizer: Tokenizer, tmp_path: Path, samples: Path, limit: int
) -> None:
    for name, data in READABLE.items():
        (tmp_path / f"{name}.pdf").write_bytes(data)
    files = [*tmp_path.iterdir(), *samples.glob("*.*")]
    assert len(files) >= len(READABLE) + 4
    with Loader() as loader:
        for file in files:
            doc = loader.load(file, name=file.name, document_id="d" * 64).document
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
