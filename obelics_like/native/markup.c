/* A page as lexbor writes it out: well-formed, every attribute quoted, `&` `<` `>` `"` and the no-break space escaped.

   It is read where lexbor's nodes can't be, and where a page is only tried out. So this is no parser of HTML: it reads
   start tags, end tags, comments and text. Nothing here trusts the input: each step is bounded by its length, and markup
   that lexbor would not write is passed by as text or skipped.

   Two things are written alike: text that looks like a tag, and a tag, in an `<xmp>` or the like of a drawing or formula,
   and first in a `<plaintext>`. The former is taken for a tag, the latter for text (`tests/extraction/test_scan.py`). */

#include "walk.h"

/* Close the nearest open element of the name, and what is open in it; a stray end tag closes nothing. */
static int close_tag(Walk *w, const char *name, int32_t length, State *state, int32_t *skipping) {
    int32_t down = w->depth - 1, lowest = down > 32 ? down - 32 : 0;
    while (down >= lowest && (w->frames[down].length != length || memcmp(w->frames[down].name, name, (size_t)length)))
        down--;
    if (down < lowest) return 1;
    while (w->depth > down) {
        Frame *frame = &w->frames[--w->depth];
        State inner = *state;
        *state = frame->outer;
        if (*skipping > w->depth) *skipping = 0;
        if (!leave(w, &inner, state)) return 0;
    }
    return 1;
}

/* The `>` that ends a tag: quoted values may hold one, so quotes are minded. */
static const char *tag_end(const char *at, const char *end) {
    for (; at < end; at++) {
        if (*at == '>') return at;
        if (*at == '=' && at + 1 < end && at[1] == '"') {
            const char *quote = memchr(at + 2, '"', (size_t)(end - at - 2));
            if (!quote) return end;
            at = quote;
        }
    }
    return end;
}

/* Where the text of an element whose text is not escaped ends: at its end tag. */
static const char *raw_end(const char *at, const char *end, const char *name, int32_t length) {
    for (; at < end && (at = memchr(at, '<', (size_t)(end - at))); at++)
        if (end - at >= 2 + length && at[1] == '/' && !memcmp(at + 2, name, (size_t)length)) return at;
    return end;
}

static int is_word(const char *at, const char *end, const char *word) {
    size_t length = strlen(word);
    return (size_t)(end - at) > length && same_lower(at, word, length) &&
           (at[length] == '>' || at[length] == '/' || is_space((unsigned char)at[length]));
}

/* Where a script ends. Behind `<!--` and a further `<script` in it, an end tag ends that one (HTML, 13.2.5.15 on). */
static const char *script_end(const char *at, const char *end) {
    int escaped = 0, twice = 0;
    for (; at < end; at++) {
        if (*at == '<') {
            if (end - at >= 4 && !memcmp(at, "<!--", 4)) escaped = 1;
            else if (escaped && !twice && is_word(at, end, "<script")) twice = 1;
            else if (is_word(at, end, "</script")) {
                if (!twice) return at;
                twice = 0;
            }
        } else if (escaped && *at == '-' && end - at >= 3 && !memcmp(at, "-->", 3)) {
            escaped = twice = 0;
        }
    }
    return end;
}

static const char *skipped(const char *at, const char *end) {
    if (end - at >= 4 && !memcmp(at, "<!--", 4)) {
        for (at += 4; end - at >= 3 && (at = memchr(at, '-', (size_t)(end - at))); at++)
            if (end - at >= 3 && at[1] == '-' && at[2] == '>') return at + 3;
        return end;
    }
    const char *close = memchr(at, '>', (size_t)(end - at));
    return close ? close + 1 : end;
}

static int is_one_of(const char *name, int32_t length, const char *const *words) {
    for (; *words; words++)
        if (strlen(*words) == (size_t)length && !memcmp(name, *words, (size_t)length)) return 1;
    return 0;
}

/* Whether what an element holds is IN_FOREIGN, if it stands in what is (HTML, 13.2.6: integration points are not). */
static int holds_foreign(const char *name, int32_t length, int foreign) {
    static const char *const begin[] = {"svg", "math", NULL};
    static const char *const end[] = {"mi", "mo", "mn", "ms", "mtext", "annotation-xml",
                                      "foreignObject", "desc", "title", NULL};
    return foreign ? !is_one_of(name, length, end) : is_one_of(name, length, begin);
}

/* Where the text of a `<plaintext>` ends, to which all belongs that follows it in the page: only what it stands in is
   closed behind it. */
