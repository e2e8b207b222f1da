/* One pass over the texts of a page, character by character: where its words are, and what kinds of characters it has.

   The texts come one after the other as UTF-8 (half surrogate pairs as three bytes each), `lengths` says how many
   characters each has. What a character is, Python says, in a table of one byte for each of the 0x110000: 0 stands for
   one that it has not been asked about, and ends the pass at once with UNKNOWN. Nothing is read beyond `size` bytes,
   whatever the lengths say, and nothing written beyond what the comment of a function says. */

#include "grow.h"

#define EXPORT __attribute__((visibility("default")))

enum { LAST = 0x10FFFF };
enum { UNKNOWN = -1, NO_MEMORY = -2, ODD = -3 };
enum { IN_WORD = 2, ALONE = 4, JOINS = 8 }; /* flags of a character, for words */

static inline uint32_t next(const unsigned char **at, const unsigned char *end) {
    uint32_t c = **at;
    if (c < 0x80) { (*at)++; return c; }
    int size;
    c = character(*at, end, &size);
    *at += size;
    return c > LAST ? LAST : c;
}

/* The characters that the table does not know, each once, the first `room` of them into `codes`; gives how many. */
EXPORT int32_t text_unknown(const char *text, int64_t size, uint8_t *table, uint32_t *codes, int32_t room) {
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    int32_t count = 0;
    while (at < end && count < room) {
        uint32_t c = next(&at, end);
        if (table[c]) continue;
        table[c] = 1; /* so that it is met once */
        codes[count++] = c;
    }
    for (int32_t i = 0; i < count; i++) table[codes[i]] = 0;
    return count;
}

#define SPACES 0x1F0003E00u /* those of ASCII that `is_space` knows, as bits */
#define MANY 0xFFFFFFFFu /* the fold of a character that folds to several */

/* The character as UTF-8; gives where what follows is to stand. */
static inline char *written(char *to, uint32_t c) {
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    *to++ = (char)(lead[more] | c >> 6 * more);
    while (more--) *to++ = (char)(0x80 | (c >> 6 * more & 0x3F));
    return to;
}

/* The text case-folded, with single spaces for its runs of white space, and none at its ends, into `out`, which has
   room for twice `size` bytes; gives how many these are, UNKNOWN or ODD. `folds` is of each character beyond ASCII the
   number of its fold and 1, or MANY, which ends the pass with ODD; 0 where Python has not been asked. */
EXPORT int64_t text_folded(const char *text, int64_t size, const uint32_t *folds, char *out) {
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    char *to = out;
    int space = 1; /* whether the character before is one, as if one were before the text */
    while (at < end) {
        if (*at < 0x80) { /* without a branch that hangs on where words end, which is foretold wrongly half of the time */
            int here = (*at <= ' ') & (int)(SPACES >> (*at & 63));
            *to = here ? ' ' : (char)(*at + ((*at >= 'A') & (*at <= 'Z')) * ('a' - 'A'));
            to += !(here & space);
            space = here;
            at++;
            continue;
        }
        uint32_t c = next(&at, end);
        if (is_space(c)) {
            if (!space) *to++ = ' ';
            space = 1;
            continue;
        }
        if (!folds[c]) return UNKNOWN;
        if (folds[c] == MANY) return ODD;
        to = written(to, folds[c] - 1);
        space = 0;
    }
    return to - out - (space && to > out);
}

/* The words of each text, each with a newline behind it, one after the other into `out`, which has room for twice
   `size` bytes; `out` may be NULL, and words are only counted. `counts` gets the number of words of each text. Gives the
   bytes written, or UNKNOWN. A word is a run of characters IN_WORD, also of runs with one that JOINS between two; a
   character that stands ALONE is parted from both neighbours, and is a word if it is IN_WORD. */
EXPORT int64_t text_words(const char *text, int64_t size, const int32_t *lengths, int32_t texts, const uint8_t *flags,
                          char *out, int32_t *counts) {
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    char *to = out;
    for (int32_t number = 0; number < texts; number++) {
        const unsigned char *start = NULL, *stop = NULL; /* of the word that is being read */
        int32_t words = 0, joined = 0;
        int32_t left = lengths[number];
        while (left >= 0) {
            const unsigned char *from = at;
            int flag = 1; /* behind a text, a character that is none of these */
            if (left > 0 && at < end) {
                flag = flags[next(&at, end)];
                if (!flag) return UNKNOWN;
            } else {
                left = 0;
            }
            left--;
            if ((flag & (IN_WORD | ALONE)) == IN_WORD) {
                if (!start) start = from;
                while (left > 0 && at < end && *at < 0x80 && (flags[*at] & (IN_WORD | ALONE)) == IN_WORD) at++, left--;
                stop = at;
                joined = 0;
                continue;
            }
            if (start) {
                if ((flag & JOINS) && !joined) {
                    joined = 1;
                    continue;
                }
                words++;
                if (out) {
                    memcpy(to, start, (size_t)(stop - start));
                    to += stop - start;
                    *to++ = '\n';
                }
                start = NULL;
                joined = 0;
            }
            if ((flag & (IN_WORD | ALONE)) == (IN_WORD | ALONE)) {
                words++;
                if (out) {
                    memcpy(to, from, (size_t)(at - from));
                    to += at - from;
                    *to++ = '\n';
                }
            }
        }
        counts[number] = words;
    }
    return out ? to - out : 0;
}

