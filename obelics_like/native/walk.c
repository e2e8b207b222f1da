/* One pass over a page as lexbor writes it out: texts and pictures in document order, and the blocks they stand in.

   The input is what `LexborHTMLParser.root.html` gives: well-formed, every attribute quoted, `&` `<` `>` `"` and the
   no-break space escaped. So this is no parser of HTML: it reads start tags, end tags, comments and text, keeps a
   stack, and writes rows of numbers that point into the input and into one run of tidied text. What a name or an
   address means is decided in Python (`extraction/walk.py`, which also lays out the rows); here is only what has to be
   done for every tag and every character of a page.

   Nothing here trusts the input: each step is bounded by its length, and markup that lexbor would not write is passed
   by as text or skipped. */

#include "grow.h"

#define EXPORT __attribute__((visibility("default")))

enum { PLAIN, BLOCK, SILENT, VOID, LINK, AMP_IMAGE, BREAK, RULE, SVG_IMAGE, IMAGE, INPUT, HEAD, NOSCRIPT, OBJECT,
       PICTURE, SCRIPT, SOURCE, TITLE, VIDEO, TEMPLATE, RAW };
enum { SILENCED = 1, LINKED = 2, CODE = 4, FALLBACK = 8, SKIPPED = 16 };      /* modes of a state */
enum { KEEPS = 1, IS_PRE = 4, IS_HEADING = 8, IS_ROOT = 16, IS_LITERAL = 32 }; /* flags of a tag */
enum { NOT_JOINED, GLUED, SPACED, BROKEN };                                   /* how a text goes on after a picture */
/* Flags of a text, beside CODE: it holds characters that are not seen; a sentence ends in it; it has four digits of
   ASCII or more; it begins in a script in which a character says as much as a few Latin ones; it is not all ASCII. */
enum { ODD = 1, SENTENCE = 8, DIGITS = 16, DENSE = 32, NOT_ASCII = 64 };
enum { MANY_DIGITS = 4, DENSE_WITHIN = 200 };
enum { OF_IMG = 1, OF_INPUT, OF_POSTER, OF_BACKGROUND, OF_SVG, OF_OBJECT };   /* what shows a picture; 0 is a text */
enum { FINE = 0, NO_MEMORY = -1, TOO_MANY = 1, TOO_DEEP = 2 };

enum { ITEM = 10, CONTAINER = 3, NAME = 4, MARK = 3, META = 3, SET = 3 };     /* numbers in a row */

/* A tag as Python names it in `tags.py`. */
typedef struct {
    const char *name;
    int32_t length, action, kind, flags;
} Tag;

typedef struct {
    int32_t slots, unknown, div, p; /* a power of two; what an unknown tag is; the kinds named so */
    const Tag *tags;                /* 0-based; `table` holds numbers of it, or -1 */
    const int32_t *table;
} Tags;

/* What holds inside an element. `link` is the start of the attributes of the `<a>` round it; `set` numbers the
   `<picture>` round it from 1. */
typedef struct {
    int32_t is_block, container, mode, kind, link, link_end, set;
} State;

typedef struct {
    int32_t name, length, changed;
    State outer;
} Frame;

typedef struct {
    int32_t status, measured;
    Numbers items, containers, names, marks, metas, sets;
    Bytes text, words, telling; /* of the items; of the names, and the words in them that may mean something: by lines */
} Result;

typedef struct {
    const char *html;
    int32_t end;
    Result *out;
    const Tags *vocabulary;
    Frame *frames;
    int32_t depth, room, group, links, characters, started, start, pending, after_picture;
    int32_t flags, digits, ending; /* of the text begun; `ending`: what may end a sentence has just been put */
    Numbers open_sets;  /* of each `<picture>` the last row of its sources that no `<img>` has taken, or -1 */
    int32_t *slots;     /* of the table of names: a number of a row of names, or -1 */
    int32_t room_of_slots;
} Walk;

static uint32_t hash_of(uint32_t hash, const char *at, int32_t length) {
    for (int32_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)at[i]) * 16777619u;
    return hash;
}

EXPORT uint32_t tag_hash(const char *name, int32_t length) { return hash_of(2166136261u, name, length); }

static int32_t tag_of(const Tags *tags, const char *name, int32_t length) {
    uint32_t slot = tag_hash(name, length) & (uint32_t)(tags->slots - 1);
    for (;; slot = (slot + 1) & (uint32_t)(tags->slots - 1)) {
        int32_t tag = tags->table[slot];
        if (tag < 0) return tags->unknown;
        if (tags->tags[tag].length == length && !memcmp(tags->tags[tag].name, name, (size_t)length)) return tag;
    }
}

