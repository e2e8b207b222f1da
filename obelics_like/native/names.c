/* What the words in class and id names mean, as `names.meaning_of_one` has it, which the tests hold this to.

   Python says which words and pairs of words there are and what they stand for; words that are not all ASCII are left to
   it. Nothing is remembered: a name of a site met for the first time costs as much as any other. */

#include "walk.h"

enum { LONG_WORD = 80 }; /* LONG of `names` */
enum { WEAK = 1, STATE = 2, OWNING = 4, PAIRED = 8 }; /* flags of a word, as `names` has them */

/* A name cut into words: runs of letters, which begin anew where a capital follows a small letter, and of digits. */
typedef struct {
    char letters[LONG_WORD]; /* of all words, in small letters */
    int32_t count, start[LONG_WORD + 1], entry[LONG_WORD];
} Words;

enum { APART, SMALL, CAPITAL, DIGIT, NO_ASCII };

static const uint8_t kinds[256] = {
    ['a' ... 'z'] = SMALL, ['A' ... 'Z'] = CAPITAL, ['0' ... '9'] = DIGIT, [0x80 ... 0xFF] = NO_ASCII};

/* The number of a word in the vocabulary; most are told by their first and last letter and their length to be in none. */
static inline int32_t entry_of(const Tags *vocabulary, const char *at, int32_t length) {
    unsigned char first = (unsigned char)*at;
    uint32_t length_known = vocabulary->lengths[first] >> (length < 31 ? length : 31);
    uint32_t last_known = vocabulary->lasts[first] >> (at[length - 1] & 31);
    return length_known & last_known & 1 ? tag_of(vocabulary, at, length) : vocabulary->unknown;
}

/* Cut a name up to a word that says what it owns, as in `figure--has-shares`; 0 where it is not all ASCII. */
static int cut(Words *w, const Tags *vocabulary, const char *at, int32_t length) {
    const char *end = at + (length < LONG_WORD ? length : LONG_WORD);
    int32_t size = 0, owns = 0;
    w->count = 0;
    while (at < end) {
        int kind = kinds[(unsigned char)*at];
        if (kind == NO_ASCII) return 0;
        if (kind == APART || owns) {
            at++;
            continue;
        }
        int32_t start = size;
        for (int next = kind; at < end; kind = next) {
            w->letters[size++] = (char)(*at++ | 32); /* which digits have set */
            next = at < end ? kinds[(unsigned char)*at] : APART;
            if (next == APART || next == NO_ASCII || (next == DIGIT) != (kind == DIGIT) || next > kind) break;
        }
        int32_t entry = entry_of(vocabulary, w->letters + start, size - start);
        owns = w->count && vocabulary->tags[entry].flags & OWNING;
        if (owns) size = start;
        else {
            w->start[w->count] = start;
            w->entry[w->count++] = entry;
        }
    }
    w->start[w->count] = size;
    return 1;
}

/* What a word and the next one are together. */
static const Tag *pair(const Words *w, const Tags *vocabulary, int32_t at) {
    char both[LONG_WORD + 1];
    int32_t one = w->start[at + 1] - w->start[at], other = w->start[at + 2] - w->start[at + 1];
    memcpy(both, w->letters + w->start[at], (size_t)one);
    both[one] = ' ';
    memcpy(both + one + 1, w->letters + w->start[at + 1], (size_t)other);
    return &vocabulary->tags[tag_of(vocabulary, both, one + 1 + other)];
}

/* The bits that a word of a class or id stands for; -1: Python has to be asked. The `kind` of a last word is what the name
   does not stand for then. */
EXPORT int32_t meaning_of(const Tags *vocabulary, const char *word, int32_t length) {
    Words w;
    if (!cut(&w, vocabulary, word, length)) return -1;
    if (!w.count) return 0;
    const Tag *first = &vocabulary->tags[w.entry[0]], *last = &vocabulary->tags[w.entry[w.count - 1]];
    if (w.count == 1) return first->bits & ~first->kind;
    if (first->flags & STATE || (length >= 8 && !memcmp(word, "wp-image", 8))) return 0;
    int32_t bits = vocabulary->tags[entry_of(vocabulary, w.letters, w.start[w.count])].bits;
    for (int32_t at = 0; at < w.count; at++) {
        const Tag *one = &vocabulary->tags[w.entry[at]];
        if (!(one->flags & WEAK)) bits |= one->bits;
        if (one->flags & PAIRED && at + 1 < w.count) bits |= pair(&w, vocabulary, at)->bits;
    }
    return bits & ~last->kind;
}
