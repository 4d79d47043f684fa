"""The ways in: command line, page, HTTP. Imports rag; rag never imports this."""
