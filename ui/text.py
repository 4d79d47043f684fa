"""Every text of the page and of exported conversations. Names in braces are filled in."""

from typing import Literal

from rag.formats.registry import names
from rag.text.language_names import LANGUAGES as LANGUAGES
from rag.types import Way

TITLE = "Footnote"
DROP = "Drop documents here"
CHOOSE = "or <u>choose files</u>"
DOCUMENTS = "Documents"
MOST_FORMATS = 6  # named where there is little room
NO_DOCUMENTS = f"No documents yet. Drop files above ({names(MOST_FORMATS)}) and ask as soon as they have been read."
ADD_ADDRESS = "Add a web address"
ADDRESS = "The address"
DOWNLOADING = ("downloading", "downloading, {percent} %")
QUEUED = "queued"
READING = "reading, {percent} %"
OCR = "OCR, {percent} %"
OCR_HINT = "The pages read so far can be searched. The others follow one by one."
READ_BY_OCR = "read by OCR"
INDEXING = "indexing, {percent} %"
INDEXING_HINT = "Keyword search works now. Search by meaning follows when indexing is done."
FIND_DOCUMENT = "Search documents"
FIND_DOCUMENT_HINT = "Search by name, title, author or folder"
ORDER = "Sort by"
DocumentOrder = Literal["newest", "name", "kind", "size", "pages"]
ORDERS: dict[DocumentOrder, str] = {"newest": "Newest", "name": "Name", "kind": "Kind", "size": "Size", "pages": "Pages"}
FOLDERS = "Folders"
NO_FOLDER = "Uploads"
FOUND = "{found:,} of {count:,} documents"
FOUND_ALL = "{count:,} documents"
SHOW_MORE = "Show {count:,} more"
MORE_JOBS = "{count:,} more files"
MENU = "Menu of {name}"
MENU_OPEN = "Open"
MENU_ASK = "Ask about it"
MENU_DETAILS = "Details"
DETAILS = ("Title", "Kind", "Length", "Size", "Author", "Language", "Date", "Added", "From", "Chunks", "ID")
MENU_AGAIN = "Index again"
REMOVE = "Remove"
REMOVE_QUESTION = "Remove?"
REMOVE_YES = "Remove"
REMOVE_NO = "Keep"
DISMISS = "Dismiss {name}"
PASSWORD = "Password for {name}"
PASSWORD_HINT = "Password"
UNLOCK = "Unlock"
STATUS = {
    "added": "added",
    "unchanged": "already in the library",
    "replaced": "replaced",
    "renamed": "renamed",
    "duplicate": "duplicate",
    "missing": "file is gone",
    "opened": "archive opened",
    "no_text": "no text found",
    "needs_password": "password required",
    "unreadable": "could not be read",
    "too_large": "too large",
    "unsupported": "unsupported file type",
    "not_downloaded": "could not be downloaded",
    "left_out": "left out",
    "failed": "failed",
}
TRY_AGAIN = "Try again"
WATCHING = ("Watching {folder}: 1 file", "Watching {folder}: {count:,} files")
WATCHING_WAITS = "{count:,} to read"
WATCHING_CHANGED = "last change {time}"
WATCHING_UNREAD = "{count:,} not read"
WATCHING_LEFT_OUT = "{count:,} left out"
LEFT_OUT = "{name} is left out until its file changes, because you removed it. To have it back, upload it."
REMOVED_FILE = "file deleted; kept until {until}"
RESTORE = "Restore"
RESTORE_LABEL = "Restore {name}"
REMOVED_MORE = "{count:,} more can be restored: run “rag restore”."
NEWS = "{name}: {status}. {message}"
LEFT_BEHIND = (
    "1 document needs to be re-indexed (it was indexed with different settings). Run “rag reindex”.",
    "{count} documents need to be re-indexed (they were indexed with different settings). Run “rag reindex”.",
)

