/* Texts, character by character: white space and escapes made good, and what is noted of each on the way. */

#include "walk.h"

enum { MANY_DIGITS = 4 };

/* Add an item, whose text has been put; a picture has the kind 0 and no text. */
int add_item(Walk *w, const State *state, int32_t kind, int32_t flags) {
    Result *out = w->out;
    if (!numbers_room(&out->items, ITEM) || !numbers_room(&out->special, 1) || !room_for(w, &out->text, 1)) return 0;
    int32_t *row = out->items.at + out->items.used;
    if (kind && (flags & (ODD | MARKED | CODE) || w->after_picture))
        out->special.at[out->special.used++] = (int32_t)(out->items.used / ITEM);
    out->items.used += ITEM;
    row[0] = kind;
    row[1] = state->container;
    row[2] = w->group;
    row[3] = kind ? w->links : 0;
    row[4] = flags;
    row[5] = kind ? w->after_picture : NOT_JOINED;
    row[6] = kind ? w->characters - w->start : 0;
    out->text.at[out->text.used++] = 0;
    return 1;
}

/* End the run of text that stands in `state`, if there is one. */
int flush(Walk *w, const State *state) {
    int32_t flags = w->flags | (w->ending ? SENTENCE : 0) | (state->mode & CODE);
    if (w->started && !add_item(w, state, state->kind, flags)) return 0;
    w->started = w->flags = w->digits = w->ending = w->links = 0;
    w->pending = w->after_picture = NOT_JOINED;
    w->math_from = w->math_to = 0;
    w->math_at = -1;
    w->start = w->characters;
    return 1;
}

/* Add a character to the text; NUL, which ends texts, is none that a page can hold. */
void put(Walk *w, const unsigned char *at, int size) {
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

/* Whether a character may join the letter before it: all that `texts.composed` looks for, and some others. */
static int may_join(uint32_t c) {
    return c <= 0x345 || (c >= 0x653 && c <= 0x655) || (c >= 0x93C && c <= 0xDDF) || c == 0x102E ||
           (c >= 0x1161 && c <= 0x11C2) || c == 0x1B35 || c == 0x3099 || c == 0x309A || (c >= 0x11000 && c <= 0x11FFF);
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
        if (c >= 0xE00 && c <= 0x9FFF && !(w->flags & DENSE) && w->characters - w->start < DENSE_WITHIN &&
            (c <= 0xEFF || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) ||
             (c >= 0x3040 && c <= 0x30FF) || c >= 0x3400))
            w->flags |= DENSE | (w->characters - w->start) << DENSE_SHIFT;
        if (c >= 0x300 && may_join(c)) w->flags |= MARKED;
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

/* What a byte of a text is: COPIED ones are visible and say nothing of their text. */
enum { TELLING, COPIED, BLANK };

static const uint8_t kinds[256] = {
    ['\t' ... '\r'] = BLANK,  [0x1C ... ' '] = BLANK,   ['#' ... '%'] = COPIED, ['('] = COPIED,
    ['*' ... '-'] = COPIED,   ['/'] = COPIED,           [':' ... '>'] = COPIED, ['@' ... '\\'] = COPIED,
    ['^' ... '~'] = COPIED,
};

/* Take up the words in a row that hold nothing but COPIED characters, single blanks between them; gives their bytes. */
static int32_t take_plain(Walk *w, const unsigned char *from, const unsigned char *end) {
    const unsigned char *at = from;
    for (;; at++) {
        while (at < end && kinds[*at] == COPIED) at++;
        if (end - at < 2 || *at != ' ' || kinds[at[1]] != COPIED) break;
    }
    int32_t size = (int32_t)(at - from);
    Bytes *text = &w->out->text;
    memcpy(text->at + text->used, from, (size_t)size);
    text->used += size;
    w->characters += size;
    w->ending = 0;
    return size;
}

/* Begin a text, or go on after white space, before a character that is put. */
static inline void go_on(Walk *w) {
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
}

/* Take up a text that is not silenced: white space as `texts.tidy` has it, code as it stands. */
int take_text(Walk *w, const char *from, const char *to, int mode) {
    const unsigned char *at = (const unsigned char *)from, *end = (const unsigned char *)to;
    const unsigned char *piece;
    int size, bytes;
    if (!room_for(w, &w->out->text, to - from + 8)) return 0;
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
        int kind = kinds[*at];
        if (kind == BLANK) {
            const unsigned char *first = at++;
            while (at < end && kinds[*at] == BLANK) at++;
            count += (int32_t)(at - first);
            if (w->pending == NOT_JOINED) w->pending = SPACED;
            continue;
        }
        if (kind == COPIED) {
            go_on(w);
            size = take_plain(w, at, end);
            at += size;
            count += size;
            blank = 0;
            continue;
        }
        uint32_t c = unescaped(w, at, end, &size, &piece, &bytes);
        at += size;
        count++;
        if (is_space(c)) {
            if (w->pending == NOT_JOINED) w->pending = SPACED;
            continue;
        }
        if (c == 1) { w->pending = BROKEN; continue; }
        go_on(w);
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
    if (!room_for(w, &w->out->text, to - from)) return 0;
    for (w->started = 1; at < end; at += size) {
        character(at, end, &size);
        put(w, at, size);
    }
    return 1;
}

/* Copy a value without its escapes; gives the bytes. */
int64_t bare(const Walk *w, const char *from, const char *to, char *into) {
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
