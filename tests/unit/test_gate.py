"""Many users, or one alone."""

import threading

from rag.storing.gate import Gate


def test_one_alone_waits_for_users_and_keeps_others_out() -> None:
    gate, order = Gate(), list[str]()
    inside, leave = threading.Event(), threading.Event()

    def use() -> None:
        with gate.entered(), gate.entered():
            inside.set()
            leave.wait(30)
            order.append("user left")

    def come_late() -> None:
        with gate.entered():
            order.append("late user")

    user, late = threading.Thread(target=use), threading.Thread(target=come_late)
    user.start()
    assert inside.wait(30)
    with gate.alone(0.01) as is_alone:
        assert not is_alone
        with gate.entered():  # nobody was kept out
            pass
    leave.set()
    with gate.alone(30) as is_alone:
        assert is_alone
        late.start()
        late.join(0.05)
        order.append("alone")
        with gate.alone(0.01) as too:
            assert not too
    late.join(30)
    assert order == ["user left", "alone", "late user"]
