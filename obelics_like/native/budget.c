/* What the tags of a page may cost its parser, measured before it is parsed. */

#include "grow.h"

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

typedef uint8_t Block __attribute__((vector_size(16)));

static inline uint64_t read8(const char *at) {
    uint64_t bytes;
    memcpy(&bytes, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/* The next place that ends a quoted value or may begin a tag, or the end. */
static inline const char *quoted(const char *at, const char *end, char quote) {
    Block mark = {0}, less = {0};
    mark += (uint8_t)quote;
    less += (uint8_t)'<';
    for (; end - at >= 16; at += 16) {
        Block bytes;
        uint64_t halves[2];
        memcpy(&bytes, at, sizeof bytes);
        Block found = (Block)(bytes == mark) | (Block)(bytes == less);
        memcpy(halves, &found, sizeof halves);
        if (!(halves[0] | halves[1])) continue;
        at += halves[0] ? 0 : 8;
        return at + __builtin_ctzll(read8((const char *)(halves[0] ? halves : halves + 1))) / 8;
    }
    while (at < end && *at != quote && *at != '<') at++;
    return at;
}

/* The next place that is OTHER than what names are made of, or the end: eight bytes at once, of which those under `-`,
   `/`, and those from `;` to `?` are looked at. */
static inline const char *behind_name(const char *at, const char *end) {
    enum { HIGH = 0x80 };
    const uint64_t each = 0x0101010101010101u, high = each * HIGH;
    while (end - at >= 8) {
        uint64_t bytes = read8(at), low = bytes & ~high;
        uint64_t found = ~(low + each * (HIGH - '-')) | ~((low ^ each * '/') + each * 0x7F) |
                         ((low + each * (HIGH - ';')) & ~(low + each * (HIGH - '@')));
        if (!(found &= ~bytes & high)) {
            at += 8;
            continue;
        }
        at += __builtin_ctzll(found) / 8;
        if (classes[(unsigned char)*at] != OTHER) return at;
        at++;
    }
    while (at < end && classes[(unsigned char)*at] == OTHER) at++;
    return at;
}

/* Follow a tag, as long as it is the only one, from its state on: to its end, to the next `<`, or until it has more than
   `enough` attributes. */
static const char *follow(const char *at, const char *end, int32_t enough, int *state, int32_t *count) {
    int was = *state;
    while (at < end) {
        if (was == DOUBLE) at = quoted(at, end, '"');
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

/* Where a tag ends whose name ends at a place, written as nearly all are, and the number of its attributes; NULL where it
   is not: at a `<`, a bare value, the end of the page, or more attributes than `enough`. */
static const char *plain_end(const char *at, const char *end, int32_t enough, int32_t *count) {
    int32_t met = *count;
    while (at < end) {
        int class = classes[(unsigned char)*at];
        if (class == CLOSE) {
            *count = met;
            return at;
        }
        if (class == BLANK || class == SLASH) {
            at++;
            continue;
        }
        if (class != OTHER || ++met > enough) return NULL;
        at = behind_name(at, end);
        if (end - at < 3) return NULL;
        if (*at != '=') {
            if (!(ENDING >> classes[(unsigned char)*at] & 1)) return NULL;
            while (at < end && classes[(unsigned char)*at] == BLANK) at++;
            continue;
        }
        char quote = at[1];
        if (quote != '"' && quote != '\'') return NULL;
        at = quoted(at + 2, end, quote);
        if (at == end || *at == '<') return NULL;
        at++;
    }
    return NULL;
}

/* What formatting an element begins, which is taken up again in each later paragraph until it is closed. MANY stand side
   by side; of SINGLE ones the next closes the last. */
enum { NONE, MANY, SINGLE_ONE };

/* What the letters that begin a name may begin: a formatting element; `<img>` or `<br>`; `<template>`. */
enum { LETTER = 1, FORMATTING = 2, EMPTY = 4, TEMPLATE = 8 };

#define BOTH(small, large, begins) [small] = LETTER | (begins), [large] = LETTER | (begins)

static const uint8_t letters[256] = {
    BOTH('a', 'A', FORMATTING), BOTH('b', 'B', FORMATTING | EMPTY), BOTH('c', 'C', FORMATTING), BOTH('d', 'D', 0),
    BOTH('e', 'E', FORMATTING), BOTH('f', 'F', FORMATTING), BOTH('g', 'G', 0), BOTH('h', 'H', 0),
    BOTH('i', 'I', FORMATTING | EMPTY), BOTH('j', 'J', 0), BOTH('k', 'K', 0), BOTH('l', 'L', 0), BOTH('m', 'M', 0),
    BOTH('n', 'N', FORMATTING), BOTH('o', 'O', 0), BOTH('p', 'P', 0), BOTH('q', 'Q', 0), BOTH('r', 'R', 0),
    BOTH('s', 'S', FORMATTING), BOTH('t', 'T', FORMATTING | TEMPLATE), BOTH('u', 'U', FORMATTING), BOTH('v', 'V', 0),
    BOTH('w', 'W', 0), BOTH('x', 'X', 0), BOTH('y', 'Y', 0), BOTH('z', 'Z', 0),
};

/* Whether a name is this word, whatever the size of its letters. */
static inline int is_word(const char *name, int64_t length, const char *word, int64_t size) {
    if (length != size) return 0;
    for (int64_t i = 0; i < size; i++)
        if ((name[i] | 32) != word[i]) return 0;
    return 1;
}
#define IS(word) is_word(name, length, word, sizeof word - 1)

static int formatting_of(const char *name, int64_t length) {
    switch (length) {
    case 1: return (*name | 32) == 'a' ? SINGLE_ONE : strchr("bisu", *name | 32) ? MANY : NONE;
    case 2: return IS("em") || IS("tt") ? MANY : NONE;
    case 3: return IS("big") ? MANY : NONE;
    case 4: return IS("nobr") || IS("code") || IS("font") ? MANY : NONE; /* a `<nobr>` is open beside an `<a>` */
    case 5: return IS("small") ? MANY : NONE;
    case 6: return IS("strike") || IS("strong") ? MANY : NONE;
    default: return NONE;
    }
}

/* Whether a tag is `<img>` or `<br>`, which closes nothing, wherever it stands: behind it no formatting is taken up again
   that was not already. */
static inline int closes_nothing(const char *name, int64_t length) { return IS("img") || IS("br"); }

/* Whether a tag may begin, or end an element, at a `<`. */
static inline int is_tag(const char *at, const char *end) {
    const char *name = at + 1 < end && at[1] == '/' ? at + 2 : at + 1;
    return name < end && letters[(unsigned char)*name];
}

/* The next place where one may; `end` if there is none. */
static const char *next_tag(const char *at, const char *end) {
    while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        if (is_tag(at, end)) return at;
        at++;
    }
    return end;
}

/* What Python is told of a page's tags, in `budget.py`: how many it may have, how many of them may close something, how
   many begin MANY formatting, the bytes of the longest of those and of all, and of the longest that begins a SINGLE
   one; how many are `<template>`; how many attributes all have together; how many document types it may have. */
typedef struct {
    int64_t number, closing, formatting, longest, all, longest_single, templates, attributes, declarations;
} Costs;

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
        if (*at != '<') continue;
        costs->declarations += end - at > 2 && at[1] == '!' && (at[2] | 32) == 'd';
        if (!is_tag(at, end)) continue;
        costs->number++;
        int closes = at[1] == '/', formatting = NONE, begins = letters[(unsigned char)at[1]];
        const char *name = at + 1 + closes, *stop = behind_name(name, end);
        int64_t length = stop - name;
        int ended_here = name_ends(stop, end);
        costs->closing += !(begins & EMPTY && ended_here && closes_nothing(name, length));
        if (closes && stop < end && *stop == '>') continue;
        if (begins & FORMATTING && ended_here) formatting = formatting_of(name, length);
        costs->formatting += formatting == MANY;
        costs->templates += begins & TEMPLATE && length >= 8 && is_word(name, 8, "template", 8);
        int32_t many = formatting == MANY ? (int32_t)(at - html) : -1;
        int32_t single = formatting == SINGLE_ONE ? (int32_t)(at - html) : -1;
        int32_t count = closes; /* in the states, what is behind a `/` is an attribute */
        if (!active && ended_here && (stop = plain_end(stop, end, enough, &count))) {
            if (count > most) most = count;
            ended(costs, many, single, stop - html);
            costs->attributes += count;
            at = stop;
            continue;
        }
        if (!(active >> TAG & 1)) opens[TAG] = (Open){0, -1, -1};
        active |= 1u << TAG;
        opens[TAG].many = earlier(opens[TAG].many, many);
        opens[TAG].single = earlier(opens[TAG].single, single);
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
        for (Block some[4]; end - at >= 64; at += 64) {
            uint64_t halves[2];
            memcpy(some, at, sizeof some);
            some[0] |= some[1] | some[2] | some[3];
            memcpy(halves, some, sizeof halves);
            if ((halves[0] | halves[1]) & 0x8080808080808080u) break;
        }
        for (uint64_t bytes; end - at >= 8; at += 8) {
            if (!(bytes = read8((const char *)at) & 0x8080808080808080u)) continue;
            at += __builtin_ctzll(bytes) / 8;
            break;
        }
        while (at < end && *at & 0x80) {
            unsigned char c = *at++;
            int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
            if (c < 0xC2 || c > 0xF4 || end - at < more) return 0;
            if ((c == 0xE0 && *at < 0xA0) || (c == 0xED && *at > 0x9F) || (c == 0xF0 && *at < 0x90) ||
                (c == 0xF4 && *at > 0x8F))
                return 0;
            for (; more; more--)
                if ((*at++ & 0xC0) != 0x80) return 0;
        }
        if (end - at < 8)
            while (at < end && *at < 0x80) at++;
    }
    return 1;
}