/* Attributes: ` name="value"` one after the other, from `at` up to the tag's `>`. */
typedef struct {
    int32_t at, end, name, name_end, value, value_end;
} Attribute;

static int next_attribute(const char *html, Attribute *a) {
    int32_t at = a->at;
    while (at < a->end && html[at] == ' ') at++;
    if (at >= a->end) return 0;
    a->name = at++;
    while (at < a->end && html[at] != '=' && html[at] != ' ') at++;
    a->name_end = a->value = a->value_end = at;
    if (at + 1 < a->end && html[at] == '=' && html[at + 1] == '"') {
        a->value = at + 2;
        const char *quote = memchr(html + a->value, '"', (size_t)(a->end - a->value));
        a->value_end = quote ? (int32_t)(quote - html) : a->end;
        at = a->value_end + 1;
    }
    a->at = at;
    return 1;
}

static int is_named(const char *html, const Attribute *a, const char *name) {
    size_t length = strlen(name);
    return (size_t)(a->name_end - a->name) == length && !memcmp(html + a->name, name, length);
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static int same_lower(const char *at, const char *word, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (lower(at[i]) != word[i]) return 0;
    return 1;
}

/* Whether the value begins with the word, in any case, and `whole`: is nothing else. */
static int begins(const char *html, const Attribute *a, const char *word, int whole) {
    int32_t at = a->value, end = a->value_end, length = (int32_t)strlen(word);
    while (at < end && is_space((unsigned char)html[at])) at++;
    while (end > at && is_space((unsigned char)html[end - 1])) end--;
    return end - at >= length && (!whole || end - at == length) && same_lower(html + at, word, (size_t)length);
}

static int holds(const char *at, int32_t length, const char *word) {
    int32_t size = (int32_t)strlen(word);
    for (int32_t i = 0; i + size <= length; i++)
        if (at[i] == word[0] && !memcmp(at + i, word, (size_t)size)) return 1;
    return 0;
}

static int says_something(const char *html, const Attribute *a) {
    for (int32_t at = a->value; at < a->value_end; at++)
        if (!is_space((unsigned char)html[at])) return 1;
    return 0;
}

/* ---- texts ---- */

/* End the run of text that stands in `state`, if there is one. */
static int flush(Walk *w, const State *state) {
    Result *out = w->out;
    if (w->started) {
        if (!numbers_room(&out->items, ITEM)) return 0;
        int32_t *row = out->items.at + out->items.used;
        out->items.used += ITEM;
        row[0] = 0;
        row[1] = w->start;
        row[2] = w->characters;
        row[3] = state->kind;
        row[4] = state->container;
        row[5] = w->group;
        row[6] = w->links;
        row[7] = w->flags | (w->ending ? SENTENCE : 0) | (state->mode & CODE);
        row[8] = w->after_picture;
        row[9] = 0;
    }
    w->started = w->flags = w->digits = w->ending = w->links = 0;
    w->pending = w->after_picture = NOT_JOINED;
    w->start = w->characters;
    return 1;
}

static void put(Walk *w, const unsigned char *at, int size) {
    Bytes *text = &w->out->text;
    memcpy(text->at + text->used, at, (size_t)size);
    text->used += size;
    w->characters++;
}

/* Whether a character ends a sentence: 1 if white space or the end follows, 2 if in any case. */
static int ends_sentence(uint32_t c) {
    switch (c) {
    case '.': case '!': case '?': case 0x2026: case 0x964: case 0x61F: case 0x1362: case 0x589: return 1;
    case 0x3002: case 0xFF01: case 0xFF1F: return 2;
    default: return 0;
    }
}

/* Whether it may stand between the end of a sentence and the white space: quotes and brackets. */
static int closes(uint32_t c) {
    return c == '\'' || c == '"' || c == ')' || c == ']' || c == 0x201D || c == 0x2019 || c == 0xBB;
}

/* Note what a character that is no white space says of its text. */
static void note(Walk *w, uint32_t c) {
    if (c < 0x80) {
        if (c >= '0' && c <= '9') {
            if (++w->digits == MANY_DIGITS) w->flags |= DIGITS;
            w->ending = 0;
            return;
        }
        if (c >= 'A') {
            w->ending = w->ending && c == ']';
            if (c == 0x7F) w->flags |= ODD;
            return;
        }
    } else {
        w->flags |= NOT_ASCII;
        if (c >= 0xE00 && c <= 0x9FFF && w->characters - w->start < DENSE_WITHIN &&
            (c <= 0xEFF || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) ||
             (c >= 0x3040 && c <= 0x30FF) || c >= 0x3400))
            w->flags |= DENSE;
    }
    if (is_odd(c)) w->flags |= ODD;
    int ends = ends_sentence(c);
    if (ends == 2) w->flags |= SENTENCE;
    w->ending = ends || (w->ending && closes(c));
}

