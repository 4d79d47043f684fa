"""Years, quarters and versions, however they are written."""

import pytest

from rag.text.mentions import OwnPeriod, Period, asked_periods, quarters_in, spelt_out, versions_in, without_periods, years_in


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("capex in FY18", [2018]),
        ("FY'17 and F.Y. 2016", [2017, 2016]),
        ("fiscal year 2018, fiscal 2017", [2018, 2017]),
        ("for the year ended December 29, 2018", [2018]),
        ("as of 29.12.2018", [2018]),
        ("on 2018-05-03 and on 3/5/18", [2018, 2018]),
        ("im Geschäftsjahr 2018/19", [2019]),
        ("l'exercice 2020, el ejercicio 2021, boekjaar 2022", [2020, 2021, 2022]),
        ("between 2018 and 2020", [2018, 2020]),
        ("2018-2020", [2018, 2020]),
        ("HALDEN_2018_10K", [2018]),
        ("annualreport-fy19", [2019]),
        ("hld-20180929", [2018]),
        ("3Q19 and Q2 2020", [2019, 2020]),
        ("$2,018, 2018.5, 12,018, 20185 and 2018 %", []),
        ("page 1850 of the 99 in the offer", []),
    ],
)
def test_years(text: str, years: list[int]) -> None:
    assert sorted(years_in(text)) == sorted(years)


@pytest.mark.parametrize(
    ("text", "quarters"),
    [
        ("Q2 2019", [2]),
        ("2Q19", [2]),
        ("ACME_2019Q4_EARNINGS", [4]),
        ("the second quarter of fiscal 2020", [2]),
        ("im dritten Quartal", [3]),
        ("au premier trimestre", [1]),
        ("quarterly dividends in the first place", []),
    ],
)
def test_quarters(text: str, quarters: list[int]) -> None:
    assert list(quarters_in(text)) == quarters


def test_versions() -> None:
    assert list(versions_in("Manual v2.1, version 3.0 and Release 4; revised 5 times")) == ["2.1", "3.0", "4"]


def test_asked_periods_are_told_once_the_latest_first() -> None:
    assert asked_periods("revenue from FY2018 to FY19, i.e. 2018 to 2019") == [Period(2019), Period(2018)]
    assert asked_periods("revenue in Q2 2019") == [Period(2019, 2)]
    assert asked_periods("Which quarter was best, Q1 or Q2 2019?") == [Period(2019)]


def test_a_question_is_searched_by_its_year_and_named_without_it() -> None:
    assert spelt_out("capex in FY18?").split() == ["capex", "in", "2018?"]
    assert without_periods("Acme capex FY18 Q2 2019").split() == ["Acme", "capex"]


def own(named: str, *texts: str) -> OwnPeriod:
    period = OwnPeriod(named)
    for text in texts:
        period.read(text)
    period.begin(texts[0])
    return period


COVER = "FORM 10-K for the fiscal year ended {}. Shares outstanding as of February 11, 2020."


def test_a_report_is_about_the_year_that_its_cover_and_most_of_its_text_name() -> None:
    period = own("document (3)", COVER.format("December 28, 2019"), "2019 2018 2017", "In 2019 sales rose, as in 2018.")
    assert (period.years[0], period.quarter) == (2019, 0)


def test_a_fiscal_year_counts_that_a_company_calls_after_another_than_that_of_its_end() -> None:
    assert own("report", COVER.format("February 2, 2019"), "fiscal 2018", "fiscal 2018 and fiscal 2017", "fiscal 2018").years == [
        2018,
        2019,
    ]


def test_a_name_that_says_when_a_file_was_scanned_does_not_outweigh_the_text() -> None:
    assert own("Scan 2020-03-01", COVER.format("December 28, 2019"), "2019 2018", "2019").years[0] == 2019


def test_a_report_on_a_quarter_is_told_from_one_that_speaks_of_quarters() -> None:
    assert own("halden-q2-2021", "Condensed statements, 2021").quarter == 2
    assert own("document", *["In the first quarter of 2021 sales rose."] * 5).quarter == 1
    assert own("document", *["The first quarter and the second quarter of 2021."] * 5).quarter == 0
    assert own("document", *["The fourth quarter is the strongest."] * 5).quarter == 0  # as annual reports say


def test_what_names_no_year_is_about_none() -> None:
    assert own("Recipes", "Boil for 20 minutes.").years == []
