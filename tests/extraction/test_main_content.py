"""Which texts are main content: headline, standfirst, captions, lists, furniture, and what belongs to other pages."""

from __future__ import annotations

import time

from obelics_like.document import Text
from obelics_like.extraction import extract

URL = "https://example.org/news/story.html"
WORDS = "Nobody had expected the fog to hold for so long, said the captain, and she had seen many"


def kept(body: str, title: str = "") -> list[str]:
    page = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    return [node.text for node in extract(page.encode(), URL).kept if isinstance(node, Text)]


def prose(count: int, of: str = "ferry") -> str:
    """So many paragraphs, no two alike."""
    return "".join(
        f"<p>On day {n} the {of} left the harbour at six, with {n} people on board, and apples.</p>"
        for n in range(count)
    )


def test_the_standfirst_is_found_behind_many_menus() -> None:
    menu = "".join(f"<li><a href='/{n}'>Section {n}</a></li>" for n in range(40))
    page = f"<h1>The long fog</h1><p>{WORDS}.</p><ul>{menu}</ul><main><div>{prose(9)}</div></main>"
    assert kept(page)[:2] == ["The long fog", f"{WORDS}."]


def test_the_headline_is_found_before_what_a_recipe_needs() -> None:
    needs = "".join(f"<tr><td>{n} cups</td><td>apples</td></tr>" for n in range(20))
    page = f"<div><h1>The apple cake</h1><p>{WORDS}.</p><table>{needs}</table></div><main>{prose(9)}</main>"
    assert kept(page)[:2] == ["The apple cake", f"{WORDS}."]


def test_the_standfirst_is_kept_where_the_headline_stands_in_a_trail_of_links() -> None:
    page = f"<nav><a href='/'>Home</a><h1>The long fog</h1></nav><div><p>{WORDS}.</p></div><main>{prose(9)}</main>"
    assert kept(page)[0].startswith(WORDS)


def test_a_caption_between_headline_and_text_is_no_standfirst() -> None:
    caption = f"<div class='image-caption'>{WORDS}.</div>"
    assert WORDS not in " ".join(kept(f"<h1>The long fog</h1>{caption}<main>{prose(9)}</main>"))


def test_a_headline_that_comes_again_is_kept_once() -> None:
    page = f"<div><h1>Fog</h1><p>{WORDS}.</p></div><main><h1>Fog</h1>{prose(9)}<h1>Fog</h1>{prose(3, 'barge')}</main>"
    texts = kept(page)
    assert texts.count("Fog") == 1
    assert texts[:2] == ["Fog", f"{WORDS}."]


def test_a_headline_is_no_repetition_of_the_trail_that_ends_in_it() -> None:
    long = "The fog that nobody had expected to hold for so long"
    assert kept(f"<ul><li>{long}</li></ul><h1>{long}</h1><main>{prose(9)}</main>").count(long) == 1


def test_a_heading_that_the_title_names_is_the_headline() -> None:
    page = f"<div><h2>Why the fog held so long</h2><p>{WORDS}.</p></div><main><div>{prose(9)}</div></main>"
    assert kept(page, "Why the fog held so long | Example")[0] == "Why the fog held so long"
    assert kept(page, "Example")[0].startswith("On day 0")


def test_all_of_a_short_figure_is_caption() -> None:
    figure = "<figure><img src='/f.jpg'><p>%s</p></figure>"
    page = f"<article>{prose(4)}{figure % 'The ferry at dawn. Photo: A. Body'}{prose(4, 'barge')}</article>"
    assert "The ferry at dawn. Photo: A. Body" not in kept(page)
    images = extract(page.encode(), URL).images()
    assert [image.caption for image in images] == ["The ferry at dawn. Photo: A. Body"]


def test_a_figure_of_code_is_content() -> None:
    page = (
        f"<article>{prose(4)}<figure><p>Run this first:</p><pre>sail --fog</pre></figure>{prose(4, 'barge')}</article>"
    )
    assert "sail --fog" in kept(page)


def test_names_inside_a_named_page_are_weighed_against_its_prose() -> None:
    # all the page stands in what is named a sidebar layout; the newsletter box in it is furniture all the same
    box = f"<aside><p>{WORDS}, and you will read of it first. Sign up to our letter and {WORDS.lower()}.</p></aside>"
    texts = kept(f"<div class='sidebar'><div>{prose(5)}{box}{prose(5, 'barge')}</div></div>")
    assert len(texts) == 10
    assert WORDS not in " ".join(texts)


