"""Partners and people for tests."""

from datetime import date

import factory

from partners.models import Membership, Partner, User, VendorRole

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    full_name = factory.Faker("name")
    password = factory.django.Password(PASSWORD)


class PartnerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Partner

    name = factory.Sequence(lambda number: f"Partner {number}")
    legal_name = factory.LazyAttribute(lambda partner: f"{partner.name} GmbH")
    country = "DE"
    types = ("var",)
    currency = "EUR"
    joined_on = date(2025, 1, 1)
    agreement_ends_on = date(2030, 1, 1)


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    partner = factory.SubFactory(PartnerFactory)
    role = "admin"


class VendorRoleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = VendorRole

    user = factory.SubFactory(UserFactory)
    role = "channel_manager"
