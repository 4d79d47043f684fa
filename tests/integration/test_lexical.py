"""The lexical index on a real disk: what is found, what survives, what is made anew."""

import json
import math
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import StorageError
from rag.storing.lexical import LANGUAGE_CHUNKS, Entry, LexicalIndex
from rag.types import ChunkKey

ROOT = Path(__file__).parents[2]
ENGLISH = " It was said that this is what they would do when the others were away."

Open = Callable[..., LexicalIndex]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lexical"


@pytest.fixture
def open_index(folder: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def opened(fingerprint: str = "f1") -> LexicalIndex:
            return stack.enter_context(closing(LexicalIndex(folder, fingerprint)))

        yield opened


@pytest.fixture
def index(open_index: Open) -> LexicalIndex:
    """An empty one."""
    return open_index()


def filled(index: LexicalIndex, **texts: str) -> LexicalIndex:
    """Commit documents of one chunk each."""
    for document_id, text in texts.items():
        index.put([Entry(document_id, 0, text, "")])
    index.commit()
    return index


def ids(hits: list[tuple[ChunkKey, float]]) -> list[str]:
    return [document_id for (document_id, _), _ in hits]


DISTRACTORS = (
    "The plugs RJ-11, RJ-45/1 and RJ-4/52 are in the other box; see page 45, line 2.",
    "Error codes E-1, E-7, E-117 and E-171, and the 17 steps to take after error E.",
    "ISO 14001:2015 and ISO 9000, in the 2015 edition of 9001 pages.",
    "The codes 0x80070006 and 0x80004005; part numbers A4B-22.8, A4C-22.7, and 22 of 7.",
    "Node and Deno run scripts; the C language, the # key, plus and plus again, the net.",
    "Sections 12(a), 12(c) and 13(b); plans 401(a), 403(b) and (k) of 401; paragraph 12.",
    "Write to john.doe@example.com or jane@example.org; versions 3.11.1, 3.1.12 and 2.11.3.",
    "It is 1,600 or 500 or 15,000 for the owner and the payee.",
)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("RJ-45/2", "The plug RJ-45/2 is in the box."),
        ("rj45/2", "The plug RJ-45/2 is in the box."),
        ("What does E-17 mean?", "Error E-17: the door is open."),
        ("error E17", "Error E-17: the door is open."),
        ("ISO 9001:2015", "Certified by ISO 9001:2015 since May."),
        ("0x80070005", "Access is denied (0x80070005)."),
        ("A4B-22.7", "Order part A4B-22.7, please."),
        ("node.js", "It runs on Node.js."),
        ("C++", "Written in C++, mostly."),
        ("C#", "Written in C#."),
        (".NET", "It needs .NET, too."),
        ("§ 12(b)", "As § 12(b) says, so be it."),
        ("§12(b)", "As § 12(b) says, so be it."),
        ("jane.doe@example.com", "Ask jane.doe@example.com about it."),
        ("version 3.11.2", "Version 3.11.2 mends it."),
        ("copay", "The co-pay is small."),
        ("co pay", "The co-pay is small."),
        ("co-pay", "The copay is small."),
        ("1500", "It costs $1,500 a year."),
        ("$1,500", "It costs 1500 a year."),
        ("401(k)", "Your 401(k) grows."),
        ("401k", "Your 401(k) grows."),
    ],
)
def test_exact_terms_come_first(index: LexicalIndex, question: str, text: str) -> None:
    filled(index, **{f"other{n}": distractor for n, distractor in enumerate(DISTRACTORS)}, wanted=text)
    hits = index.search(question, 10)
    assert ids(hits)[0] == "wanted"
    assert len(hits) == 1 or hits[0][1] > hits[1][1]


