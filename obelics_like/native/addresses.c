/* Looks at many strings at once, each with a NUL behind it: which words stand in them, what form an address has. What
   follows from it is decided in Python. */

#include "addresses.h"
#include "grow.h"

#define EXPORT __attribute__((visibility("default")))

/* Where the look for words stands in some of the strings: what is left of them, the state, what this one holds. */
typedef struct {
    const char *at, *end;
    const uint16_t *row;
    uint32_t bits, high;
    int32_t *out;
} Search;

static inline void next_byte(Search *search, const Automaton *words, const uint16_t *start) {
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
EXPORT void strings_words(const char *text, int64_t length, const Automaton *words, int32_t *out) {
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

/* The bits of the words that stand in one string of ASCII. What it begins with may have been searched in the last one: the
   pictures of a page lie beside each other. */
int32_t address_words(Look *look, const char *at, const char *end) {
    const Automaton *words = look->words;
    int32_t size = end - at < TRAIL ? (int32_t)(end - at) : TRAIL, same = 0;
    if (size > look->used) size = look->used;
    while (size - same >= 8 && !memcmp(at + same, look->text + same, 8)) same += 8;
    while (same < size && at[same] == look->text[same]) same++;
    uint32_t state = same ? look->states[same - 1] : words->rows[words->class_of[0]];
    uint32_t bits = same ? (uint32_t)look->bits[same - 1] : 0;
    const uint16_t *row;
    int32_t used = same;
    for (at += same; at < end; at++) {
        state = words->rows[ROW * (size_t)state + words->class_of[(unsigned char)*at]];
        row = words->rows + ROW * (size_t)state;
        bits |= row[0] | (uint32_t)row[1] << 16;
        if (used == TRAIL) continue;
        look->text[used] = *at;
        look->states[used] = (uint16_t)state;
        look->bits[used++] = (int32_t)bits;
    }
    look->used = used;
    row = words->rows + ROW * (size_t)words->rows[ROW * (size_t)state + words->class_of[0]];
    return (int32_t)(bits | row[0] | (uint32_t)row[1] << 16);
}

enum { STEP = 1, LATER = 2, QUERIED = 4, WHOLE = 8, BEGINS = 16 };
/* What a byte may be part of: the first step of a relative path; a later one, or that of a path from the root; a query;
   an absolute address; the beginning of its host. */
enum { TEMPLATES_READ = 2048 };

static void fill(uint8_t *kinds, const char *bytes, uint8_t kind) {
    for (; *bytes; bytes++) kinds[(unsigned char)*bytes] |= kind;
}

static inline char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static int bucket(char one, char two) { return (small(one) * 3 ^ small(two)) & (BUCKETS - 1); }

/* Set out what each byte may be part of, and the words of stand-ins, a NUL behind each and one more behind all. */
void address_prepare(Look *look, const char *standins) {
    uint8_t *kinds = look->kinds;
    memset(kinds, 0, sizeof look->kinds);
    fill(kinds, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_~%!$&'()*+,=@-",
         STEP | LATER | QUERIED | WHOLE | BEGINS);
    fill(kinds, ":", LATER | QUERIED | WHOLE | BEGINS);
    fill(kinds, ".", STEP | LATER | QUERIED | WHOLE | BEGINS);
    fill(kinds, ";", WHOLE | BEGINS);
    fill(kinds, "/", LATER | QUERIED | WHOLE);
    fill(kinds, "?", QUERIED | WHOLE);
    memset(look->first, 0, sizeof look->first);
    int8_t used = 0;
    for (const char *word = standins; *word && used < MANY_STANDINS; word += strlen(word) + 1) {
        int32_t length = (int32_t)strlen(word), which = bucket(word[length - 2], word[length - 1]);
        look->standins[used].word = word;
        look->standins[used].length = length;
        look->standins[used].next = look->first[which];
        look->first[which] = ++used;
    }
    look->used = 0;
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

/* The form of an address, FOREIGN and UNUSABLE, as it is said of `addresses_look`. */
int32_t address_look(const Look *look, const char *at, const char *end) {
    const uint8_t *kinds = look->kinds;
    if (at == end) return UNUSABLE;
    int plain = kind_of(kinds, at, end) & WHOLE;
    for (const char *one = at; !plain && one < end; one++)
        if (*one & 0x80) return FOREIGN;
    int32_t form = plain && end - at <= look->longest ? form_of(kinds, at, end) : 0;
    int unusable = strchr("#{<", *at) || (end - at >= 5 && !memcmp(at, "data:", 5)) || is_template(at, end);
    return unusable ? form | UNUSABLE : form;
}

/* For each address, as it is written, its form if it is of plain characters, takes no step but in the beginning and has
   `longest` bytes at most; UNUSABLE if it is empty, a template or a `data:` URI; FOREIGN, and no form, if it is not all
   ASCII; and the bits of the words that stand in it. */
EXPORT void addresses_look(const char *text, int64_t length, int32_t longest, const Automaton *words, int32_t *out) {
    Look look = {.longest = longest};
    address_prepare(&look, "");
    strings_words(text, length, words, out);
    for (const char *at = text, *end; at < text + length; at = end + 1) {
        end = memchr(at, 0, (size_t)(text + length - at));
        *out++ |= address_look(&look, at, end);
    }
}

static inline int is_digit(char c) { return c >= '0' && c <= '9'; }

static int ends_with(const char *at, const char *end, const char *word, size_t length) {
    if ((size_t)(end - at) < length) return 0;
    for (end -= length; length--;)
        if (small(end[length]) != word[length]) return 0;
    return 1;
}

/* Whether one of the words ends a name, and nothing or a mark stands before it. */
static int ends_with_word(const Look *look, const char *at, const char *end) {
    if (end - at < 2) return 0;
    for (int32_t i = look->first[bucket(end[-2], end[-1])]; i; i = look->standins[i - 1].next) {
        int32_t length = look->standins[i - 1].length;
        if (!ends_with(at, end, look->standins[i - 1].word, (size_t)length)) continue;
        const char *before = end - length;
        if (before == at || strchr("_.-/", before[-1])) return 1;
    }
    return 0;
}

/* The same, with up to four digits behind the word, and a mark between them. */
static int ends_with_number(const Look *look, const char *at, const char *end) {
    for (int digits = 0; digits <= 4; digits++, end--) {
        if (ends_with_word(look, at, end)) return 1;
        if (end == at) return 0;
        if (strchr("_.-", end[-1]) && ends_with_word(look, at, end - 1)) return 1;
        if (!is_digit(end[-1])) return 0;
    }
    return 0;
}

/* The same, with all of a size behind it: `-300x200`. */
static int ends_with_size(const Look *look, const char *at, const char *end) {
    if (ends_with_number(look, at, end)) return 1;
    for (int digits = 1; digits <= 4 && end > at && is_digit(end[-1]); digits++) {
        end--;
        if (end > at && small(end[-1]) == 'x' && ends_with_number(look, at, end - 1)) return 1;
    }
    return 0;
}

/* Whether an address of ASCII names a stand-in, as `pictures.is_standin` has it. */
int address_is_standin(const Look *look, const char *at, const char *end) {
    static const char *const endings[] = {".gif", ".png", ".svg", ".jpg", ".jpeg", ".webp"};
    if (end - at >= 5 && ends_with(at, at + 5, "data:", 5)) return 1;
    const char *stop = memchr(at, '?', (size_t)(end - at));
    if (stop) end = stop;
    stop = memchr(at, '#', (size_t)(end - at));
    if (stop) end = stop;
    int whole = end - at < look->longest_name;
    if (!whole) at = end - look->longest_name;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t length = strlen(endings[i]);
        if (!ends_with(at, end, endings[i], length)) continue;
        end -= length;
        if (!whole && !memchr(at, '/', (size_t)(end - at))) return 0;
        return ends_with_size(look, at, end) ||
               (ends_with(at, end, "px", 2) && ends_with_size(look, at, end - 2));
    }
    return 0;
}
