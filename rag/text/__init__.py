"""What words a text has, and what marks: terms, languages, sentences, headings, footnote markers. Pure."""
