/* A fastText classifier (Joulin et al. 2016, arXiv 1607.01759 and 1612.03651) over words and character n-grams, with a
   Huffman tree over its labels: the labels of many lines in one call.

   It gives what fastText's own `predict` gives, to the bit, since it adds in the same order; what makes it faster is that rows
   are not unpacked anew for each n-gram, that hashing an n-gram goes on from the one before, and that n-grams which the model
   was pruned of are told by one bit. `models/ngrams.py` reads the file and lays out the tables. */

#include <math.h>

#include "grow.h"

#define EXPORT __attribute__((visibility("default")))

enum { MAX_DIM = 256 };

typedef struct {
    int32_t dim, minn, maxn, words, labels, bucket, slots; /* `slots` is a power of two */
    const float *rows;      /* of the words, then of the n-grams that are left, by ascending bucket */
    const float *output;    /* of the inner nodes of the tree */
    const uint64_t *bits;   /* of each bucket whether it has a row */
    const uint32_t *ranks;  /* how many bits are set before each 64 of them */
    const char *names;      /* the words, then the labels */
    const int32_t *starts;  /* of each name, and the end of the last */
    int32_t *table;         /* of names, by hash; -1 is free */
    const int32_t *left, *right; /* of each node of the tree, -1 for its leaves, the labels */
} Model;

static inline uint32_t hashed(uint32_t hash, unsigned char byte) { return (hash ^ (uint32_t)(int8_t)byte) * 16777619u; }

static uint32_t hash_of(const unsigned char *at, int32_t size) {
    uint32_t hash = 2166136261u;
    for (int32_t i = 0; i < size; i++) hash = hashed(hash, at[i]);
    return hash;
}

/* The slot where a name is, or would be. */
static uint32_t slot_of(const Model *m, const unsigned char *name, int32_t size) {
    uint32_t mask = (uint32_t)m->slots - 1, slot = hash_of(name, size) & mask;
    for (int32_t tried = 0; tried < m->slots; tried++, slot = (slot + 1) & mask) {
        int32_t number = m->table[slot];
        if (number < 0) break;
        int32_t start = m->starts[number];
        if (m->starts[number + 1] - start == size && !memcmp(m->names + start, name, (size_t)size)) break;
    }
    return slot;
}

/* Fill the table of names, which is all -1 and larger than they are many. */
EXPORT void ngrams_names(Model *m) {
    for (int32_t number = 0; number < m->words + m->labels; number++) {
        const unsigned char *name = (const unsigned char *)m->names + m->starts[number];
        m->table[slot_of(m, name, m->starts[number + 1] - m->starts[number])] = number;
    }
}

typedef struct {
    float sum[MAX_DIM];
    int32_t count;
} Hidden;

static inline void add(const Model *m, Hidden *hidden, int64_t row) {
    const float *from = m->rows + row * m->dim;
    hidden->count++;
    if (m->dim == 16) /* a number that the compiler knows makes four instructions of it */
        for (int i = 0; i < 16; i++) hidden->sum[i] += from[i];
    else
        for (int i = 0; i < m->dim; i++) hidden->sum[i] += from[i];
}

/* Add the n-grams of a word that stands between < and >. One character at either edge alone is none. */
static void add_ngrams(const Model *m, Hidden *hidden, const unsigned char *word, int32_t size) {
    for (int32_t i = 0; i < size; i++) {
        if ((word[i] & 0xC0) == 0x80) continue;
        uint32_t hash = 2166136261u;
        for (int32_t j = i, n = 1; j < size && n <= m->maxn; n++) {
            hash = hashed(hash, word[j++]);
            while (j < size && (word[j] & 0xC0) == 0x80) hash = hashed(hash, word[j++]);
            if (n < m->minn || (n == 1 && (i == 0 || j == size))) continue;
            uint32_t bucket = hash % (uint32_t)m->bucket;
            uint64_t bits = m->bits[bucket >> 6], bit = 1ull << (bucket & 63);
            if (bits & bit)
                add(m, hidden, m->words + (int64_t)m->ranks[bucket >> 6] + __builtin_popcountll(bits & (bit - 1)));
        }
    }
}

