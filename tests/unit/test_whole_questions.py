"""Which questions are about whole documents, and which documents they mean."""

import pytest

from rag import DocumentRecord
from rag.answering.meant import Meant, meant
from rag.text.whole_questions import LONGEST_QUESTION, whole_question

ABOUT_ALL = [
    "What is this document about?",
    "what's this all about",
    "Summarise the document.",
    "Can you summarize this PDF in three sentences, please?",
    "Give me an overview",
    "TL;DR",
    "What are the main points of the file?",
    "What are the key takeaways from this report?",
    "What does this document cover?",
    "What topics does the document cover?",
    "Please provide a brief summary of the uploaded document",
    "Worum geht es in diesem Dokument?",
    "Fasse das Dokument kurz zusammen",
    "Gib mir einen Überblick über die Datei",
    "Was steht in dem Dokument?",
    "Was sind die wichtigsten Punkte des Berichts?",
    "De quoi parle ce document ?",
    "Résume ce fichier",
    "Donne-moi un résumé du document",
    "Quels sont les points clés du document ?",
    "¿De qué trata este documento?",
    "Resume el documento",
    "¿Cuáles son los puntos principales del documento?",
    "Di cosa parla questo documento?",
    "Riassumi il documento",
    "Do que trata este documento?",
    "Faça um resumo do documento",
    "О чём этот документ?",
    "Дай краткое содержание документа",
    "Каковы основные пункты документа?",
    "这份文件讲的是什么？",
    "总结一下这份文件",
    "这份文件的主要内容是什么？",
    "この文書は何についてですか？",
    "この文書を要約してください",
    "このドキュメントの要点を教えてください",
    "عن ماذا يتحدث هذا المستند؟",
    "لخص هذا الملف",
    "أعطني ملخصا عن المستند",
]

ALL_OF = [
    ("List all error codes", "listing", "error codes"),
    ("Which spare parts are there?", "listing", "spare parts"),
    ("What kinds of leave are there in the document?", "listing", "kinds of leave"),
    ("How many error codes are there in this file?", "count", "error codes"),
    ("Give me a list of all deadlines", "listing", "deadlines"),
    ("Liste alle Fehlercodes auf", "listing", "fehlercodes"),
    ("Welche Ersatzteile gibt es?", "listing", "ersatzteile"),
    ("Wie viele Fehlercodes gibt es?", "count", "fehlercodes"),
    ("Liste tous les codes d'erreur", "listing", "codes d'erreur"),
    ("Combien de codes y a-t-il ?", "count", "codes"),
    ("Enumera todos los códigos", "listing", "códigos"),
    ("¿Cuántos códigos hay?", "count", "códigos"),
    ("Elenca tutti i codici", "listing", "codici"),
    ("Quanti codici ci sono?", "count", "codici"),
    ("Liste todos os códigos", "listing", "códigos"),
    ("Quantos códigos existem?", "count", "códigos"),
    ("Перечисли все коды ошибок", "listing", "коды ошибок"),
    ("Сколько кодов есть?", "count", "кодов"),
    ("列出所有错误代码", "listing", "错误代码"),
    ("一共有多少个错误代码？", "count", "错误代码"),
    ("エラーコードをすべて列挙してください", "listing", "エラーコード"),
    ("エラーコードはいくつありますか？", "count", "エラーコード"),
    ("اذكر جميع رموز الأخطاء", "listing", "رموز الأخطاء"),
]

A_SENTENCE_ANSWERS = [
    "What is the document number?",
    "How many days of leave do I get?",
    "What is the summary judgment about?",
    "How many days of leave are there in a year?",
    "What are the main points of contact?",
    "What does the contract say about termination?",
    "Summarise the risks of late payment",
    "What is in the tool box?",
    "What is covered by the warranty?",
    "Give me an overview of the deductible",
    "Who wrote the summary?",
    "What is the file size limit?",
    "When was this document last updated?",
    "Who signed the document?",
    "How long is this document valid?",
    "Where do I send the document?",
    "What is the main reason for the delay?",
    "What is the key finding on mortality?",
    "What does E-17 mean?",
    "Describe the return process",
    "Explain the deductible",
    "How many people work here?",
    "How many hours are there in a shift?",
    "What kind of oil is used?",
    "Is there a summary of benefits?",
    "What is the abstract noun for brave?",
    "Does the document mention overtime?",
    "Tell me about the founders",
    "What is the outline planning permission number?",
    "What is the overview meeting's date?",
    "Wie viele Tage Urlaub gibt es?",
    "Worum geht es bei der Probezeit?",
    "Was steht in Paragraph 7?",
    "Wann endet der Vertrag?",
    "Wer hat das Dokument unterschrieben?",
    "Fasse die Kündigungsfristen zusammen",
    "Wie hoch ist die Miete?",
    "De quoi parle le troisième chapitre ?",
    "Combien de jours de congé y a-t-il ?",
    "Quel est le montant de la facture ?",
    "Qui a signé le document ?",
    "Résume la procédure de retour",
    "¿De qué trata la cláusula cinco?",
    "¿Cuántos días de vacaciones hay?",
    "¿Quién firmó el documento?",
    "¿Cuál es el número del documento?",
    "Di cosa parla il terzo articolo della legge?",
    "Quanti giorni di ferie ci sono?",
    "Chi ha firmato il documento?",
    "Quantos dias de férias existem?",
    "Qual é o prazo do pagamento?",
    "О чём говорится в пятом пункте?",
    "Сколько дней отпуска есть?",
    "Кто подписал документ?",
    "有多少天年假？",
    "谁签了这份文件？",
    "保修期是多久？",
    "保証期間は何年ですか？",
    "誰がこの文書に署名しましたか？",
    "返品は何日以内ですか？",
    "كم يوم إجازة هناك؟",
    "من وقع هذا المستند؟",
    "How many exchange trusts are listed in the annex with Alan Halpern as the Vice President?",
    "Which rule of the Exchange Act is mentioned?",
    "有多少名黑豹队防守球员入选了职业碗？",
    "كم عدد الدول التي تحتوي أمازونياس في أسمائها في الكتب القديمة؟",
    "",
    "???",
    "12345",
]


