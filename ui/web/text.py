"""Every word the page says. Names in braces are filled in."""

from rag.formats.registry import names

TITLE = "Footnote"
DROP = "Drop documents here"
CHOOSE = "or <u>choose files</u>"
DOCUMENTS = "Documents"
NO_DOCUMENTS = f"No documents yet. Drop files above ({names()}) and ask as soon as they are read."
PAGES = ("1 page", "{count} pages")
EMPTY_PAGES = "{pages} look blank or scanned: no text there"
WAITING = "waiting"
READING = "reading, {percent} %"
INDEXING = "indexing, {percent} %"
INDEXING_HINT = "Its words are found already; what means the same in other words is found when this is done."
REMOVE = "Remove {name}"
REMOVE_QUESTION = "Remove?"
REMOVE_YES = "Remove"
REMOVE_NO = "Keep"
DISMISS = "Dismiss {name}"
PASSWORD = "Password of {name}"
PASSWORD_HINT = "password"
UNLOCK = "Open"
STATUS = {
    "added": "added",
    "unchanged": "already there",
    "replaced": "replaced",
    "renamed": "renamed",
    "duplicate": "same as another",
    "missing": "file is gone",
    "no_text": "no text",
    "needs_password": "needs a password",
    "unreadable": "not readable",
    "too_large": "too large",
    "unsupported": "not a kind that is read",
    "failed": "not added",
}
TRY_AGAIN = "Try again"
NEWS = "{name}: {status}. {message}"
LEFT_BEHIND = "{count} documents were indexed with another model or setting and are not searched. Run “rag reindex” to bring them over."

CHAT = "Chat"
SETTINGS = "Settings"
ASK = "Ask"
ASK_PLACEHOLDER = "Ask about your documents…"
ASK_LABEL = "Your question"
CONVERSATION = "Conversation"
NEW_CONVERSATION = "New conversation"
EMPTY_CHAT = """## What would you like to know?
Every sentence of an answer carries a number. Click it, and the page it came from opens beside it, with the words marked."""
SAMPLE_DOCUMENTS = {"harbour-handbook.pdf", "workshop-faq.md"}
SAMPLE_QUESTIONS = (
    "How many days of unused leave may I carry over?",
    "What is the daily allowance for meals on a business trip?",
    "How should I oil a teak table?",
)
EMPTY_QUESTION = "Type a question first."
THINKING = "Searching the documents…"
SEARCHED = "Searched for"
STOPPED = "Stopped. What had been said is kept."
NO_ANSWER = "No answer."
COPY = "copy"
STOP = "Stop"
UNEXPECTED = "Something went wrong on the server; its log says more. Try again."
PASSAGES = ("1 passage", "{count} passages")
SECONDS = "{seconds:.1f} s"
QUOTED = "quoted, no chat model"
NOT_QUOTED = "no chat model"
QUOTED_NOTICE = "These are the documents' own sentences: no chat model is connected. Settings tells how to connect one."
NOT_QUOTED_NOTICE = "No chat model is connected. Settings tells how to connect one."
MARKS = {
    "related": "the source is about the same, but does not say it",
    "unsupported": "not supported by its source",
    "uncited": "no source was found for this",
}
LEGEND = {"related": "≈ the source does not quite say it", "unsupported": "? not supported"}
CHECKED = (
    "The sentence was checked against its source: {supported} of {count} is supported",
    "The sentences were checked against their sources: {supported} of {count} are supported",
)
THOUGHT = "What the model thought"
THINKING_STILL = "Thinking…"
SENT = "What was sent to the model"
SENT_SIZE = "about {tokens:,} tokens, of {room:,} that there was room for"
SENT_COUNTED = "the server counted {tokens:,}"
SENT_FIRST = "first word after {seconds:.1f} s"
SENT_FINISH = "finish reason: {reason}"
SENT_DROPPED_MESSAGES = "Messages of the conversation that had no room, the oldest: {count}"
SENT_DROPPED_PASSAGES = "No room, so not sent:"
ROLES = {"system": "Instructions", "user": "You", "assistant": "Answer"}
SENT_QUESTION = "Question and passages"
OLD_FOOTNOTE = "This footnote belongs to a conversation that is no longer kept. Ask again."

