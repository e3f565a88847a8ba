import pytest

from common.errors import KeyReused
from common.idempotency import Answer, once
from common.models import IdempotencyKey
from partners.models import Partner
from tests.factories.partners import PartnerFactory
from tests.races import at_once


def effect() -> Answer:
    partner = PartnerFactory(name="Made once")
    return Answer(201, {"id": partner.public_id})


@pytest.mark.django_db
def test_the_first_answer_is_repeated():
    first = once(owner="client:crm", key="k1", fingerprint="a", effect=effect)
    assert once(owner="client:crm", key="k1", fingerprint="a", effect=effect) == first
    assert Partner.objects.count() == 1


@pytest.mark.django_db
def test_another_request_with_the_same_key_is_refused():
    once(owner="client:crm", key="k1", fingerprint="a", effect=effect)
    with pytest.raises(KeyReused):
        once(owner="client:crm", key="k1", fingerprint="b", effect=effect)
    assert Partner.objects.count() == 1


@pytest.mark.django_db
def test_owners_do_not_meet_each_others_keys():
    first = once(owner="client:crm", key="k1", fingerprint="a", effect=effect)
    assert once(owner="client:other", key="k1", fingerprint="a", effect=effect) != first


@pytest.mark.django_db
def test_a_failed_effect_leaves_the_key_free():
    def fail() -> Answer:
        PartnerFactory()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(owner="client:crm", key="k1", fingerprint="a", effect=fail)
    assert not Partner.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert once(owner="client:crm", key="k1", fingerprint="a", effect=effect).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_same_request_many_times_at_once_has_one_effect():
    answers = at_once(lambda side: once(owner="client:crm", key="k1", fingerprint="a", effect=effect), sides=12)
    assert len(answers) == 12
    assert {answer.body["id"] for answer in answers} == {Partner.objects.get().public_id}


@pytest.mark.django_db(transaction=True)
def test_control_without_the_key_every_request_has_its_effect():
    at_once(lambda side: effect(), sides=4)
    assert Partner.objects.count() == 4
