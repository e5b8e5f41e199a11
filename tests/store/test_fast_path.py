"""A step that brings acceptances only takes the fast path, and leaves what any other would."""

import pytest
from peers.newsroom import ACCEPTED, FRIDAY_NOON, REFUSED, at_work, settlement, statuses
from peers.sending import crowd, queue_letters
from sqlalchemy import select

from service.domain.breaker import Breaker
from service.installation import Installation
from service.store import tables
from service.store.refusals import Watch

DELIVERY = tables.table(tables.Delivery)


def rows(installation: Installation, *delivery_ids: int) -> list[tuple[object, ...]]:
    whose = {"id", "subscriber_id", "token", "selection", "preference_id"}
    shown = [column for column in DELIVERY.c if column.name not in whose]
    with installation.database.read() as connection:
        query = select(*shown).where(DELIVERY.c.id.in_(delivery_ids)).order_by(DELIVERY.c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_an_acceptance_is_recorded_alike_whatever_came_of_the_other_letters_of_its_step(
    installation: Installation,
) -> None:
    queue_letters(installation, "Ada", "Bob", "Grace", "Alan", "Edsger")
    with at_work(installation, FRIDAY_NOON) as ledger:
        ada, bob, grace, alan, edsger = ledger.claim(5, FRIDAY_NOON)
        assert ledger.step([], [ada, bob]) == {ada.delivery_id, bob.delivery_id}
        taken = settlement(ada, ACCEPTED, FRIDAY_NOON, begun=True)
        assert ledger.step([taken], [grace]) == {grace.delivery_id}
        beside = settlement(bob, ACCEPTED, FRIDAY_NOON, begun=True)
        refused = settlement(edsger, REFUSED, FRIDAY_NOON, begun=False)
        assert ledger.step([beside, refused], [alan]) == {alan.delivery_id}
        settled = rows(installation, ada.delivery_id, bob.delivery_id)
        begun = rows(installation, grace.delivery_id, alan.delivery_id)
    assert settled[0] == settled[1]
    assert begun[0] == begun[1]
    assert statuses(installation)["sent"] == 2


@pytest.mark.parametrize("taken_back", ["cancelled", "expired"])
def test_what_was_taken_back_is_not_begun_beside_letters_that_were_accepted(
    installation: Installation, taken_back: str
) -> None:
    queue_letters(installation, "Ada", "Bob", "Grace")
    with at_work(installation, FRIDAY_NOON) as ledger:
        ada, bob, grace = ledger.claim(3, FRIDAY_NOON)
        ledger.step([], [ada])
        with installation.database.write() as connection:
            change = DELIVERY.update().where(DELIVERY.c.id == bob.delivery_id)
            connection.execute(change.values(status=taken_back, worker_id=None))
        accepted = settlement(ada, ACCEPTED, FRIDAY_NOON, begun=True)
        assert ledger.step([accepted], [bob, grace]) == {grace.delivery_id}
    assert statuses(installation) == {"sent": 1, taken_back: 1, "uncertain": 1}


def test_once_refusals_were_too_many_an_acceptance_begins_nothing_either(
    installation: Installation,
) -> None:
    queue_letters(installation, *crowd(5))
    watch = Watch(Breaker(share=0.5))
    with at_work(installation, FRIDAY_NOON, watch) as ledger:
        begun, later, *others = ledger.claim(5, FRIDAY_NOON)
        ledger.step([], [begun])
        ledger.step([settlement(c, REFUSED, FRIDAY_NOON, begun=False) for c in others], [])
        assert watch.is_set()
        accepted = settlement(begun, ACCEPTED, FRIDAY_NOON, begun=True)
        assert ledger.step([accepted], [later]) == set()
    assert statuses(installation)["sent"] == 1
