/* What the paragraphs of a page measure: one pass over the rows of its items, once Python has looked at the odd ones.

   The texts of a group are one paragraph, which pictures have split; it is known by its first item. */

#include "walk.h"

/* What `measures.py` goes by, and says what it is. */
typedef struct {
    int32_t saying, prose, telling, full, exact;
    double dense, linked, listed, unfinished;
} Limits;

enum { A_HEADING = 1, A_TITLE = 2, LISTED = 4, OTHER = 8 }; /* kinds of a tag: h1 or h2; other than a plain paragraph */

/* Where the measures go; `measures.py` says what they are. */
typedef struct {
    int32_t *sizes, *linked, *flags, *telling, *headings, *prose, *more, *begins, *all_sizes, *all_linked, *all_other;
    double *links, *scores;
    int32_t many_telling, many_headings, many_prose, many_more;
} Measures;

/* The whole number nearest to one that is not negative; of two the even one, as Python's round() has it. */
static int32_t rounded(double value) {
    int32_t below = (int32_t)value;
    double rest = value - below;
    return below + (rest > 0.5 || (rest == 0.5 && below & 1));
}

/* The flags of a paragraph of `size` characters that goes on with a text of these. */
static int32_t joined_flags(int32_t flags, int32_t size, int32_t more) {
    int32_t first = more >> DENSE_SHIFT;
    flags |= (more & SENTENCE) | NOT_ASCII; /* so its digits are counted again */
    if (more & DENSE && !(flags & DENSE) && size + 1 + first < DENSE_WITHIN) flags |= DENSE;
    return flags;
}

static void join(const int32_t *rows, int32_t count, Measures *m) {
    int32_t at = -1, first = -1, group = 0;
    for (const int32_t *row = rows; row < rows + (int64_t)count * ITEM; row += ITEM) {
        if (row[0] == GONE) continue;
        at++;
        if (!row[0] || !row[6]) continue;
        int32_t size = row[6], held = row[3] < size ? row[3] : size;
        if (first < 0 || row[2] != group) {
            first = at;
            group = row[2];
            m->sizes[at] = size;
            m->linked[at] = held;
            m->flags[at] = row[4];
            continue;
        }
        m->flags[first] = joined_flags(m->flags[first], m->sizes[first], row[4]);
        m->sizes[first] += 1 + size; /* a blank stands between */
        m->linked[first] += held;
        m->more[m->many_more++] = first;
        m->more[m->many_more++] = at;
    }
}

/* How much prose a paragraph is, by its length and how little of it is links. */
static double score(const Limits *limits, int32_t size, double links, int listed, int sentences) {
    double score = (size < limits->full ? size : limits->full) * ((1 - links) * (1 - links));
    score *= (listed ? limits->listed : 1) * (sentences ? 1 : limits->unfinished);
    return (double)rounded(score * limits->exact) / limits->exact;
}

/* Measure a paragraph of a kind, whose characters have been counted. */
static void measure(Measures *m, const Limits *limits, int32_t at, int kind, int32_t container) {
    double share = m->links[at] = (double)m->linked[at] / m->sizes[at];
    if (m->flags[at] & DENSE) {
        m->sizes[at] = (int32_t)(m->sizes[at] * limits->dense);
        m->linked[at] = rounded(m->sizes[at] * share);
    }
    int32_t size = m->sizes[at], plain = share < limits->linked, long_enough = plain && size >= limits->prose;
    if (!plain || size < limits->saying) m->flags[at] &= ~SENTENCE;
    if (long_enough || kind & A_TITLE) m->telling[m->many_telling++] = at;
    if (kind & A_HEADING) {
        m->headings[m->many_headings++] = at;
    } else if (long_enough && (m->flags[at] & SENTENCE || size > limits->telling)) {
        m->scores[at] = score(limits, size, share, kind & LISTED, m->flags[at] & SENTENCE);
        if (m->scores[at] > 0) m->prose[m->many_prose++] = at;
    }
    m->all_sizes[container + 1] += size;
    m->all_linked[container + 1] += m->linked[at];
    m->all_other[container + 1] += (kind & OTHER) != 0;
}

