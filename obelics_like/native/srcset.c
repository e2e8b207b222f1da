/* The candidates of a srcset and of a `<source>` with their sizes, as `srcset.py` has them. 0 is said of what is written
   oddly: it is left to the rules there. */

#include "elements.h"

enum { MANY_DIGITS = 15 }; /* such a number is exact, and so is what comes of dividing it by a power of ten */

int is_ascii(const char *at, const char *end) {
    for (; at < end; at++)
        if (*at & 0x80) return 0;
    return 1;
}

int add_candidate(Candidates *found, const char *at, const char *end, int32_t rank, double size) {
    if (found->used == MANY_CANDIDATES) return 0;
    found->at[found->used++] = (Candidate){at, end, rank, 0, size};
    return 1;
}

static int is_blank(char c) { return is_space((unsigned char)c); }

/* Read a number, `12` or `1.5`, up to what is none of it; NULL where there is none. */
static const char *read_number(const char *at, const char *end, double *number) {
    int64_t all = 0, parts = 1;
    int digits = 0, behind = 0;
    for (; at < end && ((*at >= '0' && *at <= '9') || (*at == '.' && digits && !behind)); at++) {
        if (*at == '.') {
            behind = 1;
            continue;
        }
        if (++digits > MANY_DIGITS) return NULL;
        all = all * 10 + (*at - '0');
        if (behind) parts *= 10;
    }
    *number = (double)all / (double)parts;
    return digits ? at : NULL;
}

/* Read what stands behind an address up to the next comma: a size, if there is one. Where that is long, a size that comes
   late may be none. */
static int read_size(const Naming *naming, const char **from, const char *end, double *size) {
    const char *at = *from;
    int known = 0;
    while (at < end && *at != ',') {
        const char *word = at;
        while (at < end && *at != ',' && !is_blank(*at))
            if (*at++ == '(') return 0;
        if (at > word && !known && (at[-1] == 'w' || at[-1] == 'x')) {
            if (read_number(word, at - 1, size) != at - 1) return 0;
            known = 1;
        }
        while (at < end && is_blank(*at)) at++;
    }
    if (at - *from > naming->long_size) return 0;
    *from = at;
    return 1;
}

/* Add the candidates of a srcset. */
int read_set(const Naming *naming, Candidates *found, const char *at, const char *end) {
    if (!is_ascii(at, end)) return 0;
    for (int32_t many = 0; many < naming->most; many++) {
        while (at < end && (*at == ',' || is_blank(*at))) at++;
        if (at == end) break;
        const char *url = at;
        double size = 1.0;
        while (at < end && !is_blank(*at)) at++;
        const char *stop = at;
        while (stop[-1] == ',') stop--;
        if (stop == at && !read_size(naming, &at, end, &size)) return 0;
        if (memchr(url, ',', (size_t)(stop - url)) && holds(url, (int32_t)(stop - url), ",http")) return 0; /* maybe two */
        if (!add_candidate(found, url, stop, OF_SETS, size)) return 0;
    }
    return 1;
}

/* The width of the windows that a media query asks for, -1 if it names none. */
static double least_width(const Naming *naming, const char *at, const char *end) {
    static const char name[] = "min-width";
    for (; end - at >= (int64_t)sizeof name; at++) {
        if (!same_lower(at, name, sizeof name - 1)) continue;
        const char *one = at + sizeof name - 1, *digits, *dot;
        double number;
        while (one < end && is_blank(*one)) one++;
        if (one == end || *one++ != ':') continue;
        while (one < end && is_blank(*one)) one++;
        digits = one;
        if (!(one = read_number(digits, end, &number))) continue;
        dot = memchr(digits, '.', (size_t)(one - digits));
        if ((dot ? dot : one) - digits > 5 || (dot && (one - dot < 2 || one - dot > 5))) continue;
        while (one < end && is_blank(*one)) one++;
        if (end - one >= 2 && same_lower(one, "px", 2)) return number;
        if (one < end && lower(*one) == 'r') one++;
        if (end - one >= 2 && same_lower(one, "em", 2)) return number * naming->em;
    }
    return -1;
}

/* Add those of a `<source>`; its attributes stand there as `tell_attributes` has written them. */
int read_source(const Naming *naming, Candidates *found, const char *at, const char *end) {
    static const char *const names[] = {"media", "srcset", "data-srcset", "data-lazy-srcset", "src", "data-src"};
    enum { NAMES = sizeof names / sizeof *names };
    Value values[NAMES] = {{at, at}};
    int32_t first = found->used;
    while (at < end) {
        Value name = next_value(&at, end), value = next_value(&at, end);
        for (int i = 0; i < NAMES; i++)
            if (same_word(name.at, (int32_t)(name.end - name.at), names[i])) values[i] = value;
    }
    for (int i = 1; i < NAMES; i++)
        if (!is_empty(values[i]) && !read_set(naming, found, values[i].at, values[i].end)) return 0;
    if (!is_ascii(values[0].at, values[0].end)) return 0;
    double window = least_width(naming, values[0].at, values[0].end);
    for (int32_t i = first; i < found->used; i++)
        if (found->at[i].size > naming->densest) return 1;
    for (int32_t i = first; i < found->used && window > 1.0; i++) found->at[i].size *= window;
    return 1;
}
