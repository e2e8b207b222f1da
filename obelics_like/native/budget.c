/* What the tags of a page may cost its parser, measured before it is parsed. */

#include "grow.h"

/* Eight bytes at once: those that are `byte` become 0x80, others may only where one before them did. */
static inline uint64_t same(uint64_t bytes, unsigned char byte) {
    bytes ^= 0x0101010101010101u * byte;
    return (bytes - 0x0101010101010101u) & ~bytes & 0x8080808080808080u;
}

enum { TAG, BEFORE_NAME, NAME, AFTER_NAME, BEFORE_VALUE, DOUBLE, SINGLE, BARE, STATES };
enum { OTHER, BLANK, SLASH, CLOSE, EQUALS, TWO, ONE, CLASSES, LESS = CLASSES };
enum { END = 15, COUNT = 16 };

/* How a tag is read (HTML, 13.2.5.8 and 32 to 40): the next state; COUNT where an attribute begins. */
static const uint8_t next[STATES][CLASSES] = {
    /*                other              blank         slash        close   equals               "          '      */
    [TAG] = {TAG, BEFORE_NAME, BEFORE_NAME, END, TAG, TAG, TAG},
    [BEFORE_NAME] = {NAME | COUNT, BEFORE_NAME, BEFORE_NAME, END, NAME | COUNT, NAME | COUNT, NAME | COUNT},
    [NAME] = {NAME, AFTER_NAME, BEFORE_NAME, END, BEFORE_VALUE, NAME, NAME},
    [AFTER_NAME] = {NAME | COUNT, AFTER_NAME, BEFORE_NAME, END, BEFORE_VALUE, NAME | COUNT, NAME | COUNT},
    [BEFORE_VALUE] = {BARE, BEFORE_VALUE, BARE, END, BARE, DOUBLE, SINGLE},
    [DOUBLE] = {DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, BEFORE_NAME, DOUBLE},
    [SINGLE] = {SINGLE, SINGLE, SINGLE, SINGLE, SINGLE, SINGLE, BEFORE_NAME},
    [BARE] = {BARE, BEFORE_NAME, BARE, END, BARE, BARE, BARE},
};

static const uint8_t classes[256] = {
    [' '] = BLANK, ['\t'] = BLANK, ['\n'] = BLANK, ['\f'] = BLANK, ['\r'] = BLANK,
    ['/'] = SLASH, ['>'] = CLOSE,   ['='] = EQUALS,  ['"'] = TWO,    ['\''] = ONE,   ['<'] = LESS, /* as OTHER */
};

enum { ENDING = 1 << BLANK | 1 << SLASH | 1 << CLOSE };

