/* Names the addresses of image elements in their order, the likeliest first, where all is written in a usual way; what
   is not is left to Python. The rules are those of `elements.py`, and of what it asks. */

#include "elements.h"

enum { SRC, ALT, TITLE_SAID, CLASS, WIDTH, HEIGHT, STYLE }; /* the values of `scan.Rows.values` */
enum { SUSPECT = 1, STYLED = 2, FORMULA = 4, FILE_LINK = 8 }; /* what Python has to look at */

static Value stripped(Value value) {
    const char *at = value.at, *end = value.end;
    int size;
    while (at < end && is_space(character((const unsigned char *)at, (const unsigned char *)end, &size))) at += size;
    while (end > at) {
        const char *last = end - 1;
        while (last > at && (*last & 0xC0) == 0x80) last--;
        if (!is_space(character((const unsigned char *)last, (const unsigned char *)end, &size)) || last + size != end)
            break;
        end = last;
    }
    return (Value){at, end};
}

static int is_plain(Value value) {
    for (const char *at = value.at; at < value.end; at++)
        if (*at & 0x80 || is_space((unsigned char)*at)) return 0;
    return 1;
}

/* Whether it holds the name of a picture's file: `pictures.PICTURE_FILE`. */
static int holds_file(const Naming *naming, Value value) {
    for (const char *dot = value.at; (dot = memchr(dot, '.', (size_t)(value.end - dot)));) {
        dot++;
        for (const char *word = naming->files; *word; word += strlen(word) + 1) {
            size_t length = strlen(word);
            if ((size_t)(value.end - dot) < length || !same_lower(dot, word, length)) continue;
            if (dot + length == value.end || strchr("?#:@!", dot[length])) return 1;
        }
    }
    return 0;
}

/* Add what an attribute names beside `src`; 0 where it is written oddly. */
static int read_attribute(const Naming *naming, Candidates *found, Value name, Value value, Value *last_set) {
    int32_t length = (int32_t)(name.end - name.at), number = tag_of(naming->ranks, name.at, length);
    int64_t size = value.end - value.at;
    if (!number) {
        if (length < 5 || memcmp(name.at, "data-", 5) || !memchr(value.at, '.', (size_t)size)) return 1;
        if (memchr(value.at, ' ', (size_t)size)) return 1;
        if (!is_plain(value)) return 0;
        if (size >= naming->longest || !holds_file(naming, value)) return 1;
        return add_candidate(found, value.at, value.end, OF_OTHERS, 0);
    }
    int32_t rank = naming->ranks->tags[number].kind;
    if (is_empty(value)) return 1;
    if (rank == OF_SETS) {
        if (size == last_set->end - last_set->at && !memcmp(value.at, last_set->at, (size_t)size)) return 1;
        *last_set = value;
        return read_set(naming, found, value.at, value.end);
    }
    value = stripped(value);
    size = value.end - value.at;
    if (!is_plain(value) || (size && *value.at == '[')) return 0;
    if (size <= 3 || size >= naming->longest) return 1;
    if (!memchr(value.at, '/', (size_t)size) && !holds_file(naming, value)) return 1;
    return add_candidate(found, value.at, value.end, rank, 0);
}

/* Add what the `<source>` elements beside an `<img>` name, in their order, of which the last is `set`, from 1. */
static int read_sources(const Walk *w, Candidates *found, int32_t set) {
    enum { MANY_SOURCES = 32 };
    int32_t sources[MANY_SOURCES], many = 0;
    for (; set; set = w->out->sets.at[3 * set - 1]) {
        if (many == MANY_SOURCES) return 0;
        sources[many++] = set - 1;
    }
    while (many) {
        const int32_t *place = w->source_places.at + 2 * sources[--many];
        if (!read_source(w->naming, found, w->out->told.at + place[0], w->out->told.at + place[1])) return 0;
    }
    return 1;
}

/* What a look at an address tells, as in `addresses.look`, but for the words that count visitors and set formulas. LEFT
   where it is not all plain ASCII, and for a long one that is no `data:` URI. */
static int32_t looked(const Walk *w, const char *at, const char *end) {
    const Naming *naming = w->naming;
    int32_t bits = address_look(&w->look, at, end);
    for (const char *one = at; !(bits & FORM) && one < end; one++)
        if (*one & 0x80 || (unsigned char)*one < ' ') return LEFT;
    if (end - at > naming->longest && !same_lower(at, "data:", 5)) return LEFT;
    return address_is_standin(&w->look, at, end) ? bits | UNUSABLE | naming->standin : bits;
}

