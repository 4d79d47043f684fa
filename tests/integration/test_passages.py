"""What a question finds in a library of many documents, by meaning and by words: the right passage, once, whole and in its place."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rag import Chunk, DocumentNotFoundError, DocumentRecord, Library, Message, RerankingError, Settings
from rag.embedding.protocol import Embedder
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import IndexName, connect
from tests import documents
from tests.chat_server import MODEL, ChatServer, quoted_passage
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

# Each set: what is asked, what should be found, and what is like it.
EXACT = {
    "C++": (
        "Which team writes in C++?",
        "The engine team writes all of its code in C++ and reviews it on Fridays.",
        "The driver team writes all of its code in C and reviews it on Fridays.",
        "The desktop team writes all of its code in C# and reviews it on Fridays.",
    ),
    "C#": (
        "Which team uses C#?",
        "The desktop team writes all of its code in C# and reviews it on Fridays.",
        "The engine team writes all of its code in C++ and reviews it on Fridays.",
    ),
    "§ 12(b)": (
        "What does § 12(b) say?",
        "§ 12(b) The tenant bears the cost of small repairs up to 80 euros a year.",
        "§ 12(a) The landlord bears the cost of repairs that the tenant has not caused.",
        "§ 13(b) The tenant tells the landlord of damage without delay, in writing.",
    ),
    "RJ-45/2": (
        "Where do I plug in RJ-45/2?",
        "The plug RJ-45/2 belongs into the lower socket at the back of the router.",
        "The plug RJ-45/1 belongs into the upper socket at the back of the router.",
        "The plug RJ-11 belongs into the grey socket at the side of the router.",
        "The plug RJ-4/52 belongs into the socket at the front of the router.",
    ),
    "E-17": (
        "The display shows E-17, what now?",
        "E-17 means that the door is not shut. Shut the door until it clicks.",
        "E-71 means that the display is too cold. Wait until the display is warm.",
        "E-1 means that the water tap is shut. Open the tap and press start.",
        "E-117 means that the display has lost the drum. Call the service now.",
    ),
    "a rare name": (
        "What did Szczepanik decide?",
        "Ms Szczepanik decided to close the northern depot in spring.",
        "Mr Stepanek decided to open the southern depot in autumn.",
        "The board decided to sell the depot in the east and two lorries.",
        "Ms Weber decided what to do about the western depot in winter.",
    ),
}

LANGUAGES = {
    "Chinese": ("退货需要多少天？", "商品在三十天之内可以退货，运费由我们承担。", "我们的商店每天早上九点开门，周日休息。"),
    "Japanese": ("返品できる期間は何日ですか？", "商品は三十日以内であれば返品できます。", "店舗は毎朝九時に開きます。日曜日は休みです。"),
    "Thai": ("สินค้ามีการรับประกันกี่ปี", "เงื่อนไขการรับประกันสินค้ามีอายุสองปีนับจากวันที่ซื้อ", "ร้านเปิดทุกวันเวลาเก้าโมงเช้า ยกเว้นวันอาทิตย์"),
    "Russian": (
        "Сколько лет действует гарантия?",
        "Гарантия на товар составляет два года со дня покупки.",
        "Магазин открывается каждый день в девять утра, кроме воскресенья.",
    ),
    "Arabic": (
        "كم سنة مدة الضمان؟",
        "مدة الضمان على المنتج سنتان من تاريخ الشراء.",
        "يفتح المتجر كل يوم في التاسعة صباحا ما عدا يوم الأحد.",
    ),
}

PLANS = (
    "The Standard plan has a deductible of 500 euros a year.",
    "The Plus plan has a deductible of 750 euros a year.",
    "The Plus plan pays for dental treatment of children up to the age of twelve.",
    "The Standard plan is cancelled in writing, two months before the end of a year.",
    "Coats in plus sizes are sold in the shops of Paris and Lyon.",
    "Songs for children can be downloaded, and covers of songs too.",
    "The bus to the station leaves every twenty minutes until midnight.",
)


def filled(folder: Path, texts: Sequence[str], library: Library) -> None:
    """Add each text as a file whose name says nothing."""
    folder.mkdir()
    for number, text in enumerate(dict.fromkeys(texts)):
        (folder / f"f{number:03}.txt").write_text(text, encoding="utf-8")
    assert library.add(folder).all_searchable


@pytest.fixture(scope="module")
def real_folder(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> Path:
    """A library of all the texts above, read by the real model; no test changes it."""
    folder = tmp_path_factory.mktemp("passages")
    texts = [text for _, *group in [*EXACT.values(), *LANGUAGES.values()] for text in group]
    with Library.open(folder / "library", Settings(), embedder=minilm) as library:
        filled(folder / "files", [*texts, *PLANS], library)
    return folder / "library"


@pytest.fixture
def real(open_library: OpenLibrary, real_folder: Path, minilm: Embedder) -> Library:
    return open_library(str(real_folder), embedder=minilm)


@pytest.mark.parametrize("term", EXACT)
def test_the_passage_with_the_exact_term_comes_first(real: Library, term: str) -> None:
    question, wanted, *_ = EXACT[term]
    first, second, *_ = real.retrieve(question)
    assert first.text == wanted
    assert first.score > second.score


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_finds_the_document_in_its_script(real: Library, language: str) -> None:
    question, wanted, _ = LANGUAGES[language]
    assert real.retrieve(question, top_k=1)[0].text == wanted


def conversation(*questions: str) -> list[Message]:
    return [turn for question in questions for turn in (Message("user", question), Message("assistant", "So it is."))]


@pytest.mark.parametrize(
    ("earlier", "question", "wanted"),
    [
        ("What is the deductible of the Standard plan?", "And for Plus?", PLANS[1]),
        ("What is the deductible of the Plus plan?", "And for Standard?", PLANS[0]),
        ("Does the Plus plan pay for glasses?", "And for dental treatment?", PLANS[2]),
        ("What does the Standard plan cost?", "How do I cancel it?", PLANS[3]),
    ],
)
def test_a_follow_up_finds_what_the_whole_question_would(real: Library, earlier: str, question: str, wanted: str) -> None:
    assert real.retrieve(question, top_k=1, history=conversation(earlier))[0].text == wanted


def test_a_whole_question_is_not_led_astray_by_the_conversation(real: Library) -> None:
    question = "How often does the bus to the station leave?"
    assert real.retrieve(question, history=conversation("What is the deductible of the Plus plan?")) == real.retrieve(question)


@pytest.fixture
def misled(open_library: OpenLibrary, real_folder: Path, minilm: Embedder, chat_server: ChatServer) -> Library:
    """With a chat model that makes a query of its own of whatever begins with "And"."""

    def reply(messages: list[dict[str, str]]) -> str:
        is_rewriting = "search query" in messages[0]["content"]
        return (
            next(query for word, query in RUBBISH.items() if word in messages[-1]["content"]) if is_rewriting else quoted_passage(messages)
        )

    chat_server.reply = reply
    return open_library(str(real_folder), embedder=minilm, chat_base_url=chat_server.url(), chat_model=MODEL)


RUBBISH = {"children": "songs for children to download", "750": "euros and Paris shops", "Plus": "plus size coats in Paris"}


@pytest.mark.parametrize(
    ("question", "rubbish", "wanted"),
    [
        ("And does it pay for dental treatment of children?", RUBBISH["children"], PLANS[2]),
        ("And its deductible, is it 750 euros a year?", RUBBISH["750"], PLANS[1]),
        ("And what about the Plus plan?", RUBBISH["Plus"], PLANS[1]),
    ],
)
def test_a_bad_rewrite_does_not_hide_what_the_question_finds(misled: Library, question: str, rubbish: str, wanted: str) -> None:
    answer = misled.ask(question, history=conversation("What is the deductible of the Standard plan?"))
    assert answer.searched == rubbish
    assert wanted in [passage.text for passage in answer.passages[:3]]


BAD_QUESTIONS = {
    "one letter": "a",
    "one sign": "退",
    "as many letters as there may be": "deductible " * 350 + "x" * 150,
    "one word of so many letters": "x" * 4_000,
    "so many letters of Chinese": "退货需要多少天？" * 500,
    "stop words": "to be or not to be of the and",
    "operators": '"NEAR( AND * OR -x [a TO b] {',
    "wildcards": "* ? ~2 ^3 text:* +(",
    "emoji": "👩‍👩‍👧‍👦🇩🇪",
    "lone surrogates": "\udc80\ud83d",
    "zero width": "\u200b\u200d\u2060\ufeff",
    "control characters": "\x00\x07\x1b[2J",
    "right to left": "\u202e\u2067",
}


@pytest.mark.parametrize("question", BAD_QUESTIONS.values(), ids=BAD_QUESTIONS)
def test_a_bad_question_finds_something_in_order(real: Library, question: str) -> None:
    passages = real.retrieve(question, top_k=4)
    assert [passage.rank for passage in passages] == [1, 2, 3, 4]
    assert [passage.score for passage in passages] == sorted((passage.score for passage in passages), reverse=True)
    assert all(-1 <= passage.cosine <= 1 and passage.text for passage in passages)


@pytest.mark.parametrize("operators", ['"NEAR( AND * OR -{}', "[a TO b] {{{}", "NOT {} ^0.1", "-({})"])
def test_operators_are_signs_like_others(real: Library, operators: str) -> None:
    assert "Szczepanik" in real.retrieve(operators.format("Szczepanik"), top_k=1)[0].text


def test_a_million_passages_are_all_there_are(real: Library) -> None:
    passages = real.retrieve("deductible", top_k=1_000_000)
    assert {passage.document_id for passage in passages} == {record.id for record in real.documents()}


def test_a_conversation_with_lone_surrogates_is_searched(real: Library) -> None:
    history = conversation("What is the \ud83d deductible of the Standard plan?\udc80")
    assert "deductible" in real.retrieve("And for Plus?", top_k=1, history=history)[0].text


BOILERPLATE = (
    "This letter is confidential and meant for its recipient alone. Whoever received it in error tells the sender within {} days "
    "and destroys it. Nothing in it is an offer or a promise, and no court but that of the sender may decide about it."
)
MORE_BOILERPLATE = (
    "Letters that arrive on a holiday count as received on the next working day. The sender keeps a list of all letters and shows it "
    "to whoever may ask for it by law, against a fee that covers the copies alone and nothing else besides."
)


def letter(number: int, *parts: str) -> str:
    """A letter about its own matter, with further parts, each about as long as a chunk of 50 tokens."""
    own = " ".join(f"matter{number}x{n}" for n in range(40))
    return "\n\n".join([f"{own}.", *parts])


@pytest.mark.parametrize("copies", [10, 60])
def test_boilerplate_takes_one_place(open_library: OpenLibrary, tmp_path: Path, copies: int) -> None:
    library = open_library(chunk_tokens=60)
    letters = [letter(number, BOILERPLATE.format(30)) for number in range(copies)]
    filled(tmp_path / "files", [*letters, letter(200, BOILERPLATE.format(90))], library)
    passages = library.retrieve("Who received a confidential letter in error, and which court may decide?", top_k=5)
    texts = [passage.chunk_text for passage in passages]
    assert len(texts) == 5
    assert sorted("within 90 days" in text for text in texts if "confidential" in text) == [False, True]


def test_boilerplate_longer_than_a_chunk_takes_one_place(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library(chunk_tokens=60)
    filled(tmp_path / "files", [letter(number, BOILERPLATE.format(30), MORE_BOILERPLATE) for number in range(6)], library)
    passages = library.retrieve("confidential letters that arrive on a holiday, received in error", top_k=5)
    told = " ".join(passage.chunk_text for passage in passages)
    assert (told.count("confidential"), told.count("on a holiday")) == (1, 1)


def test_a_filter_holds_in_both_halves(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library(chunk_tokens=16)
    chance = random.Random(4)
    people = ["".join(chance.choices(["ba", "ke", "li", "mo", "nu", "ra", "se", "ti"], k=4)) for _ in range(140)]
    much = [f"The harbour master {people[n]} counts boats with {people[n + 70]} all day." for n in range(70)]
    (tmp_path / "much.txt").write_text("\n\n".join(much))
    (tmp_path / "other.txt").write_text("The forest is quiet.")
    (tmp_path / "third.txt").write_text("A harbour, once.")
    assert library.add([tmp_path / name for name in ("much.txt", "other.txt", "third.txt")]).all_searchable
    for question in ("harbour master", f"Which boats does the harbour master {people[7]} count?"):
        assert library.retrieve(question)[0].document == "much.txt"
        assert [passage.document for passage in library.retrieve(question, documents=["other.txt"])] == ["other.txt"]
        both = library.retrieve(question, documents=["other.txt", "third.txt"], top_k=100)
        assert [passage.document for passage in both] == ["third.txt", "other.txt"]
    assert library.retrieve("harbour", documents=[]) == []
    with pytest.raises(DocumentNotFoundError, match="fourth"):
        library.retrieve("harbour", documents=["third.txt", "fourth.txt"])


def test_a_filter_finds_a_document_among_many_with_the_same_words(tmp_path: Path) -> None:
    """Letters with one footer: the vectors of copies are equal, and an approximate index does not reach all of them."""
    chance = np.random.default_rng(0)
    vectors = chance.normal(size=(501, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    footer = vectors[500]
    with closing(ChromaStore(connect(tmp_path / "chroma", None), IndexName("", "f1", "a test"))) as store:
        rest = [Chunk("rest", 2 * n + m, 1, 0, 6, "Letter") for n in range(480) for m in (0, 1)]
        few = [Chunk(f"letter{n}", m, 1, 0, 6, "Letter") for n in range(20) for m in (0, 1)]
        store.put([*rest, *few], np.stack([each for own in vectors[:500] for each in (own, footer)]))
        for id_, chunks in [("rest", len(rest)), *((f"letter{n}", 2) for n in range(20))]:
            record = DocumentRecord(id_, id_, "", "text/plain", (id_,), 1, chunks, (), ("1",), "2026", 1, "")
            store.commit([record])
        assert [len(store.nearest(footer, 50, [f"letter{n}"])) for n in range(20)] == [2] * 20


MANUAL = """# Boats

