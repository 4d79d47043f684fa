"""Number words, negations and dates are checked in many languages: five sentences that hold, five with one of these changed."""

from collections.abc import Sequence

import pytest

from rag import Passage
from rag.embedding.protocol import Embedder
from rag.types import Verdict
from rag.verifying.facts import facts_of, missing_facts, source_facts
from rag.verifying.protocol import Claim
from rag.verifying.rules import RuleVerifier
from tests.fakes import BagOfWordsEmbedder

HOLDS = {
    "en": [
        ("The notice period is three months.", "The notice period is 3 months."),
        ("The lease began on 3 March 2024.", "The lease began on 2024-03-03."),
        ("Dogs are not allowed in the building.", "Dogs are not allowed in the building at any time."),
        ("The deposit is twenty-five hundred euros.", "The deposit is 2,500 euros."),
        ("Guests may use the garden.", "Guests may use the garden, but not the pool."),
    ],
    "de": [
        ("Die Kündigungsfrist beträgt drei Monate.", "Die Kündigungsfrist beträgt 3 Monate."),
        ("Der Mietvertrag beginnt am 3. März 2024.", "Der Mietvertrag beginnt am 03.03.2024."),
        ("Hunde sind im Haus nicht erlaubt.", "Hunde sind im Haus zu keiner Zeit erlaubt."),
        ("Die Kaution beträgt zweitausendfünfhundert Euro.", "Die Kaution beträgt 2.500 Euro."),
        ("Gäste dürfen den Garten nutzen.", "Gäste dürfen den Garten nutzen, das Schwimmbad aber nicht."),
    ],
    "fr": [
        ("Le préavis est de trois mois.", "Le préavis est de 3 mois."),
        ("Le bail commence le 3 mars 2024.", "Le bail commence le 03/03/2024."),
        ("Les chiens ne sont pas admis dans l'immeuble.", "Les chiens ne sont jamais admis dans l'immeuble."),
        ("La remise est de quatre-vingt-dix-sept euros.", "La remise est de 97 euros."),
        ("Les invités peuvent utiliser le jardin.", "Les invités peuvent utiliser le jardin, mais pas la piscine."),
    ],
    "es": [
        ("El plazo de preaviso es de tres meses.", "El plazo de preaviso es de 3 meses."),
        ("El contrato empieza el 3 de marzo de 2024.", "El contrato empieza el 03/03/2024."),
        ("Los perros no están permitidos en el edificio.", "Los perros nunca están permitidos en el edificio."),
        ("La fianza es de treinta y cinco euros.", "La fianza es de 35 euros."),
        ("Los invitados pueden usar el jardín.", "Los invitados pueden usar el jardín, pero no la piscina."),
    ],
    "it": [
        ("Il preavviso è di tre mesi.", "Il preavviso è di 3 mesi."),
        ("Il contratto inizia il 3 marzo 2024.", "Il contratto inizia il 03/03/2024."),
        ("I cani non sono ammessi nell'edificio.", "I cani non sono mai ammessi nell'edificio."),
        ("Il deposito è di ventotto euro.", "Il deposito è di 28 euro."),
        ("Gli ospiti possono usare il giardino.", "Gli ospiti possono usare il giardino, ma non la piscina."),
    ],
    "pt": [
        ("O prazo de aviso é de três meses.", "O prazo de aviso é de 3 meses."),
        ("O contrato começa em 3 de março de 2024.", "O contrato começa em 03/03/2024."),
        ("Os cães não são permitidos no edifício.", "Os cães nunca são permitidos no edifício."),
        ("A caução é de trinta e cinco euros.", "A caução é de 35 euros."),
        ("Os convidados podem usar o jardim.", "Os convidados podem usar o jardim, mas não a piscina."),
    ],
    "nl": [
        ("De opzegtermijn bedraagt drie maanden.", "De opzegtermijn bedraagt 3 maanden."),
        ("Het contract begint op 3 maart 2024.", "Het contract begint op 03-03-2024."),
        ("Honden zijn niet toegestaan in het gebouw.", "Honden zijn nooit toegestaan in het gebouw."),
        ("De borg bedraagt tweeëntwintig euro.", "De borg bedraagt 22 euro."),
        ("Gasten mogen de tuin gebruiken.", "Gasten mogen de tuin gebruiken, maar niet het zwembad."),
    ],
    "ru": [
        ("Срок уведомления составляет три месяца.", "Срок уведомления составляет 3 месяца."),
        ("Договор начинается 3 марта 2024 года.", "Договор начинается 03.03.2024."),
        ("Собаки в здании не допускаются.", "Собаки в здании никогда не допускаются."),
        ("Залог составляет тридцать пять рублей.", "Залог составляет 35 рублей."),
        ("Гости могут пользоваться садом.", "Гости могут пользоваться садом, но не бассейном."),
    ],
    "cs": [
        ("Výpovědní lhůta činí tři měsíce.", "Výpovědní lhůta činí 3 měsíce."),
        ("Smlouva začíná 3. března 2024.", "Smlouva začíná 3. 3. 2024."),
        ("Psi v budově nejsou povoleni.", "Psi v budově nikdy nejsou povoleni."),
        ("Kauce činí pětatřicet korun.", "Kauce činí 35 korun."),
        ("Hosté smějí používat zahradu.", "Hosté smějí používat zahradu, ale bazén nikoli."),
    ],
    "pl": [
        ("Okres wypowiedzenia wynosi trzy miesiące.", "Okres wypowiedzenia wynosi 3 miesiące."),
        ("Umowa zaczyna się 3 marca 2024 r.", "Umowa zaczyna się 03.03.2024 r."),
        ("Psy nie są dozwolone w budynku.", "Psy nigdy nie są dozwolone w budynku."),
        ("Kaucja wynosi trzydzieści pięć złotych.", "Kaucja wynosi 35 złotych."),
        ("Goście mogą korzystać z ogrodu.", "Goście mogą korzystać z ogrodu, ale nie z basenu."),
    ],
    "tr": [
        ("İhbar süresi üç aydır.", "İhbar süresi 3 aydır."),
        ("Sözleşme 3 Mart 2024 tarihinde başlar.", "Sözleşme 03.03.2024 tarihinde başlar."),
        ("Binada köpek beslemek uygun değildir.", "Binada köpek beslemek hiç uygun değildir."),
        ("Depozito otuz beş liradır.", "Depozito 35 liradır."),
        ("Misafirler bahçeyi kullanabilir.", "Misafirler bahçeyi kullanabilir, havuzu kullanamaz."),
    ],
    "ar": [
        ("مدة الإشعار هي ثلاثة أشهر.", "مدة الإشعار هي 3 أشهر."),
        ("يبدأ العقد في 3 مارس 2024.", "يبدأ العقد في 03/03/2024."),
        ("لا يُسمح بالكلاب في المبنى.", "لا يُسمح بالكلاب في المبنى أبداً."),
        ("مبلغ التأمين خمسة وثلاثون ديناراً.", "مبلغ التأمين 35 ديناراً."),
        ("يمكن للضيوف استخدام الحديقة.", "يمكن للضيوف استخدام الحديقة، ولكن لا يمكنهم دخول المسبح."),
    ],
    "hi": [
        ("नोटिस की अवधि तीन महीने है।", "नोटिस की अवधि 3 महीने है।"),
        ("अनुबंध 3 मार्च 2024 से शुरू होता है।", "अनुबंध 03/03/2024 से शुरू होता है।"),
        ("इमारत में कुत्तों की अनुमति नहीं है।", "इमारत में कुत्तों की अनुमति कभी नहीं है।"),
        ("जमा राशि पैंतीस रुपये है।", "जमा राशि 35 रुपये है।"),
        ("मेहमान बगीचे का उपयोग कर सकते हैं।", "मेहमान बगीचे का उपयोग कर सकते हैं, तालाब का नहीं।"),
    ],
    "zh": [
        ("通知期限为三个月。", "通知期限为3个月。"),
        ("租约从2024年3月3日开始。", "租约从2024-03-03开始。"),
        ("楼内不允许养狗。", "楼内任何时候都不允许养狗。"),
        ("押金为三千五百元。", "押金为3500元。"),
        ("客人可以使用花园。", "客人可以使用花园，但不可以使用泳池。"),
    ],
    "ja": [
        ("通知期間は三か月です。", "通知期間は3か月です。"),
        ("契約は2024年3月3日に始まります。", "契約は2024-03-03に始まります。"),
        ("建物内で犬は飼えません。", "建物内で犬は決して飼えません。"),
        ("保証金は三万五千円です。", "保証金は35,000円です。"),
        ("来客は庭を利用できます。", "来客は庭を利用できますが、プールは使えません。"),
    ],
}
"""A claim and a source that says the same."""