def record(name: str, title: str = "") -> DocumentRecord:
    return DocumentRecord(f"{name:0<64}"[:64], name, title, "text/plain", (name,), 1, 1, (), ("1",), "2026-01-01", 1, "")


ONE = [record("survey-report-2024.pdf")]
MANY = [
    record("employee_handbook.pdf"),
    record("PerksPlus.pdf"),
    record("Benefit_Options.pdf"),
    record("mietvertrag.pdf", "Mietvertrag Lindenweg 4"),
]


def asked(question: str, records: list[DocumentRecord], *, is_follow_up: bool = False) -> Meant | None:
    recognised = whole_question(question)
    return meant(recognised, records, is_follow_up=is_follow_up) if recognised else None


@pytest.mark.parametrize("question", ABOUT_ALL)
def test_an_overview_of_the_only_document_is_recognised(question: str) -> None:
    assert asked(question, ONE) == Meant("overview", tuple(ONE))


@pytest.mark.parametrize(("question", "kind", "subject"), ALL_OF)
def test_what_is_to_be_listed_or_counted_is_recognised(question: str, kind: str, subject: str) -> None:
    found = asked(question, ONE)
    assert found is not None
    assert (found.kind, found.subject) == (kind, subject)


@pytest.mark.parametrize("question", A_SENTENCE_ANSWERS)
@pytest.mark.parametrize("records", [ONE, MANY])
def test_a_question_that_a_sentence_answers_is_left_alone(question: str, records: list[DocumentRecord]) -> None:
    assert asked(question, records) is None


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Summarise the handbook", ["employee_handbook.pdf"]),
        ("Summarise PerksPlus", ["PerksPlus.pdf"]),
        ("What are the main points of Benefit_Options.pdf?", ["Benefit_Options.pdf"]),
        ("What is the employee handbook about?", ["employee_handbook.pdf"]),
        ("Give me an overview of the benefit options", ["Benefit_Options.pdf"]),
        ("Fasse den Mietvertrag zusammen", ["mietvertrag.pdf"]),
        ("What are these documents about?", [each.name for each in MANY]),
        ("Which documents are there?", [each.name for each in MANY]),
    ],
)
def test_the_documents_that_a_question_names_are_meant(question: str, names: list[str]) -> None:
    found = asked(question, MANY)
    assert found is not None
    assert ([each.name for each in found.documents], found.subject) == (names, "")


@pytest.mark.parametrize("question", ["Summarise the invoice", "Give me an overview of the benefits", "What is the plan about?"])
def test_a_document_that_nothing_names_is_not_guessed_among_several(question: str) -> None:
    assert asked(question, MANY) is None


def test_a_list_is_looked_for_in_the_document_that_is_named() -> None:
    found = asked("How many values are there in the handbook?", MANY)
    assert found is not None
    assert ([each.name for each in found.documents], found.subject) == (["employee_handbook.pdf"], "values")


def test_a_follow_up_may_point_at_anything() -> None:
    assert asked("What is it about?", ONE) is not None
    assert asked("What is it about?", ONE, is_follow_up=True) is None
    assert asked("Summarise the report", ONE, is_follow_up=True) is not None


def test_without_documents_nothing_is_meant() -> None:
    assert asked("What is this document about?", []) is None


@pytest.mark.parametrize("question", ["what is " * 2000, "list all " + "a " * 95, "total 的" * 60, "\ud800 about", "?" * LONGEST_QUESTION])
def test_odd_questions_are_soon_decided(question: str) -> None:
    whole_question(question)
