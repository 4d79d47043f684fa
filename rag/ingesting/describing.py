"""Documents of a library of an earlier version -> what their files say of themselves, without embedding or reading them again."""

import threading
from dataclasses import replace

from rag.formats.loader import Loader
from rag.formats.properties import NOTHING_SAID
from rag.ingesting.staging import dated
from rag.storing.index import Index
from rag.storing.originals import Originals
from rag.text.languages import language_told
from rag.types import DocumentRecord

TELLING_CHUNKS = 40  # whose text tells the language


class Describer:
    """Completes records. `writing` is held while one is written."""

    def __init__(self, loader: Loader, index: Index, originals: Originals, writing: threading.RLock) -> None:
        self._loader = loader
        self._index = index
        self._originals = originals
        self._writing = writing

    def step(self) -> bool:
        """Complete one record; whether there was any."""
        record = next((each for each in self._index.records.values() if not each.date_source), None)
        if record is None:
            return False
        described = self._described(record)
        with self._writing:
            if self._index.records.get(record.id) == record:
                self._index.update(described)
        return True

    def _described(self, record: DocumentRecord) -> DocumentRecord:
        keys = [(record.id, ordinal) for ordinal in range(min(record.chunks, TELLING_CHUNKS))]
        text = "\n".join(chunk.text for _, chunk in sorted(self._index.chunks(keys).items()))
        properties = NOTHING_SAID
        if not self._originals.problem(record):
            path = self._originals.path(record.id, record.media_type)
            properties = self._loader.describe(path, name=record.name, media_type=record.media_type, password=record.password)
        day, source = dated(properties, record.sources)
        return replace(record, language=language_told(text), author=properties.author, date=day, date_source=source)