static int look_at_all(const Walk *w, Candidates *found) {
    for (int32_t i = 0; i < found->used; i++) {
        Candidate *one = &found->at[i];
        if ((one->bits = looked(w, one->at, one->end)) == LEFT) return 0;
    }
    return 1;
}

static int may_begin(const Candidate *one) { return one->at < one->end && !strchr("#{<", *one->at); }

static int are_same(const Candidate *one, const Candidate *other) {
    size_t size = (size_t)(one->end - one->at);
    return (size_t)(other->end - other->at) == size && !memcmp(one->at, other->at, size);
}

/* Whether one comes before another, both of srcsets or both of lazy loaders' attributes. */
static int is_before(const Candidate *one, const Candidate *other) {
    return one->rank == OF_SETS ? one->size > other->size : one->rank < other->rank;
}

/* The usable candidates of srcsets that are wider or denser than 1, or those of lazy loaders, the best first. */
static int32_t add_best(const Candidates *found, const Candidate **order, int32_t used, int of_sets) {
    int32_t first = used;
    for (int32_t i = 0; i < found->used; i++) {
        const Candidate *one = &found->at[i];
        if (one->bits & UNUSABLE || (of_sets ? one->rank != OF_SETS || one->size <= 1.0 : one->rank < 0)) continue;
        int32_t at = used++;
        for (; at > first && is_before(one, order[at - 1]); at--) order[at] = order[at - 1];
        order[at] = one;
    }
    return used;
}

/* All in the order of `elements.ranked`, each once; the last of `found` is that of `src`. Gives how many. */
static int32_t ranked(const Candidates *found, const Candidate **order) {
    const Candidate *src = &found->at[found->used - 1], *end = src;
    int32_t used = add_best(found, order, add_best(found, order, 0, 1), 0), kept = 0;
    if (!(src->bits & UNUSABLE)) order[used++] = src;
    for (const Candidate *one = found->at; one < end; one++)
        if (one->rank == OF_SETS && one->size <= 1.0 && !(one->bits & UNUSABLE)) order[used++] = one;
    for (const Candidate *one = found->at; one < end; one++)
        if (one->rank == OF_OTHERS && !(one->bits & UNUSABLE) && !memchr(one->at, '[', (size_t)(one->end - one->at)))
            order[used++] = one;
    for (const Candidate *one = found->at; one < end; one++)
        if (one->rank >= 0 && may_begin(one)) order[used++] = one;
    if (may_begin(src)) order[used++] = src;
    for (int32_t i = 0; i < used; i++) {
        int32_t at = 0;
        while (at < kept && !are_same(order[at], order[i])) at++;
        if (at == kept) order[kept++] = order[i];
    }
    return kept;
}

/* How many of them have only to be joined to the page's address: they are of one form, so that they stay distinct, and all
   others are stand-ins, of which nothing is to be told where there is a better one; else 0. */
static int32_t plain(const Naming *naming, const Candidate *const *order, int32_t many) {
    int32_t found = 0, form = order[0]->bits & FORM;
    for (; found < many && !(order[found]->bits & UNUSABLE); found++)
        if (!form || (order[found]->bits & FORM) != form || form == STEPPING) return 0;
    for (int32_t i = found; i < many; i++)
        if (!(order[i]->bits & naming->standin)) return 0;
    return found < naming->many ? found : naming->many;
}

/* A width or height in pixels, as `pictures._side` reads an attribute; -1 where it says none. */
static int32_t side_of(Value value, int *is_number) {
    const char *at = value.at, *end = value.end;
    int32_t found = 0, digits = 0;
    while (at < end && is_space((unsigned char)*at)) at++;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        if (++digits <= 6) found = found * 10 + (*at - '0');
    *is_number = digits && digits == end - value.at;
    if (!digits || digits > 6) {
        *is_number = 0;
        return -1;
    }
    if (end - at >= 2 && *at == '.' && at[1] >= '0' && at[1] <= '9')
        for (at++; at < end && *at >= '0' && *at <= '9';) at++;
    while (at < end && is_space((unsigned char)*at)) at++;
    if (end - at >= 2 && same_lower(at, "px", 2)) at += 2;
    while (at < end && is_space((unsigned char)*at)) at++;
    return at == end ? found : -1;
}

