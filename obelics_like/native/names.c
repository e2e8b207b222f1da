/* What the words in class and id names mean, kept from page to page: Python is asked about a word when it is first met.

   Called with Python's lock held, since pages may be walked side by side and share one table. */

#include "walk.h"

enum { LONG_WORD = 80, MANY_WORDS = 24 }; /* LONG and MANY of `names` */

typedef struct {
    uint32_t hash;
    int32_t at, length, bits; /* where its letters are; -1: the slot is free */
} Word;

typedef struct {
    Word *words;
    uint32_t slots, used;
    Bytes letters;
} Meanings;

static int emptied(Meanings *m, uint32_t slots) {
    Word *words = malloc(slots * sizeof *words);
    if (!words) return 0;
    for (uint32_t i = 0; i < slots; i++) words[i].at = -1;
    free(m->words);
    m->words = words;
    m->slots = slots;
    m->used = 0;
    return 1;
}

EXPORT void meanings_free(Meanings *m) {
    if (!m) return;
    free(m->words);
    free(m->letters.at);
    free(m);
}

/* A table without words; NULL: no memory. */
EXPORT Meanings *meanings_new(void) {
    Meanings *m = calloc(1, sizeof *m);
    if (m && emptied(m, 1024)) return m;
    free(m);
    return NULL;
}

/* How many words are remembered. */
EXPORT int32_t meanings_count(const Meanings *m) { return (int32_t)m->used; }

static Word *slot_of(const Meanings *m, uint32_t hash, const char *word, int32_t length) {
    uint32_t slot = hash & (m->slots - 1);
    for (;; slot = (slot + 1) & (m->slots - 1)) {
        Word *one = &m->words[slot];
        if (one->at < 0 || (one->hash == hash && one->length == length &&
                            !memcmp(m->letters.at + one->at, word, (size_t)length)))
            return one;
    }
}

static int doubled(Meanings *m) {
    Word *old = m->words;
    uint32_t slots = m->slots, used = m->used;
    m->words = NULL;
    if (!emptied(m, slots * 2)) {
        m->words = old;
        return 0;
    }
    for (uint32_t i = 0; i < slots; i++)
        if (old[i].at >= 0) *slot_of(m, old[i].hash, m->letters.at + old[i].at, old[i].length) = old[i];
    m->used = used;
    free(old);
    return 1;
}

/* Note the bits that a word stands for; 0: no memory. */
EXPORT int32_t meanings_put(Meanings *m, const char *word, int32_t length, int32_t bits) {
    if ((m->used * 2 >= m->slots && !doubled(m)) || !bytes_room(&m->letters, length)) return 0;
    uint32_t hash = hash_of(2166136261u, word, length);
    Word *one = slot_of(m, hash, word, length);
    if (one->at < 0) {
        *one = (Word){hash, (int32_t)m->letters.used, length, 0};
        memcpy(m->letters.at + m->letters.used, word, (size_t)length);
        m->letters.used += length;
        m->used++;
    }
    one->bits = bits;
    return 1;
}

/* Whether a word of a class may mean something: a part of it, or all its parts together, are in the vocabulary. Parts
   are runs of letters, and begin anew where a capital follows a small letter, as `names.meaning_of_one` has it. */
static int tells(const Tags *vocabulary, const char *word, const char *end) {
    char part[LONG_WORD], whole[LONG_WORD];
    int32_t in_part = 0, in_whole = 0;
    if (end - word > LONG_WORD) end = word + LONG_WORD;
    for (const char *at = word; at < end; at++) {
        char c = lower(*at);
        int letter = c >= 'a' && c <= 'z';
        if ((unsigned char)*at >= 0x80) return 1; /* left to Python */
        if (in_part && (!letter || (c != *at && at[-1] >= 'a' && at[-1] <= 'z'))) {
            if (tag_of(vocabulary, part, in_part)) return 1;
            in_part = 0;
        }
        if (letter) part[in_part++] = c;
        if (letter || (c >= '0' && c <= '9')) whole[in_whole++] = c;
    }
    return (in_part && tag_of(vocabulary, part, in_part)) || (in_whole && tag_of(vocabulary, whole, in_whole));
}

/* How many bytes of a word are read as they stand, behind which is `000`: what is numbered means the same at any number.
   All of them where that is not so. */
static int32_t unnumbered(const char *word, int32_t length) {
    int32_t end = length;
    while (end && word[end - 1] >= '0' && word[end - 1] <= '9') end--;
    return length - end > 2 && length <= LONG_WORD ? end : length;
}