/* A character of the input at `at`, escapes undone; `*size` becomes the bytes it takes there, `*from` and `*bytes` where
   and how long it is itself. */
static uint32_t unescaped(const unsigned char *at, const unsigned char *end, int *size, const unsigned char **from,
                          int *bytes) {
    static const unsigned char blank[] = "\xC2\xA0";
    *from = at;
    if (*at != '&') {
        uint32_t c = character(at, end, size);
        *bytes = *size;
        return c;
    }
    *bytes = 1;
    int64_t left = end - at;
    if (left >= 5 && !memcmp(at, "&amp;", 5)) { *size = 5; return '&'; }
    if (left >= 6 && !memcmp(at, "&nbsp;", 6)) { *size = 6; *from = blank; *bytes = 2; return 0xA0; }
    if (left >= 4 && !memcmp(at, "&lt;", 4)) { *size = 4; *from = (const unsigned char *)"<"; return '<'; }
    if (left >= 4 && !memcmp(at, "&gt;", 4)) { *size = 4; *from = (const unsigned char *)">"; return '>'; }
    *size = 1;
    return '&';
}

/* Take up a text that is not silenced: white space as `texts.tidy` has it, code as it stands. */
static int take_text(Walk *w, int32_t from, int32_t to, int mode) {
    const unsigned char *at = (const unsigned char *)w->html + from, *end = (const unsigned char *)w->html + to;
    const unsigned char *piece;
    int size, bytes;
    if (!bytes_room(&w->out->text, to - from + 8)) return 0;
    if (mode & CODE) {
        w->started = 1;
        while (at < end) {
            unescaped(at, end, &size, &piece, &bytes);
            put(w, piece, bytes);
            at += size;
        }
        return 1;
    }
    int32_t count = 0, spaces = 0, blank = 1; /* characters of the node, and how many of them end it as white space */
    while (at < end) {
        uint32_t c;
        if (*at < 0x80 && *at != '&') { c = *at; size = bytes = 1; piece = at; }
        else c = unescaped(at, end, &size, &piece, &bytes);
        at += size;
        count++;
        if (is_space(c)) {
            spaces++;
            if (w->pending == NOT_JOINED) w->pending = SPACED;
            continue;
        }
        if (c == 1) { w->pending = BROKEN; continue; }
        if (!w->started) {
            /* what came before the first letter matters only behind a picture of the same paragraph */
            if (w->after_picture) w->after_picture = w->pending == NOT_JOINED ? GLUED : w->pending;
            w->started = 1;
        } else if (w->pending != NOT_JOINED) {
            put(w, (const unsigned char *)(w->pending == BROKEN ? "\n" : " "), 1);
            if (w->ending) w->flags |= SENTENCE;
            w->ending = 0;
        }
        w->pending = NOT_JOINED;
        blank = 0;
        note(w, c);
        put(w, piece, bytes);
    }
    if (blank && !w->started && !w->after_picture) w->pending = NOT_JOINED;
    if (!blank && mode & LINKED) w->links += count;
    return 1;
}

/* The text of an `<xmp>`, in which nothing is escaped. */
static int take_literal(Walk *w, int32_t from, int32_t to) {
    const unsigned char *at = (const unsigned char *)w->html + from, *end = (const unsigned char *)w->html + to;
    int size;
    if (!bytes_room(&w->out->text, to - from)) return 0;
    for (w->started = 1; at < end; at += size) {
        character(at, end, &size);
        put(w, at, size);
    }
    return 1;
}

/* ---- pictures ---- */

/* Note a picture; `set` is where its `<picture>`'s sources begin, from 1, or 0. */
static int emit(Walk *w, int how, int32_t from, int32_t to, const State *state, int32_t set) {
    Result *out = w->out;
    int32_t joins = w->started || w->after_picture;
    int32_t pending = w->pending;
    if (!flush(w, state) || !numbers_room(&out->items, ITEM)) return 0;
    if (joins) {
        w->after_picture = GLUED;
        w->pending = pending;
    }
    int32_t *row = out->items.at + out->items.used;
    out->items.used += ITEM;
    row[0] = how;
    row[1] = from;
    row[2] = to;
    row[3] = (state->mode & FALLBACK) != 0;
    row[4] = state->container;
    row[5] = w->group;
    row[6] = state->link;
    row[7] = state->link_end;
    row[8] = set;
    row[9] = 0;
    return 1;
}

