/* One walk over a page: texts and pictures in document order, and the blocks they stand in.

   `markup.c` or `nodes.c` tell of each element and each text; here a stack of states is kept, and rows of numbers are
   written that point into runs of text. What a name or an address means is decided in Python (`extraction/walk.py`, and
   `scan.py`, which lays out the rows); here is only what has to be done for every tag and every character of a page. */

#include "walk.h"

/* A hash of some bytes and of what was hashed before, eight at a time; the last eight may be some of those before them. */
static uint64_t mixed(uint64_t hash, const char *at, int32_t length) {
    const uint64_t factor = 0x9E3779B97F4A7C15u;
    const char *end = at + length;
    uint64_t bytes = 0;
    hash += (uint64_t)length + 1;
    for (; end - at > 8; at += 8) {
        memcpy(&bytes, at, 8);
        hash = (hash ^ bytes) * factor;
        hash ^= hash >> 29;
    }
    if (length >= 8) {
        memcpy(&bytes, end - 8, 8);
    } else if (length >= 4) {
        uint32_t first, last;
        memcpy(&first, at, 4);
        memcpy(&last, end - 4, 4);
        bytes = first | (uint64_t)last << 32;
    } else if (length) {
        bytes = (uint64_t)(unsigned char)*at | (uint64_t)(unsigned char)at[length / 2] << 8 |
                (uint64_t)(unsigned char)end[-1] << 16;
    }
    hash = (hash ^ bytes) * factor;
    return hash ^ hash >> 29;
}

EXPORT uint32_t tag_hash(const char *name, int32_t length) { return (uint32_t)mixed(1, name, length); }

int32_t tag_of(const Tags *tags, const char *name, int32_t length) {
    uint32_t hash = tag_hash(name, length), slot = hash & (uint32_t)(tags->slots - 1);
    for (;; slot = (slot + 1) & (uint32_t)(tags->slots - 1)) {
        int32_t number = tags->table[slot].tag;
        if (number < 0) return tags->unknown;
        if (tags->table[slot].hash != hash) continue; /* what it says of itself is further off */
        const Tag *tag = &tags->tags[number];
        if (tag->length == length && !memcmp(tag->name, name, (size_t)length)) return number;
    }
}

int add_row(Numbers *list, int32_t one, int32_t two, int32_t three) {
    if (!numbers_room(list, 3)) return 0;
    int32_t *row = list->at + list->used;
    row[0] = one;
    row[1] = two;
    row[2] = three;
    list->used += 3;
    return 1;
}

/* ---- containers ---- */

static uint32_t hash_of_name(const Name *name) {
    return (uint32_t)mixed(mixed(1, name->first, name->first_length), name->second, name->second_length);
}

static int more_slots(Walk *w) {
    int32_t room = w->room_of_slots * 2;
    int32_t *slots = malloc((size_t)room * sizeof *slots);
    if (!slots) return 0;
    for (int32_t i = 0; i < room; i++) slots[i] = -1;
    for (int32_t i = 0; i < w->names_used; i++) {
        uint32_t slot = hash_of_name(&w->names[i]) & (uint32_t)(room - 1);
        while (slots[slot] >= 0) slot = (slot + 1) & (uint32_t)(room - 1);
        slots[slot] = i;
    }
    free(w->slots);
    w->slots = slots;
    w->room_of_slots = room;
    return 1;
}

/* Note that Python has to be asked what a word of the next name means. */
static int ask(Walk *w, const char *word, int32_t length) {
    Result *out = w->out;
    if (!numbers_room(&out->asked, 1) || !bytes_room(&out->unknown, length + 1)) return 0;
    out->asked.at[out->asked.used++] = w->names_used + 1;
    memcpy(out->unknown.at + out->unknown.used, word, (size_t)length);
    out->unknown.used += length;
    out->unknown.at[out->unknown.used++] = '\n';
    return 1;
}