Boats are counted at noon. The count is written into the book.

## Seals

Seals are counted twice a day, in the morning and in the evening. Young seals are counted apart from the old ones.
A seal that cannot be told from another is counted once. Seals on the far bank are left out.{gap}Seals that sleep are counted all the same.

- grey seals
- common seals

Straße 😀 naïve: seals there are counted by hand."""


@pytest.fixture
def several(open_library: OpenLibrary, tmp_path: Path) -> Library:
    """A library of documents of all kinds, cut into small chunks."""
    files = tmp_path / "several"
    files.mkdir()
    (files / "manual.md").write_text(MANUAL.format(gap="\n\n"), encoding="utf-8")
    (files / "wide.txt").write_bytes(MANUAL.format(gap=" " * 300).replace("\n", "\r\n").encode("utf-16"))
    (files / "pages.pdf").write_bytes(
        documents.plain_pdf(
            *(MANUAL.format(gap=" ")[start : start + 250].encode("latin-1", "ignore").decode("latin-1") for start in (0, 120, 240))
        )
    )
    (files / "chinese.txt").write_text("海豹每天数两次，早上一次，晚上一次。小海豹单独计数。" * 4, encoding="utf-8")
    library = open_library(chunk_tokens=24)
    assert library.add(files).all_searchable
    return library


def test_every_passage_is_what_stands_in_its_place(several: Library) -> None:
    passages = [
        passage
        for question in ("How often are seals counted?", "grey seals", "noon", "海豹每天数几次？", "nothing of this", "Straße")
        for top_k in (1, 3, 100)
        for passage in several.retrieve(question, top_k=top_k)
    ]
    assert {passage.document for passage in passages} == {"manual.md", "wide.txt", "pages.pdf", "chinese.txt"}
    for passage in passages:
        page = several.pages.text(passage.document_id, passage.page)
        chunk_end = passage.chunk_start + len(passage.chunk_text)
        assert page[passage.start : passage.end] == passage.text == passage.text.strip() != ""
        assert page[passage.chunk_start : chunk_end] == passage.chunk_text
        assert passage.chunk_start <= passage.start < passage.end <= chunk_end
    assert any(len(several.embedder.token_spans(passage.chunk_text)) > 24 for passage in passages)  # joined
    assert any(passage.text != passage.chunk_text for passage in passages)  # trimmed


def test_neighbours_make_one_passage(several: Library) -> None:
    passages = several.retrieve("How are seals counted?", top_k=100, documents=["manual.md"])
    places = sorted((passage.chunk_start, passage.chunk_start + len(passage.chunk_text)) for passage in passages)
    assert len(passages) < several.document("manual.md").chunks
    assert all(end <= start for (_, end), (start, _) in pairwise(places))


def test_a_passage_stands_under_the_heading_of_its_own_words(open_library: OpenLibrary, tmp_path: Path) -> None:
    pay = "# Pay\n\nPay comes at the end of each month, late in the evening."
    leave = "# Leave\n\nOwls sleep at noon, in the barn by the river. Foxes sleep underground at nighttime."
    (tmp_path / "handbook.md").write_text(f"{pay}\n\n{leave}")
    library = open_library(chunk_tokens=24)
    library.add(tmp_path / "handbook.md")
    passage = library.retrieve("Do owls sleep at noon in the barn?", top_k=1)[0]
    assert (passage.text, passage.chunk_text, passage.heading) == (leave, f"{pay}\n\n{leave}", "Leave")


class WordReranker:
    """Prefers texts that have a word; raises `error` while it is set.

    Attributes:
        asked: The questions and how many texts came with each.
    """

    identity = "word"

    def __init__(self, word: str) -> None:
        self.word = word
        self.error: RerankingError | None = None
        self.asked: list[tuple[str, int]] = []

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((question, len(texts)))
        if self.error:
            raise self.error
        return [-float(self.word not in text) - number / 1000 for number, text in enumerate(texts)]


@pytest.fixture
def reranked(tmp_path: Path) -> Iterator[tuple[Library, WordReranker]]:
    """A library of fifteen short texts with a reranker that likes owls."""
    reranker = WordReranker("owl")
    with Library.open(tmp_path / "library", Settings(rerank_depth=6), embedder=BagOfWordsEmbedder(), reranker=reranker) as library:
        texts = [f"The harbour master counts {'boats' * (n < 10)} {'an owl' * (n == 8)} at pier{n}." for n in range(15)]
        filled(tmp_path / "files", texts, library)
        yield library, reranker


def test_a_reranker_has_the_last_word(reranked: tuple[Library, WordReranker]) -> None:
    library, reranker = reranked
    passages = library.retrieve("Which harbour master counts an owl of boats?", top_k=3)
    assert "owl" in passages[0].text
    assert [passage.score for passage in passages] == sorted((passage.score for passage in passages), reverse=True)
    assert passages[0].score > -0.5 > passages[1].score
    reranker.word = "pier3."
    assert "pier3." in library.retrieve("Which harbour master counts boats at pier3, pier4 or pier5?", top_k=3)[0].text
    assert [count for _, count in reranker.asked] == [6, 6]
    assert len(library.retrieve("harbour master", top_k=12)) == 12


def test_a_reranker_reads_the_whole_question(reranked: tuple[Library, WordReranker]) -> None:
    library, reranker = reranked
    library.retrieve("And for Plus?", history=conversation("What is the deductible of the Standard plan?"))
    assert [question for question, _ in reranker.asked] == ["What is the deductible of the Plus plan?"]


def test_a_reranker_that_fails_is_told_and_harms_nothing(reranked: tuple[Library, WordReranker], tmp_path: Path) -> None:
    library, reranker = reranked
    before = library.retrieve("harbour master")
    reranker.error = RerankingError("The reranker is out to lunch. Ask again.")
    for _ in range(2):
        with pytest.raises(RerankingError, match="out to lunch"):
            library.retrieve("harbour master")
    reranker.error = None
    assert library.retrieve("harbour master") == before
    (tmp_path / "late.txt").write_text("A late owl.")
    assert library.add(tmp_path / "late.txt").all_searchable
    assert library.retrieve("late owl", top_k=1)[0].text == "A late owl."
