"""Answers and conversations as HTML and Markdown: what the page and an exported file share. No gradio here."""