/* Write a value's words, each with a blank behind it, of which `count` become known; their bits are added to `bits`. */
static int put_words(Walk *w, const char *at, int32_t length, int32_t *count, int32_t *bits) {
    Bytes *words = &w->out->words;
    const char *end = at + length;
    while (at < end) {
        while (at < end && (unsigned char)*at < 0x80 && is_space((unsigned char)*at)) at++;
        const char *from = at, *word = words->at + words->used;
        while (at < end && ((unsigned char)*at >= 0x80 || !is_space((unsigned char)*at))) at++;
        if (at == from) continue;
        words->used += bare(w, from, at, words->at + words->used);
        if (++*count <= MANY_WORDS) {
            int32_t size = (int32_t)(words->at + words->used - word), said = meaning_of(w->vocabulary, word, size);
            if (said < 0 && !ask(w, word, size)) return 0;
            if (said > 0) *bits |= said;
        }
        words->at[words->used++] = ' ';
    }
    return 1;
}

/* The number of the class and id together, from 1; the same pair has the same number. -1: no memory. */
static int32_t name_of(Walk *w, const Name *name) {
    if (!name->first_length && !name->second_length) return 0;
    if (w->names_used * 2 >= w->room_of_slots && !more_slots(w)) return -1;
    uint32_t slot = hash_of_name(name) & (uint32_t)(w->room_of_slots - 1);
    for (; w->slots[slot] >= 0; slot = (slot + 1) & (uint32_t)(w->room_of_slots - 1)) {
        const Name *other = &w->names[w->slots[slot]];
        if (other->first_length == name->first_length && other->second_length == name->second_length &&
            !memcmp(other->first, name->first, (size_t)name->first_length) &&
            !memcmp(other->second, name->second, (size_t)name->second_length))
            return w->slots[slot] + 1;
    }
    if (w->names_used == w->names_room) {
        int32_t room = w->names_room * 2 + 64;
        Name *names = realloc(w->names, (size_t)room * sizeof *names);
        if (!names) return -1;
        w->names = names;
        w->names_room = room;
    }
    Result *out = w->out;
    int32_t count = 0, bits = 0;
    if (!room_for(w, &out->words, (int64_t)name->first_length + name->second_length + 3) ||
        !numbers_room(&out->bits, 1) || !put_words(w, name->first, name->first_length, &count, &bits) ||
        !put_words(w, name->second, name->second_length, &count, &bits))
        return -1;
    out->words.at[out->words.used++] = '\n';
    out->bits.at[out->bits.used++] = bits;
    w->names[w->names_used] = *name;
    w->slots[slot] = w->names_used++;
    return w->names_used;
}

/* Whether an attribute holds what a lazy loader makes the background: BACKGROUNDS of `pictures`. */
static int is_lazy_background(const Attribute *a) {
    static const char *const known[] = {"data-bgset", "data-bg", "data-background-image", "data-background",
                                        "data-lazy-background", "data-interchange"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_named(a, known[i])) return says_something(a);
    return 0;
}

static int add_container(Walk *w, int32_t above, int32_t number, int32_t name) {
    Numbers *list = &w->out->containers;
    if (!numbers_room(list, CONTAINER)) return 0;
    int32_t *row = list->at + list->used;
    list->used += CONTAINER;
    row[0] = above;
    row[1] = number;
    row[2] = name;
    row[3] = (int32_t)(list->used / CONTAINER); /* where it ends; that is known when it is left */
    return 1;
}

