/* Where a word stands in the bytes of a page: Python's own search takes two to four times as long for one that is not
   there. */

#include "grow.h"

typedef uint8_t Block __attribute__((vector_size(16)));

/* The bytes of a block that equal `byte` become 0xFF, all others 0. */
static inline Block same(const char *at, Block byte) {
    Block bytes;
    memcpy(&bytes, at, sizeof bytes);
    return (Block)(bytes == byte);
}

/* A word, and blocks of its first, middle and last byte. */
typedef struct {
    const char *text;
    int64_t size;
    Block first, middle, last;
} Word;

static inline Word word_of(const char *text, int64_t size) {
    Word word = {text, size, {0}, {0}, {0}};
    word.first += (uint8_t)text[0];
    word.middle += (uint8_t)text[size / 2];
    word.last += (uint8_t)text[size - 1];
    return word;
}

/* Not all 0 if the word's first, middle and last byte stand at one of 64 places; these and the word's size behind them are
   read. Written out: a loop takes half as long again. */
static inline Block may_stand(const char *at, const Word *word) {
    const char *half = at + word->size / 2, *back = at + word->size - 1;
    return (same(at, word->first) & same(half, word->middle) & same(back, word->last)) |
           (same(at + 16, word->first) & same(half + 16, word->middle) & same(back + 16, word->last)) |
           (same(at + 32, word->first) & same(half + 32, word->middle) & same(back + 32, word->last)) |
           (same(at + 48, word->first) & same(half + 48, word->middle) & same(back + 48, word->last));
}

static inline int holds_any(Block found) {
    uint64_t halves[2];
    memcpy(halves, &found, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

/* Whether the word stands at a place that has room for it. */
static inline int stands(const char *at, const Word *word) {
    return *at == *word->text && !memcmp(at, word->text, (size_t)word->size);
}

/* The first place from `start` on where the word stands, -1 if there is none. 64 places are tried at once, and looked at
   one by one where it may stand. */
__attribute__((visibility("default"))) int64_t page_find(const char *html, int64_t length, const char *text, int64_t size,
                                                         int64_t start) {
    if (start < 0 || size < 1 || size > length - start) return -1;
    const char *at = html + start, *stop = html + length - size + 1; /* behind the last place */
    const Word word = word_of(text, size);
    for (; stop - at >= 64; at += 64) {
        if (!holds_any(may_stand(at, &word))) continue;
        for (const char *place = at; place < at + 64; place++)
            if (stands(place, &word)) return place - html;
    }
    for (; at < stop; at++)
        if (stands(at, &word)) return at - html;
    return -1;
}

/* The first place where one of two words stands, -1 if there is none: both are looked for in one pass. */
__attribute__((visibility("default"))) int64_t page_find_either(const char *html, int64_t length, const char *text,
                                                                int64_t size, const char *text2, int64_t size2) {
    if (size < 1 || size2 < 1) return -1;
    const char *at = html, *end = html + length;
    const Word one = word_of(text, size), other = word_of(text2, size2);
    for (int64_t longer = size > size2 ? size : size2; end - at >= 64 + longer; at += 64) {
        if (!holds_any(may_stand(at, &one) | may_stand(at, &other))) continue;
        for (const char *place = at; place < at + 64; place++)
            if (stands(place, &one) || stands(place, &other)) return place - html;
    }
    for (; at < end; at++)
        if ((end - at >= size && stands(at, &one)) || (end - at >= size2 && stands(at, &other))) return at - html;
    return -1;
}