CHAT = "Chat"
SETTINGS = "Settings"
ASK = "Ask"
ASK_PLACEHOLDER = "Ask about your documents…"
ASK_LABEL = "Your question"
CONVERSATION = "Conversation"
NEW_CONVERSATION = "New conversation"
EMPTY_CHAT = """## What would you like to know?
Every sentence of an answer carries a number. Click it to open the page it came from, with the words highlighted."""
EXAMPLE_QUESTIONS = {
    "en": "What should I know about “{heading}”?",
    "de": "Was steht dort zu „{heading}“?",
    "fr": "Que disent les documents sur « {heading} » ?",
    "es": "¿Qué dicen los documentos sobre «{heading}»?",
    "it": "Che cosa dicono i documenti su «{heading}»?",
    "pt": "O que dizem os documentos sobre “{heading}”?",
    "nl": "Wat staat er over ‘{heading}’?",
    "sv": "Vad står det om ”{heading}”?",
    "da": "Hvad står der om “{heading}”?",
    "no": "Hva står det om «{heading}»?",
    "fi": "Mitä asiakirjoissa sanotaan aiheesta ”{heading}”?",
    "pl": "Co dokumenty mówią na temat „{heading}”?",
    "cs": "Co dokumenty říkají k tématu „{heading}“?",
    "hu": "Mit írnak a dokumentumok erről: „{heading}”?",
    "ro": "Ce spun documentele despre „{heading}”?",
    "tr": "Belgelerde “{heading}” hakkında ne yazıyor?",
    "ru": "Что сказано в документах о теме «{heading}»?",
    "uk": "Що сказано в документах на тему «{heading}»?",
    "el": "Τι λένε τα έγγραφα για το θέμα «{heading}»;",
    "ar": "ماذا تقول المستندات عن «{heading}»؟",
    "he": "מה נאמר במסמכים על „{heading}”?",
    "ja": "「{heading}」について何と書かれていますか？",
    "zh": "文档中关于“{heading}”是怎么说的？",
    "ko": "문서에는 “{heading}”에 대해 어떻게 나와 있습니까?",
}
"""In the languages of documents: the heading stays as it is, in quotation marks, so that no word of it must be inflected."""
EMPTY_QUESTION = "Type a question first."
THINKING = "Searching the documents…"
SEARCHED = "Searched for"
WORDING = "“{asked}” also as “{searched}”"
STOPPED = "Stopped. The answer so far is kept."
STILL_GROWING = "This answer was still being written."
NO_ANSWER = "No answer."
COPY = "Copy"
STOP = "Stop"
UNEXPECTED = "Something went wrong on the server; see its log. Try again."
PASSAGES = ("1 passage", "{count} passages")
SECONDS = "{seconds:.1f} s"
QUOTED = "quoted, no chat model"
NOT_QUOTED = "no chat model"
QUOTED_NOTICE = "These are quotations from your documents: no chat model is connected. Connect one under Settings."
NOT_QUOTED_NOTICE = "No chat model is connected. Connect one under Settings."
MARKS = {
    "related": "the source is related, but doesn't say this",
    "unsupported": "not supported by its source",
    "uncited": "no source found",
}
CONTRADICTED = "the source says otherwise"
NOT_FOUND = "not in the source"
GAPS = {"plan": "the source says it less surely", "condition": "the source makes a condition"}
CHANGED = ("1 sentence that no passage supports was changed", "{count} sentences that no passage supports were changed")
CHANGES = {"regenerated": "rewritten from the passage", "softened": "replaced by the passage's own words", "dropped": "left out"}
CHANGE = "{change}; the model wrote: “{original}”"
CORRECT = "Sentences without support:"
CORRECTIONS: dict[Way, str] = {"regenerate": "Rewrite", "soften": "Use the passage's words", "drop": "Leave out"}
NOT_CORRECTED = "Nothing was changed: no passage says it better."
MOVED = "moved here from a passage that doesn't support the sentence"
LEGEND = {"related": "≈ related, but not stated in the source", "unsupported": "? not supported"}
CHECKED = (
    "Checked against its source: {supported} of {count} sentence supported",
    "Checked against their sources: {supported} of {count} sentences supported",
)
THOUGHT = "Reasoning"
THINKING_STILL = "Thinking…"
SENT = "What was sent to the model"
SENT_SIZE = "about {tokens:,} of {room:,} tokens"
SENT_COUNTED = "the server counted {tokens:,}"
SENT_FIRST = "first word after {seconds:.1f} s"
SENT_FINISH = "finish reason: {reason}"
SENT_DROPPED_MESSAGES = "Oldest messages left out for lack of room: {count}"
SENT_DROPPED_PASSAGES = "Passages left out for lack of room:"
ROLES = {"system": "Instructions", "user": "You", "assistant": "Answer"}
SENT_QUESTION = "Question and passages"
KEYS = "Keys"
KEYS_TITLE = "Keyboard shortcuts"
KEY_LIST = (
    (("/",), "Go to the question"),
    (("Enter",), "Ask"),
    (("Ctrl", "Enter"), "Check the text"),
    (("Shift", "Enter"), "New line in the question"),
    (("F",), "Go to the footnotes of the last answer"),
    (("←", "→"), "Previous or next footnote; on a page, previous or next page"),
    (("+", "−", "0"), "Zoom the page in, out, or to its width"),
    (("↑", "↓"), "Previous or next document in the list"),
    (("Esc",), "Close what lies over the page"),
    (("?",), "Show these shortcuts"),
)
CHECK = "Check"
CHECK_INTRO = "Paste a text, whoever wrote it, and see sentence by sentence whether your documents support it, and on which page."
CHECK_LABEL = "Text to check"
CHECK_PLACEHOLDER = "Paste a text, or drop a file here"
CHECK_FILE = "Check a file"
CHECK_GOES_ON = "Checking, {percent} %"
CHECK_STOPPED = "Stopped. The sentences checked so far are below."
CHECK_DONE = ("{supported} of {count} sentence supported", "{supported} of {count} sentences supported")
CHECK_NOTHING = "This text has no sentence that states something."
CHECK_DOUBTS = "Only what is not supported"
OLD_FOOTNOTE = "This footnote belongs to a conversation that is no longer available. Ask again."

