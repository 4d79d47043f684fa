"""HTML is read as a browser shows it; EPUB chapter by chapter."""

from pathlib import Path

import pytest

from rag.errors import PasswordNeededError
from rag.formats.protocol import TextPages
from tests.loading import opened
from tests.office_files import epub, packed


def read(path: Path, page: str | bytes, name: str = "a.html") -> TextPages:
    return opened(path / name, page.encode() if isinstance(page, str) else page)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>We sell<b> fr</b>uit\n  here.<p>Next<br>line&shy;s &amp; more", "We sell fruit here.\n\nNext\nlines & more"),
        (
            "<ul><li>a<ul><li>b</ul><li>c</ul><ol start=3><li>x<p>y<li value=7>z</ol>",
            "- a\n  - b\n- c\n3. x\n   y\n7. z".replace("   y", "  y"),
        ),
        ("<table><tr><th>Fruit<th>Euro<tr><td>Pear<td>2\n<br>each</table>", "Fruit\tEuro\nPear\t2 each"),
        (
            "<table><tr><th rowspan=2>Region<th colspan=2>Both<tr><th>1<th>2<tr><td>North<td>3<td>4</table>",
            "Region\tBoth\t\n\t1\t2\nNorth\t3\t4",
        ),
        ("<table><tr><td><h2>Left</h2>Words<td><p>Right</table>", "Left\n\nWords\n\nRight"),
        ("<table><caption>Prices</caption><tr><td>a<td>b</table>", "Prices\n\na\tb"),
        (
            "<dl><dt>Weight<dd>in kilos<dt>Size:<dd>in metres<dt>More<dd><p>one<p>two</dl>",
            "Weight: in kilos\n\nSize: in metres\n\nMore\n\none\n\ntwo",
        ),
        ("<pre>x = 1\n  y = 2\n</pre>after", "x = 1\n  y = 2\n\nafter"),
        ("<img alt='A red pear' src='http://127.0.0.1:9/a.png'><img src='data:x'>", "A red pear"),
        ("<details><summary>More</summary>Folded</details>", "More\n\nFolded"),
        ("a<script>b</script><style>c</style><template>d</template><noscript>e</noscript><!-- f -->g", "ag"),
        ("a<p hidden>b</p><p style='color:red; display: none'>c</p><dialog>d</dialog><svg><text>e</text></svg>", "a"),
        ("10<sup>6</sup> H<sub>2</sub>O <q>so</q> <ruby>漢<rt>kan</rt></ruby>", "10 ⁶ H2O “so” 漢"),
        ("<nav>Home</nav><header>Logo</header><main><header>By Eva</header><p>Words</main><footer>Imprint</footer>", "By Eva\n\nWords"),
        ("<nav>Home</nav><p>Words<footer>Imprint</footer>", "Words\n\nImprint"),
        ("<nav><a>Home</a></nav>", "Home"),
        ("<p dir=rtl>שלום עולם<p>東京都", "שלום עולם\n\n東京都"),
        ("<input value='Typed'><input type=hidden value=no><textarea>Long</textarea>", "Typed Long"),
    ],
)
def test_what_is_shown(tmp_path: Path, page: str, text: str) -> None:
    assert [each.text for each in read(tmp_path, page).pages()] == [text]


def test_headings_and_title(tmp_path: Path) -> None:
    document = read(tmp_path, "<title> Our  shop </title><h1>Prices</h1><p>Low.<h2>Fruit</h2>")
    assert (document.title, document.contents[0].headings) == ("Our shop", [(1, "Prices", 0), (2, "Fruit", 14)])


@pytest.mark.parametrize(
    ("page", "encoding"),
    [
        ("<meta charset=windows-1251><p>Привет, мир", "cp1251"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><p>café – 5 €', "cp1252"),
        ("<meta charset='shift_jis'><p>東京都", "cp932"),
        ("<meta charset=iso-8859-1><p>café, saved anew", "utf-8"),
        ("<meta charset=nonsense><p>naïve", "utf-8"),
        ("<p>Straße", "utf-16"),
        ("<p>Straße", "cp1252"),
    ],
)
def test_encodings(tmp_path: Path, page: str, encoding: str) -> None:
    assert read(tmp_path, page.encode(encoding)).contents[0].text == page.rpartition("<p>")[2]


def test_xhtml_with_empty_elements_and_named_entities(tmp_path: Path) -> None:
    page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><script src="a"/></head><body><p>one{}</p></body></html>'
    assert read(tmp_path, page.format(""), "a.xhtml").contents[0].text == "one"
    assert read(tmp_path, page.format("&nbsp;two"), "a.xhtml").contents[0].text == "one two"


def test_elements_that_nest_without_end_are_words(tmp_path: Path) -> None:
    for tag in ("div", "ul><li", "table><tr><td", "b", "blockquote", "dl><dd", "dl><dt", "sup", "pre"):  # a browser allows 512
        for times in (600, 9_000):
            nested = f"<p>Before</p>{f'<{tag}>' * times}deep<script>hidden</script>{'</div>' * times} <p>After"
            assert read(tmp_path, nested).contents[0].text.split() in (["Before", "deep", "After"], ["Before", "-", "deep", "After"])


def test_a_book_is_read_in_its_order_with_the_titles_of_its_contents(tmp_path: Path) -> None:
    chapters = {"z.xhtml": "<p>Before all.</p>", "a b.xhtml": "<h1>Storm</h1><p>It&nbsp;rained.</p>", "c.xhtml": "<p>End.</p>"}
    navigation = '<li><a href="a%20b.xhtml#x">Chapter 1. Storm</a></li><li><a href="c.xhtml">Epilogue</a></li>'
    document = opened(tmp_path / "a.epub", epub(chapters, navigation=navigation, title="The sea"))
    assert [(page.label, page.text) for page in document.pages()] == [
        ("chapter 1", "Before all."),
        ("chapter 1. Storm", "Storm\n\nIt rained."),
        ("chapter Epilogue", "End."),
    ]
    assert [page.headings for page in document.pages()] == [[], [(1, "Storm", 0)], [(1, "Epilogue", 0)]]
    assert document.title == "The sea"


def test_a_copy_protected_book_is_told(tmp_path: Path) -> None:
    import io
    import zipfile

    whole = zipfile.ZipFile(io.BytesIO(epub({"a.xhtml": "x"})))
    parts: dict[str, str | bytes] = {name: whole.read(name) for name in whole.namelist()}
    parts["META-INF/encryption.xml"] = '<encryption><CipherReference URI="OEBPS/a.xhtml"/></encryption>'
    with pytest.raises(PasswordNeededError, match="copy-protected"):
        opened(tmp_path / "a.epub", packed(parts))
