/* The attributes of an element, wherever they are, and what Python is told of them. */

#include "walk.h"

enum { LINK_TOLD = 1 << 16 }; /* bytes of a link's address; a longer one is none, and this is longer also if escaped */

static int next_of_node(const Walk *w, Attribute *a) {
    void *node = a->begun ? w->dom->next_attribute(a->rest.node) : w->dom->first_attribute(a->rest.node);
    if (!node) return 0;
    size_t name = 0, value = 0;
    a->begun = 1;
    a->rest.node = node;
    a->name = w->dom->attribute_name(node, &name);
    a->value = w->dom->attribute_value(node, &value);
    a->name_length = a->name && name <= INT32_MAX ? (int32_t)name : 0;
    a->length = a->value && value <= INT32_MAX ? (int32_t)value : 0;
    if (!a->value) a->value = "";
    return 1;
}

/* The next attribute of the element that `a->rest` was; of markup: ` name="value"` one after the other. */
int next_attribute(const Walk *w, Attribute *a) {
    if (a->rest.node) return next_of_node(w, a);
    const char *at = a->rest.at, *end = a->rest.end;
    while (at < end && *at == ' ') at++;
    if (at >= end) return 0;
    a->name = at++;
    while (at < end && *at != '=' && *at != ' ') at++;
    a->name_length = (int32_t)(at - a->name);
    a->value = at;
    a->length = 0;
    if (end - at >= 2 && *at == '=' && at[1] == '"') {
        a->value = at + 2;
        const char *quote = memchr(a->value, '"', (size_t)(end - a->value));
        a->length = (int32_t)((quote ? quote : end) - a->value);
        at = quote ? quote + 1 : end;
    }
    a->rest.at = at;
    return 1;
}

/* Whether the value begins with the word, in any case, and `whole`: is nothing else. */
int begins(const Attribute *a, const char *word, int whole) {
    const char *at = a->value, *end = at + a->length;
    int32_t length = (int32_t)strlen(word);
    while (at < end && is_space((unsigned char)*at)) at++;
    while (end > at && is_space((unsigned char)end[-1])) end--;
    return end - at >= length && (!whole || end - at == length) && same_lower(at, word, (size_t)length);
}

int holds(const char *at, int32_t length, const char *word) {
    int32_t size = (int32_t)strlen(word);
    for (int32_t i = 0; i + size <= length; i++)
        if (at[i] == word[0] && !memcmp(at + i, word, (size_t)size)) return 1;
    return 0;
}

/* The same for a word in small letters, in any case. */
int holds_lower(const char *at, int32_t length, const char *word) {
    int32_t size = (int32_t)strlen(word);
    for (int32_t i = 0; i + size <= length; i++)
        if (lower(at[i]) == word[0] && same_lower(at + i, word, (size_t)size)) return 1;
    return 0;
}

/* Whether a `<link>` may state a fact of the page: most are of styles, scripts and icons. */
int states_fact(const Walk *w, const Element *element) {
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a)) {
        if (is_named(&a, "hreflang")) return 1;
        if (is_named(&a, "rel") &&
            (holds_lower(a.value, a.length, "canonical") || holds_lower(a.value, a.length, "license") ||
             holds_lower(a.value, a.length, "image_src")))
            return 1;
    }
    return 0;
}

/* Whether a `<meta>` may state a fact of the page: one that Python asks for by its name, or one to a crawler, which are
   told by what their names hold (`rights.is_robot`). Names that are not plain ASCII are left to Python. */
