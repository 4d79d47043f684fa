"""A file of questions with gold -> questions whose gold is known to stand in the library.

One JSON object a line: `{"question": "...", "gold": [{"document": "handbook.pdf", "page": 7}]}`. README describes the format.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import QuestionFileError
from rag.evaluating.golds import Finder, Gold, Shelf, Tell, check_keys, clean, read_gold, shown

QUESTION_KEYS = ("question", "gold", "id", "documents")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what answers it.

    Attributes:
        id: As given; its line where none is.
        text: What is asked.
        gold: Empty where the documents do not answer it.
        documents: Ids of the documents to look in; None for all.
        line: Where it stands in its file, 1-based; 0 if in none.
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


def read_questions(path: str | Path, library: Shelf) -> list[Question]:
    """Read a file of questions, and find their gold in the library.

    Args:
        path: JSON lines in UTF-8, with or without a byte order mark; blank lines are skipped.
        library: Holds the documents that the gold names.

    Returns:
        At least one question, in the order of the file.

    Raises:
        QuestionFileError: The file cannot be read, or something in it is wrong; all problems at once.
        StorageError: The library cannot be read.
    """
    path = Path(path)
    problems: list[tuple[int, str]] = []
    questions: list[Question] = []
    lines_of_ids: dict[str, int] = {}
    finder = Finder(library)
    for line, raw in _lines(path):

        def tell(problem: str, line: int = line) -> None:
            problems.append((line, problem))

        if (values := _object(raw, tell)) is None:
            continue
        question = _question(values, line, finder, tell)
        questions.append(question)
        if "id" in values and (first := lines_of_ids.setdefault(question.id, line)) != line:
            tell(f"the id {question.id!r} was given to line {first} already.")
    if not questions and not problems:
        problems.append((0, 'it holds no questions; each line is like {"question": "...", "gold": [{"document": "name.pdf", "page": 7}]}'))
    if problems:
        raise QuestionFileError(path, tuple(problems))
    return questions


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers.

    Raises:
        QuestionFileError: The file cannot be read.
    """
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise QuestionFileError(path, ((0, f"it cannot be read: {reason}."),)) from error
    for line, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if raw.strip():
            yield line, raw


def _object(raw: bytes, tell: Tell) -> dict[str, Any] | None:
    try:
        values = json.loads(raw.decode())
    except UnicodeDecodeError:
        tell("this is not UTF-8; save the file in that encoding.")
    except (ValueError, RecursionError) as error:
        where = f" at column {error.colno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else ""
        tell(f"this is not JSON{where}.")
    else:
        if isinstance(values, dict):
            return values
        tell('this is not an object; a line is like {"question": "...", "gold": []}')
    return None


def _question(values: dict[str, Any], line: int, finder: Finder, tell: Tell) -> Question:
    check_keys(values, QUESTION_KEYS, tell)
    text = values.get("question")
    if not isinstance(text, str) or not text.strip():
        tell('there is no question; write it as "question": "..."')
        text = ""
    name = values.get("id", str(line))
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        tell(f'"id" must be a text or a number, not {shown(name)}.')
    return Question(clean(str(name)), clean(text).strip(), _all_gold(values, finder, tell), _documents(values, finder, tell), line)


def _all_gold(values: dict[str, Any], finder: Finder, tell: Tell) -> tuple[Gold, ...]:
    items = values.get("gold")
    if not isinstance(items, list):
        tell('"gold" must be a list of what answers the question; [] where the documents do not say.')
        return ()
    return tuple(gold for item in items if (gold := read_gold(item, finder, tell)))


def _documents(values: dict[str, Any], finder: Finder, tell: Tell) -> tuple[str, ...] | None:
    names = values.get("documents")
    if names is None:
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        tell(f'"documents" must be a list of names or ids, not {shown(names)}; leave it out to look in all.')
        return None
    return tuple(record.id for name in names if (record := finder.document(clean(name), tell)))