/* The next place that ends a quoted value or may begin a tag, or the end. */
static const char *quoted(const char *at, const char *end) {
    for (uint64_t bytes, found; end - at >= 8; at += 8) {
        memcpy(&bytes, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        bytes = __builtin_bswap64(bytes);
#endif
        if ((found = same(bytes, '"') | same(bytes, '<'))) return at + __builtin_ctzll(found) / 8;
    }
    while (at < end && *at != '"' && *at != '<') at++;
    return at;
}

/* Follow a tag, as long as it is the only one, from its state on: to its end, to the next `<`, or until it has more than
   `enough` attributes. */
static const char *follow(const char *at, const char *end, int32_t enough, int *state, int32_t *count) {
    int was = *state;
    while (at < end) {
        if (was == DOUBLE) at = quoted(at, end);
        else if (was == NAME || was == TAG || was == SINGLE || was == BARE)
            while (at < end && classes[(unsigned char)*at] == OTHER) at++;
        if (at >= end || *at == '<') break;
        int to = next[was][classes[(unsigned char)*at]];
        was = to & 15;
        if (was == END) break;
        at++;
        if (to < COUNT) continue;
        if (++*count > enough) break;
        /* as nearly all attributes are written */
        while (at < end && classes[(unsigned char)*at] == OTHER) at++;
        if (end - at < 2 || at[0] != '=' || at[1] != '"') continue;
        at += 2;
        was = DOUBLE;
    }
    *state = was;
    return at;
}

/* Whether the name of a tag ends here. */
static inline int name_ends(const char *at, const char *end) {
    return at >= end || (ENDING >> classes[(unsigned char)*at] & 1);
}

/* Whether a tag is `<img>` or `<br>`, which closes nothing, wherever it stands: behind it no formatting is taken up again
   that was not already. */
static inline int closes_nothing(const char *at, const char *end) {
    if (end - at < 2) return 0;
    int image = end - at >= 3 && (at[0] | 32) == 'i' && (at[1] | 32) == 'm' && (at[2] | 32) == 'g';
    return image ? name_ends(at + 3, end) : (at[0] | 32) == 'b' && (at[1] | 32) == 'r' && name_ends(at + 2, end);
}

/* What formatting an element begins, which is taken up again in each later paragraph until it is closed. MANY stand side
   by side; of SINGLE ones the next closes the last. */
enum { NONE, MANY, SINGLE_ONE };

static int formatting_of(const char *at, const char *end) {
    /* by their length: this is asked of each tag */
    static const char *const names[][3] = {{0},     {0},           {"em", "tt"}, {"big"}, {"code", "font"},
                                           {"small"}, {"strike", "strong"}};
    char name[8] = {0};
    int length = 0;
    while (at < end && length < 7 && ((*at | 32) >= 'a' && (*at | 32) <= 'z')) name[length++] = (char)(*at++ | 32);
    if (!length || length > 6 || !name_ends(at, end)) return NONE;
    if (length == 1) return name[0] == 'a' ? SINGLE_ONE : strchr("bisu", name[0]) ? MANY : NONE;
    if (length == 4 && !memcmp(name, "nobr", 4)) return SINGLE_ONE;
    for (const char *const *one = names[length]; *one; one++)
        if (!memcmp(name, *one, (size_t)length)) return MANY;
    return NONE;
}

/* Whether a tag may begin, or end an element, at a `<`. */
static inline int is_tag(const char *at, const char *end) {
    const char *name = at + 1 < end && at[1] == '/' ? at + 2 : at + 1;
    return name < end && (*name | 32) >= 'a' && (*name | 32) <= 'z';
}

/* The next place where one may; `end` if there is none. */
static const char *next_tag(const char *at, const char *end) {
    while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        if (is_tag(at, end)) return at;
        at++;
    }
    return end;
}

/* Whether an end tag is nothing but its name, as nearly all are. */
static inline int ends_bare(const char *at, const char *end) {
    while (at < end && classes[(unsigned char)*at] == OTHER) at++;
    return at < end && *at == '>';
}

/* What Python is told of a page's tags, in `budget.py`: how many it may have, how many of them may close something, how
   many begin MANY formatting, the bytes of the longest of those and of all, and of the longest that begins a SINGLE
   one; how many are `<template>`; how many attributes all have together. */
typedef struct {
    int64_t number, closing, formatting, longest, all, longest_single, templates, attributes;
} Costs;

static inline int is_template(const char *name, const char *end) {
    static const char word[] = "template";
    if (end - name < 8) return 0;
    for (int i = 0; i < 8; i++)
        if ((name[i] | 32) != word[i]) return 0;
    return 1;
}

/* Of the tags that are in one state: the most attributes, and where the first began that begins formatting, MANY and
   SINGLE; -1: none does. */
typedef struct {
    int32_t count, many, single;
} Open;

static int32_t earlier(int32_t one, int32_t other) { return one < 0 || (other >= 0 && other < one) ? other : one; }

/* A place where tags of some states end, of which one at most is none that only looks like a tag. */
static void ended(Costs *costs, int32_t many, int32_t single, int64_t end) {
    if (single >= 0 && end - single > costs->longest_single) costs->longest_single = end - single;
    if (many < 0) return;
    if (end - many > costs->longest) costs->longest = end - many;
    costs->all += end - many;
}

/* The most attributes that a tag of the page can have, counted no further than just over `enough`.

   Which `<` begins a tag depends on all that stands before it: comments, scripts, quotes. So each one that may is
   followed, and those that have come to the same state go on as one, with the larger count: linear in the page, and
   never less than the parser finds. What a script writes like a tag counts as one. `costs` are of the whole page,
   unless it has more than `enough`. */
