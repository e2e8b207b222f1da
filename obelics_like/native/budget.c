/* What the tags of a page may cost its parser, measured before it is parsed. */

#include "grow.h"

/* Eight bytes at once: those that are `byte` become 0x80, others may only where one before them did. */
static inline uint64_t same(uint64_t bytes, unsigned char byte) {
    bytes ^= 0x0101010101010101u * byte;
    return (bytes - 0x0101010101010101u) & ~bytes & 0x8080808080808080u;
}

enum { TAG, BEFORE_NAME, NAME, AFTER_NAME, BEFORE_VALUE, DOUBLE, SINGLE, BARE, STATES };
enum { OTHER, BLANK, SLASH, CLOSE, EQUALS, TWO, ONE, CLASSES };
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
    ['/'] = SLASH, ['>'] = CLOSE,   ['='] = EQUALS,  ['"'] = TWO,    ['\''] = ONE,
};

/* The next place that ends a quoted value or may begin a tag, or the last byte. */
static int64_t quoted(const char *html, int64_t at, int64_t length) {
    for (uint64_t bytes; at + 8 < length; at += 8) {
        memcpy(&bytes, html + at, 8);
        if (same(bytes, '"') | same(bytes, '<')) break;
    }
    while (at + 1 < length && html[at] != '"' && html[at] != '<') at++;
    return at;
}

/* Whether the name of a tag ends here. */
static inline int name_ends(const char *at, const char *end) {
    return at >= end || *at == '>' || (*at && strchr(" /\t\n\f\r", *at));
}

/* Whether a tag is `<img>` or `<br>`, which closes nothing, wherever it stands: behind it no formatting is taken up again
   that was not already. */
static int closes_nothing(const char *at, const char *end) {
    if (end - at < 2) return 0;
    int image = end - at >= 3 && (at[0] | 32) == 'i' && (at[1] | 32) == 'm' && (at[2] | 32) == 'g';
    return image ? name_ends(at + 3, end) : (at[0] | 32) == 'b' && (at[1] | 32) == 'r' && name_ends(at + 2, end);
}

/* What formatting an element begins, which is taken up again in each later paragraph until it is closed. MANY stand side
   by side; of SINGLE ones the next closes the last. */
enum { NONE, MANY, SINGLE_ONE };

static int formatting_of(const char *at, const char *end) {
    static const char *const names[] = {"b",     "big",    "code",   "em", "font", "i",    "s",
                                        "small", "strike", "strong", "tt", "u",    "nobr", "a"};
    char name[8] = {0};
    int length = 0;
    while (at < end && length < 7 && ((*at | 32) >= 'a' && (*at | 32) <= 'z')) name[length++] = (char)(*at++ | 32);
    if (!length || !strchr("abcefinstu", name[0]) || !name_ends(at, end)) return NONE;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return i < 12 ? MANY : SINGLE_ONE;
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

/* What Python is told of a page's tags, in `budget.py`: how many it may have, how many of them may close something, how
   many begin MANY formatting, the bytes of the longest of those and of all, and of the longest that begins a SINGLE
   one. */
typedef struct {
    int64_t number, closing, formatting, longest, all, longest_single;
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
    for (int64_t at = 0; at < length; at++) {
        if (!active) {
            const char *tag = memchr(html + at, '<', (size_t)(length - at));
            if (!tag) break;
            at = tag - html;
        }
        if (active == 1u << DOUBLE) /* most of a page's attributes: nothing but these two changes anything */
            at = quoted(html, at, length);
        if (active && !(active & (1u << BEFORE_NAME | 1u << AFTER_NAME | 1u << BEFORE_VALUE)))
            while (at + 1 < length && classes[(unsigned char)html[at]] == OTHER && html[at] != '<') at++;
        unsigned char c = (unsigned char)html[at];
        unsigned was = active;
        int class = classes[c];
        if (was && !(was & (was - 1))) { /* one state, as nearly always */
            int state = __builtin_ctz(was), to = next[state][class] & 15;
            Open open = opens[state];
            open.count += next[state][class] >= COUNT;
            if (to != END && open.count > most && (most = open.count) > enough) return most;
            active = to == END ? 0 : 1u << to;
            opens[to] = open;
            if (to == END) ended(costs, open.many, open.single, at);
        } else if (active && (class != OTHER || active & (1u << BEFORE_NAME | 1u << AFTER_NAME | 1u << BEFORE_VALUE))) {
            Open old[STATES];
            memcpy(old, opens, sizeof old);
            int32_t many = -1, single = -1;
            active = 0;
            for (int state = 0; state < STATES; state++) {
                if (!(was >> state & 1)) continue;
                int to = next[state][class] & 15;
                Open open = old[state];
                if (to == END) {
                    many = earlier(many, open.many);
                    single = earlier(single, open.single);
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
            ended(costs, many, single, at);
        }
        if (c != '<' || !is_tag(html + at, html + length)) continue;
        costs->number++;
        costs->closing += !closes_nothing(html + at + 1, html + length);
        if (html[at + 1] != '/') {
            int formatting = formatting_of(html + at + 1, html + length);
            costs->formatting += formatting == MANY;
            if (!(active >> TAG & 1)) opens[TAG] = (Open){0, -1, -1};
            if (formatting == MANY) opens[TAG].many = earlier(opens[TAG].many, (int32_t)at);
            if (formatting == SINGLE_ONE) opens[TAG].single = earlier(opens[TAG].single, (int32_t)at);
            active |= 1u << TAG;
        }
    }
    return most;
}

/* Where the tag of a number begins, from 0; the page's length if it has no more tags. */
__attribute__((visibility("default"))) int64_t page_tag(const char *html, int64_t length, int32_t number) {
    const char *end = html + length, *at = next_tag(html, end);
    while (at < end && number-- > 0) at = next_tag(at + 1, end);
    return at - html;
}

/* Whether the bytes are UTF-8 as Python's strict decoder has it: nothing overlong, no surrogate, nothing over U+10FFFF. */
__attribute__((visibility("default"))) int32_t page_is_utf8(const char *html, int64_t length) {
    const unsigned char *at = (const unsigned char *)html, *end = at + length;
    while (at < end) {
        uint64_t bytes;
        if (end - at >= 8 && (memcpy(&bytes, at, 8), !(bytes & 0x8080808080808080u))) {
            at += 8;
            continue;
        }
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