int names_fact(const Walk *w, const Element *element) {
    static const char *const names[] = {"property", "name", "http-equiv", "itemprop"};
    static const char *const crawlers[] = {"bot",   "spider",          "crawler",      "slurp",
                                           "teoma", "google-extended", "anthropic-ai", "chatgpt-user"};
    enum { NAMES = sizeof names / sizeof *names, LONG_NAME = 64 };
    Attribute a = {.rest = *element}, found[NAMES] = {0};
    int32_t content = 0, which = 0, length = 0;
    while (next_attribute(w, &a)) {
        if (is_named(&a, "content")) content = a.length;
        for (int i = 0; i < NAMES; i++)
            if (is_named(&a, names[i])) found[i] = a;
    }
    while (which < NAMES - 1 && !found[which].length) which++;
    const char *at = found[which].value, *end = at + found[which].length;
    if (!content || at == end) return 0;
    while (at < end && is_space((unsigned char)*at)) at++;
    while (end > at && is_space((unsigned char)end[-1])) end--;
    char name[LONG_NAME];
    for (const char *one = at; one < end; one++) {
        if (*one & 0x80 || *one == '&') return 1;
        if (length < LONG_NAME) name[length++] = lower(*one);
    }
    if (length < LONG_NAME && tag_of(w->asked, name, length)) return 1;
    for (size_t i = 0; i < sizeof crawlers / sizeof *crawlers; i++)
        if (holds_lower(at, (int32_t)(end - at), crawlers[i])) return 1;
    return 0;
}

/* Whether a style has `display:none`, in any case; blanks in it count for nothing. */
static int hides(const char *at, int32_t length) {
    static const char words[] = "display:none";
    if (!holds(at, length, "none")) return 0;
    for (const char *end = at + length; at < end; at++) {
        size_t same = 0;
        for (const char *one = at; lower(*at) == words[0] && one < end && words[same]; one++)
            if (lower(*one) == words[same]) same++;
            else if (*one != ' ') break;
        if (!words[same]) return 1;
    }
    return 0;
}

/* The bits that Python gives for what an attribute says: a role, in any case, an itemprop, `hidden` or a style. */
int32_t said_by(const Walk *w, const Attribute *a) {
    enum { LONG_SAYING = 40 };
    char saying[LONG_SAYING];
    int role = is_named(a, "role"), value = role || is_named(a, "itemprop");
    int32_t length = a->name_length, added = value ? a->length + 1 : 0;
    if (length + added > LONG_SAYING || (is_named(a, "style") && !hides(a->value, a->length))) return 0;
    memcpy(saying, a->name, (size_t)length);
    if (value) saying[length] = '=';
    for (int32_t i = 1; i < added; i++) saying[length + i] = role ? lower(a->value[i - 1]) : a->value[i - 1];
    return w->said->tags[tag_of(w->said, saying, length + added)].bits;
}

int says_something(const Attribute *a) {
    for (int32_t i = 0; i < a->length; i++)
        if (!is_space((unsigned char)a->value[i])) return 1;
    return 0;
}

/* Take up a string; `escaped`: as markup has it. */
static int tell(Walk *w, const char *from, const char *to, int escaped) {
    Bytes *told = &w->out->told;
    if (!room_for(w, told, to - from + 1)) return 0;
    const char *at = told->at + told->used, *end;
    if (escaped) told->used += bare(w, from, to, told->at + told->used);
    else {
        memcpy(told->at + told->used, from, (size_t)(to - from));
        told->used += to - from;
    }
    end = told->at + told->used;
    for (uint64_t bytes; end - at >= 8 && (memcpy(&bytes, at, 8), !(bytes & 0x8080808080808080u)); at += 8)
        w->out->characters_told += 8;
    for (; at < end; at++) w->out->characters_told += (*at & 0xC0) != 0x80;
    return 1;
}

/* Take up the attributes of an element, each name and each value with a NUL behind it; `place` becomes where. */
int tell_attributes(Walk *w, const Element *element, int32_t place[2]) {
    static const char nul[1];
    Attribute a = {.rest = *element};
    place[0] = w->out->characters_told;
    while (next_attribute(w, &a))
        if (!tell(w, a.name, a.name + a.name_length, 0) || !tell(w, nul, nul + 1, 0) ||
            !tell(w, a.value, a.value + a.length, !w->dom) || !tell(w, nul, nul + 1, 0))
            return 0;
    place[1] = w->out->characters_told;
    return 1;
}

