import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.languages import language_of
from rag.text.terms import indexed_terms, query_terms, terms

PARAGRAPHS = {
    "en": "The warranty covers parts and labour for two years from the day of purchase. If a part is no longer made, you will be "
    "offered a newer one, or your money back. Damage by water is not covered.",
    "de": "Die Garantie umfasst Teile und Arbeit für zwei Jahre ab dem Tag des Kaufs. Wenn ein Teil nicht mehr hergestellt wird, "
    "erhalten Sie ein neueres oder Ihr Geld zurück. Schäden durch Wasser sind nicht gedeckt.",
    "fr": "La garantie couvre les pièces et la main-d'œuvre pendant deux ans à partir du jour de l'achat. Si une pièce n'est plus "
    "fabriquée, nous vous en proposons une autre. Les dégâts des eaux ne sont pas couverts.",
    "es": "La garantía cubre las piezas y la mano de obra durante dos años desde el día de la compra. Si una pieza ya no se fabrica, "
    "le ofrecemos otra más nueva. Los daños por agua no están cubiertos.",
    "it": "La garanzia copre i pezzi e la manodopera per due anni dal giorno dell'acquisto. Se un pezzo non è più prodotto, ne viene "
    "offerto uno nuovo. I danni causati dall'acqua non sono coperti.",
    "pt": "A garantia cobre as peças e a mão de obra por dois anos a partir do dia da compra. Se uma peça já não é fabricada, "
    "oferecemos outra mais nova. Os danos causados pela água não são cobertos.",
    "nl": "De garantie dekt onderdelen en arbeid gedurende twee jaar vanaf de dag van aankoop. Als een onderdeel niet meer wordt "
    "gemaakt, krijgt u een nieuwer of uw geld terug. Schade door water is niet gedekt.",
    "sv": "Garantin omfattar delar och arbete i två år från dagen för köpet. Om en del inte längre tillverkas får du en nyare eller "
    "dina pengar tillbaka. Skador som har orsakats av vatten ingår inte.",
    "da": "Garantien dækker dele og arbejde i to år fra købsdagen. Hvis en del ikke længere bliver fremstillet, får du en nyere eller "
    "dine penge tilbage. Skader efter vand er ikke dækket, og det gælder også for rust. Hvad skal jeg så gøre?",
    "no": "Garantien dekker deler og arbeid i to år fra kjøpsdagen. Hvis en del ikke lenger blir laget, får du en nyere eller pengene "
    "tilbake. Skader etter vann er ikke dekket, og det gjelder også for rust. Hva skal jeg gjøre nå?",
    "fi": "Takuu kattaa osat ja työn kahden vuoden ajan ostopäivästä. Jos osaa ei enää valmisteta, saat uudemman tai rahasi takaisin. "
    "Veden aiheuttamat vahingot eivät kuulu takuuseen, mutta ne voi korjata, kun se on mahdollista.",
    "hu": "A garancia az alkatrészekre és a munkára vonatkozik a vásárlás napjától két évig. Ha egy alkatrészt már nem gyártanak, "
    "újabbat adunk, vagy visszafizetjük az árát. A víz által okozott kár nem tartozik ide.",
    "pl": "Gwarancja obejmuje części i robociznę przez dwa lata od dnia zakupu. Jeśli część nie jest już produkowana, otrzyma się "
    "nowszą lub zwrot pieniędzy. Szkody, które są spowodowane przez wodę, nie są objęte.",
    "cs": "Záruka se vztahuje na díly a práci po dobu dvou let ode dne nákupu. Pokud se díl již nevyrábí, nabídneme vám jiný nebo "
    "vrátíme peníze. Škody, které jsou způsobeny vodou, nejsou kryty a není na ně nárok.",
    "ro": "Garanția acoperă piesele și manopera timp de doi ani din ziua cumpărării. Dacă o piesă nu se mai fabrică, se oferă una mai "
    "nouă sau banii înapoi. Daunele care sunt provocate de apă nu sunt acoperite.",
    "tr": "Garanti, satın alma gününden itibaren iki yıl için parçaları ve işçiliği kapsar. Bir parça artık üretilmiyor ise daha yeni "
    "bir parça veya para iadesi verilir. Su ile olan hasar bu garanti için geçerli değil.",
    "id": "Garansi ini mencakup suku cadang dan tenaga kerja untuk dua tahun sejak hari pembelian. Jika suku cadang tidak lagi "
    "dibuat, Anda akan mendapat yang lebih baru atau uang kembali. Kerusakan karena air tidak dijamin.",
    "ca": "La garantia cobreix les peces i la mà d'obra durant dos anys des del dia de la compra. Si una peça ja no es fabrica, se "
    "n'ofereix una altra més nova. Els danys causats per l'aigua no són coberts, però són molt rars amb aquest aparell.",
    "lt": "Garantija galioja dalims ir darbui dvejus metus nuo pirkimo dienos. Jei dalis jau yra nebegaminama, gausite naują arba "
    "pinigus. Žala, kuri buvo padaryta vandens, nėra įtraukta, bet ją galima taisyti, kai tai įmanoma.",
    "et": "Garantii katab osad ja töö kahe aasta jooksul alates ostupäevast. Kui osa enam ei toodeta, siis pakume uuemat või raha "
    "tagasi. Vee tekitatud kahju ei ole kaetud, aga seda võib parandada, kui see on võimalik.",
    "ru": "Гарантия распространяется на детали и работу в течение двух лет со дня покупки. Если деталь больше не выпускается, вы "
    "получите новую или деньги назад. Ущерб от воды не покрывается, так как это не дефект.",
    "sr": "Гаранција покрива делове и рад две године од дана куповине. Ако се део више не производи, биће понуђен новији или новац. "
    "Штета која је настала због воде није покривена, али то може да се поправи.",
    "el": "Η εγγύηση καλύπτει τα ανταλλακτικά και την εργασία για δύο χρόνια από την ημέρα της αγοράς. Αν ένα εξάρτημα δεν "
    "κατασκευάζεται πια, θα σας δοθεί ένα νεότερο. Οι ζημιές από νερό δεν καλύπτονται.",
    "ar": "يغطي الضمان القطع والعمل لمدة عامين من يوم الشراء. إذا لم تعد القطعة تصنع، يمكن أن تحصل على "
    "قطعة أحدث أو على المال. لا يشمل هذا الضمان الأضرار التي كانت بسبب الماء.",
    "fa": "این ضمانت قطعات و کار را تا دو سال از روز خرید پوشش می دهد. اگر قطعه ای دیگر ساخته نمی شود، "
    "قطعه ای که جدیدتر است یا پول خود را دریافت خواهید کرد. آسیب با آب در این ضمانت نیست.",
    "hi": "यह वारंटी खरीद के दिन से दो साल तक पुर्ज़ों और काम के लिए है। अगर कोई पुर्ज़ा अब नहीं बनता है "
    "तो आप को नया दिया जाएगा या पैसे वापस किए जाएँगे। पानी से हुआ नुकसान इस में शामिल नहीं है।",
    "ta": "இந்த உத்தரவாதம் வாங்கிய நாள் முதல் இரண்டு ஆண்டுகள் வரை பாகங்கள் மற்றும் வேலைக்கு உள்ள ஒரு உறுதி ஆகும். நீரால் ஏற்படும் சேதம் இல்லை என்று கூறப்படுகிறது.",
    "hy": "Երաշխիքը գործում է մասերի և աշխատանքի համար երկու տարի գնման օրից հետո։ Եթե մասը այլևս չի արտադրվում, որը նաև հնարավոր է, "
    "կստանաք նորը։",
    "": "これは二年間の保証です。部品と作業が含まれます。",
}


