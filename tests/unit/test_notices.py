"""The language of a question, and what an answer says about itself in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Passage, Settings
from rag.answering import notices
from rag.answering.notices import CONNECT, NOT_FOUND, in_language, refusals, still_indexing
from rag.answering.prompt import build_prompt
from rag.answering.question import EXTRACTIVE, RetrievedQuestion
from rag.answering.quoting import Quote
from rag.answering.statements import statements
from rag.text.languages import likely_language

QUESTIONS = {
    "en": ["What does E-17 mean?", "How long is the warranty?", "Who is Dr. Hale?", "Does it cover dental care?"],
    "de": ["Was bedeutet E-17?", "Wie hoch ist die Kaution?", "Wer ist Frau Weber?", "Wann ist Ruhetag?"],
    "fr": ["Quelle est la franchise ?", "Combien coûte le forfait ?", "Où est Ludlow ?", "Qui a signé ?"],
    "es": ["¿Cuál es el plazo?", "Cuánto cuesta?", "Dónde está la oficina?", "quién firmó el contrato"],
    "it": ["Quanto costa?", "Qual è il termine?", "Chi ha firmato?", "Dove si trova la sede?"],
    "pt": ["Qual é o prazo?", "Quanto custa?", "Onde fica a sede?", "Quem assinou o contrato?"],
    "ru": ["Кто подписал?", "Какой срок?"],
    "zh": ["保修期多长？", "谁签了合同？"],
    "ja": ["保証期間は何年ですか？", "誰が署名しましたか"],
    "ar": ["ما هي مدة الضمان؟", "من وقّع العقد؟"],
    "hi": ["वारंटी कितने समय की है?", "किसने हस्ताक्षर किए?"],
    "tr": ["Depozito ne kadar?", "Sözleşmeyi kim imzaladı?"],
    "th": ["ใครเป็นผู้ลงนาม"],
    "el": ["Ποιος υπέγραψε;"],
    "": ["E-17", "", "12 / 34", "refund"],
}
TRANSLATED = [language for language in QUESTIONS if language not in {"en", "th", "el", ""}]
PASSAGE = Passage(1, 1.0, 1.0, "lease.txt", "0" * 64, 1, "1", 0, 5, "Words", "", 0, "Words")


def retrieved(question: str) -> RetrievedQuestion:
    quotes = (Quote(0, 0, len(PASSAGE.text), f"“{PASSAGE.text}”"),)
    return RetrievedQuestion(question, question, (PASSAGE,), (), 0.0, quotes=quotes)


@pytest.mark.parametrize(("language", "question"), [(language, question) for language, asked in QUESTIONS.items() for question in asked])
def test_a_short_question_s_language_is_known(language: str, question: str) -> None:
    assert likely_language(question) == language


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_refusal_and_its_notice_are_in_the_question_s_language(language: str) -> None:
    answer = retrieved(QUESTIONS[language][0]).refusal(NOT_FOUND, EXTRACTIVE, CONNECT)

    assert answer.text.startswith(in_language(NOT_FOUND, language))
    assert NOT_FOUND not in answer.text
    assert answer.notice == in_language(CONNECT, language) != CONNECT
    assert "RAG_CHAT_BASE_URL" in answer.notice
    assert answer.text.endswith(" [1]")


@pytest.mark.parametrize("question", ["E-17", "What does E-17 mean?", "ใครเป็นผู้ลงนาม"])
def test_without_a_known_or_translated_language_it_is_english(question: str) -> None:
    answer = retrieved(question).refusal(NOT_FOUND, EXTRACTIVE, CONNECT)

    shown = f"Not found in your documents. The closest passages:\n\n“{PASSAGE.text}” [1]"
    assert (answer.text, answer.notice) == (shown, CONNECT)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_notice_has_every_translation_with_its_names_and_places(language: str) -> None:
    words = {name: value for name, value in vars(notices).items() if name.isupper() and isinstance(value, str) and name != "SERVER_CUT"}
    for english in words.values():
        translated = in_language(english, language)
        assert translated != english
        assert [part for part in ("{count}", "RAG_CHAT_MODEL", "RAG_CHAT_MAX_TOKENS") if part in english and part not in translated] == []
    assert "7" in still_indexing(7, language)
    assert still_indexing(0, language) == ""


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_model_is_asked_for_the_refusal_in_the_language_and_it_is_known_again(language: str) -> None:
    prompt = build_prompt(QUESTIONS[language][0], [PASSAGE], [], Settings())
    refusal = in_language(NOT_FOUND, language)

    assert refusal in prompt.messages[-1].content
    assert refusal.startswith(refusals())
    assert statements(refusal, []) == []


@given(st.text(st.characters(codec=None), max_size=200))
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert likely_language(text * 50) == likely_language(text * 50)
    assert in_language(text, likely_language(text)) == text
