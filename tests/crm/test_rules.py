"""Tables of names, domains, tax ids, matches, rates and scores; no database."""

from datetime import date
from decimal import Decimal

import pytest

from crm.rules.domains import is_shared_domain, registrable_domain
from crm.rules.matching import CustomerIdentity, keys_of, match, name_similarity, same_company, tax_key
from crm.rules.names import normalised_name
from crm.rules.rates import base_amount, rate_in_force
from crm.rules.sales import ScoredLine, scores_of

NAMES = [
    ("Kowalski Sp. z o.o.", "PL", "kowalski"),
    ("KOWALSKI SP Z O O", "PL", "kowalski"),
    ("Kowalski spzoo", "PL", "kowalski"),
    ("Kowalski spółka z ograniczoną odpowiedzialnością sp. k.", "PL", "kowalski"),
    ("PHU Kowalski", "PL", "kowalski"),
    ("P.P.H.U. „Żubr” Jan Nowak", "PL", "zubr jan nowak"),
    ("Przedsiębiorstwo Handlowo-Usługowe Źdźbło s.c.", "PL", "zdzblo"),
    ("Łódzka Fabryka S.A.", "PL", "lodzka fabryka"),
    ("Szöke és Társa Kft.", "HU", "szoke tarsa"),
    ("Magyar Villamos Művek Zártkörűen Működő Részvénytársaság", "HU", "magyar villamos muvek"),
    ("Müller GmbH & Co. KG", "DE", "muller"),
    ("Mueller GmbH", "DE", "muller"),
    ("Mueller Ltd", "GB", "mueller"),
    ("Straßenbau Groß mbH", "DE", "strassenbau gross"),
    ("O'Neill & Sons Ltd.", "GB", "oneill sons"),
    ("O\u2019Neill and Sons Limited", "GB", "oneill sons"),
    ("The Acme Company PLC", "GB", "acme"),
    ("A.B.C. Systems, Inc.", "US", "abc systems"),
    ("\uff21\uff23\uff2d\uff25", "PL", "acme"),
    ("Acme UK Ltd", "GB", "acme uk"),
    # nothing but a legal form keeps its name
    ("Limited", "GB", "limited"),
    ("Firma GmbH", "DE", "firma"),
    ("PHU sp. z o.o.", "PL", "phu"),
    ("SAS Institute Sp. z o.o.", "PL", "sas institute"),
    ("株式会社東芝", "JP", "東芝"),
    ("...", "PL", ""),
]


@pytest.mark.parametrize(("name", "country", "expected"), NAMES)
def test_normalised_name(name: str, country: str, expected: str) -> None:
    assert normalised_name(name, country) == expected


def test_normalising_twice_changes_nothing() -> None:
    for name, country, _expected in NAMES:
        once = normalised_name(name, country)
        assert normalised_name(once, country) in (once, "")


def test_a_name_that_expands_stays_within_its_column() -> None:
    assert len(normalised_name("\ufdfa" * 300, "SA")) <= 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme.pl", "acme.pl"),
        ("https://www.shop.acme.co.uk/path?x=1", "acme.co.uk"),
        ("Jan.Kowalski@ACME.com.pl", "acme.com.pl"),
        ("ACME.PL.", "acme.pl"),
        ("żubr.pl", "xn--ubr-22a.pl"),
        ("tenant.github.io", "tenant.github.io"),
        ("github.io", ""),
        ("localhost", ""),
        ("192.168.1.1", ""),
        ("a" * 300 + ".pl", ""),
        ("", ""),
    ],
)
def test_registrable_domain(text: str, expected: str) -> None:
    assert registrable_domain(text) == expected


@pytest.mark.parametrize(
    ("domain", "shared"),
    [("gmail.com", True), ("yahoo.co.uk", True), ("wp.pl", True), ("facebook.com", True), ("acme.pl", False)],
)
def test_shared_domains(domain: str, shared: bool) -> None:
    assert is_shared_domain(domain) is shared


@pytest.mark.parametrize(
    ("tax_id", "country", "expected"),
    [
        ("526-025-02-74", "PL", "PL5260250274"),
        ("PL 5260250274", "PL", "PL5260250274"),
        ("DE 123 456 788", "PL", "DE123456788"),
        ("12345676-2-42", "HU", "HU12345676"),
        ("HU12345676", "HU", "HU12345676"),
        ("EL123456789", "GR", "GR123456789"),
        ("GB 123 4567 82", "GB", "GB123456782"),
        ("0000000000", "PL", ""),
        ("n/a", "PL", ""),
        ("-", "PL", ""),
        ("", "PL", ""),
    ],
)
def test_tax_key(tax_id: str, country: str, expected: str) -> None:
    assert tax_key(tax_id, country) == expected


