"""What names are reduced to, letters that pose as others, what words weigh, and how alike names are."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.rules.likeness import Agreement, explain, likeness, word_likeness
from crm.rules.matching import CustomerIdentity, keys_of, match
from crm.rules.names import has_lookalikes, normalised_name
from crm.rules.rarity import GENERAL, Rarity
from crm.rules.search import asked_words, counted_words, deletions, index_words, plan

# ruff: noqa: RUF001 (letters that look alike are what this is about)
ALGORITHMS = Path(__file__).resolve().parents[2] / "docs" / "algorithms.md"
NAMES = st.text(st.sampled_from("abcdeiounrst &-.12łżАВсеоЯж株"), max_size=30)
PLAIN = st.lists(st.text(st.sampled_from("abcdeiou"), min_size=1, max_size=8), min_size=1, max_size=5).map(" ".join)


def table(name: str) -> list[list[str]]:
    """The rows of a table of the documentation."""
    text = ALGORITHMS.read_text().split(f"<!-- table: {name} -->\n")[1].split("\n\n")[0]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines()[2:]]


@pytest.mark.parametrize(("one", "other", "per_mille", "kind"), table("likeness"))
def test_the_documented_likeness(one: str, other: str, per_mille: str, kind: str) -> None:
    keys = [keys_of(CustomerIdentity(name, "PL")) for name in (one, other)]
    found = match(*keys)
    assert (found.likeness, found.kind) == (int(per_mille), kind)


@pytest.mark.parametrize(("word", "names", "count", "weight"), table("weights"))
def test_the_documented_weights(word: str, names: str, count: str, weight: str) -> None:
    known = int(names.replace(" ", ""))
    assert Rarity(known, {word: int(count.replace(" ", ""))}).weight(word) == int(weight)


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("ПАО «Газпром»", "gazprom"),
        ("Чёрный Йод ЗАО", "chernyy yod"),
        ("Εθνική Τράπεζα Α.Ε.", "ethniki trapeza"),
        ("G\u0430zprom", "gazprom"),  # one Cyrillic letter
        ("Г\u0061зпром", "gazprom"),  # one Latin letter in a Cyrillic word
        ("\u0410\u0421\u041c\u0415 Systems", "acme systems"),  # a whole word of Cyrillic letters that look Latin
        ("\u0410\u0421\u041c\u0415", "asme"),  # nothing says that it is not Russian
        ("ООО Acme", "acme"),
        ("Ac\u200bme\u202e", "acme"),
        ("Toshiba Kabushiki Kaisha", "toshiba"),
        ("주식회사 카카오", normalised_name("카카오")),
        ("Alpek, S.A.B. De C.V.", "alpek"),
        ("PJSC Gazprom", "gazprom"),
        ("Qatar Telecom Q.S.C.", "qatar telecom"),
    ],
)
def test_scripts_and_forms(name: str, normal: str) -> None:
    assert normalised_name(name) == normal


@pytest.mark.parametrize(
    ("name", "posing"),
    [
        ("Bank Polski", False),
        ("Газпром", False),
        ("ООО Acme", False),  # a legal form in its own script
        ("ООО «Ромашка»", False),
        ("Ελληνικά Πετρέλαια", False),
        ("B\u0430nk Polski", True),
        ("Г\u0061зпром", True),
        ("\u0391lpha Bank", True),  # a Greek capital
        ("\u0410\u0421\u041c\u0415 Systems", True),
        ("\u0410\u0421\u041c\u0415", False),
        ("Яндекс Systems", False),  # another script, but nothing that looks Latin throughout
        ("\u00b5Torrent", False),
        ("東芝 Toshiba", False),
        ("", False),
    ],
)
def test_lookalikes(name: str, posing: bool) -> None:
    assert has_lookalikes(name) is posing
    assert CustomerIdentity(name, "PL").has_lookalikes is posing


@given(NAMES)
def test_normalising_is_idempotent(name: str) -> None:
    """But for a legal form that a name consists of, or that comes to stand at its edge: those go one by one."""
    once = normalised_name(name)
    again = normalised_name(once)
    assert normalised_name(again) == again or len(again.split()) < len(once.split())
    assert bool(once) == any(letter.isalnum() for letter in once)


@given(PLAIN, PLAIN)
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one) == explain(one, other).per_mille
    assert 0 <= likeness(one, other) <= 1000
    assert likeness(one, one) == 1000


@given(st.lists(st.text(st.sampled_from("qvwxjz"), min_size=1, max_size=6), min_size=1, max_size=5), st.randoms())
def test_the_order_of_words_does_not_count(words: list[str], random: object) -> None:
    shuffled = list(words)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert likeness(" ".join(words), " ".join(shuffled)) == 1000


@given(PLAIN, PLAIN)
def test_an_explanation_tells_every_word_once_and_turns_with_its_sides(one: str, other: str) -> None:
    told = explain(one, other).words
    assert sorted(word for found in told for word in found.one.split()) == sorted(one.split())
    assert sorted(word for found in told for word in found.other.split()) == sorted(other.split())
    turned = {(found.other, found.one, found.how, found.likeness, found.weight) for found in explain(other, one).words}
    assert turned == {(found.one, found.other, found.how, found.likeness, found.weight) for found in told}


def test_an_explanation_names_every_way_of_agreeing() -> None:
    rarity = Rarity(1000, {"acme": 1})
    told = explain("acme jet blue intl zubrowka 12", "zubrovka jetblue international acme 13", rarity).words
    assert told[:4] == (
        Agreement("jet blue", "jetblue", "glued", 980, 300),
        Agreement("acme", "acme", "same", 1000, 200),
        Agreement("zubrowka", "zubrovka", "similar", 888, 200),
        Agreement("intl", "international", "abbreviation", 1000, 36),
    )
    assert {(found.one, found.other, found.how) for found in told[4:]} == {
        ("12", "", "unmatched"),
        ("", "13", "unmatched"),
    }
    (initials,) = explain("banco bilbao vizcaya argentaria", "bbva").words
    assert (initials.how, initials.likeness) == ("initials", 850)


@pytest.mark.parametrize(
    ("one", "other", "per_mille", "how"),
    [
        ("acme", "acne", 775, "similar"),
        ("acme", "akne", 0, "shortened"),  # two wrong letters in four
        ("abc", "abd", 0, "shortened"),  # too short for a wrong letter
        ("kowalski", "kowalsky", 888, "similar"),
        ("kowalski", "kovalsky", 775, "similar"),  # from eight letters on two
        ("kowalsk", "kovalsky", 775, "similar"),
        ("novaks", "nowacks", 0, "shortened"),
        ("steris", "iteris", 700, "similar"),  # a wrong first letter
        ("techno", "technologia", 763, "shortened"),
        ("te", "technologia", 0, "unmatched"),
        ("2024", "2025", 0, "unmatched"),
    ],
)
def test_words_that_differ(one: str, other: str, per_mille: int, how: str) -> None:
    share, way = word_likeness(one, other)
    assert share == per_mille
    assert word_likeness(other, one) == (share, way)
    if per_mille:
        assert way == how


@pytest.mark.parametrize(("count", "weight"), [(0, 100), (2, 100), (3, 92), (20, 59), (20_000, 3)])
def test_the_more_names_hold_a_word_the_less_it_says(count: int, weight: int) -> None:
    assert Rarity(20_000, {"zubr": count}).weight("zubr") == weight


def test_numbers_say_much_and_holding_little_from_the_first_day_on() -> None:
    assert (GENERAL.weight("holding"), GENERAL.weight("zwack")) == (9, 100)
    assert Rarity(1000, {"1": 900}).weight("1") == 60


# Search


def test_what_a_name_is_found_by() -> None:
    assert index_words("jet blue airways intl") == [
        *("+airwaysintl", "+blueairways", "+jetblue", "=jbai"),
        *("airways", "blue", "international", "jet"),
    ]
    assert counted_words(index_words("jet blue")) == ["blue", "jet"]
    assert index_words("acme ltd class a") == ["acme"]  # what is said aside finds nothing
    assert index_words("") == []


@given(st.text(st.sampled_from("abcd"), min_size=5, max_size=9), st.integers(0, 8), st.sampled_from("xyz"))
def test_words_that_differ_by_a_letter_share_a_deletion(word: str, place: int, letter: str) -> None:
    place = min(place, len(word) - 1)
    wrong = word[:place] + letter + word[place + 1 :]
    more = word[:place] + letter + word[place:]
    swapped = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    for other in (wrong, more, swapped):
        assert {word, *deletions(word)} & {other, *deletions(other)}


def test_a_search_begins_with_words_that_few_names_hold() -> None:
    known = {"": 1_000_000, "zwack": 3, "zwac": 1, "unicum": 40, "holding": 50_000}
    found = plan("zwack unicum holding", known)
    assert found.any_of[:2] == ["zwack", "unicum"]
    assert "zwac" in found.any_of
    assert "holding" not in found.any_of
    assert found.all_of == []


@pytest.mark.parametrize(
    ("name", "all_of"),
    [
        ("sun", ["sun"]),
        ("sun star", ["star sun"]),
        ("sun star media", ["star media sun", "star media", "star sun", "media sun"]),
    ],
)
def test_of_names_all_of_common_words_those_that_share_several_are_read(name: str, all_of: list[str]) -> None:
    known = {"": 1_000_000, "sun": 7_000, "star": 5_000, "media": 6_000}
    assert plan(name, known).all_of == all_of


def test_what_is_looked_up_before_a_search() -> None:
    assert asked_words("jet blue") == ["", "blue", "jet", "jetblue"]
    assert set(asked_words("zwack")) == {"", "zwack", "wack", "zack", "zwck", "zwak", "zwac"}
