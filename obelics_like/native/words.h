/* Words that are looked for in strings, as `addresses.Words` makes them. */
#ifndef OBELICS_LIKE_WORDS_H
#define OBELICS_LIKE_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { ROW = 32 };

/* For each state of an automaton a row of ROW numbers, the bits of the words that end there in the first two, then for
   each class of bytes, from 2, the next state. State 0 is that of no beginning of a word; `class_of` is the class of a
   byte, `all` are all bits. */
typedef struct {
    const uint8_t *class_of;
    const uint16_t *rows;
    int32_t all;
} Words;

static inline const uint16_t *word_step(const Words *words, const uint16_t *row, unsigned char byte) {
    return words->rows + ROW * (size_t)row[words->class_of[byte]];
}

static inline uint32_t word_bits(const uint16_t *row) { return row[0] | (uint32_t)row[1] << 16; }

#endif