def found(text: str, language: str = "en") -> list[str]:
    return [term.text for term in terms(text, language)]


def meets(question: str, text: str, language: str = "en") -> bool:
    """Whether a word of the question is found in the text."""
    return any(set(alternatives) & set(found(text, language)) for alternatives in query_terms(question, [language]))


def whole(code: str) -> str:
    """The term of a code's exact form: no part of it."""
    return found(code)[-1]


@pytest.mark.parametrize("language", PARAGRAPHS)
def test_the_language_of_a_paragraph_is_told(language: str) -> None:
    assert language_of(PARAGRAPHS[language]) == language
    assert language_of(PARAGRAPHS[language] * 100) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "42",
        "Paris",
        "RJ-45/2 E-17 ISO 9001",
        "😀",
        "这是两年的保修。",
        "\x00",
        "Гарантія на деталі діє два роки, але це не так, якщо їх немає.",
    ],
)
def test_where_the_language_cannot_be_told_nothing_is_said(text: str) -> None:
    assert language_of(text) == ""


def test_one_quotation_does_not_change_a_documents_language() -> None:
    assert language_of(PARAGRAPHS["en"] * 4 + PARAGRAPHS["de"]) == "en"


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        ("returning", "He returns it.", "en"),
        ("policies", "the Policy", "en"),
        ("customer", "the customer’s choice", "en"),
        ("the PDF", "Two PDFs", "en"),
        ("Rückgaben", "die Rückgabe", "de"),
        ("Häuser", "das Haus", "de"),
        ("strasse", "die Straße", "de"),
        ("remboursements", "le remboursement", "fr"),
        ("mange", "il a mangé", "fr"),
        ("eau", "dégâts de l’eau", "fr"),
        ("devoluciones", "la devolución", "es"),
        ("гарантии", "Гарантия", "ru"),
        ("елка", "ёлка", "ru"),
        ("windows", "Программа window", "ru"),
        ("كتاب", "الكتاب", "ar"),
        ("كتب", "كُتِبَ", "ar"),
        ("लड़कियाँ", "लड़कियों", "hi"),
        ("εγγυηση", "Η εγγύηση", "el"),
        ("kitaplar", "kitap", "tr"),
        ("naive", "naïve", "en"),
        ("naïve", "naive", "en"),
        ("resume", "his résumé", "en"),
        ("Lodz", "Łódź", "en"),
        ("ABC", "ＡＢＣ", "en"),
        ("2024", "२०२४", "hi"),
        ("copay", "co\u00adpay", "en"),
        ("返品", "商品の返品はできますか", ""),
        ("茶", "緑茶を飲む", ""),
        ("ガイド", "ｶﾞｲﾄﾞ", ""),
        ("环境", "保护环境很重要", ""),
        ("환불은", "환불이 됩니다", ""),
        ("환불", "환불을", ""),
        ("การรับประกัน", "เงื่อนไขการรับประกันสินค้า", ""),
        ("返品 policy", "返品policyです", ""),
    ],
)
def test_words_are_found_in_their_other_forms(question: str, text: str, language: str) -> None:
    assert meets(question, text, language)


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        ("haben", "der Hafen", "de"),
        ("か", "が", ""),
        ("район", "раион", "ru"),
        ("दिन", "दीन", "hi"),
        ("日本", "本日", ""),
    ],
)
def test_words_that_differ_stay_apart(question: str, text: str, language: str) -> None:
    assert not meets(question, text, language)


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("RJ-45/2", ["rj", "45", "2"]),
        ("E-17", ["e", "17"]),
        ("9001:2015", ["9001", "2015"]),
        ("ISO9001", ["iso", "9001"]),
        ("0x80070005", []),
        ("A4B-22.7", ["a4b", "22", "7"]),
        ("node.js", ["node", "js"]),
        ("C++", ["c"]),
        ("C#", ["c"]),
        (".NET", ["net"]),
        ("12(b)", ["12", "b"]),
        ("401(k)", ["401", "k"]),
        ("jane.doe@firma.com", ["jane", "doe", "firma", "com"]),
        ("3.11.2", ["3", "11", "2"]),
        ("co-pay", ["co", "pay"]),
        ("snake_case", ["snake", "case"]),
        ("R&D", ["r", "d"]),
        ("10mg", ["10"]),
    ],
)
def test_codes_give_their_parts_and_their_whole(code: str, parts: list[str]) -> None:
    assert set(found(f"see ({code}), please")) >= {*parts, *found(code)}
    assert set(parts) < set(found(code))
    assert {alternatives[0] for alternatives in query_terms(code, ["en"])} == set(found(code))