def test_a_sidebar_that_holds_more_than_a_short_article_is_a_sidebar() -> None:
    teasers = f"<div class='sidebar'>{prose(6, 'barge')}</div>"
    texts = kept(f"<h1>The long fog</h1><div>{prose(3)}</div>{teasers}")
    assert len(texts) == 4
    assert "barge" not in " ".join(texts)
    assert "barge" in " ".join(kept(f"<h1>The long fog</h1>{teasers}"))  # it is named after a layout


def test_what_is_named_an_article_and_an_aside_is_an_aside_if_it_is_small() -> None:
    box = f"<div class='fact-box article--c-x1'><p>{WORDS}, and {WORDS.lower()}.</p></div>"
    assert WORDS not in " ".join(kept(f"<main>{prose(9)}{box}</main>"))


def test_lists_named_teasers_without_a_link_are_content() -> None:
    items = (
        "<ul class='post-list'><li>{0} needs a mate who has seen fog more than once.</li>"
        "<li>{0} needs a lamp and enough oil for the night.</li></ul>"
    )
    page = f"<article>{prose(4)}{items.format('A ferry')}{prose(4, 'barge')}{items.format('A barge')}</article>"
    assert sum(" needs a " in text for text in kept(page)) == 4
    linked = page.replace("A ferry needs a mate", "<a href='/mate'>A ferry needs a mate</a>")
    assert sum("A ferry needs a " in text for text in kept(linked)) == 0


def test_an_item_that_is_mostly_link_is_kept_in_a_list_that_is_not() -> None:
    items = f"<li><a href='/a'>The harbour master rang the bell for the</a> third time.</li><li>{WORDS}.</li>"
    assert len(kept(f"<article>{prose(4)}<ul>{items}</ul></article>")) == 6
    menu = "".join(f"<li><a href='/{n}'>The harbour master rang bell {n} for the</a> crew.</li>" for n in range(4))
    assert len(kept(f"<article>{prose(4)}<ul>{menu}</ul></article>")) == 4


def test_a_sentence_is_kept_however_much_of_it_is_a_link() -> None:
    link = "<a href='/fog'>waited for the fog to go until nobody was left on board</a>"
    page = f"<article>{prose(4)}<p>%s</p>{prose(4, 'barge')}</article>"
    assert len(kept(page % f"The ferry {link}.")) == 9
    assert len(kept(page % f"Read also: The ferry {link}")) == 8
    assert len(kept(page % link.replace("</a>", ".</a>"))) == 8
    alone = f"<div><p>The ferry {link}.</p></div>"
    assert len(kept(f"<article>{prose(4)}{alone}{prose(4, 'barge')}</article>")) == 8


def test_a_line_that_announces_links_goes_with_them() -> None:
    links = "<div><a href='/a'>The bells of the harbour, and who rings them</a></div>"
    page = f"<article>{prose(4)}<p>Please read on here:</p>{{}}{prose(4, 'barge')}</article>"
    assert "Please read on here:" not in kept(page.format(links))
    assert "Please read on here:" in kept(page.format(f"<p>{WORDS}.</p>"))


def test_a_credit_is_no_text() -> None:
    page = f"<article>{prose(4)}<p>© A. Body/Harbour Pictures, all rights</p>{prose(4, 'barge')}</article>"
    assert len(kept(page)) == 8


def test_the_text_of_an_image_description_is_caption() -> None:
    box = f"<div class='image-description'>{WORDS}.</div>"
    assert len(kept(f"<article>{prose(4)}{box}{prose(4, 'barge')}</article>")) == 8


def test_the_plain_text_of_what_is_named_a_picture_is_its_caption() -> None:
    box = "<div class='photo-box'><img src='/f.jpg'>%s</div>"
    page = f"<article>{prose(9)}{box % '<p>The ferry at dawn</p>'}{prose(9, 'barge')}</article>"
    assert "The ferry at dawn" not in kept(page)
    assert [image.caption for image in extract(page.encode(), URL).images()] == ["The ferry at dawn"]
    assert "The ferry at dawn" not in kept(page.replace("photo-box", "story image"))
    step = box % "<h3>How to read the photo</h3><p>Look at the ferry first, then at the fog.</p>"
    assert "Look at the ferry first, then at the fog." in kept(
        f"<article>{prose(9)}{step}{prose(9, 'barge')}</article>"
    )


