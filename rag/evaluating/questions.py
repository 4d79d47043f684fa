"""A file of questions with gold -> questions whose gold is known to be in the library.

One JSON object a line: `{"question": "...", "gold": [{"document": "handbook.pdf", "page": 7}]}`. README describes the format.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import QuestionFileError
from rag.evaluating.gold import Corpus, Gold, GoldError, GoldReader, OnProblem, check_keys, shown, valid_unicode

QUESTION_KEYS = ("question", "gold", "id", "documents")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what answers it.

    Attributes:
        id: As given, else its line number.
        text: What is asked.
        gold: Empty where the documents do not answer it.
        documents: Ids of the documents to search; None for all.
        line: Its line in the file, 1-based; 0 if in none.
    """

    id: str
    text: str
    gold: tuple[Gold, ...]
    documents: tuple[str, ...] | None = None
    line: int = 0

    @property
    def is_answerable(self) -> bool:
        """Whether the documents answer it."""
        return bool(self.gold)


def read_questions(path: str | Path, corpus: Corpus) -> list[Question]:
    """Read a file of questions, and find their gold in the library.

    Args:
        path: JSON lines in UTF-8, with or without a byte order mark; blank lines are skipped.
        corpus: Holds the documents that the gold names.

    Returns:
        At least one question, in the order of the file.

    Raises:
        QuestionFileError: The file cannot be read, or has mistakes; it lists all of them.
        StorageError: The library cannot be read.
    """
    path = Path(path)
    problems: list[tuple[int, str]] = []
    questions: list[Question] = []
    lines_of_ids: dict[str, int] = {}
    reader = GoldReader(corpus)
    for line, raw in enumerate(_content(path).removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        wrong: list[str] = []
        if raw.strip() and (values := _object(raw, wrong.append)) is not None:
            question = _question(values, line, reader, wrong.append)
            questions.append(question)
            if "id" in values and (first := lines_of_ids.setdefault(question.id, line)) != line:
                wrong.append(f"the id {question.id!r} is already used in line {first}.")
        problems += [(line, problem) for problem in wrong]
    if not questions and not problems:
        problems = [(0, 'it has no questions; a line looks like {"question": "...", "gold": [{"document": "name.pdf", "page": 7}]}')]
    if problems:
        raise QuestionFileError(path, tuple(problems))
    return questions


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise QuestionFileError(path, ((0, f"it cannot be read: {reason}."),)) from error


def _object(raw: bytes, on_problem: OnProblem) -> dict[str, Any] | None:
    try:
        values = json.loads(raw.decode())
    except UnicodeDecodeError:
        on_problem("not UTF-8; save the file in that encoding.")
    except (ValueError, RecursionError) as error:
        where = f" at column {error.colno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else ""
        on_problem(f"not JSON{where}.")
    else:
        if isinstance(values, dict):
            return values
        on_problem('not an object; a line looks like {"question": "...", "gold": []}')
    return None


def _question(values: dict[str, Any], line: int, reader: GoldReader, on_problem: OnProblem) -> Question:
    check_keys(values, QUESTION_KEYS, on_problem)
    text = values.get("question")
    if not isinstance(text, str) or not text.strip():
        on_problem('no question; add "question": "..."')
        text = ""
    name = values.get("id", str(line))
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        on_problem(f'"id" must be a string or a number, not {shown(name)}.')
    items = values.get("gold")
    if not isinstance(items, list):
        on_problem('"gold" must be a list of what answers the question; [] where the documents do not.')
        items = []
    gold = tuple(found for item in items if (found := reader.read(item, on_problem)))
    return Question(valid_unicode(str(name)), valid_unicode(text).strip(), gold, _documents(values, reader, on_problem), line)


def _documents(values: dict[str, Any], reader: GoldReader, on_problem: OnProblem) -> tuple[str, ...] | None:
    names = values.get("documents")
    if names is None:
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        on_problem(f'"documents" must be a list of names or ids, not {shown(names)}; leave it out to search all.')
        return None
    ids = []
    for name in names:
        try:
            ids.append(reader.document(name).id)
        except GoldError as error:
            on_problem(str(error))
    return tuple(ids)