@pytest.mark.parametrize(
    "spellings",
    [
        ["RJ-45/2", "rj45/2", "RJ-45-2"],
        ["E-17", "E17", "e‑17", "E/17"],
        ["co-pay", "copay", "co‐pay", "Co-Pays"],
        ["$1,500", "1500", "€1’500", "1,500"],
        ["1,234,567.89", "1234567.89"],
        ["401(k)", "401k"],
        ["NodeJS", "node.js", "nodejs"],
        ["snakeCase", "snake_case", "SnakeCase"],
        ["2024-05-17", "2024/05/17", "2024.05.17"],
    ],
)
def test_spellings_of_one_thing_share_a_term(spellings: list[str]) -> None:
    assert set.intersection(*(set(found(spelling)) for spelling in spellings)) & {whole(spellings[0]), *found(spellings[0])[:1]}


@pytest.mark.parametrize(("one", "other"), [("3.11.2", "31.12"), ("C++", "C#"), ("E-17", "E-18"), ("12(b)", "12(c)"), (".NET", "net")])
def test_codes_that_differ_have_no_exact_term_in_common(one: str, other: str) -> None:
    assert not {term for term in found(one) if term not in {"c", "e", "12", "net"}} & set(found(other))


def test_a_number_with_points_is_found_as_a_number_and_as_a_version() -> None:
    assert {"1500", "1.500"} <= set(found("1.500", "de"))


