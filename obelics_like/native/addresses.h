/* What a look at one address tells, as `addresses.py` names it. */
#ifndef OBELICS_LIKE_ADDRESSES_H
#define OBELICS_LIKE_ADDRESSES_H

#include <stdint.h>

/* Words to be found, as Python makes them: for each state a row of 32 numbers, the bits of the words that end there in the
   first two, then for each class of bytes, from 2, the next state. State 0 is that of no beginning of a
   word; `class_of` is the class of a byte, `all` are all bits. */
typedef struct {
    const uint8_t *class_of;
    const uint16_t *rows;
    int32_t all;
} Automaton;

enum { ROW = 32 };

enum { ABSOLUTE = 1, ROOTED, SCHEMELESS, RELATIVE, STEPPING, FORM = 7, FOREIGN = 8, UNUSABLE = 16 };

enum { MANY_STANDINS = 64, BUCKETS = 128, TRAIL = 256 };

/* What a look at one address takes: what each byte may be part of; the words of stand-ins, by their last two characters;
   the string that was searched last for words, up to TRAIL bytes, and for each of these the state and bits behind it. */
typedef struct {
    const Automaton *words;
    int32_t longest, longest_name; /* characters of an address, and of a stand-in's name */
    int32_t used;
    uint8_t kinds[256];
    struct { const char *word; int32_t length, next; } standins[MANY_STANDINS];
    int8_t first[BUCKETS]; /* of `standins`, from 1 */
    char text[TRAIL];
    uint16_t states[TRAIL];
    int32_t bits[TRAIL];
} Look;

void address_prepare(Look *look, const char *standins);
int32_t address_look(const Look *look, const char *at, const char *end);
int32_t address_words(Look *look, const char *at, const char *end);
int address_is_standin(const Look *look, const char *at, const char *end);

#endif