/* Whether an element may name the address of a picture in any of its attributes. */
static int may_show(const char *html, int32_t from, int32_t to) {
    Attribute a = {.at = from, .end = to};
    while (next_attribute(html, &a)) {
        if (a.value >= a.value_end) continue;
        int32_t length = a.name_end - a.name;
        if (is_named(html, &a, "src")) {
            if (says_something(html, &a) && !strchr("#{<", html[a.value])) return 1;
        } else if ((length > 5 && !memcmp(html + a.name, "data-", 5)) || holds(html + a.name, length, "src") ||
                   is_named(html, &a, "file") || is_named(html, &a, "zoomfile") || is_named(html, &a, "v-lazy")) {
            return 1;
        }
    }
    return 0;
}

static int32_t taken_set(Walk *w, const State *state) {
    if (!state->set) return 0;
    int32_t *open = &w->open_sets.at[state->set - 1], set = *open + 1;
    *open = -1;
    return set;
}

static int take_source(Walk *w, int32_t from, int32_t to, const State *state) {
    if (!state->set) return 1;
    Attribute a = {.at = from, .end = to};
    while (next_attribute(w->html, &a))
        if (is_named(w->html, &a, "type") && (begins(w->html, &a, "video", 0) || begins(w->html, &a, "audio", 0)))
            return 1;
    Numbers *sets = &w->out->sets;
    if (!numbers_room(sets, SET)) return 0;
    int32_t *row = sets->at + sets->used, *open = &w->open_sets.at[state->set - 1];
    row[0] = from;
    row[1] = to;
    row[2] = *open + 1;
    *open = (int32_t)(sets->used / SET);
    sets->used += SET;
    return 1;
}

static int is_picture_file(const char *html, const Attribute *a) {
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp",
                                          ".avif", ".bmp", ".tif", ".tiff", ".heic", ".svg"};
    int32_t at = a->value, end = at;
    while (end < a->value_end && html[end] != '?' && html[end] != '#') end++;
    while (end > at && is_space((unsigned char)html[end - 1])) end--;
    if (holds(html + at, end - at, "/wiki/")) return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        int32_t length = (int32_t)strlen(endings[i]);
        if (end - at > length && same_lower(html + end - length, endings[i], (size_t)length)) return 1;
    }
    return 0;
}

/* Whether an element has an attribute of one of two names that says something; for `<object>` a picture's file. */
static int names_picture(Walk *w, int32_t from, int32_t to, const char *one, const char *other, int only_files) {
    Attribute a = {.at = from, .end = to};
    int named = 0, file = 0;
    while (next_attribute(w->html, &a)) {
        if ((is_named(w->html, &a, one) || is_named(w->html, &a, other)) && says_something(w->html, &a)) {
            named = 1;
            file |= is_picture_file(w->html, &a);
        } else if (only_files && is_named(w->html, &a, "type") && begins(w->html, &a, "image/", 0)) {
            file = 1;
        }
    }
    return named && (file || !only_files);
}

static int has_type(Walk *w, int32_t from, int32_t to, const char *type) {
    Attribute a = {.at = from, .end = to};
    while (next_attribute(w->html, &a))
        if (is_named(w->html, &a, "type")) return begins(w->html, &a, type, 1);
    return 0;
}

/* ---- containers ---- */

static int more_slots(Walk *w) {
    int32_t room = w->room_of_slots * 2;
    int32_t *slots = malloc((size_t)room * sizeof *slots);
    if (!slots) return 0;
    for (int32_t i = 0; i < room; i++) slots[i] = -1;
    for (int32_t i = 0; i < w->room_of_slots; i++) {
        if (w->slots[i] < 0) continue;
        const int32_t *row = w->out->names.at + (int64_t)w->slots[i] * NAME;
        uint32_t hash = hash_of(2166136261u, w->html + row[0], row[1] - row[0]);
        hash = hash_of(hash * 31 + 7, w->html + row[2], row[3] - row[2]);
        uint32_t slot = hash & (uint32_t)(room - 1);
        while (slots[slot] >= 0) slot = (slot + 1) & (uint32_t)(room - 1);
        slots[slot] = w->slots[i];
    }
    free(w->slots);
    w->slots = slots;
    w->room_of_slots = room;
    return 1;
}

enum { LONG_WORD = 80, MANY_WORDS = 24 }; /* LONG and MANY of `names` */