static const char *plaintext_end(const Walk *w, const char *at, const char *end) {
    static const char close[] = "</plaintext>";
    enum { LENGTH = sizeof close - 1 };
    int32_t left = 1;
    if (end - at < LENGTH) return end;
    for (int32_t i = 0; i < w->depth; i++)
        left += w->frames[i].length == LENGTH - 3 && !memcmp(w->frames[i].name, close + 2, LENGTH - 3);
    for (const char *stop = end - LENGTH; stop >= at; stop--)
        if (*stop == '<' && !memcmp(stop, close, LENGTH) && !--left) return stop;
    return end;
}

/* Of an element whose text is not escaped, where that ends, from `at` on; else `at`. */
static const char *behind_raw(const Walk *w, const Tag *tag, const char *at, const char *name, int32_t length) {
    if (tag->action == SCRIPT) return script_end(at, w->end);
    if (tag->flags & IS_LITERAL && *name == 'p') return plaintext_end(w, at, w->end);
    return tag->action == RAW || tag->flags & IS_LITERAL ? raw_end(at, w->end, name, length) : at;
}

/* Text as it is written: that of a foreign `<xmp>` or `<plaintext>` is not escaped. */
static int take_written(Walk *w, const char *at, const char *end, const State *state) {
    const Frame *frame = w->depth ? w->frames + w->depth - 1 : NULL;
    if (frame && state->mode & IN_FOREIGN) {
        int32_t number = tag_of(w->tags, frame->name, frame->length);
        if (w->tags->tags[number].flags & IS_LITERAL) return take_literal(w, at, end);
    }
    return take_text(w, at, end, state->mode);
}

static int is_void(const Tag *tag) {
    return tag->action == VOID || tag->action == BREAK || tag->action == RULE || tag->action == IMAGE ||
           tag->action == INPUT || tag->action == HEAD || tag->action == SOURCE;
}

int read_markup(Walk *w, const char *html, int32_t size, State *state) {
    const char *at = html, *end = html + size;
    int32_t skipping = 0; /* the depth of the `<template>` that is open, as nothing in it is seen */
    while (at < end) {
        if (*at != '<') {
            const char *next = memchr(at, '<', (size_t)(end - at)), *stop = next ? next : end;
            if (!skipping && !(state->mode & SILENCED) && !take_written(w, at, stop, state)) return NO_MEMORY;
            at = stop;
            continue;
        }
        if (end - at < 2 || at[1] == '!' || at[1] == '?') {
            at = skipped(at, end);
            continue;
        }
        int closing = at[1] == '/', open;
        const char *name = at + 1 + closing, *stop = name;
        while (stop < end && *stop != ' ' && *stop != '>') stop++;
        int32_t length = (int32_t)(stop - name);
        const char *close = tag_end(stop, end);
        at = close < end ? close + 1 : end;
        if (closing) {
            if (!close_tag(w, name, length, state, &skipping)) return NO_MEMORY;
            continue;
        }
        int32_t number = tag_of(w->tags, name, length);
        const Tag *tag = &w->tags->tags[number];
        State outer = *state;
        int foreign = outer.mode & IN_FOREIGN;
        const char *behind = foreign ? at : behind_raw(w, tag, at, name, length);
        if (skipping) {
            open = !is_void(tag);
        } else {
            if (++w->count > w->max_nodes) return TOO_MANY;
            open = enter(w, number, &(Element){.at = stop, .end = close}, state);
            if (open < 0) return NO_MEMORY;
        }
        if (open) {
            if (!push(w, (Frame){.name = name, .length = length, .outer = outer})) return NO_MEMORY;
            if (w->depth > w->max_depth) return TOO_DEEP;
            int unseen = tag->action == TEMPLATE || (foreign && (tag->action == RAW || tag->action == SCRIPT));
            if (unseen && !skipping) skipping = w->depth;
            state->mode = (state->mode & ~IN_FOREIGN) | IN_FOREIGN * holds_foreign(name, length, foreign);
            int seen = !skipping && !(state->mode & SILENCED);
            if (tag->flags & IS_LITERAL && behind > at && seen && !take_literal(w, at, behind)) return NO_MEMORY;
            at = behind;
        }
    }
    while (w->depth) {
        State inner = *state;
        *state = w->frames[--w->depth].outer;
        if (!leave(w, &inner, state)) return NO_MEMORY;
    }
    return FINE;
}
