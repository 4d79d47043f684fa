"""Questions with gold -> figures: how well a library finds what is known to be in it.

read (questions, placing) -> search (running) -> judge (judging) -> measure (metrics, intervals) -> set side by side (comparing, variant)
"""

from rag.errors import EvaluationError, QuestionFileError, SettingChangeError
from rag.evaluating.comparing import Comparison, Difference, compare
from rag.evaluating.golds import Gold, Shelf
from rag.evaluating.metrics import Metric, Scores
from rag.evaluating.questions import Question, read_questions
from rag.evaluating.running import Evaluation, Retriever, Row, evaluate
from rag.evaluating.variant import changed_settings, open_variant

__all__ = [
    "Comparison",
    "Difference",
    "Evaluation",
    "EvaluationError",
    "Gold",
    "Metric",
    "Question",
    "QuestionFileError",
    "Retriever",
    "Row",
    "Scores",
    "SettingChangeError",
    "Shelf",
    "changed_settings",
    "compare",
    "evaluate",
    "open_variant",
    "read_questions",
]