__attribute__((visibility("default"))) int32_t page_most_attributes(const char *html, int64_t length, int32_t enough,
                                                                    Costs *costs) {
    Open opens[COUNT];
    int32_t most = 0;
    *costs = (Costs){0};
    unsigned active = 0; /* a bit for each state that some tag is in */
    const char *end = html + length;
    for (const char *at = html; at < end; at++) {
        if (!active) {
            if (!(at = memchr(at, '<', (size_t)(end - at)))) break;
        } else if (!(active & (active - 1))) { /* one state, as nearly always */
            int state = __builtin_ctz(active);
            Open open = opens[state];
            at = follow(at, end, enough, &state, &open.count);
            if (open.count > most && (most = open.count) > enough) return most;
            if (state == END) {
                ended(costs, open.many, open.single, at - html);
                costs->attributes += open.count;
            }
            active = state == END ? 0 : 1u << state;
            if (!active || at >= end) continue;
            opens[state] = open;
        } else if (!(active & (1u << BEFORE_NAME | 1u << AFTER_NAME | 1u << BEFORE_VALUE))) {
            while (at + 1 < end && classes[(unsigned char)*at] == OTHER) at++;
        }
        unsigned was = active;
        int class = *at == '<' ? OTHER : classes[(unsigned char)*at];
        if (active && (class != OTHER || active & (1u << BEFORE_NAME | 1u << AFTER_NAME | 1u << BEFORE_VALUE))) {
            Open old[STATES];
            memcpy(old, opens, sizeof old);
            int32_t many = -1, single = -1, count = 0;
            active = 0;
            for (int state = 0; state < STATES; state++) {
                if (!(was >> state & 1)) continue;
                int to = next[state][class] & 15;
                Open open = old[state];
                if (to == END) {
                    many = earlier(many, open.many);
                    single = earlier(single, open.single);
                    if (open.count > count) count = open.count;
                    continue;
                }
                open.count += next[state][class] >= COUNT;
                if (open.count > most && (most = open.count) > enough) return most;
                if (active >> to & 1) {
                    if (opens[to].count > open.count) open.count = opens[to].count;
                    open.many = earlier(open.many, opens[to].many);
                    open.single = earlier(open.single, opens[to].single);
                }
                opens[to] = open;
                active |= 1u << to;
            }
            ended(costs, many, single, at - html);
            costs->attributes += count;
        }
        if (*at != '<' || !is_tag(at, end)) continue;
        costs->number++;
        costs->closing += !closes_nothing(at + 1, end);
        if (at[1] == '/' && ends_bare(at + 2, end)) continue;
        if (!(active >> TAG & 1)) opens[TAG] = (Open){0, -1, -1};
        active |= 1u << TAG;
        if (at[1] == '/') continue;
        int formatting = formatting_of(at + 1, end);
        costs->formatting += formatting == MANY;
        costs->templates += is_template(at + 1, end);
        if (formatting == MANY) opens[TAG].many = earlier(opens[TAG].many, (int32_t)(at - html));
        if (formatting == SINGLE_ONE) opens[TAG].single = earlier(opens[TAG].single, (int32_t)(at - html));
    }
    return most;
}

/* A set of names, by their hashes; 0 is a free place. */
typedef struct {
    uint64_t *slots;
    int64_t mask;
    int32_t count;
} Names;

enum { LONG_SPELLED = 128 };

/* Add a name that begins at a place, its first letter whatever it is, up to what `ends` it; longer ones are told apart by
   their beginnings. */
static void spell(Names *names, const char *at, const char *end, int ends) {
    const char *from = at;
    uint64_t hash = 14695981039346656037u;
    if (end - at > LONG_SPELLED) end = at + LONG_SPELLED;
    for (; at < end && (at == from || !(ends >> classes[(unsigned char)*at] & 1)); at++)
        hash = (hash ^ (unsigned char)(*at >= 'A' && *at <= 'Z' ? *at | 32 : *at)) * 1099511628211u;
    hash = (hash ^ hash >> 29) | 1;
    int64_t slot = (int64_t)(hash >> 1) & names->mask;
    while (names->slots[slot] && names->slots[slot] != hash) slot = (slot + 1) & names->mask;
    names->count += !names->slots[slot];
    names->slots[slot] = hash;
}