/* Width and height as they are declared; 0 where `pictures.size_of` has to be asked. */
static int sizes(const Value *said, int32_t size[2]) {
    Value style = said[STYLE];
    int32_t length = (int32_t)(style.end - style.at);
    int are_numbers, is_number;
    if (!is_ascii(said[WIDTH].at, said[WIDTH].end) || !is_ascii(said[HEIGHT].at, said[HEIGHT].end)) return 0;
    size[0] = side_of(said[WIDTH], &are_numbers);
    size[1] = side_of(said[HEIGHT], &is_number);
    if (!length) return 1;
    return !holds(style.at, length, "none") && ((are_numbers && is_number) || !holds_lower(style.at, length, "px"));
}

static int say(Walk *w, Bytes *list, const char *at, const char *end) {
    if (!room_for(w, list, end - at + 1)) return 0;
    memcpy(list->at + list->used, at, (size_t)(end - at));
    list->used += end - at;
    list->at[list->used++] = 0;
    return 1;
}

/* Whether an address leads to a picture's file and not to a page: `pictures.link_to_picture`. */
static int leads_to_file(const Naming *naming, Value path) {
    const char *stop = memchr(path.at, '?', (size_t)(path.end - path.at));
    if (stop) path.end = stop;
    stop = memchr(path.at, '#', (size_t)(path.end - path.at));
    if (stop) path.end = stop;
    if (path.end - path.at < 4 || (path.end[-4] != '.' && (path.end - path.at < 5 || path.end[-5] != '.'))) return 0;
    for (const char *word = naming->endings; *word; word += strlen(word) + 1) {
        size_t length = strlen(word);
        if ((size_t)(path.end - path.at) >= length && same_lower(path.end - length, word, length))
            return !holds_lower(path.at, (int32_t)(path.end - path.at), "/wiki/");
    }
    return 0;
}

/* Say the address of a link, once for all the pictures in it, and look at it if it leads to another picture. */
static int say_link(Walk *w, Link *link) {
    const Naming *naming = w->naming;
    if (link->said) return 1;
    link->said = -1;
    Value href = {w->out->told.at + link->told_at, w->out->told.at + link->told_end};
    int64_t characters = 0;
    for (const char *at = href.at; at < href.end; at++) /* a longer one is cut, as in `scan.Rows.link` */
        if ((*at & 0xC0) != 0x80 && ++characters > naming->longest + 1) href.end = at;
    href = stripped(href);
    if (is_empty(href)) return 1;
    link->is_file = leads_to_file(naming, href);
    if (link->is_file) link->bits = looked(w, href.at, href.end);
    link->told_at = href.at - w->out->told.at;
    link->told_end = href.end - w->out->told.at;
    link->said = ++w->strings_said;
    return say(w, &w->out->said, href.at, href.end);
}

/* Whether a class or an alternative text may be that of a formula: `formulas.formulas`. */
static int may_set(Value alt, Value names) {
    for (const char *at = names.at; at < names.end; at++)
        if ((lower(*at) == 'x' && at - names.at >= 2 && same_lower(at - 2, "te", 2)) ||
            (lower(*at) == 'h' && at - names.at >= 3 && same_lower(at - 3, "mat", 3)))
            return 1;
    return memchr(alt.at, '\\', (size_t)(alt.end - alt.at)) != NULL;
}

/* What of a picture is written down: what is told of the element, its addresses in order, the link round it. */
typedef struct {
    const Value *told;
    const Candidate **order;
    int32_t many, usable, form; /* of all addresses; of those that are usable, 0 where Python has to find it out */
    const Link *link;
} Picture;

/* What Python has to look at. */
static int32_t cares(Walk *w, const Picture *picture, int32_t size[2]) {
    const Naming *naming = w->naming;
    const Candidate *first = picture->order[0];
    int32_t care = sizes(picture->told, size) ? 0 : STYLED | SUSPECT;
    int32_t any = naming->may_count | naming->may_set; /* in a long `data:` URI */
    int32_t bits = first->end - first->at > naming->longest ? any : address_words(&w->look, first->at, first->end);
    if ((size[0] >= 0 && size[0] <= naming->narrow) || (size[1] >= 0 && size[1] <= naming->narrow)) care |= SUSPECT;
    if (bits & naming->may_count || picture->form == RELATIVE) care |= SUSPECT;
    if (bits & naming->may_set || may_set(picture->told[ALT], picture->told[CLASS])) care |= FORMULA;
    return picture->link->is_file ? care | FILE_LINK : care;
}