static int is_end(const unsigned char *word, int32_t size) { return size == 4 && !memcmp(word, "</s>", 4); }

/* Add a word; 0 where it is the one that ends a line. `room` has room for two bytes more. */
static int add_word(const Model *m, Hidden *hidden, const unsigned char *word, int32_t size, unsigned char *room) {
    int32_t number = m->table[slot_of(m, word, size)];
    int ends = is_end(word, size);
    if (number >= m->words || (number < 0 && size >= 9 && !memcmp(word, "__label__", 9))) return !ends;
    if (number >= 0) add(m, hidden, number);
    if (ends) return 0;
    room[0] = '<';
    memcpy(room + 1, word, (size_t)size);
    room[size + 1] = '>';
    add_ngrams(m, hidden, room, size + 2);
    return 1;
}

typedef struct {
    int32_t wanted, found;
    float *scores; /* falling */
    int32_t *labels;
} Best;

static void keep(Best *best, float score, int32_t label) {
    int32_t at = best->found < best->wanted ? best->found++ : best->wanted - 1;
    for (; at > 0 && best->scores[at - 1] < score; at--) {
        best->scores[at] = best->scores[at - 1];
        best->labels[at] = best->labels[at - 1];
    }
    best->scores[at] = score;
    best->labels[at] = label;
}

static float log_of(float x) { return (float)log(x + 1e-5); }

/* Go down the tree wherever a label among the best could be. Its depth is less than the number of labels. */
static void descend(const Model *m, const float *hidden, int32_t node, float score, float least, Best *best) {
    if (score < least || (best->found == best->wanted && score < best->scores[best->wanted - 1])) return;
    if (m->left[node] < 0) {
        keep(best, score, node);
        return;
    }
    const float *row = m->output + (int64_t)(node - m->labels) * m->dim;
    float f = 0;
    for (int i = 0; i < m->dim; i++) f += row[i] * hidden[i];
    f = (float)(1. / (1 + expf(-f)));
    descend(m, hidden, m->left[node], score + log_of((float)(1. - f)), least, best);
    descend(m, hidden, m->right[node], score + log_of(f), least, best);
}

static int parts_words(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0; }

/* Of each line (each ends in a newline) the `wanted` likeliest labels, best first, into `labels` and `scores` (their
   probability), lines x wanted of each; `found` gets how many a line has. Gives the lines read, `most` at the most, or -1
   without memory. */
EXPORT int32_t ngrams_predict(const Model *m, const char *text, int64_t size, int32_t most, int32_t wanted,
                              int32_t *found, int32_t *labels, float *scores) {
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    unsigned char *room = malloc((size_t)size + 2);
    int32_t line = 0;
    if (!room) return -1;
    for (; line < most && at < end; line++) {
        Hidden hidden = {{0}, 0};
        Best best = {wanted, 0, scores + (int64_t)line * wanted, labels + (int64_t)line * wanted};
        const unsigned char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        int open = 1;
        while (open && at < stop) {
            while (at < stop && parts_words(*at)) at++;
            const unsigned char *word = at;
            while (at < stop && !parts_words(*at)) at++;
            if (at > word) open = add_word(m, &hidden, word, (int32_t)(at - word), room);
        }
        if (open) add_word(m, &hidden, (const unsigned char *)"</s>", 4, room);
        at = stop < end ? stop + 1 : end;
        if (hidden.count) {
            float share = (float)(1.0 / hidden.count);
            for (int i = 0; i < m->dim; i++) hidden.sum[i] *= share;
            descend(m, hidden.sum, 2 * m->labels - 2, 0, log_of(0), &best);
        }
        for (int32_t i = 0; i < best.found; i++) best.scores[i] = expf(best.scores[i]);
        found[line] = best.found;
    }
    free(room);
    return line;
}
