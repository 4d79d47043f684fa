"""Which documents a question about whole documents means: those it names, the only one, or all; none where it means something else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rag.text.languages import FUNCTION_WORDS
from rag.text.terms import indexed_terms
from rag.text.whole_questions import Kind, WholeQuestion
from rag.types import DocumentRecord

NAME_SHARE = 0.5  # share of the words of a document's name or title that must be named
SUBJECT_SHARE = 0.6  # share of a subject's words that must be in a name or title
MOST_SUBJECT_WORDS, MOST_SUBJECT_CHARACTERS = 8, 10  # of what is listed; characters in scripts without spaces

_LITTLE_WORDS = (
    "whole entire full complete uploaded attached selected following here each every these those both two main content contents",
    "ganze ganzen gesamte gesamten hochgeladene hochgeladenen diesem diesen dem hier alle allen aller inhalt",
    "entier entière tous toutes ces ceux complet contenu completo completa entero todo todos todas intero tutto tutti tutte",
    "contenuto contenido conteúdo destes deste desta neste nesta estes estas nel nella dello questi queste el",
    "весь всего всех этого этом этой этих эти содержание هذه هذا جميع كل",
)
_LITTLE = frozenset(" ".join(_LITTLE_WORDS).split()).union(
    *(FUNCTION_WORDS[each] for each in ("en", "de", "fr", "es", "it", "pt", "ru", "ar"))
)
"""Words of a subject that name nothing."""

_DOCUMENT = re.compile(
    r"(?:documents?|files?|pdfs?|texts?|docs?|uploads?|everything|stuff|pages?|dateien?|datei|dokumente?[ns]?|unterlagen?|text(?:e[sn]?)?|seiten?"
    r"|fichiers?|textes?|archivos?|ficheros?|documentos?|textos?|arquivos?|ficheiros?|documento|documenti|testo|testi"
    r"|документ\w{0,3}|файл\w{0,3}|текст\w{0,3}|مستند\w*|ملف(?:ات)?|وثيقة|وثائق|نص|نصوص)"
)
"""Words that mean any document."""

_TYPE = re.compile(
    r"(?:handbooks?|manuals?|reports?|contracts?|agreements?|leases?|polic(?:y|ies)|papers?|articles?|books?|booklets?|guides?|guidelines?|stud(?:y|ies)"
    r"|thesis|invoices?|brochures?|presentations?|slides?|minutes|letters?|faqs?|statutes?|acts?|regulations?|leaflets?|datasheets?|notes?"
    r"|\w*(?:handbuch|bericht|vertrag|richtlinie|artikel|buch|leitfaden|studie|rechnung|broschüre|präsentation|protokoll|satzung|gesetz)(?:e?[sn])?"
    r"|manuel|rapport|contrat|bail|politique|livre|étude|facture|présentation|lettre|règlement|manual|informe|contrato|política|artículo|libro|guía"
    r"|estudio|factura|folleto|carta|reglamento|manuale|rapporto|relazione|contratto|articolo|libro|guida|studio|fattura|relatório|artigo|livro|guia"
    r"|fatura|регламент\w*|отч[её]т\w*|договор\w*|руководств\w*|стать\w*|книг\w*|справочник\w*|инструкци\w*|تقرير|عقد|دليل|كتاب|مقال\w*|سياسة)"
)
"""Words for a kind of document: they mean the only document, or those that have the word in their name or title."""

_UNSPACED = re.compile(
    r"^(?:这|這|那|本|该|該|この|その|これらの?|これ|それ|当該|整|全)*(?:个|個|份|篇|些|本|部|体|體)*(?:の|的)?"
    r"(?P<rest>.*?)(?:的?(?:内容|內容|全文|中|里|裡|には?|の中))?$"
)
_UNSPACED_DOCUMENT = re.compile(
    r"(?:所有|全部|すべての|全ての)?(?:文件|文档|文檔|文書|ファイル|资料|資料|ドキュメント|书类|書類|文章|文本|テキスト|PDF|pdf)?们?"
)
_UNSPACED_TYPE = re.compile(
    r".{0,6}?(?:手册|手冊|报告|報告|报告书|報告書|合同|契约|契約書|契約|政策|书|書|指南|说明书|說明書|説明書|论文|論文|マニュアル|ハンドブック|規程|規則|記事|本|ガイド)"
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PLACE = re.compile(r"\s+(?:in|of|from|on|im|aus|in der|dans|de|du|en|del|nel|nella|della|no|na|do|da|в|из|في|من)\s+")
_MEASURES = re.compile(
    r"\b(?:days?|weeks?|months?|years?|hours?|minutes?|seconds?|times|euros?|dollars?|pounds?|percent|people|employees|persons|tage?|wochen?|monate?|jahre?"
    r"|stunden?|minuten?|personen|mitarbeiter|leute|jours|semaines|mois|ans|heures|personnes|employés|días|semanas|meses|años|horas|personas|empleados"
    r"|giorni|settimane|mesi|anni|ore|persone|dias|anos|pessoas|дней|недель|месяцев|лет|часов|минут|человек|сотрудников|يوم|أيام|شهر|سنة|ساعة)\b"
    r"|^(?:天|日|周|月|年|小时|分钟|人|元|員|时间)"
)
"""What is measured, and not listed: "How many days of leave are there?" asks for a number that a sentence states."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What is asked of which documents: an overview, or all of `subject`."""

    kind: Kind
    documents: tuple[DocumentRecord, ...]
    subject: str = ""