NO_SOURCE = "Click a number in an answer, or a document, to see its page here."
CLOSE = "Close"
PAGE_OF = "{unit} {page} of {pages}"
PRINTED = ", printed {label}"
PAGE_AMONG = "{label} · {page} of {pages}"
PREVIOUS = "‹ previous"
NEXT = "next ›"
ZOOM_OUT = "Zoom out"
ZOOM_IN = "Zoom in"
OPEN_ORIGINAL = "Open original"
DOWNLOAD_ORIGINAL = "Download original"
MORE_LIKE_THIS = "More like this"
MORE_TABS = "Explore/Related"
PAGES_AND_ZOOM = "Page and zoom"
PAGE_IMAGE = "{document}, page {page}"
PAGE_KEYS = "Press plus or minus to zoom, left or right arrow to turn the page."
PAGE_PICTURE = "Image of page {page}; its text follows."
WORDS_OF = "Text of {document}"
MARK_BEGINS = "[highlighted:"
MARK_ENDS = "end of highlight]"
CUT = "… shortened; open the original to read the whole file"
SENTENCE = "The answer says"
VERDICTS = {
    "supported": "Supports the sentence",
    "related": "Related, but doesn't say this",
    "unsupported": "Doesn't support the sentence",
}
VERDICT_SIGNS = {"supported": "✓", "related": "≈", "unsupported": "?"}
NO_SOURCE_TITLE = "No page to show"
GONE = "This document is no longer in the library."
GONE_FOOTNOTE = "{document} is no longer in the library. Add it again to open this footnote."
NOT_SHOWN = "This page cannot be shown: {problem}"
NOT_DRAWN = "This page cannot be displayed. Its text:"
NOTHING_TO_SHOW = "This page cannot be displayed and has no text."
NO_WORDS = "This {unit} has no text."
NOT_MARKED = "These words could not be located on the page."
NOT_COME = "The image of this page could not be loaded. Its text:"

NO_MODEL = "No chat model · answers are quotations"
NO_ADDRESS = "RAG_CHAT_MODEL or RAG_CHAT_API_KEY is set, but RAG_CHAT_BASE_URL is not. Set it to connect the chat model."
CHECKING = "Connecting to the chat model…"
READY = "{model} at {host} · ready"
NOT_READY = "Not ready · {host}"
CHECK_CONNECTION = "Check connection"
EXAMINE = "Check the library"
REPAIR = "Repair"
EXAMINING = "Checking every file, chunk and vector. This can take a while."
REPAIRING = "Repairing. This can take a while if files have to be re-indexed."
FINDING_SIGNS = {"ok": "✓", "warning": "≈", "fault": "✗"}
ERASING = "Erasing removed text from the library's files"
ERASED = "Removed text has been erased from the library's files."
DAMAGED_COPY = "The library's copy of this file is {problem}. Add the file again to restore it."