/* Write down a picture: a row as `scan.Rows` has it, and its strings. */
static int write_down(Walk *w, int how, const State *state, const Picture *picture) {
    Result *out = w->out;
    int32_t size[2] = {-1, -1}, care = cares(w, picture, size), said = picture->link->said;
    int32_t values = care & STYLED ? 6 : 3;
    if (!numbers_room(&out->shown, NAMED)) return 0;
    int32_t item = (int32_t)(out->items.used / ITEM) - 1, is_fallback = (state->mode & FALLBACK) != 0;
    int32_t row[NAMED] = {item,          state->container,         how,           is_fallback,     care,    w->strings_said,
                          picture->many, said > 0 ? said - 1 : -1, picture->form, picture->usable, size[0], size[1]};
    memcpy(out->shown.at + out->shown.used, row, sizeof row);
    out->shown.used += NAMED;
    w->strings_said += values + picture->many;
    for (int i = 0; i < values; i++)
        if (!say(w, &out->said, picture->told[ALT + i].at, picture->told[ALT + i].end)) return 0;
    for (int32_t i = 0; i < picture->many; i++)
        if (!say(w, &out->said, picture->order[i]->at, picture->order[i]->end)) return 0;
    return 1;
}

/* Put the addresses in order; 0 where this is left to Python. Of stand-ins nothing is told, unless the page's address may be
   one to which nothing can be joined. Where the link leads to a picture, Python adds its address, one string for all. */
static int set_in_order(const Walk *w, int how, const Candidates *found, const Candidate *linked, Picture *picture) {
    const Candidate **order = picture->order;
    picture->many = ranked(found, order);
    if (!picture->many || picture->link->bits == LEFT) return 0;
    int32_t many = plain(w->naming, order, picture->many);
    picture->form = many ? order[0]->bits & FORM : 0;
    if (picture->form == ABSOLUTE) picture->many = many;
    picture->usable = many;
    if (!picture->link->is_file) return 1;
    int apart = how == OF_IMG && picture->form == ABSOLUTE && linked->bits == ABSOLUTE;
    for (int32_t i = 0; i < many; i++) apart &= !are_same(order[i], linked);
    if (apart) return 1;
    picture->form = 0;
    picture->many = ranked(found, order);
    return 1;
}

void prepare_names(Walk *w) {
    const Naming *naming = w->naming;
    w->look.words = naming->words;
    w->look.longest = naming->longest;
    w->look.longest_name = naming->longest_name;
    address_prepare(&w->look, naming->standins);
    numbers_room(&w->out->shown, NAMED * 24); /* for the pictures of most pages; where there is no room, more is asked for */
    bytes_room(&w->out->said, 1 << 12);
}

/* Name the picture of an element whose values are told from `from` on; `set`: the last of the sources beside it, from 1.
   1: it is; 0: it is left to Python; -1: there is no memory left. */
int name_picture(Walk *w, int how, const State *state, int32_t set, int64_t from) {
    Link none = {.said = -1}, *link = state->mode & LINKED ? &w->known_links[state->link] : &none;
    if (!say_link(w, link)) return -1;
    const char *told = w->out->told.at, *at = told + from, *end = told + w->out->told.used;
    Value said[MANY_NAMED], last_set = {at, at};
    Candidates found;
    const Candidate *order[2 * MANY_CANDIDATES + 2];
    const Candidate linked = {told + link->told_at, told + link->told_end, 0, link->bits, 0};
    Picture picture = {.told = said, .order = order, .link = link};
    found.used = 0;
    for (int i = 0; i < MANY_NAMED; i++) said[i] = next_value(&at, end);
    while (at < end) {
        Value name = next_value(&at, end), value = next_value(&at, end);
        if (state->mode & FALLBACK && same_word(name.at, (int32_t)(name.end - name.at), "placeholder")) return 0;
        if (!read_attribute(w->naming, &found, name, value, &last_set)) return 0;
    }
    Value src = stripped(said[SRC]);
    if (!read_sources(w, &found, set) || !add_candidate(&found, src.at, src.end, OF_SRC, 0)) return 0;
    if (!look_at_all(w, &found) || !set_in_order(w, how, &found, &linked, &picture)) return 0;
    said[ALT] = stripped(said[ALT]);
    said[TITLE_SAID] = stripped(said[TITLE_SAID]);
    return write_down(w, how, state, &picture) ? 1 : -1;
}