CHANGED = {
    "en": [
        ("The notice period is four months.", "The notice period is three months."),
        ("Twenty-six parking spaces are free.", "Twenty-five parking spaces are free."),
        ("Dogs are allowed in the building.", "Dogs are not allowed in the building."),
        ("The heating is never switched off.", "The heating is switched off at night."),
        ("The lease began on 3 May 2024.", "The lease began on 3 March 2024."),
    ],
    "de": [
        ("Die Kündigungsfrist beträgt vier Monate.", "Die Kündigungsfrist beträgt drei Monate."),
        ("Es gibt sechsundzwanzig Stellplätze.", "Es gibt fünfundzwanzig Stellplätze."),
        ("Hunde sind im Haus erlaubt.", "Hunde sind im Haus nicht erlaubt."),
        ("Es wird keine Provision erhoben.", "Es wird eine Provision erhoben."),
        ("Der Vertrag beginnt am 3. Mai 2024.", "Der Vertrag beginnt am 3. März 2024."),
    ],
    "fr": [
        ("Le préavis est de quatre mois.", "Le préavis est de trois mois."),
        ("Il y a soixante-seize places.", "Il y a soixante-quinze places."),
        ("Les chiens sont admis dans l'immeuble.", "Les chiens ne sont pas admis dans l'immeuble."),
        ("Le séjour est possible sans réservation.", "Le séjour est possible avec réservation."),
        ("Le bail commence le 3 mai 2024.", "Le bail commence le 3 mars 2024."),
    ],
    "es": [
        ("El plazo de preaviso es de cuatro meses.", "El plazo de preaviso es de tres meses."),
        ("Hay veintiséis plazas de aparcamiento.", "Hay veinticinco plazas de aparcamiento."),
        ("Los perros están permitidos en el edificio.", "Los perros no están permitidos en el edificio."),
        ("La entrada es posible sin reserva.", "La entrada es posible con reserva."),
        ("El contrato empieza el 3 de mayo de 2024.", "El contrato empieza el 3 de marzo de 2024."),
    ],
    "it": [
        ("Il preavviso è di quattro mesi.", "Il preavviso è di tre mesi."),
        ("Ci sono ventisei posti auto.", "Ci sono venticinque posti auto."),
        ("I cani sono ammessi nell'edificio.", "I cani non sono ammessi nell'edificio."),
        ("L'ingresso è possibile senza prenotazione.", "L'ingresso è possibile con prenotazione."),
        ("Il contratto inizia il 3 maggio 2024.", "Il contratto inizia il 3 marzo 2024."),
    ],
    "pt": [
        ("O prazo de aviso é de quatro meses.", "O prazo de aviso é de três meses."),
        ("Há vinte e seis lugares de estacionamento.", "Há vinte e cinco lugares de estacionamento."),
        ("Os cães são permitidos no edifício.", "Os cães não são permitidos no edifício."),
        ("A garantia não cobre as pilhas.", "A garantia cobre as pilhas."),
        ("O contrato começa em 3 de maio de 2024.", "O contrato começa em 3 de março de 2024."),
    ],
    "nl": [
        ("De opzegtermijn bedraagt vier maanden.", "De opzegtermijn bedraagt drie maanden."),
        ("Er zijn zesentwintig parkeerplaatsen.", "Er zijn vijfentwintig parkeerplaatsen."),
        ("Honden zijn toegestaan in het gebouw.", "Honden zijn niet toegestaan in het gebouw."),
        ("Toegang is mogelijk zonder reservering.", "Toegang is mogelijk met reservering."),
        ("Het contract begint op 3 mei 2024.", "Het contract begint op 3 maart 2024."),
    ],
    "ru": [
        ("Срок уведомления составляет четыре месяца.", "Срок уведомления составляет три месяца."),
        ("В доме двадцать шесть мест.", "В доме двадцать пять мест."),
        ("Собаки в здании допускаются.", "Собаки в здании не допускаются."),
        ("Вход возможен без брони.", "Вход возможен по брони."),
        ("Договор начинается 3 мая 2024 года.", "Договор начинается 3 марта 2024 года."),
    ],
    "cs": [
        ("Výpovědní lhůta činí čtyři měsíce.", "Výpovědní lhůta činí tři měsíce."),
        ("V domě je dvacet šest míst.", "V domě je dvacet pět míst."),
        ("Psi v budově jsou povoleni.", "Psi v budově nejsou povoleni."),
        ("Nájemce neplatí poplatek za úklid.", "Nájemce platí poplatek za úklid."),
        ("Smlouva začíná 3. května 2024.", "Smlouva začíná 3. března 2024."),
    ],
    "pl": [
        ("Okres wypowiedzenia wynosi cztery miesiące.", "Okres wypowiedzenia wynosi trzy miesiące."),
        ("W domu jest dwadzieścia sześć miejsc.", "W domu jest dwadzieścia pięć miejsc."),
        ("Psy są dozwolone w budynku.", "Psy nie są dozwolone w budynku."),
        ("Wejście jest możliwe bez rezerwacji.", "Wejście jest możliwe po rezerwacji."),
        ("Umowa zaczyna się 3 maja 2024 r.", "Umowa zaczyna się 3 marca 2024 r."),
    ],
    "tr": [
        ("İhbar süresi dört aydır.", "İhbar süresi üç aydır."),
        ("Binada yirmi altı otopark yeri var.", "Binada yirmi beş otopark yeri var."),
        ("Binada köpek beslemek uygundur.", "Binada köpek beslemek uygun değildir."),
        ("Depozito sözleşme bitince iade edilmez.", "Depozito sözleşme bitince iade edilir."),
        ("Sözleşme 3 Mayıs 2024 tarihinde başlar.", "Sözleşme 3 Mart 2024 tarihinde başlar."),
    ],
    "ar": [
        ("مدة الإشعار هي أربعة أشهر.", "مدة الإشعار هي ثلاثة أشهر."),
        ("في المبنى ستة وعشرون موقفاً.", "في المبنى خمسة وعشرون موقفاً."),
        ("يُسمح بالكلاب في المبنى.", "لا يُسمح بالكلاب في المبنى."),
        ("يمكن الدخول بدون حجز.", "يمكن الدخول مع حجز."),
        ("يبدأ العقد في 3 مايو 2024.", "يبدأ العقد في 3 مارس 2024."),
    ],
    "hi": [
        ("नोटिस की अवधि चार महीने है।", "नोटिस की अवधि तीन महीने है।"),
        ("इमारत में छब्बीस जगहें हैं।", "इमारत में पच्चीस जगहें हैं।"),
        ("इमारत में कुत्तों की अनुमति है।", "इमारत में कुत्तों की अनुमति नहीं है।"),
        ("बिना आरक्षण के प्रवेश संभव है।", "आरक्षण के साथ प्रवेश संभव है।"),
        ("अनुबंध 3 मई 2024 से शुरू होता है।", "अनुबंध 3 मार्च 2024 से शुरू होता है।"),
    ],
    "zh": [
        ("通知期限为四个月。", "通知期限为三个月。"),
        ("楼内有二十六个车位。", "楼内有二十五个车位。"),
        ("楼内允许养狗。", "楼内不允许养狗。"),
        ("该设备未经测试。", "该设备经过测试。"),
        ("租约从2024年5月3日开始。", "租约从2024年3月3日开始。"),
    ],
    "ja": [
        ("通知期間は四か月です。", "通知期間は三か月です。"),
        ("駐車場は二十六台分あります。", "駐車場は二十五台分あります。"),
        ("建物内で犬は飼えます。", "建物内で犬は飼えません。"),
        ("開封後の返品はできない。", "開封後の返品はできる。"),
        ("契約は2024年5月3日に始まります。", "契約は2024年3月3日に始まります。"),
    ],
}
"""A claim and a source of which it changes a number word (the first two), a negation (the next two) or a date."""