def meant(question: WholeQuestion, records: Sequence[DocumentRecord], *, is_follow_up: bool) -> Meant | None:
    """Decide what a question means among documents; None where a sentence may answer it. A follow-up's "it" may be anything."""
    if question.kind != "overview":
        return _listed(question, records)
    if is_follow_up and not _subject_words(question.subject):
        return None
    found = named_documents(question.subject, records)
    return Meant("overview", found) if found else None


def _listed(question: WholeQuestion, records: Sequence[DocumentRecord]) -> Meant | None:
    """What is listed or counted, and where: "error codes in the manual"."""
    subject, place = question.subject, question.place
    if (question.kind == "count" and _MEASURES.search(subject)) or _is_clause(f"{subject} {place}".strip()):
        return None
    if not place and _is_any_document(subject):
        return Meant("overview", tuple(records))
    cuts = list(_PLACE.finditer(f" {place}" if place else subject))
    if cuts:
        head, tail = (subject, place[cuts[0].end() - 1 :]) if place else (subject[: cuts[-1].start()], subject[cuts[-1].end() :])
        if found := named_documents(tail, records):
            return Meant(question.kind, found, head)
    return Meant(question.kind, tuple(records), f"{subject} {place}".strip())


def _is_clause(subject: str) -> bool:
    """Whether a subject says too much to be the name of a kind of thing: "players who were chosen for the team"."""
    return len(subject.split()) > MOST_SUBJECT_WORDS or (bool(_CJK.search(subject)) and len(subject) > MOST_SUBJECT_CHARACTERS)


def named_documents(subject: str, records: Sequence[DocumentRecord]) -> tuple[DocumentRecord, ...]:
    """The documents that a subject names: by file name, by the words of name or title, by a kind of document, or "this document"."""
    if not records:
        return ()
    by_file = tuple(record for record in records if record.name.casefold() in subject.casefold())
    if by_file:
        return by_file
    words = _subject_words(subject)
    if not words or _is_any_document(subject):
        return tuple(records)
    kinds = [word for word in words if _TYPE.fullmatch(word) or _UNSPACED_TYPE.fullmatch(word)]
    others = [word for word in words if word not in kinds and not _DOCUMENT.fullmatch(word)]
    if kinds and not others:
        having = tuple(record for record in records if any(_terms(" ".join(kinds)) <= name for name in _names(record)))
        return having or (tuple(records) if len(records) == 1 else ())
    terms = _terms(" ".join(word for word in words if not _DOCUMENT.fullmatch(word)))
    shares = {record.id: max(_share(terms, name) for name in _names(record)) for record in records}
    best = max(shares.values())
    return tuple(record for record in records if shares[record.id] == best) if best else ()


def _share(terms: set[str], name: set[str]) -> float:
    """How well terms name something, 0 where they do not."""
    both = len(terms & name)
    if both < max(SUBJECT_SHARE * len(terms), NAME_SHARE * len(name), min(2, len(name)), 1):
        return 0.0
    return both / len(terms) + both / len(name)


def _names(record: DocumentRecord) -> list[set[str]]:
    stem = PurePath(record.name).stem
    return [_terms(re.sub(r"[\W_]+", " ", stem)), _terms(record.title)]


def _terms(text: str) -> set[str]:
    return set(indexed_terms(text.casefold(), "en")[0])


def _subject_words(subject: str) -> list[str]:
    if _CJK.search(subject):
        match = _UNSPACED.match(subject)
        rest = match["rest"] if match else subject
        return [] if not rest or _UNSPACED_DOCUMENT.fullmatch(rest) else [rest]
    words = [word.removeprefix("ال").removeprefix("لل") if word[0] in "ال" else word for word in _WORD.findall(subject.casefold())]
    words = [word.partition("'")[2] or word if word[:2] in {"l'", "d'"} else word for word in words]
    return [word for word in words if word not in _LITTLE and word]


def _is_any_document(subject: str) -> bool:
    words = _subject_words(subject)
    return all(_DOCUMENT.fullmatch(word) for word in words)