static uint32_t hash_of_word(const char *word, int32_t length) {
    int32_t end = unnumbered(word, length);
    uint32_t hash = hash_of(2166136261u, word, end);
    return end < length ? hash_of(hash, "000", 3) : hash;
}

/* Note the hashes of all words, and have their slots and then their letters brought near: the table is so large that to
   wait for each of them took half of the time. 0: no memory. */
static int bring_near(const Meanings *m, const char *at, const char *end, Numbers *hashes) {
    for (const char *word = at; at < end; at++) {
        if (*at == ' ') {
            if (!numbers_room(hashes, 1)) return 0;
            uint32_t hash = hash_of_word(word, (int32_t)(at - word));
            hashes->at[hashes->used++] = (int32_t)hash;
            __builtin_prefetch(&m->words[hash & (m->slots - 1)]);
        } else if (*at != '\n') {
            continue;
        }
        word = at + 1;
    }
    for (int64_t i = 0; i < hashes->used; i++) {
        const Word *one = &m->words[(uint32_t)hashes->at[i] & (m->slots - 1)];
        if (one->at >= 0) __builtin_prefetch(m->letters.at + one->at);
    }
    return 1;
}

/* What a word of a hash means; if that has to be asked, 0, and it is added to the unknown. -1: no memory. */
static int32_t meaning(Result *out, Meanings *m, const Tags *vocabulary, const char *word, int32_t length, uint32_t hash) {
    char numbered[LONG_WORD + 3];
    int32_t end = unnumbered(word, length);
    if (end < length) {
        memcpy(numbered, word, (size_t)end);
        memcpy(numbered + end, "000", 3);
        word = numbered;
        length = end + 3;
    }
    Word *one = slot_of(m, hash, word, length);
    if (one->at >= 0) return one->bits;
    if (!tells(vocabulary, word, word + length))
        return length > LONG_WORD || meanings_put(m, word, length, 0) ? 0 : NO_MEMORY;
    if (!bytes_room(&out->unknown, length + 1)) return NO_MEMORY;
    memcpy(out->unknown.at + out->unknown.used, word, (size_t)length);
    out->unknown.used += length;
    out->unknown.at[out->unknown.used++] = '\n';
    return 0;
}

/* Find the bits of each name of the page, and from them and its tag's those of each container, into `bits` one after
   the other: 0 and the names', then the containers'; `named` are the containers that have any. Words whose meaning is unknown become lines of `unknown`. A table of
   more than `many` words is emptied before. Gives FINE or NO_MEMORY. */
EXPORT int32_t page_bits(Result *out, Meanings *m, const Tags *vocabulary, const Tags *tags, int32_t many) {
    if ((m->used > (uint32_t)many || m->letters.used > (int64_t)many * LONG_WORD) && !emptied(m, m->slots)) return NO_MEMORY;
    if (!m->used) m->letters.used = 0;
    const char *at = out->words.at, *end = at + out->words.used, *word = at;
    int64_t containers = out->containers.used / CONTAINER;
    out->unknown.used = out->bits.used = 0;
    if (!numbers_room(&out->bits, 1)) return NO_MEMORY;
    out->bits.at[out->bits.used++] = 0;
    Numbers hashes = {0};
    int fine = bring_near(m, at, end, &hashes);
    int32_t bits = 0, count = 0, *hash = hashes.at;
    for (; fine && at < end; at++) {
        if (*at == ' ') {
            int32_t length = (int32_t)(at - word), known = *hash++;
            int32_t said = ++count <= MANY_WORDS ? meaning(out, m, vocabulary, word, length, (uint32_t)known) : 0;
            fine = said >= 0;
            bits |= said;
        } else if (*at == '\n') {
            if (!(fine = numbers_room(&out->bits, 1))) break;
            out->bits.at[out->bits.used++] = bits;
            bits = count = 0;
        } else continue;
        word = at + 1;
    }
    free(hashes.at);
    if (!fine) return NO_MEMORY;
    out->named.used = 0;
    if (!numbers_room(&out->bits, containers) || !numbers_room(&out->named, containers)) return NO_MEMORY;
    for (int64_t i = 0; i < containers; i++) {
        const int32_t *row = out->containers.at + i * CONTAINER;
        bits = out->bits.at[out->bits.used + i] = tags->tags[row[1]].bits | out->bits.at[row[2]];
        if (bits) out->named.at[out->named.used++] = (int32_t)i;
    }
    out->bits.used += containers;
    return FINE;
}
