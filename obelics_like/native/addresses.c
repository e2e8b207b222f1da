/* Looks at many strings at once, each with a NUL behind it: which words stand in them, what form an address has. What
   follows from it is decided in Python. */

#include "grow.h"

#define EXPORT __attribute__((visibility("default")))

enum { ROW = 32 };

/* Words to be found, as Python makes them: for each state of an automaton a row of ROW numbers, the bits of the words that
   end there in the first two, then for each class of bytes, from 2, the next state. State 0 is that of no beginning of a
   word; `class_of` is the class of a byte, `all` are all bits. */
typedef struct {
    const uint8_t *class_of;
    const uint16_t *rows;
    int32_t all;
} Words;

/* Where the look for words stands in some of the strings: what is left of them, the state, what this one holds. */
typedef struct {
    const char *at, *end;
    const uint16_t *row;
    uint32_t bits, high;
    int32_t *out;
} Search;

static inline void next_byte(Search *search, const Words *words, const uint16_t *start) {
    unsigned char byte = (unsigned char)*search->at++;
    search->row = words->rows + ROW * (size_t)search->row[words->class_of[byte]];
    search->bits |= search->row[0] | (uint32_t)search->row[1] << 16;
    search->high |= byte;
    if (!byte) {
        *search->out++ = search->high & 0x80 ? words->all : (int32_t)search->bits;
        search->row = start;
        search->bits = search->high = 0;
    }
}

/* For each string the bits of the words that stand in it; all bits where it is not all ASCII. A NUL stands before and
   behind each of them. Two searches go side by side: each byte waits for the state that the one before it led to. */
EXPORT void strings_words(const char *text, int64_t length, const Words *words, int32_t *out) {
    const uint16_t *start = words->rows + ROW * (size_t)words->rows[words->class_of[0]];
    const char *end = text + length, *middle = text + length / 2;
    while (middle > text && middle[-1]) middle--;
    Search first = {text, middle, start, 0, 0, out}, second = {middle, end, start, 0, 0, out};
    for (const char *at = text; at < middle; second.out++) at = (const char *)memchr(at, 0, (size_t)(middle - at)) + 1;
    while (first.at < first.end && second.at < second.end) {
        next_byte(&first, words, start);
        next_byte(&second, words, start);
    }
    while (first.at < first.end) next_byte(&first, words, start);
    while (second.at < second.end) next_byte(&second, words, start);
}

enum { ABSOLUTE = 1, ROOTED, SCHEMELESS, RELATIVE, STEPPING, ODD = 8, UNUSABLE = 16 };
enum { STEP = 1, LATER = 2, QUERIED = 4, WHOLE = 8, BEGINS = 16 };
/* What a byte may be part of: the first step of a relative path; a later one, or that of a path from the root; a query;
   an absolute address; the beginning of its host. */
enum { TEMPLATES_READ = 2048 };

static void fill(uint8_t *kinds, const char *bytes, uint8_t kind) {
    for (; *bytes; bytes++) kinds[(unsigned char)*bytes] |= kind;
}

/* The kinds that all bytes are of. */
static uint8_t kind_of(const uint8_t *kinds, const char *at, const char *end) {
    uint8_t all = 0xFF;
    for (; at < end; at++) all &= kinds[(unsigned char)*at];
    return all;
}

/* Whether two characters stand in it, one behind the other. */
static int has_pair(const char *at, const char *end, char first, char second) {
    while (end - at > 1 && (at = memchr(at, first, (size_t)(end - at - 1))))
        if (*++at == second) return 1;
    return 0;
}

static int is_template(const char *at, const char *end) {
    if (memchr(at, '{', (size_t)(end - at))) return 1;
    if (end - at > TEMPLATES_READ) end = at + TEMPLATES_READ;
    while (end - at > 2 && (at = memchr(at, '%', (size_t)(end - at - 2))))
        if (*++at == '7' && at[1] == 'B') return 1;
    return 0;
}

