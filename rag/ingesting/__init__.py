"""A file -> searchable chunks.

queued -> reading -> keyword_ready -> ready  (OCR adds pages)
             |
             +-> failed

queued         it waits to be read, or is being downloaded
reading        a child process reads it, and its chunks are drafted
keyword_ready  its record and chunks are stored: keyword search finds it, semantic search finds the chunks embedded so far
ready          all its chunks are embedded, and its record is in Chroma; it may name pages that OCR has still to read
failed         it could not be read or stored; the outcome says why

`staging` takes a file from queued to keyword_ready or failed, `embedding_queue` from there to ready; `ocr_queue` adds to a ready document
the words of its scanned pages, one after another, whenever nothing else is to be done. `adding` runs all three over many files.
Uploads are queued on disk by `ui.uploading`, which tries a failed one again when it is asked to: it is queued anew.
"""