ACME = CustomerIdentity("Acme Systems Sp. z o.o.", "PL", "acme.pl", "526-025-02-74")


@pytest.mark.parametrize(
    ("other", "kind", "score", "verdict"),
    [
        (CustomerIdentity("Anything", "DE", "", "PL5260250274"), "tax_id", 100, "duplicate"),
        (CustomerIdentity("Anything", "DE", "https://www.acme.pl"), "domain", 90, "duplicate"),
        (CustomerIdentity("ACME Systems SA", "PL"), "name", 70, "review"),
        (CustomerIdentity("Systems Acme", "PL"), "name", 70, "review"),
        (CustomerIdentity("Acme Sistems", "PL"), "name", 70, "review"),
        (CustomerIdentity("Acme Systems Kowalski", "PL"), "similar_name", 45, "review"),
        (CustomerIdentity("Acme Stores", "PL"), "none", 0, "clear"),
        (CustomerIdentity("Acme Systems Ltd", "GB"), "related", 35, "clear"),
        (CustomerIdentity("Zenith Logistics", "PL"), "none", 0, "clear"),
        (CustomerIdentity("Zenith Logistics", "PL", "someone@gmail.com"), "none", 0, "clear"),
    ],
)
def test_match_classes(other: CustomerIdentity, kind: str, score: int, verdict: str) -> None:
    found = match(keys_of(ACME), keys_of(other))
    assert (found.kind, found.score, found.verdict) == (kind, score, verdict)


def test_two_that_both_use_free_mail_are_not_one() -> None:
    one = keys_of(CustomerIdentity("Alfa", "PL", "alfa@gmail.com"))
    other = keys_of(CustomerIdentity("Omega", "PL", "omega@gmail.com"))
    assert match(one, other).kind == "none"


def test_unknown_keys_equal_nothing() -> None:
    nothing = keys_of(CustomerIdentity("", "PL"))
    assert match(nothing, nothing).kind == "none"
    assert same_company(nothing, nothing) == 0
    assert name_similarity("", "") == 0


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (CustomerIdentity("ACME SYSTEMS S.A.", "PL"), True),
        (CustomerIdentity("ACME SYSTEMS S.A.", "PL", "", "7010000001"), False),  # tax ids contradict
        (CustomerIdentity("Acme Sistems", "PL"), False),  # alike is for a person to judge
        (CustomerIdentity("Acme Systems", "GB"), False),
        (CustomerIdentity("Other", "GB", "acme.pl"), True),
    ],
)
def test_same_company_is_more_cautious_than_match(other: CustomerIdentity, is_same: bool) -> None:
    assert bool(same_company(keys_of(ACME), keys_of(other))) is is_same


HISTORY = [(date(2026, 1, 1), Decimal("0.20")), (date(2026, 3, 1), Decimal("0.25"))]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), Decimal("0.20")),
        (date(2026, 2, 10), Decimal("0.20")),  # forty days old
        (date(2026, 2, 11), None),  # too old: no rate, never 1
        (date(2026, 2, 28), None),
        (date(2026, 3, 1), Decimal("0.25")),
    ],
)
def test_rate_in_force(day: date, expected: Decimal | None) -> None:
    assert rate_in_force(HISTORY, day) == expected


def test_base_amount_is_rounded_once_half_up() -> None:
    assert base_amount(Decimal("100.10"), Decimal("0.25"), "EUR") == Decimal("25.03")
    assert base_amount(Decimal("-100.10"), Decimal("0.25"), "EUR") == Decimal("-25.03")


@pytest.mark.parametrize(
    ("lines", "solution"),
    [
        ([("product", 100)], []),
        ([("subscription", 100)], []),
        ([("service", 100)], [100]),
        ([("service", 100), ("subscription", 50)], [100]),
        ([("product", 100), ("service", 50)], [100, 50]),
        ([("product", 100), ("subscription", 50)], [100, 50]),
        ([("product", 100), ("product", 0)], []),
    ],
)
def test_solution_revenue(lines: list[tuple[str, int]], solution: list[int]) -> None:
    scored = [ScoredLine(number, kind, Decimal(amount)) for number, (kind, amount) in enumerate(lines, start=1)]
    scores = list(scores_of(scored))
    assert [score.amount for score in scores if score.metric == "solution_revenue"] == solution
    assert [score.amount for score in scores if score.metric == "channel_revenue"] == [a for _, a in lines if a]
