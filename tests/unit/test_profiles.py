"""What documents are, and which a question names."""

from collections.abc import Mapping

import pytest

from rag.text.profiles import Profile, named_by
from rag.text.terms import indexed_terms

REPORT = "{name} annual report for the fiscal year ended December 31, {year}. Net sales, cost of sales, gross profit, total assets."


class Shelf:
    """Documents' profiles, without an index."""

    def __init__(self, documents: Mapping[str, str], more: int = 8) -> None:
        """`more`: how many chunks follow."""
        self._profiles = {}
        for name, text in documents.items():
            profile = Profile("en")
            for part in [*text.split("\f"), *["as said above"] * more]:
                profile.read(name, part, indexed_terms(part, "en")[0])
            self._profiles[name] = {"profile": profile.terms(), "vocabulary": profile.vocabulary}

    def scores(self, question: str) -> dict[str, float]:
        named = named_by(
            question, {"en"}, len(self._profiles), lambda field, term: sum(term in each[field] for each in self._profiles.values())
        )
        return {
            name: sum(weight for terms, weight in named if not each["profile"].isdisjoint(terms)) for name, each in self._profiles.items()
        }

    def first(self, question: str) -> str:
        """The document named most; "" where two are named alike."""
        scores = self.scores(question)
        best, second, *_ = sorted(scores, key=lambda name: -scores[name])
        return best if scores[best] > scores[second] else ""


@pytest.fixture(scope="module")
def filings() -> Shelf:
    names = {"a": "Northgate Materials Corporation", "b": "Northgate Health Group", "c": "American Power & Grid Company", "d": "7C Company"}
    made = {f"{key}{year}.pdf": REPORT.format(name=name, year=year) for key, name in names.items() for year in (2018, 2019, 2020)}
    made |= {f"a-q{q}.pdf": f"Northgate Materials Corporation, quarterly report. Q{q} 2020 " + f"\fQ{q} 2020" * 9 for q in (1, 2, 3)}
    return Shelf(made)


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("What were Northgate Materials' net sales in FY2019?", "a2019.pdf"),
        ("northgate health gross profit fy18", "b2018.pdf"),
        ("Total assets of APG in fiscal 2020?", "c2020.pdf"),
        ("What was 7C's cost of sales for the year ended December 31, 2018?", "d2018.pdf"),
        ("Northgate Materials: net sales for 2Q20", "a-q2.pdf"),
        ("How did net sales of 7C change from 2018 to 2019?", "d2019.pdf"),
    ],
)
def test_the_report_of_a_company_and_a_year_is_named(filings: Shelf, question: str, document: str) -> None:
    assert filings.first(question) == document


def test_words_that_all_documents_have_name_none(filings: Shelf) -> None:
    assert set(filings.scores("What were total assets and gross profit?").values()) == {0.0}


def test_a_year_names_its_own_report_more_than_one_on_a_quarter_of_it(filings: Shelf) -> None:
    scores = filings.scores("Northgate Materials 2020")
    assert scores["a2020.pdf"] > scores["a-q1.pdf"] > scores["a2018.pdf"]


def test_a_company_is_known_by_what_most_of_its_pages_say() -> None:
    beginning, pages = "Contents. " * 400, [f"Page {page} of the report" for page in range(9)]
    own, other = ("\f".join([beginning, *(f"{page} of {name}" for page in pages)]) for name in ("Halden", "Ott"))
    shelf = Shelf({"scan1.pdf": own, "scan2.pdf": f"{other}\fHalden is a competitor.", "scan3.pdf": other, "scan4.pdf": other})
    assert shelf.first("What does Halden make?") == "scan1.pdf"


@pytest.mark.parametrize(
    ("documents", "question", "document"),
    [
        (
            {
                f"Pump K7 manual v{version}": f"Pump K7. Operating manual, version {version}. Set the pressure."
                for version in ("2.1", "3.0", "3.1")
            },
            "What pressure does the K7 need with version 3.0?",
            "Pump K7 manual v3.0",
        ),
        (
            {f"Northwind_{plan}_Benefits": f"{plan} plan. The deductible of the plan." for plan in ("Standard", "Plus", "Basic")},
            "What is the deductible of the Plus plan?",
            "Northwind_Plus_Benefits",
        ),
        (
            {
                f"Contract {n}": f"Lease between {party} and the City of Ulm. Rent, term."
                for n, party in enumerate(("Bauer AG", "Ott KG", "Ziegler SE"))
            },
            "How long is the term of the lease with Ott?",
            "Contract 1",
        ),
        (
            {
                f"Minutes {n}": f"Minutes of the meeting on {day}. Present: the board."
                for n, day in enumerate(("14 March 2021", "3 May 2022", "9 June 2023"))
            },
            "Who was present at the meeting in 2022?",
            "Minutes 1",
        ),
    ],
)
def test_versions_plans_parties_and_meetings_are_named(documents: Mapping[str, str], question: str, document: str) -> None:
    assert Shelf(documents).first(question) == document


def test_one_document_is_not_named() -> None:
    shelf = Shelf({"report.pdf": REPORT.format(name="Halden", year=2018), "other.pdf": ""})
    assert max(Shelf({"report.pdf": REPORT.format(name="Halden", year=2018)}).scores("Halden net sales 2018").values()) < 1
    assert shelf.scores("rainfall")["report.pdf"] == 0.0


def test_the_words_of_abstracts_are_no_names() -> None:
    abstracts = {f"{n}.txt": f"{subject} in mice" for n, subject in enumerate(("Kinase PPM1D", "Yolk sac", "Bone marrow"))}
    assert set(Shelf(abstracts, more=1).scores("Is PPM1D a kinase?").values()) == {0.0}


def test_a_short_document_has_the_names_that_long_ones_have() -> None:
    long = [Profile("en"), Profile("en")]
    for profile in long:
        for _ in range(9):
            profile.read("Halden 2018", "Halden makes pumps.", indexed_terms("Halden makes pumps.", "en")[0])
    short = Profile("en")
    short.read("press", "Halden buys Ott.", indexed_terms("Halden buys Ott.", "en")[0])
    profiles = [profile.terms() for profile in (*long, short)]
    named = named_by("What did Halden buy from Ott?", {"en"}, 9, lambda field, term: sum(term in each for each in profiles))
    assert [terms for terms, _ in named] == [["halden"]]
    assert "halden" in profiles[2]