/* Whether a step of its path is `.` or `..`, or one in its query looks so. */
static int has_steps(const char *at, const char *end) {
    while (end - at > 1 && (at = memchr(at, '/', (size_t)(end - at - 1)))) {
        const char *step = ++at;
        while (step < end && step < at + 2 && *step == '.') step++;
        if (step > at && (step == end || *step == '/' || *step == '?')) return 1;
    }
    return 0;
}

static int32_t of_path(const uint8_t *kinds, const char *at, const char *end, int32_t form) {
    const char *query = memchr(at, '?', (size_t)(end - at)), *stop = query ? query : end;
    if (at == stop || *at == '/' || !(kind_of(kinds, at, stop) & LATER)) return 0;
    return query && (query + 1 == end || !(kind_of(kinds, query + 1, end) & QUERIED)) ? 0 : form;
}

/* The form of an address all of whose bytes may be part of an absolute one. */
static int32_t form_of(const uint8_t *kinds, const char *at, const char *end) {
    if (end - at >= 4 && !memcmp(at, "http", 4)) {
        const char *host = at + 4 + (end - at > 4 && at[4] == 's');
        if (end - host < 4 || memcmp(host, "://", 3) || !(kinds[(unsigned char)host[3]] & BEGINS)) return 0;
        return has_pair(host, end, '/', '.') ? 0 : ABSOLUTE;
    }
    int32_t form = RELATIVE;
    for (; end - at > 2 && *at == '.'; form = STEPPING) {
        int size = at[1] == '/' ? 2 : at[1] == '.' && at[2] == '/' ? 3 : 0;
        if (!size) break;
        at += size;
    }
    if (has_steps(at, end)) return 0;
    if (*at == '/') {
        int twice = end - at > 1 && at[1] == '/';
        return form == STEPPING ? 0 : of_path(kinds, at + 1 + twice, end, twice ? SCHEMELESS : ROOTED);
    }
    const char *slash = memchr(at, '/', (size_t)(end - at)), *first = at;
    while (first < end && *first == '.') first++;
    if (first == (slash ? slash : end)) return 0;
    if (!(kind_of(kinds, at, slash ? slash : end) & STEP) || has_pair(at, end, '/', '/')) return 0;
    return !slash || kind_of(kinds, slash, end) & LATER ? form : 0;
}

static int32_t look(const uint8_t *kinds, const char *at, const char *end, int32_t longest) {
    if (at == end) return UNUSABLE;
    int plain = kind_of(kinds, at, end) & WHOLE;
    for (const char *one = at; !plain && one < end; one++)
        if (*one & 0x80) return ODD;
    int32_t form = plain && end - at <= longest ? form_of(kinds, at, end) : 0;
    int unusable = strchr("#{<", *at) || (end - at >= 5 && !memcmp(at, "data:", 5)) || is_template(at, end);
    return unusable ? form | UNUSABLE : form;
}

/* For each address, as it is written, its form if it is of plain characters, takes no step but in the beginning and has
   `longest` bytes at most; UNUSABLE if it is empty, a template or a `data:` URI; ODD, and no form, if it is not all ASCII;
   and the bits of the words that stand in it. */
EXPORT void addresses_look(const char *text, int64_t length, int32_t longest, const Words *words, int32_t *out) {
    uint8_t kinds[256] = {0};
    fill(kinds, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_~%!$&'()*+,=@-",
         STEP | LATER | QUERIED | WHOLE | BEGINS);
    fill(kinds, ":", LATER | QUERIED | WHOLE | BEGINS);
    fill(kinds, ".", STEP | LATER | QUERIED | WHOLE | BEGINS);
    fill(kinds, ";", WHOLE | BEGINS);
    fill(kinds, "/", LATER | QUERIED | WHOLE);
    fill(kinds, "?", QUERIED | WHOLE);
    strings_words(text, length, words, out);
    for (const char *at = text, *end; at < text + length; at = end + 1) {
        end = memchr(at, 0, (size_t)(text + length - at));
        *out++ |= look(kinds, at, end, longest);
    }
}
