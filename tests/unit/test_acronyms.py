"""Where texts say what acronyms stand for."""

import pytest

from rag.text.acronyms import definitions, spelling


@pytest.mark.parametrize(
    ("text", "acronym", "long"),
    [
        ("Purchases of property, plant and equipment (PP&E) rose.", "PP&E", "property, plant and equipment"),
        ("Our Selling, general and administrative (“SG&A”) expenses", "SG&A", "Selling, general and administrative"),
        ("filed with the Securities and Exchange Commission (the “SEC”)", "SEC", "Securities and Exchange Commission"),
        ("PTO (paid time off) accrues each month.", "PTO", "paid time off"),
        ("We had 1,200 full-time equivalents (FTEs).", "FTE", "full-time equivalents"),
        ("le Centre national de la recherche scientifique (CNRS) publie", "CNRS", "Centre national de la recherche scientifique"),
        ("die Allgemeinen Geschäftsbedingungen Teil Zwei (AGTZ)", "AGTZ", "Allgemeinen Geschäftsbedingungen Teil Zwei"),
    ],
)
def test_definitions_are_found(text: str, acronym: str, long: str) -> None:
    assert list(definitions(text)) == [(acronym, long)]


@pytest.mark.parametrize(
    "text", ["as of May (see Note 4)", "in the union (EU)", "Table (A)", "(IN THOUSANDS)", "no brackets", "a (b", "()"]
)
def test_other_brackets_define_nothing(text: str) -> None:
    assert list(definitions(text)) == []


def test_spellings_of_one_name_are_one() -> None:
    assert spelling("PP&E") == spelling("pp&e") == spelling("PPE")
    assert spelling("Property, plant, and equipment") != spelling("property")
    assert spelling("full-time equivalents") == spelling("Full time equivalent")
    assert spelling("U.S.") == "us"