/* Whether a word of a class may mean something: a part of it, or all its parts together, are in the vocabulary. Parts
   are runs of letters, and begin anew where a capital follows a small letter, as `names.meaning_of_one` has it. */
static int tells(const Tags *vocabulary, const char *word, const char *end) {
    char part[LONG_WORD], whole[LONG_WORD];
    int32_t in_part = 0, in_whole = 0;
    if (end - word > LONG_WORD) end = word + LONG_WORD;
    for (const char *at = word; at < end; at++) {
        char c = lower(*at);
        int letter = c >= 'a' && c <= 'z';
        if (*at == '&' || (unsigned char)*at >= 0x80) return 1; /* left to Python */
        if (in_part && (!letter || (c != *at && at[-1] >= 'a' && at[-1] <= 'z'))) {
            if (tag_of(vocabulary, part, in_part)) return 1;
            in_part = 0;
        }
        if (letter) part[in_part++] = c;
        if (letter || (c >= '0' && c <= '9')) whole[in_whole++] = c;
    }
    return (in_part && tag_of(vocabulary, part, in_part)) || (in_whole && tag_of(vocabulary, whole, in_whole));
}

static void put_word(Bytes *words, const char *word, const char *end) {
    memcpy(words->at + words->used, word, (size_t)(end - word));
    words->used += end - word;
    words->at[words->used++] = ' ';
}

/* Write a value's words, each with a blank behind it; those that tell something, of the first ones, also apart. */
static void put_words(Walk *w, const char *at, const char *end, int32_t *count) {
    while (at < end) {
        while (at < end && is_space((unsigned char)*at)) at++;
        const char *from = at;
        while (at < end && !is_space((unsigned char)*at)) at++;
        if (at == from) continue;
        put_word(&w->out->words, from, at);
        if (++*count <= MANY_WORDS && tells(w->vocabulary, from, at)) put_word(&w->out->telling, from, at);
    }
}

/* The number of the class and id together, from 1; the same pair has the same number. -1: no memory. */
static int32_t name_of(Walk *w, const int32_t name[NAME]) {
    Numbers *names = &w->out->names;
    int32_t first = name[1] - name[0], second = name[3] - name[2];
    if (!first && !second) return 0;
    if (names->used / NAME * 2 >= w->room_of_slots && !more_slots(w)) return -1;
    uint32_t hash = hash_of(2166136261u, w->html + name[0], first);
    hash = hash_of(hash * 31 + 7, w->html + name[2], second);
    uint32_t slot = hash & (uint32_t)(w->room_of_slots - 1);
    for (; w->slots[slot] >= 0; slot = (slot + 1) & (uint32_t)(w->room_of_slots - 1)) {
        const int32_t *row = names->at + (int64_t)w->slots[slot] * NAME;
        if (row[1] - row[0] == first && row[3] - row[2] == second &&
            !memcmp(w->html + row[0], w->html + name[0], (size_t)first) &&
            !memcmp(w->html + row[2], w->html + name[2], (size_t)second))
            return w->slots[slot] + 1;
    }
    Bytes *words = &w->out->words, *telling = &w->out->telling;
    if (!numbers_room(names, NAME) || !bytes_room(words, first + second + 4) ||
        !bytes_room(telling, first + second + 4))
        return -1;
    int32_t count = 0;
    put_words(w, w->html + name[0], w->html + name[1], &count);
    put_words(w, w->html + name[2], w->html + name[3], &count);
    words->at[words->used++] = telling->at[telling->used++] = '\n';
    memcpy(names->at + names->used, name, NAME * sizeof *name);
    w->slots[slot] = (int32_t)(names->used / NAME);
    names->used += NAME;
    return w->slots[slot] + 1;
}

/* Whether an attribute holds what a lazy loader makes the background: BACKGROUNDS of `pictures`. */
static int is_lazy_background(const char *html, const Attribute *a) {
    static const char *const known[] = {"data-bgset", "data-bg", "data-background-image", "data-background",
                                        "data-lazy-background"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_named(html, a, known[i])) return says_something(html, a);
    return 0;
}

static int add_row(Numbers *list, int32_t one, int32_t two, int32_t three) {
    if (!numbers_room(list, 3)) return 0;
    int32_t *row = list->at + list->used;
    row[0] = one;
    row[1] = two;
    row[2] = three;
    list->used += 3;
    return 1;
}

