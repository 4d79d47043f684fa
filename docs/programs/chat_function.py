"""Your own function writes the answers: any model that Python can call, or a stand-in for tests."""

from collections.abc import Iterator

from rag import ChatFunctionError, Library


def stand_in(messages: list[dict[str, str]]) -> Iterator[str]:
    """Answer piece by piece. A real one would pass the messages on; they are as OpenAI's protocol has them."""
    print("asked with", [message["role"] for message in messages])
    yield "The bakery opens "
    yield "at five [1]."


def broken(messages: list[dict[str, str]]) -> str:
    """What a function raises is told as an error of the library."""
    raise TimeoutError(f"no answer to {len(messages)} messages")


with Library.open("library", chat_model=stand_in) as library:
    library.add_text("The bakery opens at five and closes at noon.", "bakery.txt")
    answer = library.ask("When does the bakery open?")
    print(answer.model, "says:", answer.text)
    print(answer.citations[0].verdict, "by:", answer.citations[0].quote)

with Library.open("library", chat_model=broken) as library:
    try:
        library.ask("When does the bakery open?")
    except ChatFunctionError as error:
        print(error)
