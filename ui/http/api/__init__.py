"""The HTTP API under `/api`: a library's verbs for other programs; `rag.remote` is its client in Python.

`access` says who may ask what, `answers` turns values, errors and long work into HTTP, the other files are routes by subject.
"""