def test_the_larger_part_of_a_page_is_the_main_container_if_the_rest_is_unlike_it() -> None:
    page = "<div class='story'>%s</div><div class='%s'>%s</div>"
    assert "On day 0 the barge" in " ".join(kept(page % (prose(7), "story", prose(3, "barge"))))
    assert "On day 0 the barge" not in " ".join(kept(page % (prose(7), "thanks", prose(3, "barge"))))
    before = f"<div class='first'>{prose(3, 'barge')}</div><div class='story'>{prose(7)}</div>"
    assert "On day 0 the barge" in " ".join(kept(before))


def test_a_heading_of_a_box_of_links_goes_with_them() -> None:
    links = "<ul><li><a href='/1'>Why the ferry was late</a></li><li><a href='/2'>Where the apples went</a></li></ul>"
    texts = kept(f"<article>{prose(4)}<div><h4>Read also</h4>{links}</div>{prose(4, 'barge')}</article>")
    assert "Read also" not in texts
    assert "Read also" in kept(f"<article>{prose(4)}<div><h4>Read also</h4>{links}{prose(4, 'barge')}</div></article>")


def test_a_heading_is_kept_where_only_links_part_it_from_its_text() -> None:
    link = f"<p><a href='/1'>{WORDS}</a></p>"
    asks = (
        f"<div><p>{WORDS}, and more.</p><form><label>Your name and your address, so that we write</label></form></div>"
    )
    page = f"<article>{prose(4)}<h3>The second day</h3>%s{prose(4, 'barge')}</article>"
    assert "The second day" in kept(page % link)
    assert "The second day" not in kept(page % asks)


def test_a_line_before_several_links_goes_with_them() -> None:
    links = "<p><a href='/1'>Why the ferry was late</a></p><p><a href='/2'>Where the apples went</a></p>"
    assert "Seen this already?" not in kept(f"<article>{prose(4)}<p>Seen this already?</p>{links}</article>")
    assert "Seen this already?" in kept(f"<article>{prose(4)}<p>Seen this already?</p>{prose(4, 'barge')}</article>")


def test_the_standfirst_is_found_where_it_is_named_a_teaser() -> None:
    teaser = "<p class='teaser'>The ferry was late, and nobody knew why until the fog was gone.%s</p>"
    link = " <a href='/fog'>Read all that is known about the fog of this year</a>"
    page = "<div><h1>The ferry in the fog</h1>%s</div><article>%s</article>"
    assert any("nobody knew why" in text for text in kept(page % (teaser % "", prose(4))))
    assert not any("nobody knew why" in text for text in kept(page % (teaser % link, prose(4))))


def test_a_hidden_copy_of_the_standfirst_is_no_first_one() -> None:
    first = "<h2>The apples of the islands reached the market a day late, and all of them were sold</h2>"
    page = f"<div style='display:none'>{first}</div><div><h1>The ferry in the fog</h1>{first}</div>"
    assert first[4:-5] in kept(f"{page}<article>{prose(4)}</article>")


def test_a_headline_in_furniture_does_not_hide_the_one_before_it() -> None:
    page = f"<div><h1>The ferry in the fog</h1></div><div class='sidebar'><h1>Login</h1></div><div>{prose(4)}</div>"
    assert kept(page)[0] == "The ferry in the fog"


def test_a_short_standfirst_stands_right_behind_the_headline() -> None:
    page = "<div><h1>The ferry in the fog</h1>%s</div><div>%s</div>"
    assert "Who will buy all the apples now?" in kept(page % ("<p>Who will buy all the apples now?</p>", prose(4)))
    assert "By A. Body on 12/10/2020, 10:00." not in kept(page % ("<p>By A. Body on 12/10/2020, 10:00.</p>", prose(4)))


def test_a_table_of_data_is_kept_whole() -> None:
    row = "<tr><td>%s</td><td>%d knots</td></tr>"
    table = f"<table>{row % ('A ferry that stops at all of the islands', 9)}{row % ('A tug', 7)}</table>"
    assert {"9 knots", "A tug", "7 knots"} <= set(kept(f"<article>{prose(4)}{table}</article>"))
    links = table.replace("<td>", "<td><a href='/x'>").replace("</td>", "</a></td>")
    assert not {"9 knots", "A tug", "7 knots"} & set(kept(f"<article>{prose(4)}{links}</article>"))
    layout = "<table><tr><td>A ferry that stops at all of the islands</td></tr><tr><td>A tug</td></tr></table>"
    assert "A tug" not in kept(f"<article>{prose(4)}{layout}</article>")


def test_a_short_line_between_paragraphs_in_boxes_of_their_own_is_a_subheading() -> None:
    page = "<article>%s<p>Chief since 2022</p>%s</article>"
    boxed = prose(2).replace("<p>", "<div><p>").replace("</p>", "</p></div>")
    assert "Chief since 2022" in kept(page % (boxed, boxed.replace("ferry", "barge")))
    assert "Chief since 2022" not in kept(page % (boxed, ""))
    assert "Chief since 2022" in kept(page % (prose(2), ""))


