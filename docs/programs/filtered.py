"""Filtered search: the same question to some documents and to others."""

from rag import Filters, Library, NothingMatchesError

with Library.open("library") as library:
    for year, price in ((2021, 40), (2022, 45), (2023, 50)):
        said = {"year": year, "draft": year == 2023}
        library.add_text(f"A day ticket for the ferry costs {price} crowns.", f"prices/{year}.txt", metadata=said)
    library.add_text("The ferry is painted blue.", "notes/ferry.txt")

    question = "What does a day ticket cost?"
    for passage in library.retrieve(question, where={"year": {"$gte": 2022}, "draft": False}):
        print("since 2022:", passage.document, passage.text)
    for passage in library.retrieve(question, where={"$or": [{"year": 2021}, {"year": {"$in": [2023, 2024]}}]}):
        print("2021 or later than 2022:", passage.document)
    print("in notes:", [record.name for record in library.documents(Filters(folder="notes"))])
    try:
        library.ask(question, where={"year": 1999})
    except NothingMatchesError as error:
        print(error)