/* Enter a block, which gets a container of its own; inside code, a block is a new line. */
static int enter_block(Walk *w, const Tags *tags, int32_t number, int32_t from, int32_t to, State *state) {
    const Tag *tag = &tags->tags[number];
    if (state->mode & CODE) {
        Bytes *text = &w->out->text;
        if (w->started && text->used && text->at[text->used - 1] != '\n') {
            if (!bytes_room(text, 1)) return 0;
            put(w, (const unsigned char *)"\n", 1);
        }
        return 1;
    }
    if (!flush(w, state)) return 0;
    w->group++;
    int32_t kind = tag->kind, outer = state->kind;
    if (tag->flags & IS_PRE) state->mode |= CODE;
    else if ((kind == tags->div || kind == tags->p) && tags->tags[outer].flags & KEEPS) kind = outer;
    int32_t name[NAME] = {0, 0, 0, 0}, marked = (tag->flags & IS_ROOT) != 0, background = 0;
    Attribute a = {.at = from, .end = to};
    while (next_attribute(w->html, &a)) {
        if (is_named(w->html, &a, "class")) { name[0] = a.value; name[1] = a.value_end; }
        else if (is_named(w->html, &a, "id")) {
            if (!(tag->flags & IS_HEADING)) { name[2] = a.value; name[3] = a.value_end; }
        } else if (is_named(w->html, &a, "style")) {
            int32_t length = a.value_end - a.value;
            background |= holds(w->html + a.value, length, "url(");
            marked |= holds(w->html + a.value, length, "none");
        } else if ((a.name_end - a.name > 6 && !memcmp(w->html + a.name, "data-b", 6)) || is_named(w->html, &a, "data-lazy-background")) {
            background |= is_lazy_background(w->html, &a);
        } else if (is_named(w->html, &a, "role") || is_named(w->html, &a, "itemprop") || is_named(w->html, &a, "hidden")) {
            marked = 1;
        }
    }
    int32_t known = name_of(w, name), above = state->container;
    Result *out = w->out;
    state->is_block = 1;
    state->container = (int32_t)(out->containers.used / CONTAINER);
    state->kind = kind;
    if (known < 0 || !add_row(&out->containers, above, number, known)) return 0;
    if (marked && !add_row(&out->marks, state->container, from, to)) return 0;
    return !background || emit(w, OF_BACKGROUND, from, to, state, 0);
}

/* ---- elements ---- */