NO_SOURCE = "Click a number in an answer, or a document, and its page appears here."
CLOSE = "Close"
PAGE_OF = "{unit} {page} of {pages}"
PRINTED = ", printed {label}"
PREVIOUS = "‹ previous"
NEXT = "next ›"
ZOOM_OUT = "Smaller"
ZOOM_IN = "Larger"
OPEN_ORIGINAL = "Open the original"
MORE_LIKE_THIS = "More like this"
MORE_TABS = "Explore/Related"
PAGES_AND_ZOOM = "Pages and zoom"
PAGE_IMAGE = "{document}, page {page}"
PAGE_KEYS = "Plus and minus zoom, the left and right arrows turn the page."
PAGE_PICTURE = "Page {page} as a picture; its words follow."
WORDS_OF = "The words of {document}"
MARK_BEGINS = "[marked:"
MARK_ENDS = "end of the mark]"
CUT = "… the file goes on; open the original to read all of it"
SENTENCE = "The answer says"
VERDICTS = {
    "supported": "These words support the sentence",
    "related": "About the same, but does not say it",
    "unsupported": "Does not support the sentence",
}
VERDICT_SIGNS = {"supported": "✓", "related": "≈", "unsupported": "?"}
NO_SOURCE_TITLE = "No page to show"
GONE = "This document is no longer in the library."
GONE_FOOTNOTE = "{document} is no longer in the library, so its page cannot be shown. Add it again, and this footnote opens it."
NOT_SHOWN = "This page cannot be shown: {problem}"
NOT_DRAWN = "There is no picture of this page, since it cannot be drawn. These are its words:"
NOTHING_TO_SHOW = "This page cannot be drawn, and has no words."
NOT_MARKED = "Where on the page these words stand is not known, so nothing is marked."
NOT_COME = "There is no picture of this page; its words are shown instead."

NO_MODEL = "no chat model · answers are quotations"
NO_ADDRESS = "RAG_CHAT_MODEL or RAG_CHAT_API_KEY is set, but RAG_CHAT_BASE_URL is not: there is nowhere to send questions."
CHECKING = "checking the chat model…"
READY = "{model} at {host} · ready"
NOT_READY = "not ready · {host}"
CHECK_AGAIN = "Check again"
EXAMINE = "Check the library"
REPAIR = "Repair"
EXAMINING = "Checking every file, chunk and vector. This may take a while."
REPAIRING = "Repairing. Files may be indexed again, which may take a while."
FINDING_SIGNS = {"ok": "✓", "warning": "≈", "fault": "✗"}
ERASING = "Erasing removed text from the library's files"
ERASED = "Removed text has been erased from the library's files."
DAMAGED_COPY = "The library's copy of this file is {problem}. Add the file again to restore it."

SETTING_NAMES = {
    "chat": "Chat model",
    "endpoint": "Endpoint",
    "state": "State",
    "context": "Context",
    "embedding": "Embedding model",
    "chunk": "Chunks",
    "library": "Library",
    "limit": "Largest file",
}
HOW_TO_CONNECT = """### Connect a chat model

Without one, answers are the documents' own sentences. Any server that speaks the OpenAI protocol will do.
Set its address and start Footnote again:

- **Ollama:** `RAG_CHAT_BASE_URL=http://localhost:11434/v1 RAG_CHAT_MODEL=llama3.1`
- **llama.cpp:** `RAG_CHAT_BASE_URL=http://localhost:8080/v1`
- **vLLM:** `RAG_CHAT_BASE_URL=http://localhost:8000/v1`
- **LM Studio:** `RAG_CHAT_BASE_URL=http://localhost:1234/v1`
- **OpenAI:** `OPENAI_API_KEY=… RAG_CHAT_MODEL=gpt-5-mini`

Your documents stay on this machine; the question, and the passages found for it, are sent to that address."""

