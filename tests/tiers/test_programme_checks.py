"""What stands against a draft of a programme: every problem, each at its place, and nothing against what is sound."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from common.verdict import Verdict
from tiers.choices.drafts import REASONS
from tiers.choices.programmes import Aggregation, SupportLevel, Window
from tiers.rules.content import (
    LevelContent,
    PathContent,
    ProgrammeContent,
    Proposal,
    RequirementContent,
    content_of,
    fingerprint,
    programme_from,
    read_content,
    stored_content,
)
from tiers.rules.default import default_programme
from tiers.rules.programme_changes import Publication, Readiness, covers_enough, may_publish
from tiers.rules.programme_checks import Surroundings, proposal_is_sound

TODAY = date(2026, 6, 1)
FIRST_DAY = date(2026, 7, 1)
DEFAULT = content_of(default_programme())
AROUND = Surroundings(
    metrics={code: code for code in ("channel_revenue", "new_customers", "certified_people", "csat", "nps", "lms")},
    credited=frozenset({"channel_revenue", "new_customers", "certified_people", "csat", "nps"}),
    currency="EUR",
    today=TODAY,
    first_day=FIRST_DAY,
    change_notice_days=30,
)
Found = set[tuple[str, str]]


def judged(content: ProgrammeContent, **said: Any) -> Verdict:
    return proposal_is_sound(Proposal("Growth 2027", content, **said), AROUND)


def found(verdict: Verdict) -> Found:
    return {(reason.code.removeprefix("programme."), reason.field) for reason in verdict.reasons}


def with_level(number: int, **changes: Any) -> ProgrammeContent:
    levels = list(DEFAULT.levels)
    levels[number] = msgspec.structs.replace(levels[number], **changes)
    return msgspec.structs.replace(DEFAULT, levels=tuple(levels))


def with_requirement(level: int, path: int, number: int, **changes: Any) -> ProgrammeContent:
    requirements = list(DEFAULT.levels[level].paths[path].requirements)
    requirements[number] = msgspec.structs.replace(requirements[number], **changes)
    return with_path(level, path, *requirements)


def with_path(level: int, path: int, *requirements: RequirementContent) -> ProgrammeContent:
    paths = list(DEFAULT.levels[level].paths)
    paths[path] = PathContent(requirements)
    return with_level(level, paths=tuple(paths))


def asked(metric: str, threshold: str, **more: Any) -> RequirementContent:
    return RequirementContent(metric, more.pop("window", Window.TRAILING_12_MONTHS), Decimal(threshold), **more)


def two_levels(below: PathContent, above: PathContent, *more: PathContent) -> ProgrammeContent:
    one, two = DEFAULT.levels[1], DEFAULT.levels[2]
    levels = (
        msgspec.structs.replace(one, paths=(below,)),
        msgspec.structs.replace(two, paths=(above, *more)),
    )
    return msgspec.structs.replace(DEFAULT, levels=levels)


def test_the_default_programme_is_sound():
    assert judged(DEFAULT).allowed


def test_content_survives_being_stored():
    assert read_content(stored_content(DEFAULT)) == DEFAULT
    assert content_of(programme_from(DEFAULT, number=3)) == DEFAULT


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "name_missing"),
        (" ", "name_missing"),
        ("n" * 120, ""),
        ("n" * 121, "text_too_long"),
        ("a\x07b", "text_characters"),
    ],
)
def test_the_drafts_name(text, code):
    verdict = proposal_is_sound(Proposal(text, DEFAULT), AROUND)
    assert found(verdict) == ({(code, "name")} if code else set())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("w" * 2000, ""),
        ("w" * 2001, "text_too_long"),
        ("one\ntwo", ""),
        ("\N{RIGHT-TO-LEFT OVERRIDE}", "text_characters"),
    ],
)
def test_words_to_partners(words, code):
    assert found(judged(DEFAULT, words=words)) == ({(code, "words")} if code else set())


@pytest.mark.parametrize(
    ("starts_on", "code"),
    [
        (date(2026, 5, 31), "starts_in_past"),
        (TODAY, "starts_too_soon"),
        (date(2026, 6, 30), "starts_too_soon"),
        (FIRST_DAY, ""),
        (date(2031, 6, 1), ""),
        (date(2031, 6, 2), "starts_too_late"),
    ],
)
def test_the_first_day(starts_on, code):
    assert found(judged(DEFAULT, starts_on=starts_on)) == ({(code, "starts_on")} if code else set())


@pytest.mark.parametrize(("days", "is_sound"), [(-90, False), (0, False), (1, True), (730, True), (731, False)])
def test_days_of_notice(days, is_sound):
    assert judged(msgspec.structs.replace(DEFAULT, notice_days=days)).allowed is is_sound


def test_the_frame_of_a_programme():
    broken = msgspec.structs.replace(DEFAULT, demotion_period="week", currency="USD", levels=())
    expected = {("period_unknown", "demotion_period"), ("currency_differs", "currency"), ("levels_missing", "levels")}
    assert found(judged(broken)) == expected


NAN, HUGE, ENDLESS = Decimal("NaN"), Decimal("1e20"), Decimal("Infinity")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("code", "Gold!", "code_invalid"),
        ("code", "g" * 21, "code_invalid"),
        ("code", "silver", "code_twice"),
        ("name", "", "level_name_missing"),
        ("name", "n" * 61, "text_too_long"),
        ("name", " SILVER", "level_twice"),
        ("protection_days", -1, "number_invalid"),
        ("protection_days", 3651, "number_invalid"),
        ("deal_discount", Decimal("-0.01"), "share_invalid"),
        ("deal_discount", Decimal("1.0001"), "share_invalid"),
        ("deal_discount", Decimal("0.09001"), "share_invalid"),
        ("deal_discount", NAN, "share_invalid"),
        ("mdf_rate", HUGE, "share_invalid"),
        ("mdf_rate", ENDLESS, "share_invalid"),
        ("rebate_multiplier", Decimal(0), "multiplier_invalid"),
        ("rebate_multiplier", NAN, "multiplier_invalid"),
        ("lead_priority", 101, "number_invalid"),
        ("support_level", "gold", "choice_unknown"),
    ],
)
def test_what_a_level_cannot_be(name, value, code):
    problems = found(judged(with_level(2, **{name: value}), starts_on=FIRST_DAY))
    assert (code, f"levels.2.{name}") in problems
    assert {field for _code, field in problems} <= {f"levels.{number}.{name}" for number in (2, 3)}


def test_benefits_fall_only_if_that_is_meant():
    falls = {
        "protection_days": 89,
        "deal_discount": Decimal("0.0599"),
        "rebate_multiplier": Decimal("1.0999"),
        "mdf_rate": Decimal("0.0099"),
        "lead_priority": 0,
    }
    content = with_level(2, **falls)
    assert found(judged(content)) == {("benefit_falls", f"levels.2.{name}") for name in falls}
    assert judged(msgspec.structs.replace(content, benefits_may_fall=True)).allowed
    same = {name: getattr(DEFAULT.levels[1], name) for name in falls}
    assert judged(with_level(2, **same)).allowed
    support = with_level(2, support_level=SupportLevel.PREMIUM)
    assert judged(support).allowed
    platinum = msgspec.structs.replace(support.levels[3], support_level=SupportLevel.PRIORITY)
    lower = msgspec.structs.replace(support, levels=(*support.levels[:3], platinum))
    assert found(judged(lower)) == {("benefit_falls", "levels.3.support_level")}


PLACE = "levels.2.paths.0.requirements.0"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"threshold": NAN}, {("threshold_invalid", "threshold")}),
        ({"threshold": ENDLESS}, {("threshold_invalid", "threshold")}),
        ({"threshold": HUGE}, {("threshold_invalid", "threshold")}),
        ({"threshold": Decimal("1e400")}, {("threshold_invalid", "threshold")}),
        ({"threshold": Decimal("500000.00001")}, {("threshold_invalid", "threshold")}),
        ({"threshold": Decimal("500000.0001")}, set()),
        ({"minimum_samples": -1}, {("number_invalid", "minimum_samples")}),
        ({"minimum_samples": 1_000_001}, {("number_invalid", "minimum_samples")}),
        ({"metric": "lms"}, set()),  # path B goes without
        ({"metric": "unheard"}, {("metric_unknown", "metric")}),
        ({"aggregation": Aggregation.AVERAGE}, {("samples_missing", "minimum_samples")}),
        ({"aggregation": Aggregation.AVERAGE, "minimum_samples": 1}, set()),
        ({"aggregation": Aggregation.COUNT}, set()),
        ({"aggregation": Aggregation.COUNT, "threshold": Decimal("5.5")}, {("count_not_whole", "threshold")}),
        ({"aggregation": Aggregation.COUNT, "threshold": Decimal(1_000_000)}, set()),
        ({"aggregation": Aggregation.COUNT, "threshold": Decimal(1_000_001)}, {("count_impossible", "threshold")}),
        (
            {"aggregation": Aggregation.COUNT, "threshold": Decimal(3), "minimum_samples": 4},
            {("samples_above_count", "minimum_samples")},
        ),
        ({"aggregation": Aggregation.COUNT, "threshold": Decimal(4), "minimum_samples": 4}, set()),
        ({"metric": "nps", "aggregation": Aggregation.LATEST, "threshold": Decimal(100)}, set()),
        (
            {"metric": "nps", "aggregation": Aggregation.LATEST, "threshold": Decimal(101)},
            {("score_impossible", "threshold")},
        ),
    ],
)
def test_what_a_requirement_cannot_be(changes, expected):
    assert found(judged(with_requirement(2, 0, 0, **changes))) == {(code, f"{PLACE}.{name}") for code, name in expected}


@pytest.mark.parametrize("threshold", ["0", "-1"])
def test_a_threshold_asks_for_something(threshold):
    assert ("threshold_invalid", f"{PLACE}.threshold") in found(
        judged(with_requirement(2, 0, 0, threshold=Decimal(threshold)))
    )


def test_a_path_asks_for_a_thing_once():
    same, other = asked("channel_revenue", "500000"), asked("channel_revenue", "600000")
    place = "levels.2.paths.0.requirements.1.metric"
    rest = DEFAULT.levels[2].paths[0].requirements[1:]
    assert found(judged(with_path(2, 0, same, same, *rest))) == {("requirement_twice", place)}
    assert found(judged(with_path(2, 0, same, other, *rest))) == {("requirements_contradict", place)}
    through_another_window = asked("channel_revenue", "100000", window=Window.FISCAL_QUARTER)
    assert judged(with_path(2, 0, same, through_another_window, *rest)).allowed


def test_a_level_that_nobody_can_reach():
    lms = asked("lms", "5")
    paths = tuple(PathContent((*path.requirements, lms)) for path in DEFAULT.levels[3].paths)
    everywhere = found(judged(with_level(3, paths=paths)))
    assert everywhere == {("metric_never_credited", f"levels.3.paths.{path}.requirements.3.metric") for path in (0, 1)}
    assert judged(with_level(3, paths=(paths[0], DEFAULT.levels[3].paths[1]))).allowed
    credited = replace(AROUND, credited=AROUND.credited | {"lms"})
    assert proposal_is_sound(Proposal("Growth", with_level(3, paths=paths)), credited).allowed


def test_only_the_entry_level_may_ask_for_nothing():
    assert judged(with_level(0, paths=())).allowed
    assert judged(with_level(0, paths=(PathContent(()),))).allowed
    assert found(judged(with_level(2, paths=()))) == {("path_empty", "levels.2.paths")}
    assert ("path_empty", "levels.2.paths.1") in found(judged(with_path(2, 1)))


def test_levels_out_of_order_are_told_wherever_they_stand():
    bronze, silver, gold, platinum = DEFAULT.levels
    swapped = msgspec.structs.replace(DEFAULT, levels=(bronze, gold, silver, platinum), benefits_may_fall=True)
    problems = found(judged(swapped))
    assert ("levels_out_of_order", "levels.2.paths") in problems
    falling = {f"levels.2.paths.{path}.requirements.{number}.threshold" for path in (0, 1) for number in range(3)}
    assert {field for code, field in problems if code == "threshold_falls"} == falling
    entry_last = msgspec.structs.replace(DEFAULT, levels=(silver, gold, platinum, bronze), benefits_may_fall=True)
    assert ("levels_out_of_order", "levels.3.paths") in found(judged(entry_last))


@pytest.mark.parametrize(
    ("revenue", "customers", "expected"),
    [
        ("99999.9999", "3", {("threshold_falls", "levels.1.paths.0.requirements.0.threshold")}),
        ("100000", "2", {("levels_out_of_order", "levels.1.paths")}),
        ("100000", "3", set()),
        ("100000.0001", "2", set()),
        (
            "99999.9999",
            "2",
            {
                ("levels_out_of_order", "levels.1.paths"),
                ("threshold_falls", "levels.1.paths.0.requirements.0.threshold"),
            },
        ),
    ],
)
def test_a_higher_level_asks_for_more_and_for_nothing_less(revenue, customers, expected):
    below = PathContent((asked("channel_revenue", "100000"), asked("new_customers", "2")))
    above = PathContent((asked("channel_revenue", revenue), asked("new_customers", customers)))
    assert found(judged(two_levels(below, above))) == expected


def test_a_path_may_trade_one_thing_for_another_but_not_come_for_free():
    """Gold B: less revenue than Silver, but certified people. A third path that Silver's own way gives is refused."""
    below = PathContent((asked("channel_revenue", "100000"), asked("new_customers", "2")))
    above = PathContent((asked("channel_revenue", "500000"), asked("new_customers", "5")))
    trade = PathContent((asked("channel_revenue", "90000"), asked("certified_people", "10")))
    assert judged(two_levels(below, above, trade)).allowed
    free = PathContent((asked("new_customers", "2"),))
    only = two_levels(below, above, trade, free)
    assert found(judged(only)) == {("levels_out_of_order", "levels.1.paths")}
    one, two = only.levels
    second_way = PathContent((asked("certified_people", "4"),))
    either = msgspec.structs.replace(only, levels=(msgspec.structs.replace(one, paths=(below, second_way)), two))
    assert found(judged(either)) == {("path_not_harder", "levels.1.paths.2")}