/* Enter an element: `state` becomes what holds inside. 1: it is open; 0: it is empty; -1: no memory. */
static int enter(Walk *w, const Tags *tags, int32_t number, int32_t from, int32_t to, State *state) {
    int fine = 1, open = 1;
    switch (tags->tags[number].action) {
    case PLAIN:
        break;
    case BLOCK:
        fine = enter_block(w, tags, number, from, to, state);
        break;
    case LINK:
        state->is_block = 0;
        state->mode |= LINKED;
        state->link = from;
        state->link_end = to;
        break;
    case SCRIPT:
        if (has_type(w, from, to, "application/ld+json")) fine = add_row(&w->out->metas, number, to + 1, -1);
        state->is_block = 0;
        state->mode |= SILENCED;
        break;
    case TITLE:
        fine = add_row(&w->out->metas, number, to + 1, -1);
        state->is_block = 0;
        state->mode |= SILENCED;
        break;
    case SILENT:
    case RAW:
        state->is_block = 0;
        state->mode |= SILENCED;
        break;
    case TEMPLATE:
        state->is_block = 0;
        state->mode |= SKIPPED;
        break;
    case PICTURE:
        state->is_block = 0;
        if (!numbers_room(&w->open_sets, 1)) return -1;
        w->open_sets.at[w->open_sets.used++] = -1;
        state->set = (int32_t)w->open_sets.used;
        break;
    case VIDEO:
    case OBJECT: {
        int video = tags->tags[number].action == VIDEO;
        int shown = video ? names_picture(w, from, to, "poster", "data-poster", 0)
                          : names_picture(w, from, to, "data", "src", 1);
        if (shown) fine = emit(w, video ? OF_POSTER : OF_OBJECT, from, to, state, 0);
        state->is_block = 0;
        state->mode |= SILENCED | (video || shown ? FALLBACK : 0);
        break;
    }
    case NOSCRIPT:
        state->is_block = 0;
        state->mode |= SILENCED | FALLBACK;
        break;
    case SVG_IMAGE:
        if (names_picture(w, from, to, "href", "xlink:href", 0)) fine = emit(w, OF_SVG, from, to, state, 0);
        fine = fine && enter_block(w, tags, number, from, to, state);
        break;
    case IMAGE:
    case AMP_IMAGE: {
        int32_t set = taken_set(w, state);
        if (set || may_show(w->html, from, to)) fine = emit(w, OF_IMG, from, to, state, set);
        open = tags->tags[number].action == AMP_IMAGE;
        if (open) {
            state->is_block = 0;
            state->mode |= FALLBACK;
        }
        break;
    }
    case SOURCE:
        fine = take_source(w, from, to, state);
        open = 0;
        break;
    case INPUT:
        if (has_type(w, from, to, "image") && may_show(w->html, from, to)) fine = emit(w, OF_INPUT, from, to, state, 0);
        open = 0;
        break;
    case HEAD:
        fine = add_row(&w->out->metas, number, from, to);
        open = 0;
        break;
    case BREAK:
        open = 0;
        if (state->mode & CODE) {
            w->started = 1;
            fine = bytes_room(&w->out->text, 1);
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

static int leave(Walk *w, const State *inner, const State *outer) {
    if (inner->is_block) {
        if (!flush(w, inner)) return 0;
        w->group++;
    } else if (inner->set && !outer->set) { /* a <picture> without an <img> */
        int32_t set = taken_set(w, inner);
        if (set) return emit(w, OF_IMG, 0, 0, inner, set);
    }
    return 1;
}

static int push(Walk *w, int32_t name, int32_t length, const State *outer, int changed) {
    if (w->depth == w->room) {
        int32_t room = w->room * 2 + 64;
        Frame *frames = realloc(w->frames, (size_t)room * sizeof *frames);
        if (!frames) return 0;
        w->frames = frames;
        w->room = room;
    }
    w->frames[w->depth++] = (Frame){name, length, changed, *outer};
    return 1;
}

/* Close the nearest open element of the name, and what is open in it; a stray end tag closes nothing. */
static int close_tag(Walk *w, int32_t name, int32_t length, State *state) {
    int32_t down = w->depth - 1, lowest = down > 32 ? down - 32 : 0;
    while (down >= lowest && (w->frames[down].length != length ||
                              memcmp(w->html + w->frames[down].name, w->html + name, (size_t)length)))
        down--;
    if (down < lowest) return 1;
    while (w->depth > down) {
        Frame *frame = &w->frames[--w->depth];
        State inner = *state;
        *state = frame->outer;
        if (frame->changed && !leave(w, &inner, state)) return 0;
    }
    return 1;
}

/* The place behind the tag that ends at its `>`: quoted values may hold that, so quotes are minded. */
static int32_t tag_end(const char *html, int32_t at, int32_t end) {
    for (; at < end; at++) {
        if (html[at] == '>') return at;
        if (html[at] == '=' && at + 1 < end && html[at + 1] == '"') {
            const char *quote = memchr(html + at + 2, '"', (size_t)(end - at - 2));
            if (!quote) return end;
            at = (int32_t)(quote - html);
        }
    }
    return end;
}

/* Where the text of an element whose text is not escaped ends: at its end tag. */
static int32_t raw_end(const char *html, int32_t at, int32_t end, int32_t name, int32_t length) {
    while (at < end) {
        const char *next = memchr(html + at, '<', (size_t)(end - at));
        if (!next) return end;
        at = (int32_t)(next - html);
        if (at + 2 + length <= end && html[at + 1] == '/' && !memcmp(html + at + 2, html + name, (size_t)length)) return at;
        at++;
    }
    return end;
}

static int is_word(const char *html, int32_t at, int32_t end, const char *word) {
    int32_t length = (int32_t)strlen(word);
    return at + length < end && same_lower(html + at, word, (size_t)length) &&
           (html[at + length] == '>' || html[at + length] == '/' || is_space((unsigned char)html[at + length]));
}

/* Where a script ends. Behind `<!--` and a further `<script` in it, an end tag ends that one (HTML, 13.2.5.15 on). */
static int32_t script_end(const char *html, int32_t at, int32_t end) {
    int escaped = 0, twice = 0;
    for (; at < end; at++) {
        if (html[at] == '<') {
            if (at + 4 <= end && !memcmp(html + at, "<!--", 4)) escaped = 1;
            else if (escaped && !twice && is_word(html, at, end, "<script")) twice = 1;
            else if (is_word(html, at, end, "</script")) {
                if (!twice) return at;
                twice = 0;
            }
        } else if (escaped && html[at] == '-' && at + 3 <= end && !memcmp(html + at, "-->", 3)) {
            escaped = twice = 0;
        }
    }
    return end;
}

static int32_t skipped(const char *html, int32_t at, int32_t end) {
    if (at + 4 <= end && !memcmp(html + at, "<!--", 4)) {
        for (int32_t i = at + 4; i + 3 <= end; i++) {
            const char *dash = memchr(html + i, '-', (size_t)(end - i));
            if (!dash) return end;
            i = (int32_t)(dash - html);
            if (i + 3 <= end && html[i + 1] == '-' && html[i + 2] == '>') return i + 3;
        }
        return end;
    }
    const char *close = memchr(html + at, '>', (size_t)(end - at));
    return close ? (int32_t)(close - html) + 1 : end;
}

static int walk(Walk *w, const Tags *tags, int32_t max_nodes, int32_t max_depth) {
    State state = {.is_block = 1, .kind = tags->p};
    int32_t at = 0, count = 0;
    if (!add_row(&w->out->containers, 0, tags->unknown, 0)) return NO_MEMORY;
    while (at < w->end) {
        if (w->html[at] != '<') {
            const char *next = memchr(w->html + at, '<', (size_t)(w->end - at));
            int32_t stop = next ? (int32_t)(next - w->html) : w->end;
            if (!(state.mode & (SILENCED | SKIPPED)) && !take_text(w, at, stop, state.mode)) return NO_MEMORY;
            at = stop;
            continue;
        }
        if (at + 1 >= w->end || w->html[at + 1] == '!' || w->html[at + 1] == '?') {
            at = skipped(w->html, at, w->end);
            continue;
        }
        int closing = w->html[at + 1] == '/';
        int32_t name = at + 1 + closing, stop = name;
        while (stop < w->end && w->html[stop] != ' ' && w->html[stop] != '>') stop++;
        int32_t length = stop - name, close = tag_end(w->html, stop, w->end);
        at = close < w->end ? close + 1 : w->end;
        if (closing) {
            if (!close_tag(w, name, length, &state)) return NO_MEMORY;
            continue;
        }
        int32_t number = tag_of(tags, w->html + name, length), action = tags->tags[number].action;
        State outer = state;
        int open = 1;
        if (state.mode & SKIPPED) open = action != VOID && action != BREAK && action != RULE && action != IMAGE &&
                                         action != INPUT && action != HEAD && action != SOURCE;
        else {
            if (++count > max_nodes) {
                w->out->measured = count;
                return TOO_MANY;
            }
            open = enter(w, tags, number, stop, close, &state);
            if (open < 0) return NO_MEMORY;
        }
        if (!open) continue;
        if (!push(w, name, length, &outer, memcmp(&outer, &state, sizeof state) != 0)) return NO_MEMORY;
        if (w->depth > max_depth) {
            w->out->measured = w->depth;
            return TOO_DEEP;
        }
        if (action == RAW) at = raw_end(w->html, at, w->end, name, length);
        if (action == SCRIPT) at = script_end(w->html, at, w->end);
        if (tags->tags[number].flags & IS_LITERAL && !(state.mode & SKIPPED)) {
            int32_t from = at;
            at = raw_end(w->html, at, w->end, name, length);
            if (!(state.mode & SILENCED) && !take_literal(w, from, at)) return NO_MEMORY;
        }
    }
    while (w->depth) {
        State inner = state;
        Frame *frame = &w->frames[--w->depth];
        state = frame->outer;
        if (frame->changed && !leave(w, &inner, &state)) return NO_MEMORY;
    }
    return flush(w, &state) ? FINE : NO_MEMORY;
}

EXPORT void page_free(Result *out) {
    if (!out) return;
    free(out->items.at);
    free(out->containers.at);
    free(out->names.at);
    free(out->marks.at);
    free(out->metas.at);
    free(out->sets.at);
    free(out->text.at);
    free(out->words.at);
    free(out->telling.at);
    free(out);
}

/* Walk a page of `length` bytes of UTF-8; `vocabulary` are the words, by number from 1, that a class may hold. NULL: no memory. The result is the caller's, to be given to page_free. */
EXPORT Result *page_walk(const char *html, int32_t length, const Tags *tags, const Tags *vocabulary, int32_t max_nodes,
                         int32_t max_depth) {
    Result *out = calloc(1, sizeof *out);
    Walk w = {.html = html, .end = length, .out = out, .vocabulary = vocabulary, .room_of_slots = 256};
    w.slots = malloc((size_t)w.room_of_slots * sizeof *w.slots);
    if (!out || !w.slots) {
        free(out);
        free(w.slots);
        return NULL;
    }
    for (int32_t i = 0; i < w.room_of_slots; i++) w.slots[i] = -1;
    out->status = walk(&w, tags, max_nodes, max_depth);
    free(w.frames);
    free(w.slots);
    free(w.open_sets.at);
    return out;
}