SETTINGS_ROWS = ("Chat model", "Endpoint", "State", "Context", "Chunks", "Library", "Largest file")
OFFER = (
    "{documents} of {looked_at} documents are not in English ({languages}). Search by meaning works poorly for them with {present}; "
    "{model} knows their languages."
)
OFFER_CHOOSE = "Choose a model"
OFFER_DISMISS = "Not now"
MODELS = "Embedding models"
MODELS_HINT = (
    "In use: {model}. "
    "The embedding model decides what search by meaning finds, and in which languages. Changing it re-indexes your documents; "
    "until that is done, the old index answers."
)
MODEL_FIXED = "RAG_EMBEDDING_MODEL is set, and wins over a choice made here. Unset it and restart Footnote to choose."
MODEL_STATES = {"in use": "in use", "indexing": "re-indexing", "on this machine": "on this machine", "endpoint": "needs a server"}
MODEL_SWITCHING = "Re-indexing with {model}: {percent} %. The old index answers until this is done."
MODEL_CANCEL = "Cancel"
MODEL_GET = "Download"
MODEL_GET_LABEL = "Download {model}"
MODEL_USE = "Use"
MODEL_USE_LABEL = "Use {model}"
MODEL_DOWNLOADING = "downloading, {percent} %"
MODEL_PREPARING = "preparing"
PARAMETERS = "{millions} M parameters"
DIMENSIONS = "{count:,} dimensions"
TOKENS = "up to {count:,} tokens"
CHAT_MODELS = "Chat models"
CHAT_MODELS_HINT = (
    "Without a chat model, answers are quotations from your documents. Any OpenAI-compatible server works. Your documents stay on this "
    "machine: only your questions and the passages found for them are sent to the address."
)
FIXED_BY = "Set by {place}, which wins over what is set here. Remove it and restart Footnote to change it here."
CHAT_IS_FIXED = "The chat model is set by {place}, which wins over those connected here. Remove it and restart Footnote to choose here."
NOT_FROM_AFAR = (
    "This page can be reached from other machines, so chat models can't be connected or changed on it. Use RAG_CHAT_BASE_URL, or "
    "`rag settings` on the server."
)
CONNECTION_USED = "in use"
CONNECTION_KEY = "key stored"
CONNECTION_ANY_MODEL = "the model that the server has loaded"
CONNECTION_USE = "Use"
CONNECTION_TEST = "Test"
CONNECTION_CHANGE = "Change"
CONNECTION_DROP = "Disconnect"
CONNECTION_LABEL = "{what} {name}"
FOUND_SERVER = "{name} is running on this machine"
FOUND_CONNECT = "Connect"
FOUND_MODEL = "Model of {name}"
LOOK_AGAIN = "Look for servers on this machine"
CONNECT_NEW = "Connect a chat model"
CONNECT_CHANGED = "Change {name}"
CONNECT_ADDRESS = "Address"
CONNECT_ADDRESS_HINT = "Such as http://localhost:11434/v1 for Ollama or https://api.openai.com/v1. Most addresses end in /v1."
CONNECT_KEY = "Key"
CONNECT_KEY_HINT = "Local servers need none. The key is stored in the library's folder, readable by you only, and never shown again."
CONNECT_KEY_KEPT = "A key is stored. Leave this empty to keep it; for another address, enter its key."
CONNECT_MODEL = "Model"
CONNECT_MODEL_HINT = "Test lists the models. Leave this empty if the server has only one."
CONNECT_CONTEXT = "Context size in tokens"
CONNECT_CONTEXT_HINT = "Test finds it where the server tells it; otherwise {tokens:,}."
CONNECT_NAME = "Name"
CONNECT_NAME_HINT = "Shown beside the question. Optional."
CONNECT_SAVE = "Connect"
CONNECT_KEEP = "Save"
TESTING = "Testing {name}…"
TESTED = "{name} works."
TESTED_FAULTY = "{name} does not work yet."
TESTED_CHOOSE = "Choose a model for {name}, then connect."
NONE_FOUND = "No other chat server was found on this machine at the usual ports. Start one, or enter its address."
KEY_DROPPED = "The stored key belongs to the old address and was not sent to the new one."
MODELS_LISTED = "Models at this address"
USE_MODEL = "Use {model}"
NO_CONNECTION = "No chat model (quotations)"
ANSWERS_BY = "Answered by"

