"""Export and import: a library as one file, with vectors, metadata and files; nothing is embedded again."""

from pathlib import Path

from rag import Library, LibraryError

with Library.open("library") as library:
    library.add_text("The mill closes at six.", "hours/mill.txt", metadata={"year": 2024})
    library.add_text("The bakery opens at five.", "hours/bakery.txt")
    library.export("hours.zip")
    print(f"exported {len(library.documents())} documents, {Path('hours.zip').stat().st_size} bytes")

with Library.open("copy") as copy:
    report = copy.import_("hours.zip", progress=lambda step: print(f"{step.file} of {step.files}: {step.path}"))
    print(report.all_searchable, copy.document("mill.txt").metadata)
    print(copy.ask("When does the bakery open?").text)
    try:
        copy.import_("hours.zip")
    except LibraryError as error:
        print(error)
    print({outcome.status for outcome in copy.import_("hours.zip", merge=True).outcomes})
