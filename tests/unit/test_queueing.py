"""Turns are taken by person, in threads and in event loops."""

import asyncio
import threading

from ui.people.queueing import FairQueue, Ticket


def order_of(queue: FairQueue, tickets: dict[str, Ticket]) -> list[str]:
    """In which order those who wait come in, each leaving before the next."""
    order: list[str] = []
    while len(order) < len(tickets):
        inside = next(name for name, ticket in tickets.items() if ticket.turn.done() and name not in order)
        order.append(inside)
        queue.leave(tickets[inside])
    return order


def test_who_asks_much_keeps_nobody_waiting_for_all_of_it() -> None:
    queue = FairQueue(1)
    tickets = {f"a{n}": queue.join("a") for n in range(5)}
    queue.leave(tickets.pop("a0"))
    tickets |= {"b0": queue.join("b"), "b1": queue.join("b"), "c0": queue.join("c")}
    assert {name: queue.place(ticket) for name, ticket in tickets.items()} == {
        "a1": 0,
        "b0": 1,
        "c0": 2,
        "a2": 3,
        "b1": 4,
        "a3": 5,
        "a4": 6,
    }
    assert order_of(queue, tickets) == ["a1", "b0", "c0", "a2", "b1", "a3", "a4"]


def test_who_leaves_the_queue_gives_the_place_to_others() -> None:
    queue = FairQueue(2)
    first, second, third, fourth = (queue.join(person) for person in "abcd")
    assert [each.turn.done() for each in (first, second, third, fourth)] == [True, True, False, False]
    queue.leave(third)
    assert queue.place(fourth) == 1
    queue.leave(third)  # twice is harmless
    queue.leave(first)
    queue.leave(first)
    assert fourth.turn.done()
    assert not queue.join("e").turn.done()


def test_places_are_told_until_it_is_ones_turn() -> None:
    async def wait() -> list[int]:
        queue = FairQueue(1)
        inside, waiting = queue.join("a"), queue.join("b")
        assert [place async for place in queue.places(inside)] == []
        told = []
        async for place in queue.places(waiting):
            told.append(place)
            queue.leave(inside)
        return told

    assert asyncio.run(wait()) == [1]


def test_threads_wait_as_well() -> None:
    queue, done = FairQueue(1), list[str]()

    def work() -> None:
        with queue.turn("b"):
            done.append("thread")

    inside = queue.join("a")
    thread = threading.Thread(target=work)
    thread.start()
    done.append("first")
    queue.leave(inside)
    thread.join(10)
    assert done == ["first", "thread"]
    assert queue.join("c").turn.done()