/* Enter a block, which gets a container of its own; inside code, a block is a new line. */
static int enter_block(Walk *w, int32_t number, const Element *element, State *state) {
    const Tags *tags = w->tags;
    const Tag *tag = &tags->tags[number];
    if (state->mode & CODE) {
        Bytes *text = &w->out->text;
        if (w->started && text->used && text->at[text->used - 1] != '\n') {
            if (!room_for(w, text, 1)) return 0;
            put(w, (const unsigned char *)"\n", 1);
        }
        return 1;
    }
    if (!flush(w, state)) return 0;
    w->group++;
    int32_t kind = tag->kind, outer = state->kind, marks = 0, background = 0, spoken = 0;
    if (tag->flags & IS_PRE) state->mode |= CODE;
    else if ((kind == tags->div || kind == tags->p) && tags->tags[outer].flags & KEEPS) kind = outer;
    Name name = {.first = "", .second = ""};
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a)) {
        if (is_named(&a, "class")) {
            name.first = a.value;
            name.first_length = a.length;
        } else if (is_named(&a, "id")) {
            if (tag->flags & IS_HEADING) continue;
            name.second = a.value;
            name.second_length = a.length;
        } else if (is_named(&a, "style")) {
            background |= holds(a.value, a.length, "url(");
            marks |= said_by(w, &a);
        } else if (a.name_length > 6 && !memcmp(a.name, "data-", 5) && is_lazy_background(&a)) {
            background = 1;
        } else if (is_named(&a, "role") || is_named(&a, "itemprop") || is_named(&a, "hidden")) {
            marks |= said_by(w, &a);
        } else if (number == tags->html) {
            spoken |= is_named(&a, "lang") || is_named(&a, "xml:lang");
        }
    }
    if (tag->flags & IS_PAGE) marks = 0;
    int32_t known = name_of(w, &name), above = state->container;
    Result *out = w->out;
    state->container = (int32_t)(out->containers.used / CONTAINER);
    state->kind = kind;
    if (known < 0 || !add_container(w, above, number, known)) return 0;
    if (marks) {
        if (!numbers_room(&w->marks, 2)) return 0;
        w->marks.at[w->marks.used++] = state->container;
        w->marks.at[w->marks.used++] = marks;
    }
    if (spoken && !tell_values(w, number, element)) return 0;
    return !background || emit(w, OF_BACKGROUND, element, state, 0);
}

/* ---- elements ---- */

static int add_link(Walk *w, const Element *element) {
    if (w->links_used == w->links_room) {
        int32_t room = w->links_room * 2 + 64;
        Link *links = realloc(w->known_links, (size_t)room * sizeof *links);
        if (!links) return 0;
        w->known_links = links;
        w->links_room = room;
    }
    w->known_links[w->links_used++] = (Link){.element = *element};
    return 1;
}

/* Enter a `<math>`: where it says what it stands for, in TeX or in words, that is told and not its symbols. */
static int enter_math(Walk *w, const Element *element, State *state) {
    int mode = state->mode;
    if (mode & SILENCED) return 1;
    state->mode |= IN_MATH;
    w->math_from = w->characters;
    w->math_at = w->out->text.used;
    int32_t before[] = {w->started, w->pending, w->links, w->flags, w->digits, w->ending};
    memcpy(w->before_math, before, sizeof before);
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a)) {
        if (!is_named(&a, "alttext") || !says_something(&a)) continue;
        state->mode |= SILENCED;
        return take_text(w, a.value, a.value + a.length, mode);
    }
    return 1;
}

/* Take back the symbols of the `<math>` that is open, as its source in TeX comes now; 0 where there is none. */
static int takes_back(Walk *w, const Element *element, const State *state) {
    if (!(state->mode & IN_MATH) || (state->mode & SILENCED) || w->math_at < 0) return 0;
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a))
        if (is_named(&a, "encoding") && begins(&a, "application/x-tex", 1)) {
            const int32_t *before = w->before_math;
            w->out->text.used = w->math_at;
            w->characters = w->math_from;
            w->started = before[0], w->pending = before[1], w->links = before[2];
            w->flags = before[3], w->digits = before[4], w->ending = before[5];
            return 1;
        }
    return 0;
}

/* Whether an element right behind a `<math>` is hidden from those who are told that: it shows the same. */
static int repeats_math(const Walk *w, const Element *element, const State *state) {
    if (w->math_from >= w->math_to || w->math_to != w->characters || (state->mode & IN_MATH)) return 0;
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a))
        if (is_named(&a, "aria-hidden")) return begins(&a, "true", 1);
    return 0;
}

