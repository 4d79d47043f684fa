"""Sentences in many languages: abbreviations, ordinals, initials, marks of other scripts, wrapped lines."""

import pytest

from rag.text.sentences import content_words, count_words, is_page_number, sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "marked",
    [
        "The vet opens at eight. | Dr. Mia Stone sees dogs. | It was opened on Feb. 7, 2019. | Prof. Lund teaches there.",
        "J. R. Smith and A. B. C. Lee met. | They spoke.",
        "He works for Acme Inc. in the U.S. and the U.K. today. | It is No. 5 of the list.",
        "The U.S. Army came to Washington, D.C. in 1990. | He left the U.S. | In May he returned.",
        "The shop opens at 9 a.m. | Visitors bring pens, paper, etc. | Dogs may not enter.",
        "Smith et al. (2018) found this. | See Sec. 4 and Figs. 2-3. | Then go.",
        "See https://example.com/a.b. | Then www.example.org. | Done.",
        "It costs $3.50. | That is 2.5 times more... | And more.",
        "He is 12. | He likes it. | The score was 24. | Then it ended.",
        "I like modern art. | No. | It is DNA.",
        "The rate rose. [3] | The rest fell.[4] | New.",
        "Section 2. Payment is due in May. | It is late.",
        "Die Übergabe ist am 3. April 2025. | Das kostet ca. 15 Mio. Euro. | Nach § 7 Abs. 1 Satz 2 gilt das.",
        "Am 3. Mai beginnt der Kurs. | Im 19. Jahrhundert war z. B. Wien groß, d. h. größer als heute.",
        "Der 2. Weltkrieg endete am 8. 5. 1945. | Er war 12. | Danach wuchs er.",
        "Er wohnt in der Gartenstr. 12, bzw. bei Fr. Dr. Meier. | Das ist viel usw. | Die Firma wuchs.",
        "El Sr. García y la Dña. Ana viven en EE. UU. desde 1990. | ¿Dónde? | ¡Aquí! | Véase la pág. 12.",
        "M. Dupont a 30 ans, p. ex. comme Mme. Martin. | César mourut en 44 av. J.-C. | Il avait 55 ans. | « Oui. » | Elle part.",
        "Он родился в 1990 г. | Компания в г. Москва выросла на 12 млн. руб., т. е. вдвое. | А. С. Иванов ушёл и т. д. | Он там.",
        "Sn. Ahmet Yılmaz 5. kata çıktı. | Doç. Dr. Ayşe Kaya 2. Salonda, vb. yerlerde konuştu.",
        "Dl. Popescu stă pe str. Unirii nr. 5. | Art. 12 alin. 2 lit. b se aplică.",
        "Dne 5. května 2020 přišel p. Novák. | Viz § 3 odst. 2 zákona č. 5.",
        "Dnia 5. maja przyszedł dr. Kowalski. | To jest np. tutaj.",
        "Il sig. Rossi abita a Roma. | Vedi art. 5 e pag. 12. | Fine.",
        "O Sr. Silva mora na Av. Paulista, n. 5. | A Dra. Ana chegou.",
        "TP. Hồ Chí Minh rất lớn. | TS. Nguyễn Văn A đến.",
        "Ο κ. Παπαδόπουλος ήρθε το 300 π.Χ. στην Αθήνα. | Πού είναι; | Εδώ είναι.",
        "यह एक वाक्य है। | यह दूसरा है। | डॉ. शर्मा आए हैं। | क्या वे गए? | हाँ।",
        "هذا نص. | هل هو هنا؟ | نعم! | قال د. محمد ذلك.",
        "یہ ایک جملہ ہے۔ | کیا یہ ہے؟ | ہاں۔",
    ],
)
def test_sentences_end_where_they_do_in_each_language(marked: str) -> None:
    expected = marked.split(" | ")
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "marked",
    [
        "他说：“可以退货。”|打折商品不可退货。|真的吗？|是的！",
        "第3.5条如下。|价格为12.5元。|可以吗?|可以。",
        "「雨です。」と彼は言った。|「はい。」|返品できますか?|できます。",
    ],
)
def test_chinese_and_japanese_sentences_end_with_their_quotes(marked: str) -> None:
    expected = marked.split("|")
    assert sentences("".join(expected)) == expected


def test_thai_is_cut_at_spaces_between_long_runs() -> None:
    long = "ร้านค้าจะคืนเงินให้แก่ลูกค้าภายในสามสิบวันหลังจากได้รับสินค้า"
    assert sentences(f"{long} {long} {long}") == [long, long, long]
    assert sentences(f"{long} 30 วัน") == [f"{long} 30 วัน"]  # nothing that is too short stands alone


@pytest.mark.parametrize(
    "text",
    [
        "Sales showed a gain of\n128.",
        "Sales showed a gain of\n12. It is much",
        "The longest line of this paragraph ends with Mr.\nLee and goes on.",
        "Sie kamen am 1.\nJuni 2026 an.",
    ],
)
def test_a_wrapped_line_ends_no_sentence(text: str) -> None:
    assert len(sentences(text.partition(" It is")[0])) == 1


def test_a_line_after_a_colon_stands_alone() -> None:
    assert sentences("These are the plans:\nNext steps are below") == ["These are the plans:", "Next steps are below"]


def test_a_page_number_is_no_part_of_a_sentence() -> None:
    assert sentences("He must pay a share of\nPage 1 of 2") == ["He must pay a share of", "Page 1 of 2"]
    assert sentences("- 4 -\nof 200 euros. It ends.") == ["- 4 -", "of 200 euros.", "It ends."]
    assert is_page_number("Seite 3 von 9", "")
    assert not is_page_number("128", "a gain of")
    assert not is_page_number("Room 12", "")


def test_words_are_counted_where_no_spaces_part_them() -> None:
    assert count_words("One, two-three 4") == 4
    assert count_words("打折商品不可退货。") == 4
    assert count_words("ลูกค้าคืนสินค้าได้ภายในสามสิบวัน") >= 4
    assert count_words("यह एक वाक्य है") == 4


def test_words_without_spaces_are_distinctive_by_pairs() -> None:
    assert content_words("退货政策") & content_words("可以退货") == {"退货"}
    assert content_words("the plan costs 5") == {"plan", "costs", "5"}