/* Of a word its polynomial modulo 2**64 over the bytes of its UTF-8 and a space behind it, while it is read. */
typedef struct {
    uint64_t sum, power;
} Polynomial;

#define BASE 0x9E3779B97F4A7C15u /* odd, as the polynomial needs it */

static inline void term(Polynomial *word, uint32_t byte) {
    word->power *= BASE;
    word->sum += word->power * byte;
}

static inline void terms(Polynomial *word, uint32_t c) {
    if (c < 0x80) {
        term(word, c);
        return;
    }
    if (c < 0x800) {
        term(word, 0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            term(word, 0xE0 | c >> 12);
        } else {
            term(word, 0xF0 | c >> 18);
            term(word, 0x80 | (c >> 12 & 0x3F));
        }
        term(word, 0x80 | (c >> 6 & 0x3F));
    }
    term(word, 0x80 | (c & 0x3F));
}

/* MurmurHash3's finaliser of the word's polynomial. */
static inline uint64_t finished(Polynomial word) {
    term(&word, ' ');
    uint64_t h = word.sum;
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD;
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53;
    return h ^ h >> 33;
}

/* A hash of each word of the texts in lower case, cut at what JOINS, into `hashes`, which has room for `size`. `lower`
   is each character's lower case, 0 where that is no single one: such a character in a word ends the pass with ODD.
   Gives how many there are, UNKNOWN or ODD. */
EXPORT int64_t text_hashes(const char *text, int64_t size, const int32_t *lengths, int32_t texts, const uint8_t *flags,
                           const uint32_t *lower, uint64_t *hashes) {
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    uint64_t *to = hashes;
    for (int32_t number = 0; number < texts; number++) {
        Polynomial word = {0, 1};
        for (int32_t left = lengths[number]; left > 0 && at < end; left--) {
            uint32_t c = next(&at, end);
            int flag = flags[c];
            if (!flag) return UNKNOWN;
            if (word.power != 1 && (flag & (IN_WORD | ALONE)) != IN_WORD) {
                *to++ = finished(word);
                word = (Polynomial){0, 1};
            }
            if (!(flag & IN_WORD)) continue;
            if (!(c = lower[c])) return ODD;
            terms(&word, c);
            if (flag & ALONE) {
                *to++ = finished(word);
                word = (Polynomial){0, 1};
            }
        }
        if (word.power != 1) *to++ = finished(word);
    }
    return to - hashes;
}

/* A table of how often characters beyond ASCII stand in a text. */
typedef struct {
    uint32_t code, count;
} Often;

static uint32_t counted(Often *table, uint32_t mask, uint32_t code) {
    uint32_t slot = code * 2654435761u & mask;
    while (table[slot].count && table[slot].code != code) slot = (slot + 1) & mask;
    table[slot].code = code;
    return ++table[slot].count;
}

/* Of each text the sums of what its characters add to `fields` numbers, into `rows` (texts x fields); `adds` has
   a row for each of 256 classes. `most`, if it is not NULL, gets for each text how often the commonest of the characters
   is there whose class adds nothing to the field `spaces`. Gives 0, UNKNOWN or NO_MEMORY. */
EXPORT int64_t text_kinds(const char *text, int64_t size, const int32_t *lengths, int32_t texts, const uint8_t *classes,
                          const int32_t *adds, int32_t fields, int32_t spaces, int32_t *rows, int32_t *most) {
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    Often *table = NULL;
    uint32_t room = 0;
    int64_t said = 0;
    for (int32_t number = 0; number < texts && !said; number++) {
        uint32_t classed[256] = {0}, ascii[128] = {0}, best = 0, mask = 0;
        int most_kind = 0; /* there are some 30 kinds, and most texts have few of them */
        int32_t *row = rows + (int64_t)number * fields;
        for (int32_t left = lengths[number]; left > 0 && at < end; left--) {
            if (*at < 0x80) { ascii[*at++]++; continue; }
            uint32_t c = next(&at, end);
            int kind = classes[c];
            if (!kind) { said = UNKNOWN; break; }
            classed[kind]++;
            if (kind > most_kind) most_kind = kind;
            if (!most || adds[kind * fields + spaces]) continue;
            if (!mask) { /* twice as many slots as this text can still need */
                int64_t rest = end - at + 1 < left ? end - at + 1 : left;
                mask = 15;
                while (mask < (uint64_t)rest * 2 && mask < UINT32_MAX) mask = mask * 2 + 1;
                if (!room || mask > room - 1) {
                    free(table);
                    table = malloc(((size_t)mask + 1) * sizeof *table);
                    if (!table) { said = NO_MEMORY; break; }
                    room = mask + 1;
                }
                memset(table, 0, ((size_t)mask + 1) * sizeof *table);
            }
            uint32_t count = counted(table, mask, c);
            if (count > best) best = count;
        }
        for (int c = 0; c < 128; c++)
            if (ascii[c]) {
                if (!classes[c]) said = UNKNOWN;
                classed[classes[c]] += ascii[c];
                if (classes[c] > most_kind) most_kind = classes[c];
                if (ascii[c] > best && !adds[classes[c] * fields + spaces]) best = ascii[c];
            }
        for (int32_t field = 0; field < fields; field++) row[field] = 0;
        for (int kind = 1; kind <= most_kind; kind++)
            if (classed[kind])
                for (int32_t field = 0; field < fields; field++)
                    row[field] += (int32_t)classed[kind] * adds[kind * fields + field];
        if (most) most[number] = (int32_t)best;
    }
    free(table);
    return said;
}