def test_the_last_words_of_a_text_that_lead_elsewhere_are_no_text_of_it() -> None:
    write = "<p>What do you think of that? Write to <a href='mailto:a@example.org'>a@example.org</a>.</p>"
    page = "<article>%s%s%s</article>"
    assert "What do you think" not in kept(page % (prose(12), write, ""))[-1]
    assert "What do you think" in " ".join(kept(page % (prose(2), write, "")))
    assert "What do you think" in " ".join(kept(page % (prose(9), write, prose(9, "barge"))))


def test_a_text_does_not_end_in_a_heading() -> None:
    more = "<h3>Write to us</h3><p>What do you think? Tell <a href='mailto:a@example.org'>a@example.org</a>.</p>"
    assert kept(f"<article>{prose(12)}{more}</article>")[-1].startswith("On day 11")


def test_who_signed_a_text_is_no_text_of_it() -> None:
    assert kept(f"<article>{prose(12)}<p>ab/AGENCY</p></article>")[-1].startswith("On day 11")
    assert kept(f"<article>{prose(12)}<p>And that was it.</p></article>")[-1] == "And that was it."
    credits = "<p>Words: A. Body of the harbour office, pictures: S. Else</p>"
    assert kept(f"<article>{prose(12)}{credits}</article>")[-1].startswith("On day 11")
    assert "S. Else" in kept(f"<article>{prose(2)}{credits}</article>")[-1]


def test_a_list_without_links_before_the_text_of_an_article_is_part_of_it() -> None:
    needs = "".join(f"<li>{n} cups of apples from the island</li>" for n in range(2, 5))
    page = f"<article><section><h2>Needs</h2><ul>{needs}</ul></section><div>{prose(9)}</div></article>"
    assert "3 cups of apples from the island" in kept(page)
    linked = needs.replace("<li>", "<li><a href='/x'>").replace("</li>", "</a></li>")
    assert "3 cups of apples from the island" not in kept(page.replace(needs, linked))


def test_answers_are_like_the_question() -> None:
    post = "<div class='post-body'>%s</div>"
    page = f"<div id='question'>{post % prose(7)}</div><div id='answers'>{post % prose(3, 'barge')}</div>"
    assert "On day 0 the barge" in " ".join(kept(page))


def test_a_heading_with_a_link_to_edit_it_is_kept() -> None:
    head = "<div class='head'><h2>The second day</h2><div><a href='/edit'>Edit this</a></div></div>"
    assert "The second day" in kept(f"<article>{prose(4)}{head}{prose(4, 'barge')}</article>")


def test_a_page_of_headings_lists_and_cells_is_judged_in_time() -> None:
    rows = "<h3>Another ferry</h3><ul><li>One</li></ul><table><tr><td>A ferry, and a tug</td></tr></table>"
    deep = "<div>" * 300 + rows * 1500 + "</div>" * 300
    start = time.process_time()
    kept(f"<article><h1>All of them</h1>{deep}{prose(50)}</article>")
    assert time.process_time() - start < 2


def test_the_time_of_a_publication_is_no_text() -> None:
    for stamp in ("Updated 07.01.2026 - 18:50 Uhr. 4 Min.", "02/02/2025 KL. 09:00", "am 3. Februar 2022 um 21:17"):
        assert stamp not in kept(f"<article><div>{stamp}</div>{prose(4)}</article>")
    for text in ("The court in A. decided so on 3.1.2022, as was told.", "Her price was 5,485,000 or 487,000 in gold."):
        assert text in kept(f"<article><div>{text}</div>{prose(4)}</article>")


def test_a_table_is_no_main_container_beside_other_text() -> None:
    row = "<tr><td>On day %d the ferry left the harbour at six, with %d people on board, and apples.</td></tr>"
    table = f"<table>{''.join(row % (n, n) for n in range(9))}</table>"
    assert "On day 0 the barge" in " ".join(kept(f"<div>{table}<section>{prose(2, 'barge')}</section></div>"))


def test_a_standfirst_before_the_larger_part_does_not_keep_what_is_behind_it() -> None:
    page = f"<article><p>{WORDS}.</p><div class='story'>{prose(16)}</div><div class='thanks'>{prose(6, 'barge')}</div>"
    assert "On day 0 the barge" not in " ".join(kept(f"<h1>The ferry in the fog</h1>{page}</article>"))