/* Take up one attribute behind what a place holds: its name and its value, a NUL before each. */
int tell_attribute(Walk *w, const Attribute *a, int32_t place[2]) {
    static const char nul[1];
    if (!tell(w, nul, nul + 1, 0) || !tell(w, a->name, a->name + a->name_length, 0) || !tell(w, nul, nul + 1, 0) ||
        !tell(w, a->value, a->value + a->length, !w->dom))
        return 0;
    place[1] = w->out->characters_told;
    return 1;
}

/* Take up the values of the attributes of `count` names, in their order, a NUL between two; "" for one that is not there. */
int tell_named(Walk *w, const Element *element, const char *const *names, int count, int32_t place[2]) {
    static const char nul[1];
    Attribute a = {.rest = *element}, found[MANY_NAMED] = {0};
    while (next_attribute(w, &a))
        for (int i = 0; i < count; i++)
            if (is_named(&a, names[i])) {
                found[i] = a;
                break;
            }
    place[0] = w->out->characters_told;
    for (int i = 0; i < count; i++)
        if ((i && !tell(w, nul, nul + 1, 0)) ||
            (found[i].length && !tell(w, found[i].value, found[i].value + found[i].length, !w->dom)))
            return 0;
    place[1] = w->out->characters_told;
    return 1;
}

/* Take up the address of a link, once for all pictures in it; both places are 0 where it has none. */
int tell_link(Walk *w, int32_t number, int32_t place[2]) {
    Link *link = &w->known_links[number];
    Attribute a = {.rest = link->element};
    while (!link->told && next_attribute(w, &a)) {
        if (!is_named(&a, "href")) continue;
        int32_t length = a.length;
        if (length > LINK_TOLD) /* no character is cut */
            for (length = LINK_TOLD; length && (a.value[length] & 0xC0) == 0x80;) length--;
        link->place[0] = w->out->characters_told;
        link->told_at = w->out->told.used;
        if (!tell(w, a.value, a.value + length, !w->dom)) return 0;
        link->place[1] = w->out->characters_told;
        link->told_end = w->out->told.used;
        break;
    }
    link->told = 1;
    memcpy(place, link->place, sizeof link->place);
    return 1;
}

/* Take up the text of an element of a head: of markup, up to its end tag. */
int tell_text(Walk *w, int32_t number, const Element *element, const char *end_tag) {
    int32_t from = w->out->characters_told;
    if (!w->dom) {
        const char *at = element->end, *end = w->end;
        if (at < end) at++;
        size_t length = strlen(end_tag);
        const char *stop = at;
        while (stop < end && (stop = memchr(stop, '<', (size_t)(end - stop))) &&
               ((size_t)(end - stop) < length || memcmp(stop, end_tag, length)))
            stop++;
        if (!stop) stop = end;
        if (!tell(w, at, stop, w->tags->tags[number].action == TITLE)) return 0;
    } else {
        size_t length = 0;
        char *text = w->dom->text(element->node, &length);
        if (!text || !tell(w, text, text + length, 0)) return 0;
    }
    return add_row(&w->out->metas, number, from, w->out->characters_told);
}

/* Add a row with the values that `Walked` reads of an element of the head, or of `<html>`. */
int tell_values(Walk *w, int32_t number, const Element *element) {
    static const char *const of_meta[] = {"property", "name", "http-equiv", "itemprop", "content"};
    static const char *const of_link[] = {"href", "rel", "hreflang"};
    static const char *const of_page[] = {"lang", "xml:lang"};
    int is_page = number == w->tags->html, is_meta = number == w->tags->meta;
    int32_t place[2];
    const char *const *names = is_page ? of_page : is_meta ? of_meta : of_link;
    return tell_named(w, element, names, is_page ? 2 : is_meta ? 5 : 3, place) &&
           add_row(&w->out->metas, number, place[0], place[1]);
}
