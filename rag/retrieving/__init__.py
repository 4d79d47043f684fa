"""A question -> the passages that answer it best, and how sure that is.

`follow_up` and `rewriting` make a follow-up a standalone question. `retriever` searches by keywords and by meaning, has the scores fused
(`fusing`), copies dropped and neighbours joined (`passages`), and passages cut to the sentences that matter (`trimming`).
"""
