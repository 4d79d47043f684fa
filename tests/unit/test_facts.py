"""Which facts of a sentence a source is found to hold."""

import pytest

from rag.verifying.facts import facts_of, missing_facts, source_facts


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("It costs 1,000 in all.", "The price is 1000."),
        ("It costs 1,000 in all.", "The price is 1 000."),
        ("Staff get two days.", "Staff get 2 days."),
        ("Staff get 25 days.", "Staff get twenty-five days."),
        ("The fee is 5 %.", "The fee is five per cent."),
        ("The fee is 5 percent.", "The fee is 5%."),
        ("It costs $3.50.", "It costs $3.5."),
        ("It sold 2.5 million copies.", "It sold 2,500,000 copies."),
        ("It opened on 3 March 2024.", "It opened on March 3, 2024."),
        ("It opened on 3 March 2024.", "Opened: 2024-03-03"),
        ("It came in 3rd place.", "It came in third place."),
        ("Rosa's shop sells bread.", "The shop of Rosa sells bread."),
        ("The work is led by the WHO.", "The World Health Organization leads the work."),
        ("However, The Section on leave applies.", "Leave is taken by all."),
        ("Der Urlaub beträgt dreißig Tage.", "Der Jahresurlaub beträgt 30 Tage."),
        ("休暇は三十日です。", "休暇は30日です。"),
    ],
)
def test_a_fact_is_found_in_another_form(sentence: str, source: str) -> None:
    assert missing_facts(facts_of(sentence), source_facts([source])) == []


@pytest.mark.parametrize(
    ("sentence", "source", "kind"),
    [
        ("It costs 1,001 in all.", "The price is 1000.", "number"),
        ("Staff get three days.", "Staff get 2 days.", "number"),
        ("The fee is 5 %.", "The fee is 5 dollars.", "number"),
        ("It lasts 30 days.", "It lasts 30 weeks.", "number"),
        ("It opened on 3 March 2024.", "It opened on March 4, 2024.", "date"),
        ("It opened on 3 March 2024.", "It opened on March 3, 2023.", "date"),
        ("It was built by Rosa Lind.", "It was built by Rosa Berg.", "name"),
    ],
)
def test_a_changed_fact_is_missed(sentence: str, source: str, kind: str) -> None:
    assert [gap.kind for gap in missing_facts(facts_of(sentence), source_facts([source]))] == [kind]