/* Enter an element: `state` becomes what holds inside. 1: it is open; 0: it is empty; -1: no memory. */
int enter(Walk *w, int32_t number, const Element *element, State *state) {
    const Tags *tags = w->tags;
    int fine = 1, open = 1;
    switch (tags->tags[number].action) {
    case PLAIN:
        if (repeats_math(w, element, state)) state->mode |= SILENCED;
        break;
    case TEMPLATE: /* nothing in it is told of */
        break;
    case BLOCK:
        fine = enter_block(w, number, element, state);
        break;
    case LINK:
        state->mode |= LINKED;
        state->link = w->links_used;
        fine = add_link(w, element);
        break;
    case MATH:
        fine = enter_math(w, element, state);
        break;
    case SCRIPT:
        if (has_type(w, element, "application/ld+json")) fine = tell_text(w, number, element, "</script>");
        state->mode |= SILENCED;
        break;
    case TITLE:
        if (!(state->mode & TITLED)) fine = tell_text(w, number, element, "</title>"); /* those of drawings may nest */
        state->mode |= SILENCED | TITLED;
        break;
    case SILENT:
    case RAW:
        if (!takes_back(w, element, state)) state->mode |= SILENCED;
        break;
    case PICTURE:
        if (!numbers_room(&w->open_sets, 1)) return -1;
        w->open_sets.at[w->open_sets.used++] = -1;
        state->set = (int32_t)w->open_sets.used;
        break;
    case VIDEO:
    case OBJECT: {
        int video = tags->tags[number].action == VIDEO;
        int shown = video ? names_picture(w, element, "poster", "data-poster", 0)
                          : names_picture(w, element, "data", "src", 1);
        if (shown) fine = emit(w, video ? OF_POSTER : OF_OBJECT, element, state, 0);
        state->mode |= SILENCED | (video || shown ? FALLBACK : 0);
        break;
    }
    case NOSCRIPT:
        state->mode |= SILENCED | FALLBACK;
        break;
    case SVG_IMAGE:
        if (names_picture(w, element, "href", "xlink:href", 0)) fine = emit(w, OF_SVG, element, state, 0);
        fine = fine && enter_block(w, number, element, state);
        break;
    case IMAGE:
    case AMP_IMAGE: {
        int32_t set = taken_set(w, state);
        if (set || may_show(w, element)) fine = emit(w, OF_IMG, element, state, set);
        open = tags->tags[number].action == AMP_IMAGE;
        if (open) state->mode |= FALLBACK;
        break;
    }
    case SOURCE:
        fine = take_source(w, element, state);
        open = 0;
        break;
    case INPUT:
        if (has_type(w, element, "image") && may_show(w, element)) fine = emit(w, OF_INPUT, element, state, 0);
        open = 0;
        break;
    case HEAD: {
        const char *name = tags->tags[number].name;
        int told = !strcmp(name, "link") ? states_fact(w, element) : strcmp(name, "meta") || names_fact(w, element);
        if (told) fine = tell_values(w, number, element);
        open = 0;
        break;
    }
    case BREAK:
        open = 0;
        if (state->mode & CODE) {
            w->started = 1;
            fine = room_for(w, &w->out->text, 1);
            if (fine) put(w, (const unsigned char *)"\n", 1);
        } else if (state->mode & SILENCED) {
            break;
        } else if (w->started && w->pending == BROKEN) { /* an empty line: a new paragraph */
            fine = flush(w, state);
            w->group++;
        } else if (w->started || w->after_picture) {
            w->pending = BROKEN;
        }
        break;
    case RULE:
        fine = flush(w, state);
        w->group++;
        open = 0;
        break;
    default:
        open = 0;
    }
    return fine ? open : -1;
}

int leave(Walk *w, const State *inner, const State *outer) {
    if ((inner->mode & ~outer->mode) & IN_MATH) {
        w->math_to = w->characters;
        w->math_at = -1;
    }
    if (inner->container != outer->container) {
        if (!flush(w, inner)) return 0;
        w->group++;
        w->out->containers.at[(int64_t)inner->container * CONTAINER + 3] = (int32_t)(w->out->containers.used / CONTAINER);
    } else if (inner->set && !outer->set) { /* a <picture> without an <img> */
        int32_t set = taken_set(w, inner);
        if (set) return emit(w, OF_IMG, NULL, inner, set);
    }
    return 1;
}

int push(Walk *w, Frame frame) {
    if (w->depth == w->room) {
        int32_t room = w->room * 2 + 64;
        Frame *frames = realloc(w->frames, (size_t)room * sizeof *frames);
        if (!frames) return 0;
        w->frames = frames;
        w->room = room;
    }
    w->frames[w->depth++] = frame;
    return 1;
}

/* ---- the call ---- */