/* Where the name of a document type may stand, at a `<`; NULL if none does. */
static const char *doctype_at(const char *at, const char *end) {
    static const char word[] = "!doctype";
    if (end - at <= (int64_t)sizeof word) return NULL;
    at++;
    for (size_t i = 0; i < sizeof word - 1; i++)
        if ((i ? at[i] | 32 : at[i]) != word[i]) return NULL;
    for (at += sizeof word - 1; at < end && classes[(unsigned char)*at] == BLANK;) at++;
    return at < end ? at : NULL;
}

/* How many different names the tags and attributes of a page can have, counted no further than just over `enough`; -1: no
   memory. It goes by what may be a tag as `page_most_attributes` does. */
__attribute__((visibility("default"))) int32_t page_names(const char *html, int64_t length, int32_t enough) {
    int64_t room = 64;
    while (room < 2 * (int64_t)enough + 64) room *= 2;
    Names names = {calloc((size_t)room, sizeof *names.slots), room - 1, 0};
    unsigned active = 0;
    if (!names.slots) return -1;
    const char *end = html + length;
    for (const char *at = html; at < end && names.count <= enough; at++) {
        if (!active && !(at = memchr(at, '<', (size_t)(end - at)))) break;
        unsigned was = active;
        int class = *at == '<' ? OTHER : classes[(unsigned char)*at], begun = 0;
        active = 0;
        for (int state = 0; was >> state; state++) {
            if (!(was >> state & 1)) continue;
            int to = next[state][class];
            begun |= to >= COUNT;
            if ((to & 15) != END) active |= 1u << (to & 15);
        }
        if (begun) spell(&names, at, end, ENDING | 1 << EQUALS);
        if (*at != '<') continue;
        const char *type = at + 1 < end && at[1] == '!' ? doctype_at(at, end) : NULL;
        if (type) spell(&names, type, end, 1 << BLANK | 1 << CLOSE);
        if (!is_tag(at, end)) continue;
        spell(&names, at + 1 + (at[1] == '/'), end, ENDING); /* `=` is part of a tag's name */
        active |= 1u << TAG;
    }
    free(names.slots);
    return names.count;
}

/* Where the tag of a number begins, counted from the first one behind `start` as 0; the page's length if it has no more
   tags. */
__attribute__((visibility("default"))) int64_t page_tag(const char *html, int64_t length, int64_t start, int32_t number) {
    const char *end = html + length, *at = next_tag(html + start, end);
    while (at < end && number-- > 0) at = next_tag(at + 1, end);
    return at - html;
}

/* Whether the bytes are UTF-8 as Python's strict decoder has it: nothing overlong, no surrogate, nothing over U+10FFFF. */
__attribute__((visibility("default"))) int32_t page_is_utf8(const char *html, int64_t length) {
    const unsigned char *at = (const unsigned char *)html, *end = at + length;
    while (at < end) {
        for (uint64_t bytes; end - at >= 8; at += 8) {
            memcpy(&bytes, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
            bytes = __builtin_bswap64(bytes);
#endif
            if (!(bytes &= 0x8080808080808080u)) continue;
            at += __builtin_ctzll(bytes) / 8;
            break;
        }
        if (at == end) break;
        unsigned char c = *at++;
        if (c < 0x80) continue;
        int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        if (c < 0xC2 || c > 0xF4 || end - at < more) return 0;
        if ((c == 0xE0 && *at < 0xA0) || (c == 0xED && *at > 0x9F) || (c == 0xF0 && *at < 0x90) || (c == 0xF4 && *at > 0x8F))
            return 0;
        for (; more; more--)
            if ((*at++ & 0xC0) != 0x80) return 0;
    }
    return 1;
}
