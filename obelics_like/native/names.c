/* What the words in class and id names mean, as `names.meaning_of_one` has it, which the tests hold this to.

   Python says which words and pairs of words there are and what they stand for; words that are not all ASCII are left to
   it. Nothing is remembered: a name of a site met for the first time costs as much as any other. */

#include "walk.h"

enum { LONG_WORD = 80 }; /* LONG of `names` */
enum { WEAK = 1, STATE = 2, OWNING = 4, PAIRED = 8 }; /* flags of a word, as `names` has them */

/* A name cut into words: runs of letters, which begin anew where a capital follows a small letter, and of digits. */
typedef struct {
    char letters[LONG_WORD]; /* of all words, in small letters */
    int32_t size, count;
    int32_t start[LONG_WORD + 1], entry[LONG_WORD];
    uint32_t hash; /* of all letters */
} Words;

enum { APART, LETTERS, FIGURES };

static int kind_of(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? LETTERS : c >= '0' && c <= '9' ? FIGURES : APART;
}

/* Cut a name up to a word that says what it owns, as in `figure--has-shares`; 0 where it is not all ASCII. */
static int cut(Words *w, const Tags *vocabulary, const char *at, int32_t length) {
    const char *end = at + (length < LONG_WORD ? length : LONG_WORD);
    w->size = w->count = 0;
    w->hash = HASH_START;
    for (const char *one = at; one < end; one++)
        if (*one & 0x80) return 0;
    while (at < end) {
        int kind = kind_of(*at);
        if (kind == APART) {
            at++;
            continue;
        }
        int32_t start = w->size;
        uint32_t hash = HASH_START, before = w->hash;
        do {
            char c = lower(*at++);
            w->letters[w->size++] = c;
            hash = hashed(hash, c);
            w->hash = hashed(w->hash, c);
        } while (at < end && kind_of(*at) == kind && !(at[-1] >= 'a' && at[-1] <= 'z' && *at < 'a'));
        int32_t entry = tag_at(vocabulary, hash, w->letters + start, w->size - start);
        if (w->count && vocabulary->tags[entry].flags & OWNING) {
            w->size = start;
            w->hash = before;
            break;
        }
        w->start[w->count] = start;
        w->entry[w->count++] = entry;
    }
    w->start[w->count] = w->size;
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
    int32_t bits = vocabulary->tags[tag_at(vocabulary, w.hash, w.letters, w.size)].bits;
    for (int32_t at = 0; at < w.count; at++) {
        const Tag *one = &vocabulary->tags[w.entry[at]];
        if (!(one->flags & WEAK)) bits |= one->bits;
        if (one->flags & PAIRED && at + 1 < w.count) bits |= pair(&w, vocabulary, at)->bits;
    }
    return bits & ~last->kind;
}