/* Leave in `telling` only what may be said twice: that has the size of another, or one that differs by so many. */
enum { SIZES = 1024 };

static void leave_twins(Measures *m) {
    uint8_t met[SIZES] = {0}; /* by size: 1 if one has it, 2 if several have */
    int32_t left = 0;
    for (int32_t i = 0; i < m->many_telling; i++) {
        uint8_t *many = &met[m->sizes[m->telling[i]] & (SIZES - 1)];
        *many = *many ? 2 : 1;
    }
    for (int32_t i = 0; i < m->many_telling; i++)
        if (met[m->sizes[m->telling[i]] & (SIZES - 1)] == 2) m->telling[left++] = m->telling[i];
    m->many_telling = left;
}

/* Measure the items: `count` of them are left of as many `rows`, as Python has corrected them; `kinds` has a byte for
   each tag. Into `numbers`, all 0 before: how many are in `telling`, `headings`, `prose` and `more`, then the lists in
   the order of Measures, of `more` two numbers for each item and of the others one; the last four have one for each
   container and one more. Into `shares`: `links`, then `scores`. */
EXPORT void page_measures(const int32_t *items, int32_t rows, int32_t count, int32_t containers, const char *kinds,
                          const Limits *limits, int32_t *numbers, double *shares) {
    int32_t *list = numbers + 4;
    Measures m = {.links = shares, .scores = shares + count};
    int32_t **lists[] = {&m.sizes, &m.linked, &m.flags, &m.telling, &m.headings, &m.prose, &m.more};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++, list += count) *lists[i] = list;
    m.begins = list + count;
    m.all_sizes = m.begins + containers + 1;
    m.all_linked = m.all_sizes + containers + 1;
    m.all_other = m.all_linked + containers + 1;
    join(items, rows, &m);
    int32_t at = 0, begun = 0;
    for (const int32_t *row = items; row < items + (int64_t)rows * ITEM; row += ITEM) {
        if (row[0] == GONE) continue;
        while (begun <= row[1]) m.begins[begun++] = at;
        if (m.sizes[at]) measure(&m, limits, at, kinds[row[0]], row[1]);
        at++;
    }
    while (begun <= containers) m.begins[begun++] = at;
    leave_twins(&m);
    for (int32_t i = 0; i < containers; i++) {
        m.all_sizes[i + 1] += m.all_sizes[i];
        m.all_linked[i + 1] += m.all_linked[i];
        m.all_other[i + 1] += m.all_other[i];
    }
    numbers[0] = m.many_telling;
    numbers[1] = m.many_headings;
    numbers[2] = m.many_prose;
    numbers[3] = m.many_more;
}

/* Add to the bits of each container those `passed` on from the ones round it, and leave no others. What stands in one
   that has a bit of `within` itself has none of those `muted`. */
EXPORT void page_inherited(const int32_t *containers, int32_t count, int32_t *bits, int32_t passed, int32_t within,
                           int32_t muted) {
    for (int32_t i = 1; i < count; i++) {
        int32_t above = bits[containers[(int64_t)i * CONTAINER]];
        bits[i] = (above & (passed | within)) | (above & within ? bits[i] & ~muted : bits[i]);
    }
    for (int32_t i = 0; i < count; i++) bits[i] &= passed;
}

/* The paragraphs that stand in the containers from `first` to before `end`, by the bits of these. Into `found`: how many
   stand in one that has none, and how many in one that has some of `asked`; then, in order, those and those, room for
   `count` of each: so many items are left of as many `rows`. */
EXPORT void page_within(const int32_t *items, int32_t rows, int32_t count, const int32_t *sizes, const int32_t *bits,
                        int32_t first, int32_t end, int32_t asked, int32_t *found) {
    int32_t at = -1, *plain = found + 2, *marked = plain + count;
    for (const int32_t *row = items; row < items + (int64_t)rows * ITEM; row += ITEM) {
        if (row[0] == GONE || !sizes[++at] || row[1] < first || row[1] >= end) continue;
        if (!bits[row[1]]) *plain++ = at;
        else if (bits[row[1]] & asked) *marked++ = at;
    }
    found[0] = (int32_t)(plain - found) - 2;
    found[1] = (int32_t)(marked - found) - 2 - count;
}
