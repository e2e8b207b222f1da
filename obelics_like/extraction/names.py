"""What tag, class and id names say about a part of a page: the vocabulary of page furniture, as sets of words.

It knows words, not pages: whether a name is believed is decided by `main_content`, with the text it holds in view.
"""

from __future__ import annotations

import re

from obelics_like.extraction.texts import listed

# What a container may be, as bits.
NAV, FOOTER, HEADER, ASIDE, TEASER, COMMENT, AD, FORM, HIDDEN, SHARE, META, CAPTION, FIGURE, ARTICLE, CONTENT, PRESS = (
    1 << bit for bit in range(16)
)
PICTURE = 1 << 16
MANY = 24
"""Names of an element that are read."""
LONG = 80
"""Characters of a name that are read."""
FURNITURE = NAV | FOOTER | HEADER | ASIDE | TEASER | COMMENT | AD | FORM | HIDDEN | SHARE | META | PRESS

BY_TAG = {
    "nav": NAV,
    "menu": NAV,
    "footer": FOOTER,
    "header": HEADER,
    "aside": ASIDE,
    "form": FORM,
    "button": PRESS,
    "label": PRESS,
    "fieldset": FORM,
    "dialog": HIDDEN,
    "figure": FIGURE,
    "figcaption": CAPTION,
    "article": ARTICLE,
    "main": CONTENT,
    "amp-ad": AD,
}
BY_ROLE = {
    "navigation": NAV,
    "menu": NAV,
    "menubar": NAV,
    "tablist": NAV,
    "toolbar": SHARE,
    "banner": HEADER,
    "contentinfo": FOOTER,
    "complementary": ASIDE,
    "search": FORM,
    "form": FORM,
    "dialog": HIDDEN,
    "alertdialog": HIDDEN,
    "alert": HIDDEN,
    "main": CONTENT,
    "article": ARTICLE,
}
BY_ATTRIBUTE = {
    **{f"role={role}": bit for role, bit in BY_ROLE.items()},
    "itemprop=articleBody": CONTENT,
    "hidden": HIDDEN,
    "style": HIDDEN,  # one with `display:none`
}
"""What attributes beside class and id say of a container, but for `<html>` and `<body>`."""
MUTED = {"html": -1, "body": -1, "blockquote": SHARE}
"""What the names of such an element don't make of it, -1 for anything: those of a page are of all of it, and a quoted
post is named for the network it comes from."""
FRAMING = CAPTION | FIGURE | PICTURE
"""What `captions` looks at; a `<figcaption>` has the bit of a caption too."""
_WORDS = {
    NAV: "nav navi navbar navigation subnav topnav mainnav menu submenu megamenu dropdown breadcrumb "
    "breadcrumbs crumbs pagination pager paging paginator pagenavi toc sitemap skiplink skip jump "
    "toolbar topbar langswitch tabs navlinks prevnext menue brotkrumen",
    FOOTER: "footer foot fußzeile fuss footnav colophon copyright imprint legal impressum",
    HEADER: "masthead siteheader banner topheader logo branding",
    ASIDE: "sidebar sidebars aside rail rightrail leftrail sidecol sidecolumn widgets widgetarea marginal "
    "marginalspalte randspalte rightcolumn rightcol leftcol leftcolumn sidebox sb secondary infobox "
    "factbox faktabox faktaboks",
    TEASER: "related relatedposts relatedarticles recommended recommendation recommendations recommend "
    "recommends recirc recirculation teaser teasers teaserlist teaserbox more morearticles morenews "
    "morefrom readmore mostread popular mostpopular trending trend latest newest recent recentposts "
    "recents similar outbrain taboola zergnet upnext nextup seealso alsoread readalso readnext also "
    "interesting promo promos promotion headlines ticker carousel newslist suggested suggestions "
    "topstories top10 most weitere lesetipp lesetipps mehr siehe aehnliche jp onward yarpp crosslinks "
    "related-content listing cards feed nextstory nextarticle nextpost",
    COMMENT: "comment comments commentlist commentarea kommentar kommentare comentarios commentaires disqus "
    "trackback trackbacks pingback pingbacks respond reply replies livefyre spotim talkback reactions discussion "
    "forumlink",
    AD: "ad ads adv advert adverts advertisement advertisements advertising advertorial adsbygoogle adbox "
    "adslot adunit anzeige anzeigen werbung sponsor sponsored sponsors dfp gpt publicidad publicite "
    "reklama reklame pub affiliate banner-ad adcontainer adwrapper adtag commercial shopping "
    "partnerlinks werb appstore appstores",
    FORM: "newsletter newsletterbox subscribe subscription signup login signin register registration searchform search "
    "searchbox form poll survey quiz feedback contactform abo regwall optin mailchimp donate donation",
    HIDDEN: "hidden hide invisible modal popup overlay lightbox cookie cookies consent gdpr ccpa dsgvo toast "
    "visuallyhidden sronly noprint printonly offscreen offcanvas screenreader interstitial tooltip "
    "notification notice cookiebar cookiebanner",
    SHARE: "share sharing shares sharebar social socials socialmedia sharedaddy addthis addtoany shariff "
    "bookmark bookmarks sociallinks socialshare follow followus tweet like likes icons jetpack whatsapp "
    "telegram facebook twitter instagram",
    META: "tags tag taglist tagcloud keywords categories category catlinks postmeta entrymeta meta metadata "
    "byline bylines author authors authorbox authorbio bio autor autoren dateline timestamp date datum "
    "rating ratings topics topic labels label credits breadcrumbs author-info about aboutauthor views "
    "counter profile contributor contributors edit editsection print printbutton rss actions action tools",
    CAPTION: "caption captions figcaption imgcaption bildunterschrift legend legende imagecaption wp-caption-text",
    PICTURE: "image images img imgs imagewrap imagebox imageblock picture pictures pic photo photos photobox foto "
    "fotos bild bilder figure video videos videoplayer player",
    CONTENT: "content articlebody articletext articlecontent entrycontent postcontent postbody posttext "
    "storybody storytext bodytext maincontent story entry post body text richtext prose copy "
    "contentbody mw-parser-output",
    ARTICLE: "article artikel articulo hentry hnews newsarticle blogposting blogpost",
}
MEANING = {word.replace("-", ""): bit for bit, words in _WORDS.items() for word in words.split()}
# two neighbouring words mean what neither does alone
_PAIRS = {
    **dict.fromkeys(
        (
            "side bar",
            "right rail",
            "left rail",
            "right column",
            "left column",
            "right col",
            "widget area",
            "footer widget",
            "fact box",
            "info box",
        ),
        ASIDE,
    ),
    **dict.fromkeys(("next story", "next article", "next post"), TEASER),
    **dict.fromkeys(
        ("image description", "img description", "image credit", "photo credit", "image copyright", "image annotation"),
        CAPTION,
    ),
    **dict.fromkeys(("read more", "see also", "up next", "also read", "most read", "most popular"), TEASER),
    **dict.fromkeys(("more news", "more stories", "more articles", "more from", "top stories", "you may"), TEASER),
    **dict.fromkeys(("article list", "post list", "news list", "link list", "linked articles"), TEASER),
    **dict.fromkeys(("sr only", "screen reader", "visually hidden", "print only", "off canvas"), HIDDEN),
    **dict.fromkeys(("sign up", "log in", "sign in", "news letter"), FORM),
    **dict.fromkeys(("skip link", "skip to", "page nav"), NAV),
}
_WEAK = frozenset(
    listed(
        "hidden hide more top like also latest recent jump text body post entry most listing cards feed label "
        "meta actions action tools date form search notice print tag edit about views pub banner legal skip "
        "copyright tabs"
    )
)
_STATES = frozenset(listed("has no is with without use uses enable above js tag category status format type"))
"""First words of names that tell a state or a subject, such as `has-sidebar` or `category-sport`."""
_OWNING = frozenset(("has", "with", "without"))
_SHOWN = frozenset(listed("image img picture photo media figure bild foto thumbnail thumb"))
_SPLIT = re.compile(r"[a-zA-Z\u00c0-\u024f]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def meaning(names: str) -> int:
    """The bits that the class and id names of an element stand for.

    A word counts where it is a whole word of a name: `article-sidebar` is a sidebar, `has-sidebar` and
    `adventure` are not. Common words count only where they stand alone.

    `teaser-image` names a picture, not a list of teasers.

    >>> meaning("article-sidebar") & ASIDE > 0, meaning("layout has-sidebar fig--has-shares"), meaning("adventure")
    (True, 0, 0)
    """
    bits = 0
    for name in names.split()[:MANY]:
        bits |= meaning_of_one(name)
    return bits


def meaning_of_one(name: str) -> int:
    """The bits that one class or id name stands for; `native/names.c` finds those of names in ASCII."""
    words = [word.lower() for word in _SPLIT.findall(_CAMEL.sub(" ", name[:LONG]))]
    if not _OWNING.isdisjoint(words[1:]):  # `figure--has-shares` is a figure
        words = words[: next(at for at, word in enumerate(words) if at and word in _OWNING)]
    if not words or (words[0] in _STATES and len(words) > 1) or name.startswith("wp-image"):
        return 0
    found = MEANING.get("".join(words), 0)
    for at, word in enumerate(words):
        bit = MEANING.get(word, 0)
        if bit and (word not in _WEAK or len(words) == 1):
            found |= bit
        if at and (bit := _PAIRS.get(f"{words[at - 1]} {word}", 0)):
            found |= bit
    return found & ~TEASER if words[-1] in _SHOWN else found


WEAK, STATE, OWNING, PAIRED = 1, 2, 4, 8
"""Flags of a word: what it is of the above, and that it begins a pair."""


def vocabulary() -> dict[str, tuple[int, int, int]]:
    """What `native/names.c` must know to answer as `meaning_of_one` does: of each word, and each pair of words with a
    blank between them, the bits; the bits that a name which ends in it does not stand for; and flags.

    >>> vocabulary()["up next"] == (TEASER, 0, 0), vocabulary()["image"] == (0, TEASER, PAIRED)
    (True, True)
    """
    first = {pair.partition(" ")[0] for pair in _PAIRS}
    kinds = ((WEAK, _WEAK), (STATE, _STATES), (OWNING, _OWNING), (PAIRED, first))
    known = {
        word: (MEANING.get(word, 0), TEASER * (word in _SHOWN), sum(flag for flag, words in kinds if word in words))
        for word in {*MEANING, *first, *_STATES, *_OWNING, *_SHOWN}
    }
    return dict(sorted(known.items())) | {pair: (bits, 0, 0) for pair, bits in _PAIRS.items()}