def test_more_samples_are_more():
    def rated(samples: int) -> PathContent:
        return PathContent((asked("csat", "4", aggregation=Aggregation.AVERAGE, minimum_samples=samples),))

    assert found(judged(two_levels(rated(5), rated(5)))) == {("levels_out_of_order", "levels.1.paths")}
    assert judged(two_levels(rated(5), rated(6))).allowed


def test_all_problems_at_once():
    content = msgspec.structs.replace(with_requirement(1, 0, 0, threshold=NAN), notice_days=-1, benefits_may_fall=False)
    levels = list(content.levels)
    levels[0] = msgspec.structs.replace(levels[0], code="", name="")
    levels[3] = msgspec.structs.replace(levels[3], deal_discount=Decimal(2))
    broken = Proposal("", msgspec.structs.replace(content, levels=tuple(levels)), TODAY, "\x00")
    assert found(proposal_is_sound(broken, AROUND)) == {
        ("name_missing", "name"),
        ("text_characters", "words"),
        ("starts_too_soon", "starts_on"),
        ("number_invalid", "notice_days"),
        ("code_invalid", "levels.0.code"),
        ("level_name_missing", "levels.0.name"),
        ("threshold_invalid", "levels.1.paths.0.requirements.0.threshold"),
        ("share_invalid", "levels.3.deal_discount"),
    }


