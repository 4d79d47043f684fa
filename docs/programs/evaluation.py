"""Evaluation: how well a library finds what is known to be in it."""

from pathlib import Path

from rag import Library
from rag.evaluating import evaluate, read_questions

QUESTIONS = """\
{"question": "When does the ferry leave?", "gold": [{"document": "ferry.txt", "text": "leaves at noon"}]}
{"question": "What does the museum cost?", "gold": [{"document": "museum.txt"}]}
{"question": "Who built the bridge?", "gold": []}
"""

with Library.open("library") as library:
    library.add_text("The ferry leaves at noon from the northern pier.", "ferry.txt")
    library.add_text("The museum costs five crowns; children pay nothing.", "museum.txt")
    Path("questions.jsonl").write_text(QUESTIONS, encoding="utf-8")

    questions = read_questions("questions.jsonl", library)
    evaluation = evaluate(library, questions, top_k=3, progress=lambda done, count: print(f"question {done} of {count}"))
    for metric in evaluation.metrics:
        print(f"{metric.key} {metric.value:.2f}")
    print("missed:", [row.question.text for row in evaluation.missed])
