/* One walk over a page: texts and pictures in document order, and the blocks they stand in.

   `markup.c` or `nodes.c` tell of each element and each text; here a stack of states is kept, and rows of numbers are
   written that point into runs of text. What a name or an address means is decided in Python (`extraction/walk.py`, and
   `scan.py`, which lays out the rows); here is only what has to be done for every tag and every character of a page. */

#include "walk.h"

enum { NOT_JOINED, GLUED, SPACED, BROKEN }; /* how a text goes on after a picture */
/* Flags of a text, beside CODE: it holds characters that are not seen; a sentence ends in it; it has four digits of
   ASCII or more; it begins in a script in which a character says as much as a few Latin ones; it is not all ASCII. */
enum { ODD = 1, SENTENCE = 8, DIGITS = 16, DENSE = 32, NOT_ASCII = 64 };
enum { MANY_DIGITS = 4, DENSE_WITHIN = 200 };
enum { OF_IMG = 1, OF_INPUT, OF_POSTER, OF_BACKGROUND, OF_SVG, OF_OBJECT }; /* what shows a picture */

enum { ITEM = 6, SHOWN = 9, CONTAINER = 4 }; /* numbers in a row; in all other rows there are three */

uint32_t hash_of(uint32_t hash, const char *at, int32_t length) {
    for (int32_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)at[i]) * 16777619u;
    return hash;
}

EXPORT uint32_t tag_hash(const char *name, int32_t length) { return hash_of(2166136261u, name, length); }