LANGUAGES = {
    "en": (
        "returning an item",
        "Every return is free. He returns it when it is not what he would have, and they have his money sent to him.",
    ),
    "de": ("Rückgaben", "Die Rückgabe ist kostenlos, wenn sie in der Frist und mit dem Beleg ist."),
    "fr": ("les remboursements", "Le remboursement est fait dans les deux semaines qui suivent, et il est sur le compte."),
    "ru": ("гарантии", "Гарантия на это не распространяется, как и на все то, что было в воде."),
    "ar": ("كتاب", "هذا الكتاب الذي كان في البيت من بعد ذلك هو على الرف."),
    "zh": ("退货政策", "我们的退货政策很简单：三十天之内可以退货。"),
    "ja": ("返品できますか", "商品は三十日以内なら返品できます。"),
    "ko": ("환불", "구매 후 삼십 일 이내에 환불이 가능합니다."),
    "th": ("การรับประกัน", "เงื่อนไขการรับประกันสินค้ามีอายุสองปี"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_found_in_a_library_of_many(index: LexicalIndex, language: str) -> None:
    filled(index, **{name: text for name, (_, text) in LANGUAGES.items()})
    assert ids(index.search(LANGUAGES[language][0], 10))[0] == language


def test_the_languages_are_known_after_reopening(index: LexicalIndex, open_index: Open) -> None:
    filled(index, **{name: text for name, (_, text) in LANGUAGES.items()}).close()
    again = open_index()
    assert [ids(again.search(question, 1)) for question, _ in LANGUAGES.values()] == [[name] for name in LANGUAGES]


def test_accents_do_not_hide_a_word(index: LexicalIndex) -> None:
    filled(index, plain="a naive resume", accented="a naïve résumé", other="nothing")
    assert set(ids(index.search("naïve", 5))) == set(ids(index.search("naive", 5))) == {"plain", "accented"}


def test_the_context_is_found_as_if_it_stood_in_the_text(index: LexicalIndex) -> None:
    index.put([Entry("context", 0, "one", "harbour"), Entry("text", 0, "harbour", "one"), Entry("neither", 0, "one", "two")])
    assert set(ids(index.search("harbour", 5))) == {"context", "text"}


def test_words_that_follow_each_other_as_in_the_question_count_more(index: LexicalIndex) -> None:
    filled(index, apart="authorization that comes prior to care", together="prior authorization that comes before care")
    assert ids(index.search("the prior authorization", 5)) == ["together", "apart"]


def test_a_filter_is_applied_before_ranking(index: LexicalIndex) -> None:
    for n in range(20):
        index.put([Entry(f"d{n}", 0, "harbour " * (20 - n) + "pier " * n, ""), Entry(f"d{n}", 1, "nothing", "")])
    index.commit()
    everywhere = index.search("harbour", 1)
    assert ids(everywhere) == ["d0"]
    assert ids(index.search("harbour", 1, ["d15"])) == ["d15"]
    assert [ordinal for (_, ordinal), _ in index.search("harbour", 50, ["d15"])] == [0]
    assert index.search("harbour", 50, {"d15", "unknown"}) == [hit for hit in index.search("harbour", 50) if hit[0][0] == "d15"]
    assert index.search("harbour", 50, []) == index.search("harbour", 50, ["unknown"]) == []
    for count, top_k in ((15, 5), (15, 500), (2, 1), (2, 60)):  # picked from what is found in all, or by a filter
        within = [f"d{n}" for n in range(19, 19 - count, -1)]
        assert index.search("harbour", top_k, within) == [hit for hit in index.search("harbour", 50) if hit[0][0] in within][:top_k]


def test_a_top_k_of_a_million_is_all_there_is(index: LexicalIndex) -> None:
    filled(index, a="harbour", b="harbour pier", c="pier")
    assert sorted(ids(index.search("harbour", 1_000_000))) == ["a", "b"]


def test_given_chunks_have_the_scores_that_a_search_gives(index: LexicalIndex) -> None:
    index.put([Entry("a", n, f"harbour {'pier ' * n}", "the harbour") for n in range(5)] + [Entry("b", 0, "nothing", "")])
    index.commit()
    hits = index.search("harbour pier", 10)
    keys = [key for key, _ in hits]
    assert len(keys) == 5
    assert index.scores("harbour pier", keys) == [score for _, score in hits]
    assert index.scores("harbour", [("b", 0), ("a", 3), ("a", 99), ("unknown", 0), ("a", 3)]) == [
        0.0,
        *index.scores("harbour", [("a", 3)]),
        0.0,
        0.0,
        *index.scores("harbour", [("a", 3)]),
    ]
    assert index.scores("harbour", []) == []
    assert index.scores("?", keys) == [0.0] * 5


def reports(index: LexicalIndex, *years: int) -> None:
    for year in years:
        for company in ("Halden", "Ott"):
            text = f"{company} report for the year ended December 31, {year}"
            index.put([Entry(f"{company}{year}", n, text, "", f"{company} {year}") for n in range(2)])


def test_a_question_names_documents_by_what_they_are(index: LexicalIndex, open_index: Open) -> None:
    reports(index, 2018, 2019, 2020)
    scores = index.documents("What was Halden's capex in FY19?")
    assert max(scores, key=lambda id_: scores[id_]) == "Halden2019"
    assert index.documents("What was capex?") == {}
    index.close()
    assert open_index().documents("What was Halden's capex in FY19?") == scores


def test_what_documents_are_follows_what_is_put_and_removed(index: LexicalIndex) -> None:
    reports(index, 2018, 2019)
    index.remove(["Halden2019"])
    assert "Halden2019" not in index.documents("Halden 2019")
    index.put([Entry("Ott2018", 0, "nothing", "", "Ziegler 2021")])  # renamed, and replaced
    scores = index.documents("Ziegler 2021")
    assert list(scores) == ["Ott2018"]
    assert "Ott2018" not in index.documents("Ott")


def test_idf_is_that_of_bm25(index: LexicalIndex) -> None:
    filled(index, a="harbour pier", b="harbour", c="quay")
    assert index.idf(["harbour", "pier", "nowhere"]) == pytest.approx(
        {"harbour": math.log(1 + 1.5 / 2.5), "pier": math.log(1 + 2.5 / 1.5), "nowhere": math.log(1 + 3.5 / 0.5)}
    )


def test_the_next_search_commits(index: LexicalIndex) -> None:
    filled(index, a="harbour")
    index.put([Entry("b", 0, "harbour", "")])
    index.put([Entry("b", 1, "harbour", "")])
    index.remove(["a"])
    assert index.document_ids == {"a"}
    assert {key for key, _ in index.search("harbour", 5)} == {("b", 0), ("b", 1)}
    assert index.document_ids == {"b"}


def test_what_is_removed_or_put_again_is_not_there_twice(index: LexicalIndex, open_index: Open) -> None:
    filled(index, a="harbour", b="harbour")
    index.put([Entry("a", 0, "pier", "")])
    index.remove(["b", "unknown"])
    index.put([Entry("c", 0, "pier", "")])
    index.remove(["c"])
    index.commit()
    for each in (index, open_index):
        if each is open_index:
            index.close()
        seen = each() if each is open_index else index
        assert seen.search("harbour", 5) == []
        assert ids(seen.search("pier", 5)) == ["a"]
        assert seen.document_ids == {"a"}


def test_everything_is_there_after_reopening(index: LexicalIndex, open_index: Open) -> None:
    filled(index, a="harbour", b="harbour pier")
    hits = index.search("harbour", 5)
    index.close()
    index.close()
    again = open_index()
    assert again.search("harbour", 5) == hits
    assert filled(again, c="harbour").document_ids == {"a", "b", "c"}
    assert sorted(ids(again.search("harbour", 5))) == ["a", "b", "c"]


def test_another_fingerprint_is_made_anew(index: LexicalIndex, open_index: Open) -> None:
    filled(index, a="harbour").close()
    other = open_index("f2")
    assert other.document_ids == frozenset()
    assert ids(filled(other, b="harbour").search("harbour", 5)) == ["b"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index with two segments and a removal, copied for each test."""
    folder = tmp_path_factory.mktemp("lexical") / "made"
    with closing(LexicalIndex(folder, "f1")) as index:
        filled(index, **{f"d{n}": f"harbour {n}" for n in range(20)})
        filled(index, late="harbour")
        index.remove(["d3"])
        index.commit()
    return folder


KINDS = ("identity.json", "meta.json", ".idx", ".term", ".store", ".fast", ".fieldnorm", ".pos", ".del")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["random", "one byte", "cut", "empty", "gone"])
def test_a_damaged_index_is_made_anew(made: Path, folder: Path, open_index: Open, kind: str, damage: str) -> None:
    shutil.copytree(made, folder)
    path = next(path for path in sorted(folder.iterdir()) if path.name.endswith(kind))
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        middle = len(content) // 3
        changed = bytes([content[middle] ^ 0x55])
        path.write_bytes(
            {
                "random": random.Random(1).randbytes(len(content)),
                "one byte": content[:middle] + changed + content[middle + 1 :],
                "cut": content[:middle],
                "empty": b"",
            }[damage]
        )
    index = open_index()
    if index.document_ids:  # a byte of meta.json that says nothing
        assert (kind, damage) == ("meta.json", "one byte")
    assert ids(filled(index, new="quay").search("quay", 5)) == ["new"]


def test_files_are_known_by_size_and_time_once_their_checksums_were_compared(made: Path, folder: Path, open_index: Open) -> None:
    noted = made / "sound.json"
    assert {file.name for file in made.iterdir() if file.suffix in {".idx", ".term", ".del"}} <= json.loads(noted.read_text()).keys()
    for content in (None, "[]", "damaged"):  # as in a copy, whose files have other times
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder, copy_function=shutil.copyfile)
        (folder / "sound.json").unlink() if content is None else (folder / "sound.json").write_text(content)
        with closing(open_index()) as index:
            assert len(index.document_ids) == 20
        assert json.loads((folder / "sound.json").read_text()).keys() == json.loads(noted.read_text()).keys()


def test_what_is_in_the_way_is_put_aside(folder: Path, open_index: Open) -> None:
    folder.write_text("a file")
    assert filled(open_index(), a="harbour").document_ids == {"a"}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"keyword index could not be opened.*No document is lost"):
        LexicalIndex(tmp_path / "file" / "lexical", "f1")


WRITER = """
import sys
from pathlib import Path
from rag.storing.lexical import Entry, LexicalIndex

index = LexicalIndex(Path(sys.argv[1]), "f1")
index.put([Entry("whole", 0, "harbour", ""), Entry("whole", 1, "harbour", "")])
index.commit()
number = 0
while True:
    index.put([Entry("half", number + n, f"harbour word{number}", "") for n in range(50)])
    number += 50
    if number == 5_000:
        print("writing", flush=True)
"""


def test_a_killed_process_leaves_whole_documents_and_no_lock(folder: Path, open_index: Open) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "writing\n"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    index = open_index()
    assert index.document_ids == {"whole"}
    assert len(index.search("harbour", 1000)) == 2
    assert filled(index, half="harbour").document_ids == {"whole", "half"}


FULL_DISK = """
import resource, sys
from pathlib import Path
from rag import StorageError
from rag.storing.lexical import Entry, LexicalIndex

index = LexicalIndex(Path(sys.argv[1]), "f1")
index.put([Entry("kept", 0, "harbour", "")])
index.commit()
entries = [Entry("large", n, " ".join(f"w{n}x{m}" for m in range(100)), "") for n in range(200)]
limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
for _ in range(2):
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, most))
    try:
        index.put(entries)
        index.commit()
    except StorageError as error:
        kept = error  # and with it the frames that knew the writer
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    assert index.document_ids == {"kept"}, index.document_ids
    assert len(index.search("harbour", 5)) == 1
index.put(entries)
index.commit()
index.close()
"""


def test_a_full_disk_is_told_and_harms_nothing(folder: Path, open_index: Open) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"keyword index could not be written.*Lockfile", done.stdout)) == 0
    assert len(re.findall(r"keyword index could not be written.*has room, and try again", done.stdout)) == 2
    assert open_index().document_ids == {"kept", "large"}


@pytest.mark.parametrize("question", ["", " ", "?", "😀", "\x00", '"(*^~[', "nowhere", "\ud800"])
def test_a_question_without_a_known_word_finds_nothing(index: LexicalIndex, question: str) -> None:
    assert filled(index, a="harbour").search(question, 5) == []


@pytest.mark.parametrize("question", ['"NEAR( AND * near:', "+near -near ^2 ~1", "text:near OR *", "n\u0065ar 😀", "near" + " x" * 50_000])
def test_nothing_in_a_question_is_an_operator(index: LexicalIndex, question: str) -> None:
    filled(index, a="the near shore", b="the far shore")
    assert ids(index.search(question, 5)) == ["a"]


def test_a_question_of_function_words_finds_them(index: LexicalIndex) -> None:
    filled(index, a="To be, or not to be" + ENGLISH, b="harbour pier quay")
    assert ids(index.search("to be or not to be", 5)) == ["a"]


def test_of_a_very_long_question_the_rarest_words_are_searched(index: LexicalIndex) -> None:
    common = " ".join(f"word{n}" for n in range(12_000))
    filled(index, a=common, b=common, c=f"{common} needle")
    question = f"{common} needle"
    assert len(question) > 100_000
    assert ids(index.search(question, 3))[0] == "c"


def test_an_empty_index_finds_nothing(index: LexicalIndex) -> None:
    index.commit()
    assert index.search("harbour", 5) == []
    assert index.scores("harbour", [("a", 0)]) == [0.0]
    assert index.document_ids == frozenset()
    assert filled(index, blank="").document_ids == {"blank"}


@given(st.lists(st.text(max_size=120), min_size=1, max_size=4), st.text(max_size=60))
@settings(max_examples=25)
def test_any_text_can_be_put_and_searched(texts: list[str], question: str) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(LexicalIndex(Path(folder) / "lexical", "f1")) as index:
        index.put([Entry("a", ordinal, text, question) for ordinal, text in enumerate(texts)])
        index.commit()
        hits = index.search(question, 10)
        assert all(score > 0 for _, score in hits)
        assert hits == sorted(hits, key=lambda hit: -hit[1])
        for text in texts:
            found = index.search(text, 10)
            assert bool(found) == any(index.scores(text, [("a", ordinal) for ordinal in range(len(texts))]))


def test_searches_go_on_while_documents_come_and_go(index: LexicalIndex) -> None:
    filled(index, always="harbour pier")
    failures: list[Exception] = []
    seen: set[str] = set()
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                hits = index.search("harbour", 50)
                assert "always" in ids(hits)
                assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
                seen.update(ids(hits))
                assert index.scores("harbour", [("always", 0)])[0] > 0
        except Exception as error:  # noqa: BLE001  the test fails with whatever it is
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(15):
        filled(index, **{f"d{n}": "harbour"})
        index.remove([f"d{n - 3}"])
        index.commit()
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert index.document_ids == {"always", "d12", "d13", "d14"}
    assert seen <= {"always", *(f"d{n}" for n in range(15))}


def test_a_process_that_does_not_close_the_index_ends_all_the_same(folder: Path) -> None:
    code = "import sys; from pathlib import Path; from rag.storing.lexical import Entry, LexicalIndex\n"
    code += "index = LexicalIndex(Path(sys.argv[1]), 'f1'); index.put([Entry('a', 0, 'harbour', '')]); index.commit()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""


def test_a_search_does_not_wait_for_a_long_document(index: LexicalIndex) -> None:
    index.put([Entry("tea", 0, "Tea is served at four.", "")])
    has_begun, may_end = threading.Event(), threading.Event()

    def long_document() -> Iterator[Entry]:
        for ordinal in range(2 * LANGUAGE_CHUNKS):
            yield Entry("boats", ordinal, f"Boat {ordinal} passes the pier.", "")
            if ordinal == LANGUAGE_CHUNKS + 1:
                has_begun.set()
                may_end.wait(60)

    putting = threading.Thread(target=lambda: index.put(long_document()))
    putting.start()
    assert has_begun.wait(60)
    assert ids(index.search("tea", 5)) == ["tea"]  # put before, found now
    assert index.search("boat", 5) == []
    may_end.set()
    putting.join()
    assert ids(index.search("boat", 1)) == ["boats"]
