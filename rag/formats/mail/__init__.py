"""Email: a message is a page, its attachments are named."""

from rag.formats.protocol import Format

EML = Format(
    name="email",
    media_type="message/rfc822",
    reader="rag.formats.mail.eml:open_eml",
    suffixes=(".eml",),
    unit="part",
    kind="mail",
)
MSG = Format(
    name="Outlook email",
    media_type="application/vnd.ms-outlook",
    reader="rag.formats.mail.outlook:open_msg",
    suffixes=(".msg",),
    container=(b"\xd0\xcf\x11\xe0",),
    unit="part",
    kind="mail",
)
