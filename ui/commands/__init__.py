"""The command line. A command is a function in a file here, on the file's own `app`; `cli` puts these together."""
