"""Legal forms of the world, as one word without spaces each: "Sp. z o.o.", "Sp z oo" and "spzoo" are one form."""

from cleanco.termdata import terms_by_country, terms_by_type

from crm.rules.letters import compact

LONGEST_FORM = 8  # words

_OWN = """
    sp z oo|sp zoo|spolka z oo|spolka zoo|spolka z ograniczona odpowiedzialnoscia|sp k|spk|spolka komandytowa|sp j|spj
    spolka jawna|sc|spolka cywilna|sa|spolka akcyjna|ska|spolka komandytowo akcyjna|psa|prosta spolka akcyjna|sp p
    spolka partnerska|spolka
    kft|korlatolt felelossegu tarsasag|zrt|zartkoruen mukodo reszvenytarsasag|nyrt|nyilvanosan mukodo reszvenytarsasag
    rt|reszvenytarsasag|bt|beteti tarsasag|kkt|kozkereseti tarsasag|kht|nonprofit kft|egyeni vallalkozo|nkft
    gmbh|ggmbh|mbh|gesellschaft mit beschrankter haftung|gmbh co kg|gmbh co kgaa|ag co kg|ug co kg|se co kg|co kg|co ohg
    ag co kgaa|se co kgaa|co kgaa|ag|aktiengesellschaft|kg|kommanditgesellschaft|kgaa|ohg|gbr|ug|ug haftungsbeschrankt
    haftungsbeschrankt|eg|ev|ek|ltd|limited|plc|public limited company|llp|lp|llc|inc|incorporated|corp|corporation|co
    company|cic|co ltd|co limited|private limited|pvt limited|pvt|pty|pty limited|pte limited|public company limited|pcl
    public company|pc|unlimited company|se|srl|sro|spol sro|as|doo|dd|ad|oy|oyj|ab|abp|ab publ|publ|asa|aps|hf|bv|nv
    sarl|sas|sau|slu|sl|spa|sca|lda|sgps|cia ltda|sab de cv|sapib de cv|sapi de cv|s de rl de cv|sa de cv|saa|sac|sae
    bhd|sdn bhd|berhad|sendirian berhad|tbk|persero|persero tbk|jsc|joint stock company|joint stock|pjsc|ojsc|cjsc
    public joint stock company|open joint stock company|pao|oao|zao|ooo|ao|saog|saoc|bsc|qsc|qpsc|psc|ksc|kscc|kscp|kpsc
    ae|epe|ike|eood|ood|ead|dooel|kk|kabushiki kaisha|anonim sirketi|as publ|nl|no liability|societe anonyme
    sociedad anonima|societa per azioni|aktiebolag|osakeyhtio|naamloze vennootschap|besloten vennootschap
"""
_LEADING = """
    phu|pphu|ppuh|phup|fhu|pw|ppu|pph|puh|fh|fphu|firma|firma handlowa|firma uslugowa|firma handlowo uslugowa
    przedsiebiorstwo handlowo uslugowe|przedsiebiorstwo produkcyjno handlowo uslugowe|przedsiebiorstwo handlowe
    przedsiebiorstwo uslugowe|przedsiebiorstwo wielobranzowe|przedsiebiorstwo produkcyjno handlowe|spolka|spolka z oo
    firma produkcyjno handlowo uslugowa|firma produkcyjno uslugowo handlowa|ooo|zao|oao|pao|ao|tov|too|pjsc|ojsc|cjsc
    jsc|ead|eood|gmbh|ltd|limited liability company|joint stock company|public joint stock company
"""
_LEADING_BY_COUNTRY = {"RO": frozenset({"sc"}), "ID": frozenset({"pt", "cv"}), "DK": frozenset({"as"})}
# Forms that are hardly ever words of a name: after one of them inside a name comes a branch or a class of shares.
_CLEAR = """
    ltd|limited|inc|incorporated|corp|corporation|plc|gmbh|ag|kgaa|sa|nv|bv|spa|srl|sarl|sas|asa|oyj|oy|ab|aps|as|llc|llp
    bhd|berhad|tbk|pcl|pjsc|ojsc|jsc|zrt|nyrt|kft|spzoo|doo|saog|bsc|qsc|psc|kscc|pty|pvt|pte|sab|se|co|company
"""


def _listed(text: str) -> frozenset[str]:
    return frozenset(compact(form) for line in text.split("\n") for form in line.split("|") if form.strip())


# Of the collected forms of the world those of two letters are left out: many are also words ("is", "ok") or countries.
_collected = {compact(term) for terms in (*terms_by_type.values(), *terms_by_country.values()) for term in terms}
TRAILING = _listed(_OWN) | {form for form in _collected if len(form) > 2}
LEADING = _listed(_LEADING)
CLEAR = _listed(_CLEAR)


def without_forms(words: list[str], country: str = "") -> list[str]:
    """The words without legal forms at their end and at their beginning; at least one word remains."""
    words = _without_trailing(words)
    return _without_leading(words, LEADING | _LEADING_BY_COUNTRY.get(country, frozenset()))


def _without_trailing(words: list[str]) -> list[str]:
    for length in range(min(LONGEST_FORM, len(words) - 1), 0, -1):
        if "".join(words[-length:]) in TRAILING:
            return _without_trailing(words[:-length])
    return words


def _without_leading(words: list[str], forms: frozenset[str]) -> list[str]:
    for length in range(min(LONGEST_FORM, len(words) - 1), 0, -1):
        if "".join(words[:length]) in forms:
            return _without_leading(words[length:], forms)
    return words