def test_a_section_sign_is_a_term() -> None:
    assert found("§ 12") == found("§12") == ["§", "12"]


@pytest.mark.parametrize(
    ("question", "languages", "expected"),
    [
        ("When did the war end?", ["en"], ["war", "end"]),
        ("When did the war end?", ["de", "en"], ["war", "end"]),
        ("war museum", ["de", "en"], ["war", "museum"]),
        ("Wann war das Ende?", ["de"], ["end"]),
        ("What can the IT department do?", ["en"], ["it", "depart"]),
        ("to be or not to be", ["en"], ["to", "be", "or", "not"]),
        ("The Who", ["en"], ["the", "who"]),
        ("IT", ["en"], ["it"]),
        ("THE WAR", ["en"], ["war"]),
        ('"NEAR( AND *', ["en"], ["near"]),
        ("returns return", ["en"], ["return"]),
        ("", ["en"], []),
        ("?!", [], []),
        ("war", [], ["war"]),
    ],
)
def test_a_question_is_its_telling_words(question: str, languages: list[str], expected: list[str]) -> None:
    asked = query_terms(question, languages)
    assert list(dict.fromkeys(next(each for each in expected if each in alternatives) for alternatives in asked)) == expected


def test_a_word_is_asked_for_in_every_language_of_the_library() -> None:
    (alternatives,) = query_terms("Rückgaben", ["de", "en"])
    assert set(alternatives) >= {found("Rückgaben", "de")[0], found("Rückgaben", "en")[0], "ruckgaben"}


def test_terms_say_where_they_stand() -> None:
    text = "Dr. O'Brien's naïve co-payments: 返品する, 환불은 कहाँ"
    spans = {term.text: text[term.start : term.end] for term in terms(text, "en")}
    assert spans["copay"] == "co-payments"
    assert spans["obrien"] == "O'Brien"
    assert spans["naiv"] == "naïve"
    assert spans["返品"] == "返品"
    assert spans["환불"] == "환불"
    assert spans["कहाँ"] == "कहाँ"


LONG = {
    "no white space": "x" * 100_000,
    "white space": " \n" * 50_000,
    "emoji": "😀👩‍👩‍👧" * 15_000,
    "punctuation": "-./(" * 25_000,
    "NUL": "\0" * 100_000,
    "marks": "a" + "\u0300\u0323" * 50_000,
    "only marks": "\u0300\u0323" * 50_000,
    "compound": "a-" * 50_000,
    "camel": "aB" * 50_000,
    "thousands": "1,000" * 20_000,
    "parentheses": "a(b)" * 25_000,
    "Han": "漢字" * 50_000,
    "Hangul": "한국" * 50_000,
    "expanding": "ﷺ" * 100_000,
    "Thai marks": "ก็่้" * 25_000,
    "surrogates": "\ud800a" * 50_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_a_hundred_thousand_characters_of_anything_are_analysed(kind: str) -> None:
    text = LONG[kind]
    assert all(0 < len(term.text) <= 70 for term in terms(text, language_of(text)))
    assert len(query_terms(text, ["en", "de"])) <= len(text)


@given(st.text(max_size=200), st.sampled_from(sorted(PARAGRAPHS)))
def test_whatever_is_indexed_can_be_asked_for(text: str, language: str) -> None:
    indexed = terms(text, language)
    assert indexed_terms(text, language)[0] == [term.text for term in indexed]
    for term in indexed:
        assert term.text.split() == [term.text]
        assert 0 <= term.start < term.end <= len(text)
    assert bool(indexed) == bool(query_terms(text, [language]))
    asked = [set(alternatives) for alternatives in query_terms(text, [language])]
    assert all(alternatives & {term.text for term in indexed} for alternatives in asked)


@given(st.text("ab1.-_/+#('’)s, éÀßİıſ한漢かｶﾞก\u0301\u00ad\u200d", max_size=40))
def test_a_text_and_its_decomposed_form_have_the_same_words(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert set(found(composed)) == set(found(unicodedata.normalize("NFD", composed)))