ANSWERS = "Answers"
ANSWER_TOP_K = "Passages"
ANSWER_LANGUAGE = "Language"
ANSWER_LANGUAGE_ANY = "as the question"
ANSWER_TONE = "Tone"
ANSWER_TONES = {"": "default", "plain": "plain", "formal": "formal", "friendly": "friendly"}
ANSWER_LENGTH = "Length"
ANSWER_LENGTHS = {"short": "short", "medium": "medium", "long": "long"}
ANSWER_UNSUPPORTED = "Sentences without support"
ANSWER_UNSUPPORTED_WAYS = {"mark": "mark", "regenerate": "have rewritten", "soften": "replace by the passage's words", "drop": "leave out"}
ANSWER_INSTRUCTIONS = "Your own instructions to the chat model"
ANSWER_INSTRUCTIONS_HINT = "Such as: Give amounts in euros. They change neither the footnotes nor where answers come from."
ANSWERS_HINT = "Language, tone, length and instructions are for the chat model; quotations stay as they are."
ANSWERS_SAVE = "Save"
ANSWERS_SAVED = "Saved. The next question uses it."

HOW_TO_CONNECT = """Chat models can also be set in the environment, in `.env` or in `footnote.toml`, for example
`RAG_CHAT_BASE_URL=http://localhost:11434/v1` with `RAG_CHAT_MODEL=llama3.1`. What is set there wins over what is set here."""

TOO_LONG = "{what} has {count:,} characters; the limit is {most:,}. Shorten it."
TOO_MANY_SENTENCES = "The text has {count:,} sentences; {most:,} can be checked in one reply. {how}"
CHECK_IN_PARTS = "Check it in parts."
CHECK_BY_EVENTS = "Check it in parts, or with Accept: text/event-stream, which tells how far the check is."
QUESTION = "The question"
NAME = "The name"
NOTE = "The note"
SEARCH = "The search"
PASSWORD_GIVEN = "The password"
LIST = "The list"
EXAMPLES = "The list of examples"
SUM = "The sum"
WORD = "The word"
CONVERSATION_FULL = "This conversation has {count} questions, which is the limit. Start a new conversation."
NOT_PAINTED = "{count} earlier questions are not shown. Export the conversation to read them."