def _verdict(claim: str, source: str, embedder: Embedder) -> Verdict:
    passage = Passage(1, 1.0, 1.0, "lease.txt", "0" * 64, 1, "1", 0, len(source), source, "", 0, source)
    return RuleVerifier(embedder).verify([Claim(claim, (0,))], [passage])[0].verdict


def _pairs(table: dict[str, list[tuple[str, str]]]) -> Sequence[object]:
    return [pytest.param(*pair, id=f"{language}-{n}") for language, pairs in table.items() for n, pair in enumerate(pairs)]


@pytest.mark.parametrize(("claim", "source"), _pairs(CHANGED))
def test_a_changed_number_negation_or_date_is_not_supported(claim: str, source: str) -> None:
    assert _verdict(claim, source, BagOfWordsEmbedder()) != "supported"


@pytest.mark.parametrize(("claim", "source"), _pairs(HOLDS))
def test_what_is_said_in_other_figures_is_not_called_unsupported(claim: str, source: str, minilm: Embedder) -> None:
    assert missing_facts(facts_of(claim), source_facts([source])) == []
    assert _verdict(claim, source, minilm) != "unsupported"


@pytest.mark.parametrize(
    "claim", [pytest.param(source, id=f"{language}-{n}") for language in CHANGED for n, (_, source) in enumerate(CHANGED[language])]
)
def test_a_quotation_is_supported(claim: str) -> None:
    assert _verdict(claim, f"{claim} {claim}", BagOfWordsEmbedder()) == "supported"
