/* What `elements.c` is told by Python in order to name pictures, and the addresses that an element names. */
#ifndef OBELICS_LIKE_ELEMENTS_H
#define OBELICS_LIKE_ELEMENTS_H

#include "addresses.h"
#include "walk.h"

/* Lists of words have a NUL behind each and one more behind all; the names of attributes have their rank for a `kind`. */
struct Naming {
    const Automaton *words;
    const Tags *ranks;
    const char *standins, *files, *endings;
    int32_t longest, longest_name, most, densest, em, long_size, narrow, many; /* limits: `naming.py` says whose */
    int32_t standin, may_count, may_set;                                       /* bits of the words */
};

enum { MANY_CANDIDATES = 128 }; /* an element that names more is left to Python, as is all that is written oddly */
enum { LEFT = -1 };             /* where the bits of an address would stand: it is left to Python */
enum { OF_SETS = -1, OF_OTHERS = -2, OF_SRC = -3 }; /* ranks beside those of lazy loaders' attributes */

typedef struct {
    const char *at, *end;
    int32_t rank, bits;
    double size; /* of one of a srcset */
} Candidate;

typedef struct {
    Candidate at[MANY_CANDIDATES];
    int32_t used;
} Candidates;

/* A string of those that are told. */
typedef struct {
    const char *at, *end;
} Value;

/* The value that begins at `*from`; that is set behind it and its NUL. */
static inline Value next_value(const char **from, const char *end) {
    const char *at = *from, *stop = memchr(at, 0, (size_t)(end - at));
    *from = stop ? stop + 1 : end;
    return (Value){at, stop ? stop : end};
}

static inline int is_empty(Value value) { return value.at == value.end; }

int is_ascii(const char *at, const char *end);
int add_candidate(Candidates *found, const char *at, const char *end, int32_t rank, double size);
int read_set(const Naming *naming, Candidates *found, const char *at, const char *end);
int read_source(const Naming *naming, Candidates *found, const char *at, const char *end);

#endif
