"""Numbers in words and months by name, in many languages."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.verifying.dates import dates_in
from rag.verifying.negation import denies_otherwise
from rag.verifying.number_words import number_words
from rag.verifying.numbers import numbers_in

LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "ru", "cs", "pl", "tr", "ar", "hi", "zh", "ja", "th"]
WORDS = {
    "en": {"two hundred and fifty": 250, "twenty-first": 21, "three thousand": 3000},
    "de": {"einundzwanzig": 21, "zweihundertfünfzig": 250, "achtundneunzig": 98, "dritten": 3, "drei Millionen": 3_000_000},
    "fr": {"soixante-dix": 70, "quatre-vingt-dix-neuf": 99, "vingt et un": 21, "deux cent trente": 230, "troisième": 3},
    "es": {"veintidós": 22, "noventa y nueve": 99, "doscientos cincuenta": 250, "tres mil": 3000, "décimo": 10},
    "it": {"ventuno": 21, "novantotto": 98, "duecentocinquanta": 250, "tremila": 3000, "terzo": 3},
    "pt": {"vinte e dois": 22, "noventa e nove": 99, "duzentos e cinquenta": 250, "três mil": 3000},
    "nl": {"eenentwintig": 21, "achtennegentig": 98, "tweehonderdvijftig": 250, "derde": 3},
    "ru": {"двадцать один": 21, "девяносто девять": 99, "двести пятьдесят": 250, "пятью": 5, "три тысячи": 3000, "третьего": 3},
    "cs": {"dvacet jedna": 21, "devětadevadesát": 99, "dvě stě padesát": 250, "tři tisíce": 3000},
    "pl": {"dwadzieścia jeden": 21, "dziewięćdziesiąt dziewięć": 99, "dwieście pięćdziesiąt": 250, "pięciu": 5},
    "tr": {"yirmi bir": 21, "doksan dokuz": 99, "iki yüz elli": 250, "On beş": 15, "üç bin": 3000, "İKİ": 2},
    "ar": {"واحد وعشرون": 21, "تسعة وتسعون": 99, "مئتان وخمسون": 250, "ثلاثة آلاف": 3000, "خمسة عشر": 15, "التاسع عشر": 19},
    "hi": {"इक्कीस": 21, "निन्यानवे": 99, "दो सौ पचास": 250, "तीन हज़ार": 3000, "पाँच लाख": 500_000},
    "zh": {"二十一": 21, "九十九": 99, "二百五十": 250, "三千": 3000, "三亿": 300_000_000, "百分之三十": 30, "二〇二四": 2024, "第三": 3},
    "ja": {"二十一": 21, "二百五十円": 250, "三万五千": 35_000, "三つ": 3},
}
NO_NUMBERS = {
    "fr": "Le taux est donné en pour cent.",
    "es": "Había millones de personas; el tanto por ciento subió.",
    "zh": "这十分重要，千万不要忘记，统一标准。",
    "hi": "यह काम उसे सौंपा गया और दोनों गए।",
    "pt": "Os mil" + "itares",
    "de": "Er hat Zweifel und keinen Einwand.",
}


@pytest.mark.parametrize(("language", "words", "value"), [(language, *each) for language, pairs in WORDS.items() for each in pairs.items()])
def test_words_have_their_value(language: str, words: str, value: int) -> None:
    assert [each.value for each in number_words(f" {words} ", language)] == [value]


@pytest.mark.parametrize("language", NO_NUMBERS)
def test_other_words_are_no_numbers(language: str) -> None:
    assert [each.value for each in number_words(NO_NUMBERS[language], language) if each.value > 1] == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("am 3. März 2024", "de"),
        ("le 3 mars 2024", "fr"),
        ("el 3 de marzo de 2024", "es"),
        ("il 3 marzo 2024", "it"),
        ("em 3 de março de 2024", "pt"),
        ("op 3 maart 2024", "nl"),
        ("3 марта 2024 года", "ru"),
        ("3. března 2024", "cs"),
        ("3 marca 2024 r.", "pl"),
        ("3 Mart 2024", "tr"),
        ("في ٣ مارس ٢٠٢٤", "ar"),
        ("3 मार्च 2024 को", "hi"),
        ("2024年3月3日", "zh"),
        ("二〇二四年三月三日", "ja"),
        ("3. 3. 2024", "cs"),
        ("2024-03-03から", "ja"),
    ],
)
def test_dates_are_read_in_the_order_and_with_the_months_of_their_language(text: str, language: str) -> None:
    assert {(date.day, date.month, date.year) for date in dates_in(text, language)} == {(3, 3, 2024)}


@pytest.mark.parametrize(
    ("claim", "source", "language"),
    [
        ("Das ist nicht verboten.", "Das ist nicht verboten, sondern erlaubt.", "de"),
        ("Nicht nur Kinder dürfen mit.", "Kinder dürfen mit.", "de"),
        ("Rauchen ist verboten.", "Rauchen ist nicht erlaubt.", "de"),
        ("Le délai n'est pas plus de trois jours.", "Le délai est de trois jours.", "fr"),
        ("Срок не более трёх дней.", "Срок до трёх дней.", "ru"),
        ("届出を提出しなければならない。", "届出を提出する。", "ja"),
        ("这不仅是规定，也是惯例。", "这是规定，也是惯例。", "zh"),
    ],
)
def test_a_phrase_with_a_negation_that_denies_nothing_is_no_denial(claim: str, source: str, language: str) -> None:
    assert not denies_otherwise(claim, source, language)


@pytest.mark.parametrize(
    "text", ["", "drei und " * 1_000, "三十五万" * 2_000, "nicht, " * 2_000, "1 2.3,4-" * 1_000, "dreiund" * 2_000, "\ud800三" * 2_000]
)
def test_long_and_odd_texts_take_little_time(text: str) -> None:
    began = time.process_time()
    for language in ("de", "zh", "ar"):
        numbers_in(text, language)
        dates_in(text, language)
        denies_otherwise(text, text, language)
    assert time.process_time() - began < 20


@given(st.text(st.characters(codec=None), max_size=120), st.sampled_from(LANGUAGES))
def test_any_text_is_read(text: str, language: str) -> None:
    spans = [(number.start, number.end) for number in numbers_in(text, language)]
    for start, end in [*spans, *((date.start, date.end) for date in dates_in(text, language))]:
        assert 0 <= start < end <= len(text)
    assert not denies_otherwise(text, text, language)
