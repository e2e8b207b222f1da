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

/* The first place from `start` on where the word stands, -1 if there is none. 64 places are tried at once, and looked at
   one by one if the word's first, middle and last byte stand at one of them. */
__attribute__((visibility("default"))) int64_t page_find(const char *html, int64_t length, const char *word, int64_t size,
                                                         int64_t start) {
    if (start < 0 || size < 1 || size > length - start) return -1;
    const char *at = html + start, *stop = html + length - size + 1; /* behind the last place */
    Block first = {0}, middle = {0}, last = {0};
    first += (uint8_t)word[0];
    middle += (uint8_t)word[size / 2];
    last += (uint8_t)word[size - 1];
    for (; stop - at >= 64; at += 64) {
        const char *half = at + size / 2, *back = at + size - 1;
        /* written out: a loop takes half as long again */
        Block found = (same(at, first) & same(half, middle) & same(back, last)) |
                      (same(at + 16, first) & same(half + 16, middle) & same(back + 16, last)) |
                      (same(at + 32, first) & same(half + 32, middle) & same(back + 32, last)) |
                      (same(at + 48, first) & same(half + 48, middle) & same(back + 48, last));
        uint64_t halves[2];
        memcpy(halves, &found, sizeof halves);
        if (!(halves[0] | halves[1])) continue;
        for (const char *one = at; one < at + 64; one++)
            if (one[0] == word[0] && !memcmp(one, word, (size_t)size)) return one - html;
    }
    for (; at < stop; at++)
        if (at[0] == word[0] && !memcmp(at, word, (size_t)size)) return at - html;
    return -1;
}

/* The first place where one of two words stands, -1 if there is none: both are looked for in one pass, as above. */
__attribute__((visibility("default"))) int64_t page_find_either(const char *html, int64_t length, const char *one,
                                                                int64_t one_size, const char *other, int64_t other_size) {
    int64_t longer = one_size > other_size ? one_size : other_size;
    const char *at = html, *end = html + length;
    Block first = {0}, middle = {0}, last = {0}, first2 = {0}, middle2 = {0}, last2 = {0};
    if (one_size < 1 || other_size < 1) return -1;
    first += (uint8_t)one[0];
    middle += (uint8_t)one[one_size / 2];
    last += (uint8_t)one[one_size - 1];
    first2 += (uint8_t)other[0];
    middle2 += (uint8_t)other[other_size / 2];
    last2 += (uint8_t)other[other_size - 1];
    for (; end - at >= 64 + longer; at += 64) {
        const char *half = at + one_size / 2, *back = at + one_size - 1;
        const char *half2 = at + other_size / 2, *back2 = at + other_size - 1;
        Block found = (same(at, first) & same(half, middle) & same(back, last)) |
                      (same(at + 16, first) & same(half + 16, middle) & same(back + 16, last)) |
                      (same(at + 32, first) & same(half + 32, middle) & same(back + 32, last)) |
                      (same(at + 48, first) & same(half + 48, middle) & same(back + 48, last)) |
                      (same(at, first2) & same(half2, middle2) & same(back2, last2)) |
                      (same(at + 16, first2) & same(half2 + 16, middle2) & same(back2 + 16, last2)) |
                      (same(at + 32, first2) & same(half2 + 32, middle2) & same(back2 + 32, last2)) |
                      (same(at + 48, first2) & same(half2 + 48, middle2) & same(back2 + 48, last2));
        uint64_t halves[2];
        memcpy(halves, &found, sizeof halves);
        if (!(halves[0] | halves[1])) continue;
        for (const char *place = at; place < at + 64; place++)
            if ((*place == *one && !memcmp(place, one, (size_t)one_size)) ||
                (*place == *other && !memcmp(place, other, (size_t)other_size)))
                return place - html;
    }
    for (; at < end; at++) {
        if (end - at >= one_size && !memcmp(at, one, (size_t)one_size)) return at - html;
        if (end - at >= other_size && !memcmp(at, other, (size_t)other_size)) return at - html;
    }
    return -1;
}