CONVERSATIONS = "Conversations"
NO_CONVERSATIONS = "No conversations yet."
NO_CONVERSATION_FOUND = "No matching conversations."
FIND_CONVERSATION = "Search conversations"
RENAME = "Rename"
RENAME_LABEL = "Rename {title}"
NEW_NAME = "New name (leave empty to use the first question)"
SAVE = "Save"
CANCEL = "Cancel"
DELETE = "Delete conversation {title}"
DELETE_QUESTION = "Delete?"
DELETE_YES = "Delete"
EXPORTS = {"md": "Markdown", "html": "HTML"}
EXPORT_LABEL = "Export {title} as {kind}"
SHARE = "Share"
SHARED = "Shared"
SHARE_LABEL = "Share {title}"
SHARE_HINT = "Whoever signs in and may read this library can open the link and read the conversation, later questions too."
SHARE_MAKE = "Make a link"
SHARE_LINK = "Link to the conversation"
SHARE_COPY = "Copy link"
SHARE_COPIED = "Copied"
SHARE_STOP = "Take back"
SHARE_MADE = "Link made."
SHARE_STOPPED = "The link was taken back. Nobody can open it any more."
NOT_SHARED = "There is no such conversation, or it has not been saved yet. Ask a question in it first."
NOBODY_TO_SHARE_WITH = "Conversations are shared where people sign in. `rag user add NAME` adds the first user."
SHARED_BY = "Shared by {name}, as it stands now. To ask on, copy it."
SHARED_ASK = "Copy to my conversations"
SHARED_GONE = "This link leads to no conversation. It was taken back, or the conversation was deleted. Ask whoever sent it for another."
SHARED_GONE_TITLE = "No conversation"
SHARED_SOURCE = "Open {place}"
SHARED_DOCUMENT_GONE = "no longer in the library"
RENAMED = "Conversation renamed."
DELETED = "Conversation deleted."
UNREADABLE_TURN = "This answer was saved by another version of Footnote and cannot be shown. Ask again."
UNTIL_STOP = "This conversation is kept only until the server stops."
NOT_WRITTEN = UNTIL_STOP + " {problem}"
CONVERSATIONS_SET_ASIDE = (
    "{name} was damaged, so your earlier conversations cannot be shown. It was renamed to {aside}, and a new file was started. "
    "To get them back, restore a backup as {name} and restart Footnote."
)
CONVERSATIONS_NOT_OPENED = {
    "locked": f"{{name}} is in use by another program. {UNTIL_STOP} Close the other program and restart Footnote.",
    "folder": f"{{name}} is a folder, not a file. {UNTIL_STOP} Rename the folder and restart Footnote.",
    "forbidden": f"Footnote has no permission to read and write {{name}}. {UNTIL_STOP} Change the file's permissions and restart Footnote.",
    "newer": f"{{error}} {UNTIL_STOP}",
    "other": f"{{name}} cannot be opened ({{error}}). {UNTIL_STOP} Check the library folder and restart Footnote.",
}
CONVERSATION_GONE = "This conversation was deleted."
OLD_ANSWER = "This answer is no longer available. Reload the page."
NOTED = "Your note: {note}"
UNREADABLE_CONVERSATIONS = "Conversations cannot be read: {problem}"

RETRY = "Try again"
EDIT = "Edit question"
EDITING = "You are editing an earlier question. Asking it again replaces everything after it."
VOTES = {"up": "Good answer", "down": "Poor answer"}
VOTED = {"up": "You rated this answer good. Click to undo.", "down": "You rated this answer poor. Click to undo."}
NOTE_ADD = "Add a note"
NOTE_CHANGE = "Edit note"
NOTE_LABEL = "What was good or wrong? Your note stays on this server."
ANSWERED_BY = "Answered by {model}"
CHECKED_TITLE = "{name}, checked"
CHECKED_COUNT = ("1 sentence checked.", "{count} sentences checked.")
CHECKED_VERDICTS = {"supported": "supported", "related": "not quite what the source says", "unsupported": "not supported"}
CHECKED_MARKS = {"supported": "✓", "related": "≈", "unsupported": "✗"}
CHECKED_NOTHING = "Nothing about this was found in the documents."
CHECKED_LIST = "Sentences and sources"
CHECKED_BACK = "Sentence {number} in the text"
EXPORT_VERDICTS = {"supported": "supported", "related": "related, but not stated there", "unsupported": "not supported"}