EXPORT void page_free(Result *out) {
    if (!out) return;
    Numbers *numbers[] = {&out->numbers, &out->items,  &out->pictures, &out->special, &out->containers, &out->bits,
                          &out->framed,  &out->metas,  &out->sets,     &out->asked,   &out->shown};
    Bytes *bytes[] = {&out->text, &out->words, &out->told, &out->unknown, &out->said};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) free(numbers[i]->at);
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) free(bytes[i]->at);
    free(out);
}

static uint32_t take_written(const char *at, size_t length, void *into) {
    Bytes *page = into;
    if (!bytes_room(page, (int64_t)length)) return 1; /* any status but 0 ends the writing */
    memcpy(page->at + page->used, at, length);
    page->used += (int64_t)length;
    return 0;
}

/* The same as `keeps_to_budget` of the page as lexbor writes it out, where what `<template>` elements hold stands in it. */
static int32_t written_keeps_to_budget(Walk *w, int32_t max_depth) {
    void *root = w->dom->root(w->document);
    Bytes page = {0};
    int32_t status = root ? NO_MEMORY : FINE;
    if (root && !w->dom->write(root, take_written, &page) && page.used <= INT32_MAX) {
        Result *out = page_walk(page.at, (int32_t)page.used, w->tags, w->vocabulary, w->said, w->asked, NULL, NULL, NULL,
                                0, 0, w->framing, w->max_nodes, max_depth, w->max_told);
        if (out) status = out->status;
        if (status == TOO_MANY) w->count = (int32_t)out->measured;
        if (status == TOO_LARGE) w->wanted = out->measured;
        page_free(out);
    }
    free(page.at);
    return status;
}

/* Parse the page, piece by piece if it has to keep to its budgets at the end of each. */
static int32_t parsed(Walk *w, const char *html, int32_t length, const int64_t *ends, int32_t pieces, int as_written,
                      State *state) {
    const Lexbor *dom = w->dom;
    int32_t status = FINE, failed = 0;
    w->document = dom->create();
    if (!w->document) return NO_MEMORY;
    dom->set_option(w->document, WITHOUT_EVENTS);
    if (pieces) {
        int64_t at = 0;
        failed = dom->begin(w->document) != 0;
        for (const int64_t *row = ends; row < ends + 2 * pieces && !failed && status == FINE; row += 2) {
            int32_t depth = (int32_t)row[1];
            failed = dom->parse_more(w->document, html + at, (size_t)(row[0] - at)) != 0;
            at = row[0];
            if (failed) break;
            status = as_written ? written_keeps_to_budget(w, depth) : keeps_to_budget(w, depth);
            if (status == TOO_DEEP) w->max_depth = depth;
        }
        if (!failed && status == FINE)
            failed = dom->parse_more(w->document, html + at, (size_t)(length - at)) || dom->finish(w->document);
    } else {
        failed = dom->parse(w->document, html, (size_t)length) != 0;
    }
    if (failed) status = UNREADABLE;
    if (status == FINE) status = read_nodes(w, state);
    dom->destroy(w->document);
    return status;
}

/* Add the bits of the containers, those of their tags, names and attributes, behind those of the names. */
static int add_bits(Walk *w) {
    Result *out = w->out;
    int64_t containers = out->containers.used / CONTAINER, mark = 0;
    if (!numbers_room(&out->bits, containers)) return 0;
    for (int64_t i = 0; i < containers; i++) {
        const int32_t *row = out->containers.at + i * CONTAINER;
        const Tag *tag = &w->tags->tags[row[1]];
        int32_t bits = tag->bits | (out->bits.at[row[2]] & ~tag->muted);
        if (mark < w->marks.used && w->marks.at[mark] == i) {
            bits |= w->marks.at[mark + 1];
            mark += 2;
        }
        out->bits.at[out->bits.used + i] = bits;
        if (!(bits & w->framing)) continue;
        if (!numbers_room(&out->framed, 1)) return 0;
        out->framed.at[out->framed.used++] = (int32_t)i;
    }
    out->bits.used += containers;
    return 1;
}

