import pytest

from common.errors import NotFound, Refused
from partners import queries, rules
from partners.actions import views
from partners.models import SavedView
from tests.factories.partners import MembershipFactory, PartnerFactory, UserFactory, VendorRoleFactory

pytestmark = pytest.mark.django_db
PAGE = "deals.list"


@pytest.fixture
def partner():
    return PartnerFactory(name="Bałtyk IT")


@pytest.fixture
def seller(partner):
    return queries.actor_of(MembershipFactory(partner=partner, role="seller").user)


def save(actor, name="Mine", query="status=draft", *, is_shared=False, page=PAGE):
    return views.save_view(page, name=name, query=query, is_shared=is_shared, by=actor)


def names(actor, page=PAGE) -> tuple[list[str], list[str]]:
    found = queries.saved_views_for(actor, page)
    return [view.name for view in found.own], [view.name for view in found.shared]


def refused_with(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def test_a_view_is_kept_for_its_page(seller):
    view = save(seller, " By \n value ", "q=Zwack+%26+Co&status=&sort=-value&after=abc&page=3")
    assert (view.name, view.query) == ("By value", "q=Zwack+%26+Co&sort=-value")
    assert (view.is_shared, view.partner) == (False, None)
    save(seller, "Second")
    assert names(seller) == (["By value", "Second"], [])
    assert names(seller, "deals.queue") == ([], [])


def test_the_same_name_replaces_the_view_and_keeps_its_place(seller):
    first = save(seller)
    save(seller, "Other")
    again = save(seller, query="status=won", is_shared=True)
    assert (again.pk, again.query, again.is_shared) == (first.pk, "status=won", True)
    assert names(seller) == (["Mine", "Other"], [])


def test_a_partners_people_share_with_each_other_and_with_nobody_else(seller, partner):
    shared = save(seller, "Ours", is_shared=True)
    save(seller, "Mine")
    assert shared.partner == partner
    colleague = queries.actor_of(MembershipFactory(partner=partner).user)
    rival = queries.actor_of(MembershipFactory().user)
    staff = queries.actor_of(VendorRoleFactory().user)
    nobody = queries.actor_of(UserFactory())
    assert names(colleague) == ([], ["Ours"])
    for stranger in (rival, staff, nobody):
        assert names(stranger) == ([], [])


def test_the_vendors_people_share_with_each_other_and_with_no_partner(seller):
    manager, chief = (queries.actor_of(VendorRoleFactory(role=role).user) for role in ("channel_manager", "ceo"))
    save(manager, "Late ones", is_shared=True)
    save(manager, "Mine")
    assert names(chief) == ([], ["Late ones"])
    assert names(seller) == ([], [])


def test_who_belongs_nowhere_has_nobody_to_share_with():
    nobody = queries.actor_of(UserFactory())
    assert not queries.saved_views_for(nobody, PAGE).may_share
    with pytest.raises(Refused) as caught:
        save(nobody, is_shared=True)
    assert refused_with(caught) == ["actor.not_permitted"]
    assert not SavedView.objects.exists()
    save(nobody)


@pytest.mark.parametrize(
    ("name", "query", "codes"),
    [
        ("N" * 80, "q=" + "x" * 1998, []),
        ("N" * 81, "", ["view.name_invalid"]),
        (" \n ", "", ["view.name_missing"]),
        ("Right\N{RIGHT-TO-LEFT OVERRIDE}left", "", ["view.name_invalid"]),
        ("N", "q=" + "x" * 1999, ["view.query_invalid"]),
        ("N", "&".join(f"a{number}=1" for number in range(101)), ["view.query_invalid"]),
        ("N", "q=%00", ["view.query_invalid"]),
        ("N", "q=%ff", ["view.query_invalid"]),
        ("", "q=%0d%0a", ["view.name_missing", "view.query_invalid"]),
    ],
)
def test_what_a_view_must_be(name, query, codes, seller):
    if not codes:
        assert save(seller, name, query).query == query
        return
    with pytest.raises(Refused) as caught:
        save(seller, name, query)
    assert refused_with(caught) == codes
    assert not SavedView.objects.exists()


def test_there_is_an_end_to_them(seller, monkeypatch):
    monkeypatch.setattr(rules, "VIEWS_PER_PAGE", 2)
    save(seller, "One"), save(seller, "Two")
    save(seller, "Two", "status=won")
    with pytest.raises(Refused) as caught:
        save(seller, "Three")
    assert refused_with(caught) == ["view.too_many"]
    save(seller, "Three", page="deals.queue")
    assert names(seller) == (["One", "Two"], [])


def test_only_the_owner_forgets_a_view(seller, partner):
    view = save(seller, is_shared=True)
    colleague = queries.actor_of(MembershipFactory(partner=partner, role="admin").user)
    with pytest.raises(NotFound):
        views.delete_view(view.public_id, by=colleague)
    assert names(seller) == (["Mine"], [])
    assert views.delete_view(view.public_id, by=seller) == PAGE
    assert names(seller) == ([], [])
    with pytest.raises(NotFound):
        views.delete_view(view.public_id, by=seller)


def test_looking_takes_one_statement(seller, partner, django_assert_num_queries):
    for number in range(3):
        save(seller, f"{number}")
        save(queries.actor_of(MembershipFactory(partner=partner).user), "Ours", is_shared=True)
    with django_assert_num_queries(1):
        found = queries.saved_views_for(seller, PAGE)
        assert [str(view.owner) != "" for view in found.shared] == [True] * 3
