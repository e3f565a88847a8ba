"""The domain that a company registered, out of a web address or an e-mail address."""

from functools import lru_cache

from tldextract import TLDExtract

# The public suffix list that comes with the library, private suffixes included: two companies on one hosting
# platform do not share a domain. Nothing is fetched and nothing is written.
_extract = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Registered under many endings by one provider, and under one ending each.
FREE_MAIL_NAMES = _listed("gmail googlemail hotmail outlook live msn yahoo ymail gmx yandex aol")
FREE_MAIL = _listed(
    """
    icloud.com me.com mac.com mail.com email.com proton.me protonmail.com pm.me tutanota.com tuta.com zoho.com
    fastmail.com hey.com mail.ru bk.ru inbox.ru list.ru rambler.ru web.de t-online.de freenet.de arcor.de posteo.de
    mailbox.org online.de wp.pl o2.pl onet.pl onet.eu interia.pl interia.eu op.pl vp.pl tlen.pl gazeta.pl poczta.fm
    poczta.pl autograf.pl spoko.pl freemail.hu citromail.hu indamail.hu t-online.hu mailbox.hu vipmail.hu upcmail.hu
    btinternet.com sky.com talktalk.net virginmedia.com blueyonder.co.uk ntlworld.com orange.fr free.fr laposte.net
    wanadoo.fr libero.it virgilio.it seznam.cz centrum.cz azet.sk abv.bg
    """
)
PLATFORMS = _listed(
    """
    facebook.com linkedin.com instagram.com twitter.com x.com youtube.com google.com allegro.pl amazon.com ebay.com
    olx.pl goldenline.pl xing.com wix.com wixsite.com wordpress.com blogspot.com business.site
    """
)


@lru_cache(maxsize=4096)
def registrable_domain(text: str) -> str:
    """The domain just below its public suffix, lower case, in ASCII; empty if there is none.

    ``https://www.shop.acme.co.uk/x`` and ``jan@acme.co.uk`` are both ``acme.co.uk``. International names come in
    their ASCII form (``xn--…``).
    """
    address = text.strip().rstrip(".").rpartition("@")[2]
    found = _extract(address).top_domain_under_public_suffix.lower()
    try:
        return found.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def is_shared_domain(domain: str) -> bool:
    """Whether many unrelated companies use this domain: free mail and platforms. It tells of no owner."""
    return domain in FREE_MAIL or domain in PLATFORMS or domain.partition(".")[0] in FREE_MAIL_NAMES
