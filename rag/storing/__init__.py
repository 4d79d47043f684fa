"""What a library stores, and the only code that touches it.

folder            what                                                       module
chroma/           the record: chunks, vectors, one record a document         chroma, chroma_client
chroma.seal.json  how chroma/ was left; damage is found before Chroma does   integrity, hnsw
library.json      the library's id, where the record is on a server          opening; lease: who may write there
pending.sqlite3   drafts and keyword-ready documents                         keyword_ready
lexical/          the keyword index, derived from the record                 lexical, lexical_files
originals/        copies of the files; about/ describes them                 originals
removed/          files of removed documents, for a day                     removed
quarantine/       damaged indexes, files without a record                    originals, integrity
lock              held by the one process that has the library open          lock
reserve           space for the day the disk is full                         reserve
erase             says that removed text is still to be erased               erasing

Tables of people, conversations and more are in SQLite files beside these, or in a PostgreSQL database that the servers of a cluster share:
`places` says where, `database` opens them (`sqlite_file`, `postgres_schema`), `migrations` says how they came about.

`cluster` has what several servers share of a library; `record_rows` is what records in Chroma and in a database have in common.

`index` puts the parts together and says in which order locks are taken, `opening` opens them, `schema` versions what they store.
"""
