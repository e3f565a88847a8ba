"""Words for drafts of a programme: what stands against them, and what is told when one is published or withdrawn."""

from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind

REASONS = {
    "programme.name_missing": _("Enter a name."),
    "programme.level_name_missing": _("Enter the level's name."),
    "programme.level_twice": _("Another level has this name."),
    "programme.code_invalid": _("A code is 1 to 20 small letters, digits, hyphens and underscores."),
    "programme.code_twice": _("Another level has this code."),
    "programme.text_too_long": _("At most %(most)s characters are possible."),
    "programme.text_characters": _("There are characters in it that cannot be read."),
    "programme.number_invalid": _("Enter a whole number from %(least)s to %(most)s."),
    "programme.share_invalid": _("Enter a percentage from 0 to 100, with at most 2 decimals."),
    "programme.multiplier_invalid": _("Enter a number above 0 and below 100, with at most 4 decimals."),
    "programme.threshold_invalid": _(
        "Enter a number above 0 such as 40000 or 4.5, with at most 13 digits before and 4 after the point."
    ),
    "programme.choice_unknown": _("Choose one of the values that are offered."),
    "programme.period_unknown": _("Choose month, quarter or year."),
    "programme.currency_differs": _("The programme is in %(currency)s: what was credited so far is too."),
    "programme.levels_missing": _("A programme needs at least one level."),
    "programme.too_many": _("At most %(limit)s are possible."),
    "programme.starts_in_past": _("The first day is past."),
    "programme.starts_too_soon": _(
        "Partners are told %(days)s days before: the first day can be %(day)s at the earliest."
    ),
    "programme.starts_too_late": _("The first day can be at most %(years)s years ahead."),
    "programme.metric_unknown": _("There is no metric called “%(metric)s”."),
    "programme.metric_never_credited": _(
        "Nobody credits “%(metric)s”, and no path to %(level)s goes without: the level could not be reached."
    ),
    "programme.requirement_twice": _("The path asks for “%(metric)s” twice."),
    "programme.requirements_contradict": _(
        "The path asks for “%(metric)s” twice, with different values: only one can be meant."
    ),
    "programme.samples_missing": _("An average needs a least number of entries, at least 1."),
    "programme.samples_above_count": _("More entries are needed than the number that is asked for."),
    "programme.count_not_whole": _("Entries are counted: enter a whole number."),
    "programme.count_impossible": _("Nobody can have more than %(most)s entries."),
    "programme.score_impossible": _("This score is never above %(most)s."),
    "programme.path_empty": _("Without requirements everybody would be %(level)s: ask for something."),
    "programme.levels_out_of_order": _(
        "Whoever reaches %(below)s reaches %(level)s too: ask for more, or change the order of the levels."
    ),
    "programme.path_not_harder": _("Whoever meets path %(number)s of %(below)s meets this path to %(level)s too."),
    "programme.threshold_falls": _("%(level)s asks for less than %(below)s on the same path."),
    "programme.benefit_falls": _(
        "%(level)s gives less than %(below)s. If that is meant, tick “A higher level may give less”."
    ),
    "programme.changed_meanwhile": _(
        "Somebody has changed the draft since you opened it; nothing was overwritten. Look at it again."
    ),
    "programme.not_draft": _("This draft is published: it stays as it is. Copy it to go on from it."),
    "programme.simulation_running": _("A simulation of this draft is still running: cancel it first."),
    "programme.not_simulated": _(
        "The draft as it is now has not been simulated over twelve months, or over all history there is."
    ),
    "programme.words_missing": _("Write what partners are told."),
    "programme.not_confirmed": _("Type the number of the new version, %(number)s, to confirm."),
    "programme.before_last": _(
        "Another version begins on %(day)s: begin later, or withdraw that one first if it is only announced."
    ),
    "programme.not_announced": _("Only the last version can be withdrawn, and only before its first day."),
    "notice.programme_published": _(
        "The partner programme changes on %(day)s: read what that means for you (version %(number)s)."
    ),
    "notice.programme_withdrawn": _(
        "The change of the partner programme announced for %(day)s does not come: version %(number)s is withdrawn."
    ),
}

NOTICES = {
    "programme.changed": NoticeKind(
        _("Changes of the partner programme"),
        ("notice.programme_published", "notice.programme_withdrawn"),
        EmailWhen.NOW,
        "partner",
    ),
}
