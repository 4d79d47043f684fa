"""OCR of pages whose text cannot be read otherwise, in the child process that has the file open.

`file` decides which pages need it, and keeps what was read, so that it is read once; `page` makes text of the lines that `engine` finds.
"""
