import pytest

from common import reasons
from common.errors import Refused
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal


def test_a_verdict_carries_every_reason():
    verdict = refusal("partner.not_active") & ALLOWED & refusal("actor.not_permitted", field="status")
    assert not verdict
    assert verdict.codes == ("partner.not_active", "actor.not_permitted")
    with pytest.raises(Refused) as caught:
        verdict.or_refuse()
    assert caught.value.reasons == verdict.reasons


def test_no_objection_is_permission():
    assert objections([None, None]) == ALLOWED
    assert Verdict().allowed
    ALLOWED.or_refuse()


def test_a_code_has_one_sentence():
    assert reasons.sentence(Reason("partner.not_active")) == "The partner is not active."
    with pytest.raises(KeyError):
        reasons.sentence(Reason("nobody.knows"))
    with pytest.raises(ValueError, match="explained twice"):
        reasons.register({"partner.not_active": "Something else"})