CHOOSE_DOCUMENT = "Ask about {name} only"
ASKED_ABOUT = "Asked about {names} only"
ASKED_PASSAGES = ("Asked about 1 passage of the map only", "Asked about {count} passages of the map only")
PASSAGES_GONE = "The passages selected on the map are no longer in the library. Redraw the map and select others."
ASKING = "Asking only"
ASKING_MANY = "{count} documents"
ASK_ALL = "Ask about all"
DROP_CHIP = "Remove filter {words}"
FILTER = "Filter"
FILTERS = "Filters"
FILTER_ANY = "any"
FILTER_HINTS = {"since": "2022 or 2022-03-05", "until": "2022 or 2022-03-05", "where": '{"year": {"$gte": 2021}}'}
NO_CONDITION = "{typed!r} is no condition. Write one as {hint}."
FILTER_NAMES = {
    "kind": "Kind of file",
    "language": "Language",
    "folder": "Folder",
    "metadata": "Metadata",
    "since": "From",
    "until": "Until",
    "where": "Condition on metadata",
}
FILTERED = {"folder": "folder {value}", "since": "from {value}", "until": "until {value}", "everywhere": "everywhere"}
KINDS = {
    "pdf": "PDF",
    "word": "Word documents",
    "sheets": "Spreadsheets",
    "slides": "Slides",
    "mail": "Emails",
    "web": "Web pages",
    "code": "Code and data",
    "text": "Text files",
    "pictures": "Pictures",
}
ONLY = "Only:"
SEARCH_EVERYWHERE = "Search everywhere instead of {names} only"
CHOSEN_GONE = "{name} is no longer in the library. Select other documents, or ask about all."
MENTION_UNKNOWN = "No document name starts with “{name}”. Type it as it appears in the list, or remove the @."
MENTION_SEVERAL = "{count} document names start with “{name}”: {names}. Type more of the name, or select in the list."
MENTION_ALONE = "What would you like to know about {name}? Add a question after its name."
LIMIT_REACHED = {
    "questions_at_once": "You have reached your limit of questions in progress ({most:,}). Wait for an answer to finish, then try again.",
    "questions_a_minute": "You have reached your limit of questions a minute ({most:,}). Try again in {seconds:,} seconds.",
    "questions_a_day": "You have reached your daily limit of questions ({most:,}). Try again tomorrow.",
    "tokens_a_day": "You have reached your daily limit of tokens for the chat model ({most:,}). Try again tomorrow.",
    "files_a_day": "This would exceed your daily limit of files ({most:,}). Add fewer, or try again tomorrow.",
    "megabytes_a_day": "This would exceed your daily limit of files ({most:,} MB). Add less, or try again tomorrow.",
    "stored_megabytes": "This would exceed your limit of stored documents ({most:,} MB). Remove some that you added, then try again.",
}
LIMITS = {
    "questions_at_once": "questions at a time",
    "questions_a_minute": "questions a minute",
    "questions_a_day": "questions a day",
    "tokens_a_day": "tokens a day",
    "files_a_day": "files a day",
    "megabytes_a_day": "MB of files a day",
    "stored_megabytes": "MB of stored documents",
}
LIMIT_WORDS = "{kind}: {most:,}"
NO_LIMIT_WORDS = "{kind}: no limit"
LIMITS_HINT = "Settings set the limits of everyone; a group's or user's own limit wins, of several groups the highest."
LIMIT_SET = "Set for {name}: {kind}, {most:,}."
LIMIT_LIFTED = "Set for {name}: {kind}, no limit."
LIMIT_REMOVED = "{name} has no own limit any more: {kind}."
LIMIT_UNKNOWN = "Choose what to limit."
LIMIT_NUMBER = "A limit is a whole number; 0 is no limit."
USED = "Questions: {today:,} today, {month:,} in {days} days. Files added: {files:,}."
USED_TOKENS = (
    "Tokens of the chat model: {today:,} today, {month:,} in all.",
    "Tokens of the chat model, in part an estimate: {today:,} today, {month:,} in all.",
)
YOUR_LIMITS = "Your limits: {limits}."
UNREPORTED = "Of {count:,} of {requests:,} requests to the chat model its server did not report the tokens; their number is an estimate."
UNREPORTED_COST = "The cost is without them."
NO_CHAT_MODEL = "without a chat model"
NOBODYS_PROGRAM = "Programs with the server's token"
REMOVED_USER = "Removed users"
WAITING = ("Your question is next in the queue.", "Your question is number {place} in the queue.")
SIGN_IN = "Sign in"
SIGN_OUT = "Sign out"
SIGN_OUT_EVERYWHERE = "Sign out everywhere"
SIGN_IN_NAME = "Name"
SIGN_IN_PASSWORD = "Password"
FIRST_ADMINISTRATOR = "Make the first administrator"
FIRST_ADMINISTRATOR_HINT = "At least {least} characters. Then add others under Administration, in the menu with your name."
NOBODY_YET = "Nobody can sign in yet. Open the link that the server printed when it started, or add somebody on it: rag user add NAME"
SIGN_IN_WITH = "Sign in with {name}"
PASSWORDS_OFF = "Passwords are switched off for this account. Sign in the other way."
BEGIN_AGAIN = "This sign-in has expired, or was begun in another browser. Sign in again."
NOT_SIGNED_IN = "{name} did not sign you in. Try again, or ask who runs it."
WRONG_PASSWORD = "The name or the password is wrong."
WRONG_OLD_PASSWORD = "The present password is wrong."
TOO_MANY_GUESSES = "Too many attempts failed. Try again in {seconds} seconds."
LINK_USED = "This link has been used, or is not that of this server's start."
PASSWORD_CHANGED = "The password was changed, and every other session ended."
ACCOUNT = "Account"
YOUR_DATA = "Your data"
YOUR_DATA_HINT = "Your account and your conversations in all libraries, with votes and notes, as one ZIP file."
EXPORT_DATA = "Export my data"
LIBRARIES = "Libraries"
API_TOKENS = "API tokens"
API_TOKENS_HINT = "For rag.connect, OpenAI and MCP clients, sent as “Authorization: Bearer TOKEN”."
TOKEN_SECRET = "Copy the token now. It is not shown again."
TOKEN_FIELDS = "Choose what the token may do, and for how many days."
SCOPES = {"read": "read and search", "ask": "ask questions", "write": "add and remove documents", "admin": "administer"}
PERSON_ROLES = {
    "guest": "has only what is granted",
    "reader": "may read and ask",
    "writer": "may also add and remove documents",
    "administrator": "may change everything",
}
RIGHTS = "Rights"
ADMINISTER = "Administration"
ADMINISTRATION = {"users": "Users", "groups": "Groups", "libraries": "Libraries", "usage": "Usage", "audit": "Audit"}
"""The sections of the pages for administrators, by the last part of their addresses."""
USERS = "Users"
USER_ADDED_ELSEWHERE = "{name} was added. Who signs in by that name the next time is this user."
USER_ADDED = "{name} was added. Send them this link, with which they choose a password. It works once, for 3 days, and is not shown again."
LINK_MADE = (
    "Send {name} this link, with which they choose a new password. It works once, for 3 days, and is not shown again. "
    "Until then the old password stays."
)
ROLE_CHANGED = "The role of {name} is now {role}: {may}."
CHOOSE_ROLE = "Choose one of the roles."
SESSIONS_ENDED = "{name} is signed out everywhere."
REMOVE_NAMED = "Remove {name}?"
USER_REMOVED = "{name} was removed."
CHOOSE_PASSWORD = "Choose a password"
GROUPS = "Groups"
GROUP_ADDED = "The group {name} was added."
GROUP_REMOVED = "The group {name} was removed."
RENAMED_TO = "Renamed to {name}."
JOINED = "{name} is now a member of {group}."
LEFT = "{name} is no longer a member of {group}."
LIBRARY_ADDED = "The library {name} was added."
LIBRARY_GIVEN = "{name} now belongs to {owner}."
LIBRARY_REMOVED = "The library {name} was removed. Its files are now in the folder removed-libraries/{id} on the server."
PRIVATE_RIGHTS = "Only its owner gives rights in a private library."
RIGHTS_IN = "Rights in {name}"
RIGHT_GIVEN = "{name} may now {may}."
RIGHT_TAKEN = "The right of {name} was taken back."
RIGHT_GONE = "This right has been taken back meanwhile. Give it again below."
CHOOSE_RIGHT = "Choose one of the rights."
RIGHTS_BY_ROLE = {
    "main": "By their roles, readers may read and ask here, writers also add and remove documents, administrators change everything.",
    "shared": "Administrators of the server may change everything here. All others have the rights given below.",
    "private": "This library is private: its owner may change everything, and all others have only the rights given below.",
}
AUDIT_ACTIONS = {
    "sign_in": "Sign-ins, failed ones too",
    "sign_out": "Sign-outs",
    "question": "Questions, searches and checks",
    "document": "Documents",
    "upload": "Uploads",
    "library": "The library",
    "settings": "Settings",
    "people": "Users, tokens and rights",
    "request": "Other requests",
    "event": "Other clicks on the page",
    "refused": "Refused requests",
    "audit": "Gaps in this log",
}
"""The kinds of records, by what their actions begin with."""
NO_RECORDS = "No records."
ABOUT_AUDIT = "Days and times are in UTC."
AUDIT_FORMATS = "The audit log is downloaded as export.jsonl or export.csv."
REFUSED = "Not allowed"
SIGNED_OUT = "You are signed out."
NOTHING_CHANGED = "Nothing was changed. Your browser's Back button returns to what you typed."
