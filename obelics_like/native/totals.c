/* What each container of a page holds of its prose, and what all of its name hold together. Digits aside: `post-12` and
   `post-13` are one name. */

#include "walk.h"

enum { UNLIKE = -1, PREFIX = 3 };

typedef struct {
    const char *words; /* a line for each name, from 1 */
    int32_t *starts;   /* where each begins, and where the one behind the last would */
    int32_t *alike;    /* of each name the first that is the same without digits, UNLIKE, or 0: not looked at yet */
    int32_t *slots;    /* of a table of these firsts, or 0 */
    uint32_t mask;
    uint8_t begun[1024]; /* by a hash of a beginning: whether one of them begins so; most names do not */
} Names;

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* The next character of a line that is no digit, and 0 at its end. */
static char next_letter(const char **at, const char *end) {
    while (*at < end && is_digit(**at)) (*at)++;
    return *at < end ? *(*at)++ : 0;
}

static int same_letters(const Names *n, int32_t one, int32_t other) {
    const char *a = n->words + n->starts[one], *a_end = n->words + n->starts[one + 1] - 1;
    const char *b = n->words + n->starts[other], *b_end = n->words + n->starts[other + 1] - 1;
    for (;;) {
        char letter = next_letter(&a, a_end);
        if (letter != next_letter(&b, b_end)) return 0;
        if (!letter) return 1;
    }
}

/* Whether two names are the same words; 0 is the name without any. */
static int same_words(const Names *n, int32_t one, int32_t other) {
    int32_t length = one ? n->starts[one + 1] - n->starts[one] : 1;
    if (length != (other ? n->starts[other + 1] - n->starts[other] : 1)) return 0;
    return length == 1 || !memcmp(n->words + n->starts[one], n->words + n->starts[other], (size_t)length);
}

/* A hash of the first letters of a name, `most` at most. */
static uint32_t hash_of_letters(const Names *n, int32_t name, int32_t most) {
    uint32_t hash = 2166136261u;
    for (const char *at = n->words + n->starts[name]; *at != '\n' && most; at++)
        if (!is_digit(*at)) {
            hash = (hash ^ (unsigned char)*at) * 16777619u;
            most--;
        }
    return hash ^ hash >> 15;
}

/* The first name that is the same as one, digits aside, of those added; it is itself if it is to be `added`. UNLIKE if
   there is none, or no words in it. */
static int32_t first_alike(Names *n, int32_t name, int added) {
    int32_t *alike = &n->alike[name];
    if (*alike > 0 || (*alike && !added)) return *alike;
    *alike = UNLIKE;
    if (!name || n->starts[name + 1] - n->starts[name] == 1) return UNLIKE;
    uint8_t *begun = &n->begun[hash_of_letters(n, name, PREFIX) & (sizeof n->begun - 1)];
    if (!*begun && !added) return UNLIKE;
    uint32_t slot = hash_of_letters(n, name, INT32_MAX) & n->mask;
    for (; n->slots[slot]; slot = (slot + 1) & n->mask)
        if (same_letters(n, n->slots[slot], name)) return *alike = n->slots[slot];
    if (!added) return UNLIKE;
    *begun = 1;
    return *alike = n->slots[slot] = name;
}

/* Into `held` what each container holds of the items' scores, with all that is in it. */
static void sum_up(const int32_t *items, int32_t rows, const int32_t *containers, int32_t count, const double *scores,
                   double *held) {
    int32_t at = -1;
    for (const int32_t *row = items; row < items + (int64_t)rows * ITEM; row += ITEM)
        if (row[0] != GONE) held[row[1]] += scores[++at];
    for (int32_t i = count - 1; i > 0; i--) held[containers[(int64_t)i * CONTAINER]] += held[i];
}

/* What each container holds of the items' `scores`, with all that is in it, and what all of its name hold; `lines` are
   the `names`. Into `told`, by container: that score (held), and, of those that have a bit of `marked`, that or, if it is
   more, the score of all of its name (shared). Into `numbers`: in order, those for which this is not 0 (asked), room for
   all; then, by name from 0 on, the first name that is the same, digits aside, if one of these bears it and has a score,
   else 0 or UNLIKE (alike). Into `told` behind the others, by such a first name: the characters in links, and all, that
   marked ones of the name hold by the sums `all_linked` and `all_sizes`. All are 0 before. A container whose parent has
   the same words for a name adds nothing to it. Gives how many are asked about, or NO_MEMORY. */
EXPORT int32_t page_totals(const int32_t *items, int32_t rows, const int32_t *containers, int32_t count,
                           const int32_t *bits, int32_t marked, const char *lines, int32_t length, int32_t names,
                           const double *scores, const int32_t *all_linked, const int32_t *all_sizes, double *told,
                           int32_t *numbers) {
    double *held = told, *shared = held + count, *linked = shared + count, *sizes = linked + names + 1;
    int32_t *asked = numbers, *alike = numbers + count;
    uint32_t slots = 16;
    while (slots < (uint32_t)names * 2) slots *= 2;
    Names n = {lines, calloc((size_t)names + 2, sizeof *n.starts), alike, calloc(slots, sizeof *n.slots), slots - 1, {0}};
    double *sums = calloc((size_t)names + 1, sizeof *sums);
    int32_t many = n.starts && n.slots && sums ? 0 : NO_MEMORY;
    sum_up(items, rows, containers, count, scores, held);
    for (int32_t name = 1; !many && name <= names; name++) {
        const char *line = lines + n.starts[name];
        n.starts[name + 1] = (int32_t)((const char *)memchr(line, '\n', (size_t)(lines + length - line)) - lines) + 1;
    }
    for (int32_t i = 0; !many && i < count; i++)
        if (bits[i] & marked && held[i] > 0) first_alike(&n, containers[(int64_t)i * CONTAINER + 2], 1);
    for (int32_t i = 0; !many && i < count; i++) {
        const int32_t *row = containers + (int64_t)i * CONTAINER;
        int32_t first = bits[i] & marked ? first_alike(&n, row[2], 0) : UNLIKE;
        if (first < 0 || same_words(&n, row[2], containers[(int64_t)row[0] * CONTAINER + 2])) continue;
        sums[first] += held[i];
        linked[first] += all_linked[row[3]] - all_linked[i];
        sizes[first] += all_sizes[row[3]] - all_sizes[i];
    }
    for (int32_t i = 0; many >= 0 && i < count; i++) {
        if (!(bits[i] & marked)) continue;
        int32_t first = alike[containers[(int64_t)i * CONTAINER + 2]];
        shared[i] = first > 0 && sums[first] > held[i] ? sums[first] : held[i];
        if (shared[i] > 0) asked[many++] = i;
    }
    free(n.starts);
    free(n.slots);
    free(sums);
    return many;
}