TOO_LONG = "{what} has {count:,} characters; the limit is {most:,}. Shorten it."
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

# Conversations, and what is done with an answer
CONVERSATIONS = "Conversations"
NO_CONVERSATIONS = "No conversations yet."
NO_CONVERSATION_FOUND = "No conversation has these words."
FIND_CONVERSATION = "Search conversations"
QUESTIONS = ("1 question", "{count} questions")
RENAME = "rename"
RENAME_LABEL = "Rename {title}"
NEW_NAME = "New name; empty names it by its first question"
RENAME_YES = "Save"
RENAME_NO = "Cancel"
DELETE = "Delete conversation {title}"
DELETE_QUESTION = "Delete?"
DELETE_YES = "Delete"
EXPORTS = {"md": "Markdown", "html": "HTML"}
EXPORT_LABEL = "Export {title} as {kind}"
RENAMED = "Renamed."
DELETED = "Deleted."
UNREADABLE_TURN = "This answer was written by another version of Footnote and cannot be shown. Ask again."
NOT_WRITTEN = "This conversation is kept only until the server stops. {problem}"
CONVERSATIONS_SET_ASIDE = (
    "{name} was damaged, so your earlier conversations cannot be shown. It was renamed to {aside}, and a new file was started. "
    "To get them back, restore a backup as {name} and restart Footnote."
)
CONVERSATIONS_NOT_OPENED = {
    "locked": "{name} is in use by another program. This conversation is kept only until the server stops. "
    "Close the other program and restart Footnote.",
    "folder": "{name} is a folder, not a file. This conversation is kept only until the server stops. "
    "Rename the folder and restart Footnote.",
    "forbidden": "Footnote has no permission to read and write {name}. This conversation is kept only until the server stops. "
    "Change the file's permissions and restart Footnote.",
    "other": "{name} cannot be opened ({error}). This conversation is kept only until the server stops. "
    "Check the library folder and restart Footnote.",
}
CONVERSATION_GONE = "This conversation was deleted."
OLD_ANSWER = "This answer is no longer kept. Load the page again."
NOTED = "Your note: {note}"
UNREADABLE_CONVERSATIONS = "The conversations cannot be read: {problem}"

EDIT = "edit question"
EDITING = "You are editing an earlier question. Asking it again takes the place of what was said from there on."
CANCEL_EDIT = "cancel"
VOTES = {"up": "Good answer", "down": "Poor answer"}
VOTED = {"up": "Good answer: your opinion, click to take it back", "down": "Poor answer: your opinion, click to take it back"}
NOTE_ADD = "add a note"
NOTE_CHANGE = "change your note"
NOTE_LABEL = "What was good, or what was wrong? Your note stays on this server."
NOTE_SAVE = "Save"
NOTE_CANCEL = "Cancel"
ANSWERED_BY = "Answered by {model}"
EXPORT_VERDICTS = {"supported": "supported", "related": "related, not said there", "unsupported": "not supported"}

CHOOSE_DOCUMENT = "Ask about {name} only"
ASKED_ABOUT = "Asked about {names} only"
ASKED_PASSAGES = ("Asked about 1 passage of the map only", "Asked about {count} passages of the map only")
PASSAGES_GONE = "The passages chosen on the map are no longer in the library. Draw the map again and choose others."
ASKING = "Asking about {names} only."
ASKING_MANY = "Asking about {count} documents only."
ASK_ALL = "ask all"
CHOSEN_GONE = "{name} is no longer in the library. Choose other documents, or ask all."
MENTION_UNKNOWN = "No document’s name begins with “{name}”. Write it as in the list, or leave out the @."
MENTION_SEVERAL = "The names of {count} documents begin with “{name}”: {names}. Write more of the name, or choose in the list."
MENTION_ALONE = "What would you like to know of {name}? Write the question beside its name."
