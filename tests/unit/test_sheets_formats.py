"""Number formats of Excel show what a sheet shows."""

from datetime import date, datetime, time, timedelta

import pytest

from rag.formats.sheets.number_formats import Value, formatter, general

ACCOUNTS = '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.25, "0%", "25%"),
        (0.256, "0.0 %", "25.6 %"),
        (1234.5, '#,##0.00 "€"', "1,234.50 €"),
        (-1234.5, '#,##0.00 "€"', "-1,234.50 €"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (5, ACCOUNTS, "$5.00"),
        (-5, ACCOUNTS, "$(5.00)"),
        (0, ACCOUNTS, "$-"),
        (1234567, '0.0,,"M"', "1.2M"),
        (7, "000", "007"),
        (2.675, "0.00", "2.68"),
        (0.5, ".00", ".50"),
        (3, "0.##", "3"),
        (3.14159, "0.##", "3.14"),
        (-5, "[Red]0;[Blue]-0", "-5"),
        (-0.001, "0.00", "0.00"),
        (15, '0\\ "kg"', "15 kg"),
        (15, 'General" kg"', "15 kg"),
        (5, ";;;", ""),
        (0.5, "# ?/?", "0.5"),
        (12345, "0.00E+00", "12345"),
        (5, '[>=1000]#,##0,"k";0', "5"),
        (1e300, "0.00", "1e+300"),
        (float("nan"), "0", "nan"),
        ("words", "0.00", "words"),
        (True, "0.00", "TRUE"),
        (5, "0" * 300 + "%", "0" * 254 + "5"),
        (date(2024, 6, 11), "dd.mm.yyyy", "11.06.2024"),
        (datetime(2024, 6, 11, 15, 5, 7), "m/d/yy h:mm AM/PM", "6/11/24 3:05 PM"),
        (datetime(2024, 6, 11, 0, 5, 7), "dddd, d mmmm yyyy hh:mm:ss", "Tuesday, 11 June 2024 00:05:07"),
        (date(2024, 6, 11), "[$-409]d\\-mmm\\-yyyy;@", "11-Jun-2024"),
        (date(2024, 6, 11), 'yyyy"年"m"月"d"日"', "2024年6月11日"),
        (date(2024, 6, 11), '[$-411]ggge"年"m"月"d"日"', "2024-06-11"),
        (timedelta(hours=36, minutes=5), "[h]:mm", "36:05"),
        (time(9, 30), "h:mm", "9:30"),
        (timedelta(minutes=3, seconds=4, milliseconds=500), "mm:ss.0", "03:04.5"),
        (date(2024, 6, 11), "#,##0", "2024-06-11"),
    ],
)
def test_a_value_is_shown_by_its_format(value: Value, code: str, shown: str) -> None:
    assert formatter(code)(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5.0, "5"),
        (0.1 + 0.2, "0.3"),
        (123456.789, "123456.789"),
        (1234567.891, "1234567.891"),
        (12345678901234.0, "12345678901234"),
        (float("inf"), "inf"),
        (False, "FALSE"),
        (date(2024, 6, 11), "2024-06-11"),
        (datetime(2024, 6, 11, 9, 30), "2024-06-11 09:30"),
        (datetime(2024, 6, 11, 9, 30, 5), "2024-06-11 09:30:05"),
        (time(9, 30), "09:30"),
        (timedelta(hours=36, seconds=5), "36:00:05"),
    ],
)
def test_a_value_without_a_format_is_shown_plainly(value: Value, shown: str) -> None:
    assert general(value) == shown