int32_t tag_of(const Tags *tags, const char *name, int32_t length) {
    uint32_t slot = tag_hash(name, length) & (uint32_t)(tags->slots - 1);
    for (;; slot = (slot + 1) & (uint32_t)(tags->slots - 1)) {
        int32_t tag = tags->table[slot];
        if (tag < 0) return tags->unknown;
        if (tags->tags[tag].length == length && !memcmp(tags->tags[tag].name, name, (size_t)length)) return tag;
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

/* ---- attributes ---- */

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

static int is_named(const Attribute *a, const char *name) { return same_word(a->name, a->name_length, name); }

/* Whether the value begins with the word, in any case, and `whole`: is nothing else. */
static int begins(const Attribute *a, const char *word, int whole) {
    const char *at = a->value, *end = at + a->length;
    int32_t length = (int32_t)strlen(word);
    while (at < end && is_space((unsigned char)*at)) at++;
    while (end > at && is_space((unsigned char)end[-1])) end--;
    return end - at >= length && (!whole || end - at == length) && same_lower(at, word, (size_t)length);
}

static int holds(const char *at, int32_t length, const char *word) {
    int32_t size = (int32_t)strlen(word);
    for (int32_t i = 0; i + size <= length; i++)
        if (at[i] == word[0] && !memcmp(at + i, word, (size_t)size)) return 1;
    return 0;
}

static int says_something(const Attribute *a) {
    for (int32_t i = 0; i < a->length; i++)
        if (!is_space((unsigned char)a->value[i])) return 1;
    return 0;
}

/* ---- texts ---- */

/* Add an item, whose text has been put; a picture has the kind 0 and no text. */
static int add_item(Walk *w, const State *state, int32_t kind, int32_t flags) {
    Result *out = w->out;
    if (!numbers_room(&out->items, ITEM) || !numbers_room(&out->special, 1) || !bytes_room(&out->text, 1)) return 0;
    int32_t *row = out->items.at + out->items.used;
    if (kind && (flags & (ODD | CODE) || w->after_picture))
        out->special.at[out->special.used++] = (int32_t)(out->items.used / ITEM);
    out->items.used += ITEM;
    row[0] = kind;
    row[1] = state->container;
    row[2] = w->group;
    row[3] = kind ? w->links : 0;
    row[4] = flags;
    row[5] = kind ? w->after_picture : NOT_JOINED;
    out->text.at[out->text.used++] = 0;
    return 1;
}

/* End the run of text that stands in `state`, if there is one. */
static int flush(Walk *w, const State *state) {
    int32_t flags = w->flags | (w->ending ? SENTENCE : 0) | (state->mode & CODE);
    if (w->started && !add_item(w, state, state->kind, flags)) return 0;
    w->started = w->flags = w->digits = w->ending = w->links = 0;
    w->pending = w->after_picture = NOT_JOINED;
    w->start = w->characters;
    return 1;
}

/* Add a character to the text; NUL, which ends texts, is none that a page can hold. */
static void put(Walk *w, const unsigned char *at, int size) {
    Bytes *text = &w->out->text;
    if (!*at) return;
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

/* A character of the input at `at`; `*size` becomes the bytes it takes there, `*from` and `*bytes` where and how long it
   is itself: in markup, escapes are undone. */
static uint32_t unescaped(const Walk *w, const unsigned char *at, const unsigned char *end, int *size,
                          const unsigned char **from, int *bytes) {
    static const struct { const char *escape, *character; } escapes[] = {
        {"&amp;", "&"}, {"&nbsp;", "\xC2\xA0"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}};
    *from = at;
    if (*at == '&' && !w->dom)
        for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
            size_t length = strlen(escapes[i].escape);
            if ((size_t)(end - at) < length || memcmp(at, escapes[i].escape, length)) continue;
            *size = (int)length;
            *from = (const unsigned char *)escapes[i].character;
            *bytes = (int)strlen(escapes[i].character);
            return *bytes == 2 ? 0xA0 : **from;
        }
    uint32_t c = character(at, end, size);
    *bytes = *size;
    return c;
}

/* Whether a character is but copied: it is visible, and says nothing of its text. */
static inline int is_plain(const Walk *w, unsigned char c) {
    static const uint8_t telling[128] = {['!'] = 1, ['"'] = 1, ['\''] = 1, [')'] = 1, ['.'] = 1, ['?'] = 1, [']'] = 1,
                                         ['0'] = 1, ['1'] = 1, ['2'] = 1,  ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1,
                                         ['7'] = 1, ['8'] = 1, ['9'] = 1,  ['&'] = 2};
    return c > ' ' && c < 0x7F && (!telling[c] || (telling[c] == 2 && w->dom));
}

/* Take up the words in a row that hold nothing but such characters, single blanks between them; gives their bytes. */
static int32_t take_plain(Walk *w, const unsigned char *from, const unsigned char *end) {
    const unsigned char *at = from;
    while (at < end && (is_plain(w, *at) || (*at == ' ' && at > from && at + 1 < end && is_plain(w, at[1])))) at++;
    int32_t size = (int32_t)(at - from);
    Bytes *text = &w->out->text;
    memcpy(text->at + text->used, from, (size_t)size);
    text->used += size;
    w->characters += size;
    if (size) w->ending = 0;
    return size;
}

/* Take up a text that is not silenced: white space as `texts.tidy` has it, code as it stands. */
int take_text(Walk *w, const char *from, const char *to, int mode) {
    const unsigned char *at = (const unsigned char *)from, *end = (const unsigned char *)to;
    const unsigned char *piece;
    int size, bytes;
    if (!bytes_room(&w->out->text, to - from + 8)) return 0;
    if (mode & CODE) {
        w->started = 1;
        while (at < end) {
            unescaped(w, at, end, &size, &piece, &bytes);
            put(w, piece, bytes);
            at += size;
        }
        return 1;
    }
    int32_t count = 0, blank = 1; /* characters of the node; whether all of them are white space */
    while (at < end) {
        uint32_t c;
        if (w->started && w->pending == NOT_JOINED && (size = take_plain(w, at, end))) {
            at += size;
            count += size;
            blank = 0;
            continue;
        }
        if (*at < 0x80 && *at != '&') { c = *at; size = bytes = 1; piece = at; }
        else c = unescaped(w, at, end, &size, &piece, &bytes);
        at += size;
        count++;
        if (is_space(c)) {
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
int take_literal(Walk *w, const char *from, const char *to) {
    const unsigned char *at = (const unsigned char *)from, *end = (const unsigned char *)to;
    int size;
    if (!bytes_room(&w->out->text, to - from)) return 0;
    for (w->started = 1; at < end; at += size) {
        character(at, end, &size);
        put(w, at, size);
    }
    return 1;
}

/* Copy a value without its escapes; gives the bytes. */
static int64_t bare(const Walk *w, const char *from, const char *to, char *into) {
    const unsigned char *at = (const unsigned char *)from, *end = (const unsigned char *)to, *piece;
    char *start = into;
    int size, bytes;
    if (w->dom || !memchr(from, '&', (size_t)(to - from))) {
        memcpy(into, from, (size_t)(to - from));
        return to - from;
    }
    for (; at < end; at += size, into += bytes) {
        unescaped(w, at, end, &size, &piece, &bytes);
        memcpy(into, piece, (size_t)bytes);
    }
    return into - start;
}

/* ---- what Python is told of ---- */

/* Take up a string; `escaped`: as markup has it. */
static int tell(Walk *w, const char *from, const char *to, int escaped) {
    Bytes *told = &w->out->told;
    if (!bytes_room(told, to - from + 1)) return 0;
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
static int tell_attributes(Walk *w, const Element *element, int32_t place[2]) {
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

/* Take up the value of one attribute; both places are 0 where it is not there. */
static int tell_one(Walk *w, const Element *element, const char *name, int32_t place[2]) {
    Attribute a = {.rest = *element};
    place[0] = place[1] = 0;
    while (next_attribute(w, &a)) {
        if (!is_named(&a, name)) continue;
        place[0] = w->out->characters_told;
        if (!tell(w, a.value, a.value + a.length, !w->dom)) return 0;
        place[1] = w->out->characters_told;
        break;
    }
    return 1;
}

/* Take up the text of an element of a head: of markup, up to its end tag. */
static int tell_text(Walk *w, int32_t number, const Element *element, const char *end_tag) {
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

static int tell_of(Walk *w, Numbers *rows, int32_t number, const Element *element) {
    int32_t place[2];
    return tell_attributes(w, element, place) && add_row(rows, number, place[0], place[1]);
}

/* ---- pictures ---- */

/* Note a picture; `element` is NULL where it has only the sources that begin at `set`, from 1, of its `<picture>`. */
static int emit(Walk *w, int how, const Element *element, const State *state, int32_t set) {
    Result *out = w->out;
    int32_t joins = w->started || w->after_picture;
    int32_t pending = w->pending, place[2] = {0, 0}, link[2] = {0, 0};
    if (!flush(w, state) || !add_item(w, state, 0, 0)) return 0;
    if (joins) {
        w->after_picture = GLUED;
        w->pending = pending;
    }
    if (element && !tell_attributes(w, element, place)) return 0;
    if (state->mode & LINKED && !tell_one(w, &state->link, "href", link)) return 0;
    if (!numbers_room(&out->pictures, SHOWN)) return 0;
    int32_t *row = out->pictures.at + out->pictures.used;
    out->pictures.used += SHOWN;
    row[0] = (int32_t)(out->items.used / ITEM) - 1;
    row[1] = how;
    row[2] = place[0];
    row[3] = place[1];
    row[4] = (state->mode & FALLBACK) != 0;
    row[5] = link[0];
    row[6] = link[1];
    row[7] = set;
    row[8] = 0;
    return 1;
}

/* Whether an element may name the address of a picture in any of its attributes. */
static int may_show(const Walk *w, const Element *element) {
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a)) {
        if (!a.length) continue;
        if (is_named(&a, "src")) {
            if (says_something(&a) && !strchr("#{<", *a.value)) return 1;
        } else if ((a.name_length > 5 && !memcmp(a.name, "data-", 5)) || holds(a.name, a.name_length, "src") ||
                   is_named(&a, "file") || is_named(&a, "zoomfile") || is_named(&a, "v-lazy")) {
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

static int take_source(Walk *w, const Element *element, const State *state) {
    if (!state->set) return 1;
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a))
        if (is_named(&a, "type") && (begins(&a, "video", 0) || begins(&a, "audio", 0))) return 1;
    int32_t place[2], *open = &w->open_sets.at[state->set - 1], before = *open + 1;
    *open = (int32_t)(w->out->sets.used / 3);
    return tell_attributes(w, element, place) && add_row(&w->out->sets, place[0], place[1], before);
}

static int is_picture_file(const Attribute *a) {
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp",
                                          ".avif", ".bmp", ".tif", ".tiff", ".heic", ".svg"};
    const char *at = a->value, *end = at;
    while (end < at + a->length && *end != '?' && *end != '#') end++;
    while (end > at && is_space((unsigned char)end[-1])) end--;
    if (holds(at, (int32_t)(end - at), "/wiki/")) return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        int32_t length = (int32_t)strlen(endings[i]);
        if (end - at > length && same_lower(end - length, endings[i], (size_t)length)) return 1;
    }
    return 0;
}

/* Whether an element has an attribute of one of two names that says something; for `<object>` a picture's file. */
static int names_picture(const Walk *w, const Element *element, const char *one, const char *other, int only_files) {
    Attribute a = {.rest = *element};
    int named = 0, file = 0;
    while (next_attribute(w, &a)) {
        if ((is_named(&a, one) || is_named(&a, other)) && says_something(&a)) {
            named = 1;
            file |= is_picture_file(&a);
        } else if (only_files && is_named(&a, "type") && begins(&a, "image/", 0)) {
            file = 1;
        }
    }
    return named && (file || !only_files);
}

static int has_type(const Walk *w, const Element *element, const char *type) {
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a))
        if (is_named(&a, "type")) return begins(&a, type, 1);
    return 0;
}

/* ---- containers ---- */

static uint64_t mixed(uint64_t hash, const char *at, int32_t length) {
    uint64_t bytes;
    for (; length >= 8; length -= 8, at += 8) {
        memcpy(&bytes, at, 8);
        hash = (hash ^ bytes) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    bytes = (uint64_t)length + 1;
    memcpy(&bytes, at, (size_t)length);
    hash = (hash ^ bytes) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

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

/* Write a value's words, each with a blank behind it. */
static void put_words(Walk *w, const char *at, int32_t length) {
    Bytes *words = &w->out->words;
    const char *end = at + length;
    while (at < end) {
        while (at < end && (unsigned char)*at < 0x80 && is_space((unsigned char)*at)) at++;
        const char *word = at;
        while (at < end && ((unsigned char)*at >= 0x80 || !is_space((unsigned char)*at))) at++;
        if (at == word) continue;
        words->used += bare(w, word, at, words->at + words->used);
        words->at[words->used++] = ' ';
    }
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
    if (!bytes_room(&w->out->words, (int64_t)name->first_length + name->second_length + 3)) return -1;
    put_words(w, name->first, name->first_length);
    put_words(w, name->second, name->second_length);
    w->out->words.at[w->out->words.used++] = '\n';
    w->names[w->names_used] = *name;
    w->slots[slot] = w->names_used++;
    return w->names_used;
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
            if (!bytes_room(text, 1)) return 0;
            put(w, (const unsigned char *)"\n", 1);
        }
        return 1;
    }
    if (!flush(w, state)) return 0;
    w->group++;
    int32_t kind = tag->kind, outer = state->kind, marked = (tag->flags & IS_ROOT) != 0, background = 0;
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
            marked |= holds(a.value, a.length, "none");
        } else if (is_named(&a, "role") || is_named(&a, "itemprop") || is_named(&a, "hidden")) {
            marked = 1;
        }
    }
    int32_t known = name_of(w, &name), above = state->container;
    Result *out = w->out;
    state->container = (int32_t)(out->containers.used / CONTAINER);
    state->kind = kind;
    if (known < 0 || !add_container(w, above, number, known)) return 0;
    if (marked && !tell_of(w, &out->marks, state->container, element)) return 0;
    return !background || emit(w, OF_BACKGROUND, element, state, 0);
}

/* ---- elements ---- */

/* Enter an element: `state` becomes what holds inside. 1: it is open; 0: it is empty; -1: no memory. */
int enter(Walk *w, int32_t number, const Element *element, State *state) {
    const Tags *tags = w->tags;
    int fine = 1, open = 1;
    switch (tags->tags[number].action) {
    case PLAIN:
    case TEMPLATE: /* nothing in it is told of */
        break;
    case BLOCK:
        fine = enter_block(w, number, element, state);
        break;
    case LINK:
        state->mode |= LINKED;
        state->link = *element;
        break;
    case SCRIPT:
        if (has_type(w, element, "application/ld+json")) fine = tell_text(w, number, element, "</script>");
        state->mode |= SILENCED;
        break;
    case TITLE:
        fine = tell_text(w, number, element, "</title>");
        state->mode |= SILENCED;
        break;
    case SILENT:
    case RAW:
        state->mode |= SILENCED;
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
    case HEAD:
        fine = tell_of(w, &w->out->metas, number, element);
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

int leave(Walk *w, const State *inner, const State *outer) {
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
    Numbers *numbers[] = {&out->items, &out->pictures, &out->special, &out->containers, &out->bits,
                          &out->named, &out->marks,    &out->metas,   &out->sets};
    Bytes *bytes[] = {&out->text, &out->words, &out->told, &out->unknown};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) free(numbers[i]->at);
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) free(bytes[i]->at);
    free(out);
}

static int32_t parsed(Walk *w, const char *html, int32_t length, State *state) {
    int32_t status = UNREADABLE;
    w->document = w->dom->create();
    if (!w->document) return NO_MEMORY;
    if (!w->dom->parse(w->document, html, (size_t)length)) status = read_nodes(w, state);
    w->dom->destroy(w->document);
    return status;
}

static int32_t walked(Walk *w, const char *html, int32_t length) {
    State state = {.kind = w->tags->p};
    if (!add_container(w, 0, w->tags->unknown, 0)) return NO_MEMORY;
    int32_t status = w->dom ? parsed(w, html, length, &state) : read_markup(w, html, length, &state);
    if (status == FINE && !flush(w, &state)) status = NO_MEMORY;
    w->out->containers.at[3] = (int32_t)(w->out->containers.used / CONTAINER);
    return status;
}

/* Walk a page of `length` bytes of UTF-8: as lexbor writes it out if `dom` is NULL, else as it was read, to be parsed by
   those functions. NULL: no memory. The result is the caller's, to be given to page_free. */
EXPORT Result *page_walk(const char *html, int32_t length, const Tags *tags, const Lexbor *dom, int32_t max_nodes,
                         int32_t max_depth) {
    Result *out = calloc(1, sizeof *out);
    Walk w = {.out = out, .tags = tags, .dom = dom, .end = html + length, .max_nodes = max_nodes,
              .max_depth = max_depth, .room_of_slots = 256};
    w.slots = malloc((size_t)w.room_of_slots * sizeof *w.slots);
    if (!out || !w.slots) {
        free(out);
        free(w.slots);
        return NULL;
    }
    for (int32_t i = 0; i < w.room_of_slots; i++) w.slots[i] = -1;
    out->status = walked(&w, html, length);
    out->measured = out->status == TOO_MANY ? w.count : max_depth + 1;
    free(w.frames);
    free(w.slots);
    free(w.names);
    free(w.open_sets.at);
    return out;
}
