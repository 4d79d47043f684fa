"""What the servers of a cluster share of a library, and how one writes it while the others follow.

database          records of documents, the lease                            rows, membership
Chroma server     chunks, vectors                                            store: a record made of both
bucket            copies of files, snapshots of keyword indexes              originals, snapshots; bucket and s3, file_cache before them
library's folder  the keyword index, what is being indexed                   following, opening

`cluster` puts the parts together, `moving` takes the library of one machine in, `backups` copies one (`database_copy`, `chunk_copy`), and
`erasing` leaves nothing of one.
"""
