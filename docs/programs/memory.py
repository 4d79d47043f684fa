"""Texts from memory: a help desk's tickets, each with what is known of it."""

from rag import Library

TICKETS = [
    (4711, "ann", "The ferry's ramp is stuck. Rust at the lower hinge; the hinge was greased on Monday."),
    (4712, "bo", "A passenger left an umbrella on the noon ferry. It is kept at the harbour office."),
    (4713, "ann", "The display at the pier shows the winter timetable. It must show the summer timetable."),
]

with Library.open("library") as library:
    for number, owner, text in TICKETS:
        outcome = library.add_text(text, f"tickets/{number}", metadata={"number": number, "owner": owner, "tags": ["ferry", "2024"]})
        print(outcome.status, outcome.document)

    answer = library.ask("Where is the umbrella kept?")
    print(answer.text)
    for citation in answer.citations:
        record = library.document(citation.passage.document_id)
        print(f"[{citation.number}] ticket {record.metadata['number']} of {record.metadata['owner']}: {citation.quote}")

    library.set_metadata("4712", {"number": 4712, "owner": "bo", "closed": True})
    print(library.document("4712").metadata)
