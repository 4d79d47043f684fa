"""Passages -> answer: `growing` by a chat model, `extractive` by quoting; `footnoting` has its sentences checked."""