def test_too_many_of_anything():
    level = DEFAULT.levels[3]
    many = msgspec.structs.replace(DEFAULT, levels=DEFAULT.levels * 3, benefits_may_fall=True)
    assert ("too_many", "levels") in found(judged(many))
    assert ("too_many", "levels.3.paths") in found(judged(with_level(3, paths=level.paths * 3)))
    assert ("too_many", "levels.3.paths.0") in found(judged(with_path(3, 0, *level.paths[0].requirements * 4)))


SOUND = Proposal("Growth", DEFAULT, FIRST_DAY, "More for those who certify.")
READY = Readiness(number=2, is_simulated=True, last_starts_on=date(2025, 1, 1))
ASKED = Publication(FIRST_DAY, fingerprint(SOUND), 2)


@pytest.mark.parametrize(
    ("asked_for", "proposal", "ready", "expected"),
    [
        (ASKED, SOUND, READY, set()),
        (replace(ASKED, starts_on=date(2026, 6, 30)), SOUND, READY, {("starts_too_soon", "starts_on")}),
        (replace(ASKED, seen="other"), SOUND, READY, {("changed_meanwhile", "")}),
        (replace(ASKED, confirmed_number=3), SOUND, READY, {("not_confirmed", "confirmed_number")}),
        (ASKED, SOUND, replace(READY, is_simulated=False), {("not_simulated", "")}),
        (ASKED, SOUND, replace(READY, last_starts_on=FIRST_DAY), {("before_last", "starts_on")}),
        (ASKED, SOUND, replace(READY, last_starts_on=date(2026, 6, 30)), set()),
        (ASKED, SOUND, replace(READY, last_starts_on=None), set()),
        (ASKED, replace(SOUND, words=" "), READY, {("words_missing", "words"), ("changed_meanwhile", "")}),
        (
            replace(ASKED, seen=fingerprint(replace(SOUND, starts_on=TODAY))),
            replace(SOUND, starts_on=TODAY),
            READY,
            set(),
        ),
    ],
)
def test_whether_a_draft_becomes_a_version(asked_for, proposal, ready, expected):
    assert found(may_publish(asked_for, proposal, AROUND, ready)) == expected


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "history_starts_on", "is_enough"),
    [
        (date(2025, 6, 1), date(2026, 6, 1), date(2020, 1, 1), True),
        (date(2025, 6, 2), date(2026, 6, 1), date(2020, 1, 1), False),
        (date(2026, 1, 1), TODAY, date(2026, 1, 1), True),
        (date(2026, 1, 2), TODAY, date(2026, 1, 1), False),
        (date(2026, 1, 1), date(2026, 5, 31), date(2026, 1, 1), False),
        (date(2026, 5, 1), TODAY, None, True),
    ],
)
def test_how_much_of_the_past_is_enough(starts_on, ends_on, history_starts_on, is_enough):
    assert covers_enough(starts_on, ends_on, history_starts_on=history_starts_on, asked_on=TODAY) is is_enough


def test_every_problem_has_a_sentence():
    levels: tuple[LevelContent, ...] = ()
    reasons = judged(msgspec.structs.replace(DEFAULT, levels=levels)).reasons
    assert all(reason.code in REASONS for reason in reasons)