/* Put all lists of numbers one behind the other: a list that crosses to Python costs more than its numbers. */
static int gather(Result *out) {
    Numbers *lists[] = {&out->items,  &out->pictures, &out->special, &out->containers, &out->bits,
                        &out->framed, &out->metas,    &out->sets,    &out->asked,      &out->shown};
    enum { LISTS = sizeof lists / sizeof *lists };
    Numbers *all = &out->numbers;
    int64_t total = LISTS;
    for (int i = 0; i < LISTS; i++) total += lists[i]->used;
    if (!numbers_room(all, total)) return 0;
    for (int i = 0; i < LISTS; i++) all->at[all->used++] = (int32_t)lists[i]->used;
    for (int i = 0; i < LISTS; i++) {
        if (lists[i]->used) memcpy(all->at + all->used, lists[i]->at, (size_t)lists[i]->used * sizeof *all->at);
        all->used += lists[i]->used;
        free(lists[i]->at);
        *lists[i] = (Numbers){0};
    }
    return 1;
}

/* Make room for what most pages tell, before it is asked for: lists that grow are copied each time. */
static void make_room(Result *out) {
    numbers_room(&out->items, ITEM * 128);
    numbers_room(&out->containers, CONTAINER * 256);
    numbers_room(&out->bits, 256);
    bytes_room(&out->text, 1 << 13);
    bytes_room(&out->words, 1 << 12);
    bytes_room(&out->told, 1 << 12);
}

static int32_t walked(Walk *w, const char *html, int32_t length, const int64_t *ends, int32_t pieces, int as_written) {
    State state = {.kind = w->tags->p};
    Result *out = w->out;
    if (!add_container(w, 0, w->tags->unknown, 0) || !numbers_room(&out->bits, 1)) return NO_MEMORY;
    out->bits.at[out->bits.used++] = 0;
    int32_t status = w->dom ? parsed(w, html, length, ends, pieces, as_written, &state) : read_markup(w, html, length, &state);
    if (status == FINE && !flush(w, &state)) status = NO_MEMORY;
    if (status == NO_MEMORY && w->wanted) status = TOO_LARGE;
    out->containers.at[3] = (int32_t)(out->containers.used / CONTAINER);
    out->measured = out->pictures.used / SHOWN + out->shown.used / NAMED;
    if (status == FINE && !(add_bits(w) && gather(out))) status = NO_MEMORY;
    return status;
}

/* Walk a page of `length` bytes of UTF-8: as lexbor writes it out if `dom` is NULL, else as it was read, to be parsed by
   those functions. Then it must be within the budgets at the end of each of `pieces`, in order, too, with what its
   templates hold if `as_written`; `ends` has two numbers for each, where that is and how deep it may be. No list of
   strings gets more than `max_told` bytes, 31 bits at most. Containers that have a bit of `framing` are `framed`. NULL: no
   memory. The result is the caller's, to be given to page_free; `measured` is what is over a budget, or the pictures. */
EXPORT Result *page_walk(const char *html, int32_t length, const Tags *tags, const Tags *vocabulary, const Tags *said,
                         const Tags *asked, const Naming *naming, const Lexbor *dom, const int64_t *ends, int32_t pieces,
                         int32_t as_written, int32_t framing, int32_t max_nodes, int32_t max_depth, int64_t max_told) {
    Result *out = calloc(1, sizeof *out);
    Walk w = {.out = out, .tags = tags, .vocabulary = vocabulary, .said = said, .asked = asked, .naming = naming,
              .dom = dom, .end = html + length, .max_nodes = max_nodes, .max_depth = max_depth, .framing = framing,
              .max_told = max_told, .room_of_slots = 256};
    w.slots = malloc((size_t)w.room_of_slots * sizeof *w.slots);
    if (!out || !w.slots) {
        free(out);
        free(w.slots);
        return NULL;
    }
    for (int32_t i = 0; i < w.room_of_slots; i++) w.slots[i] = -1;
    make_room(out);
    if (naming) prepare_names(&w);
    out->status = walked(&w, html, length, ends, pieces, as_written);
    if (out->status == TOO_LARGE) out->measured = w.wanted;
    else if (out->status) out->measured = out->status == TOO_MANY ? w.count : w.max_depth + 1;
    free(w.frames);
    free(w.slots);
    free(w.names);
    free(w.known_links);
    free(w.open_sets.at);
    free(w.marks.at);
    free(w.source_places.at);
    return out;
}
