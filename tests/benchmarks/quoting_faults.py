"""Small files that once failed, each with a question and the words that its answer must have and must not have."""

from pathlib import Path

from tests.benchmarks.quoted import Gold, Question, Texts
from tests.benchmarks.quoting_sets import Files, Set

_LEAVE = (("user", "How many days of leave do full-time staff have?"), ("assistant", "28 days [1]"))
_GERMAN = "04-chinese-japanese-quotes"

CASES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("01-many-facts", "When was the roof renewed?", ("renewed in 2011",), ()),
    ("01-many-facts", "Where are bicycles kept?", ("kept in the cellar",), ()),
    ("01-many-facts", "How many people does the lift carry?", ("eight people",), ()),
    ("01-many-facts", "When is waste paper collected?", ("collected on Fridays",), ()),
    ("01-many-facts", "How much does the washing machine cost?", ("two euros",), ()),
    ("01-many-facts", "Which languages does the caretaker speak?", ("Polish and English",), ()),
    ("02-small-library", "How long is the warranty?", ("lasts 24 months",), ()),
    ("02-small-library", "Are batteries covered?", ("does not cover batteries",), ()),
    (_GERMAN, "打折商品可以退货吗?", ("打折商品不可退货。",), ("Miet",)),
    (_GERMAN, "退款需要多长时间?", ("十个工作日内",), ("Miet",)),
    (_GERMAN, "セール品は返品できますか?", ("セール品は返品できません。",), ("Miet",)),
    (_GERMAN, "返品の送料は誰が負担しますか?", ("当店が負担します",), ("Miet",)),
    ("05-abbreviations-and-dates", "When was the vaccine approved?", ("approved on Jan. 5, 2020.",), ()),
    ("05-abbreviations-and-dates", "Wer behandelt Kinder?", ("Dr. Anna Reyes behandelt dienstags Kinder.",), ()),
    ("05-abbreviations-and-dates", "Wann findet die Schlüsselübergabe statt?", ("am 1. Juni 2026 statt.",), ()),
    ("05-abbreviations-and-dates", "Wie hoch sind die Kosten?", ("ca. 12 Mio. Euro.",), ()),
    ("13-table-header", "What was the revenue in 2018?", ("455.1", "2018"), ("Employees", "Cost of sales")),
    ("13-table-header", "How many employees were there in 2019?", ("1,388", "2019"), ("Cost of sales",)),
    ("17-page-break", "How much must a member pay who damages a boat?", ("must pay a share of 200 euros",), ("Page 1 of 2",)),
    ("20-new-question-in-a-conversation", "What does E-17 mean?", ("motor is overheated",), ()),
    ("20-new-question-in-a-conversation", "What is the largest lift of the P-300?", ("9 m",), ()),
    ("21-negation", "Which dishes contain milk?", ("cheesecake contains milk",), ("free of milk",)),
    ("25-german-questions", "Wie hoch ist die Miete?", ("700 Euro",), ()),
    ("25-german-questions", "Wie lang ist die Kündigungsfrist?", ("Kündigungsfrist beträgt drei Monate",), ()),
    ("25-german-questions", "Wie hoch ist die Kaution?", ("drei Monatsmieten",), ()),
    ("26-two-invoices", "What is the due date of invoice INV-2023-0008?", ("4 April 2023",), ("2014",)),
    ("26-two-invoices", "What is the total of invoice 42183017?", ("4.11",), ("279.84",)),
)
"""Folder, question, the words that must be quoted, and those that must not."""

FREE_OF_GLUTEN = ("vegetable soup contains celery and no gluten", "fruit salad contains none of the fourteen allergens")


def faults(folder: Path) -> Set:
    """A library a folder; each question is a case of its own."""
    questions = [
        Question(
            asked,
            f"faults-{name}",
            name[:2],
            gold=Gold(needed=needed, forbidden=forbidden),
            history=_LEAVE if name.startswith("20") else (),
        )
        for name, asked, needed, forbidden in CASES
    ]
    gold = Gold(FREE_OF_GLUTEN, forbidden=("contains gluten",))
    questions.append(Question("Which dishes are free of gluten?", "faults-21-negation", "21", gold=gold, is_first_alone=True))
    names = dict.fromkeys(question.library for question in questions)
    files: Files = {
        name: {
            path.name: path for path in sorted((folder / name.removeprefix("faults-")).iterdir()) if path.suffix in {".txt", ".md", ".pdf"}
        }
        for name in names
    }
    return Set(files, tuple(questions), {name: Texts() for name in names})
