/* What stands round the pictures of a page that are near its main content: passes over the rows of its items, the ways
   up from the pictures, and what the names there speak of. What speaks for a picture is decided in Python. */

#include "walk.h"

enum { WAY = 6 }; /* names that are told of each picture, as `surroundings.py` has it */
enum { IN_ARTICLE = 1, IN_FIGURE = 2, CAPTIONED = 4 };

/* What `surroundings.py` goes by, and says what it is. */
typedef struct {
    int32_t before, after, far, no_gap, framed, captioned, beside, article, figure, caption, never, longest, unknown;
} Limits;

/* What is told of a picture; `surroundings.py` says what it is. */
typedef struct {
    int32_t rank, before, after, gap, steps, flags, spoken, own, round, number, reach, container, holder, tags[2];
    int32_t names[WAY];
} Around;

/* What is told of the page: main blocks, the first and the last of them, rows of pictures, and those to be asked again. */
typedef struct {
    int32_t many, first, last, near, unsure;
} Told;

typedef struct {
    const int32_t *items, *end, *tree, *bits, *furniture;
    const char *main;
    const Limits *limits;
} Page;

static int32_t parent(const Page *page, int32_t container) { return page->tree[(int64_t)container * CONTAINER]; }

/* Go up from a picture and from a main block, in a container `home`, to what holds both: is it the nearest one? */
static void approach(const Page *page, Around *out, int32_t home) {
    int32_t one = out->container, way = 0;
    for (; one != home && way < page->limits->far; way++) {
        if (one > home) one = parent(page, one);
        else home = parent(page, home);
    }
    if (way >= out->steps) return;
    out->steps = way;
    out->holder = one;
}

/* Note that the block `near`, in a container `home`, stands in a caption, if it does and is next to the picture. */
static void see_caption(const Page *page, Around *out, int32_t at, int32_t near, int32_t home) {
    if (near - at > page->limits->beside || at - near > page->limits->beside) return;
    for (int32_t step = 0; step < page->limits->captioned; step++, home = parent(page, home))
        if (page->bits[home] & page->limits->caption) out->flags |= CAPTIONED;
}

/* Tell what the ways up from a picture hold: tags and names, and whether there is an article or a figure. */
static void climb(const Page *page, Around *out) {
    int32_t bits = 0, at = out->container;
    out->tags[0] = page->tree[(int64_t)at * CONTAINER + 1];
    out->tags[1] = page->tree[(int64_t)parent(page, at) * CONTAINER + 1];
    for (int i = 0; i < WAY; i++, at = parent(page, at)) out->names[i] = page->tree[(int64_t)at * CONTAINER + 2];
    for (at = out->container; at != out->holder; out->reach++, at = parent(page, at)) bits |= page->bits[at];
    if (out->reach > WAY) out->reach = WAY;
    if (bits & page->limits->article) out->flags |= IN_ARTICLE;
    at = out->container;
    for (int32_t step = 0; at && step < page->limits->framed; step++, at = parent(page, at))
        bits |= page->bits[at] & page->limits->figure;
    if (bits & page->limits->figure) out->flags |= IN_FIGURE;
}

/* Count the main blocks, and find the first, which stands in the container `root` or behind its beginning if one does,
   and the last. `reach` becomes how many blocks stand before a picture that is near them, at least and at most. */
static void find_main(const Page *page, int32_t root, Told *told, int32_t reach[2]) {
    int32_t at = 0, blocks = 0, rooted = 0;
    told->first = told->last = -1;
    for (const int32_t *row = page->items; row < page->end; row += ITEM) {
        if (row[0] == GONE) continue;
        if (row[0] && page->main[at]) {
            if (told->first < 0 || (!rooted && row[1] >= root)) {
                told->first = at;
                reach[0] = blocks - page->limits->before;
                rooted = row[1] >= root;
            }
            told->many++;
            told->last = at;
            reach[1] = blocks + page->limits->after + 1;
        }
        blocks += row[0] != 0;
        at++;
    }
}

/* Tell of those of `many` pictures, whose items are `asked` in order, that are near, what stands before and behind. */
static void see_places(const Page *page, const int32_t reach[2], const int32_t *asked, int32_t many, Told *told, Around *out) {
    int32_t at = 0, blocks = 0, rank = 0, block = -1, home = 0; /* `home`: where the last block stands */
    int32_t main_home = 0, main_block = 0;                     /* the same of the last main one; blocks before it */
    int32_t met = 0, near = 0, followed = 0, closed = 0;       /* pictures, and rows: with a block, a main one behind */
    for (const int32_t *row = page->items; row < page->end && (met < many || closed < near); row += ITEM) {
        if (row[0] == GONE) continue;
        if (met < many && asked[met] == at) {
            int32_t number = met++;
            if (blocks >= reach[0] && blocks <= reach[1] && !(page->furniture[row[1]] & page->limits->never)) {
                Around *one = &out[near++];
                *one = (Around){rank, block, -1, blocks - 1 - main_block, page->limits->no_gap, .number = number};
                if (!rank || one->gap > page->limits->no_gap) one->gap = page->limits->no_gap;
                one->container = row[1];
                if (block >= 0) see_caption(page, one, at, block, home);
                if (rank) approach(page, one, main_home);
            }
        }
        if (row[0]) {
            for (; followed < near; followed++) {
                out[followed].after = at;
                see_caption(page, &out[followed], asked[out[followed].number], at, row[1]);
            }
            block = at;
            home = row[1];
            if (page->main[at]) {
                for (; closed < near; closed++) approach(page, &out[closed], home);
                rank++;
                main_home = home;
                main_block = blocks;
            }
            blocks++;
        }
        at++;
    }
    told->near = near;
}

/* The bits of the words in a name, `unknown` where it is not all ASCII; a NUL stands before and behind it. */
static int32_t heard(const Automaton *words, const Limits *limits, const char *at, const char *stop) {
    const uint16_t *row = words->rows + ROW * (size_t)words->rows[words->class_of[0]];
    uint32_t bits = 0;
    if (stop - at > limits->longest) stop = at + limits->longest;
    for (; at <= stop; at++) {
        unsigned char byte = at < stop ? (unsigned char)*at : 0;
        if (at < stop && (!byte || byte & 0x80)) return limits->unknown;
        row = words->rows + ROW * (size_t)row[words->class_of[byte]];
        bits |= row[0] | (uint32_t)row[1] << 16;
    }
    return (int32_t)bits;
}

/* Tell what the names on the ways up speak of; `spoken`, all 0 before, has a place for each of the `lines`, from 1. */
static void hear(const Page *page, const Automaton *words, const char *lines, int64_t length, int32_t *spoken, Told *told,
                 Around *out) {
    enum { WANTED = 1 };
    int32_t last = 0;
    for (const Around *one = out; one < out + told->near; one++)
        for (int i = 0; i < WAY; i++) {
            spoken[one->names[i]] = WANTED;
            if (one->names[i] > last) last = one->names[i];
        }
    const char *line = lines;
    for (int32_t number = 1; number <= last; number++) {
        const char *stop = memchr(line, '\n', (size_t)(lines + length - line));
        if (spoken[number]) spoken[number] = heard(words, page->limits, line, stop);
        line = stop + 1;
    }
    spoken[0] = 0;
    for (Around *one = out; one < out + told->near; one++) {
        one->own = spoken[one->names[0]];
        for (int i = 0; i < WAY; i++) {
            one->round |= spoken[one->names[i]];
            if (i < one->reach) one->spoken |= spoken[one->names[i]];
        }
        told->unsure += (one->round & page->limits->unknown) != 0;
    }
}

/* Tell of the pictures near the main content what is round them, and of the page. `main` has a byte for each item that
   is left, `root` is the main container, `furniture` are the bits of each container; `asked` are the items of `many`
   pictures in order, `lines` the names. Into `out`, all 0 before: what is told of the page, `names` numbers for the names,
   and what is told of the pictures. */
EXPORT void pictures_near(const int32_t *items, int32_t rows, const int32_t *tree, const int32_t *bits,
                          const int32_t *furniture, const char *main, int32_t root, const Limits *limits,
                          const Automaton *words, const char *lines, int64_t length, const int32_t *asked, int32_t many,
                          int32_t *out, int32_t names) {
    Page page = {items, items + (int64_t)rows * ITEM, tree, bits, furniture, main, limits};
    Told *told = (Told *)out;
    int32_t reach[2] = {0, 0}, *spoken = out + sizeof *told / sizeof *out;
    Around *around = (Around *)(spoken + names);
    find_main(&page, root, told, reach);
    if (!told->many) return;
    see_places(&page, reach, asked, many, told, around);
    for (Around *one = around; one < around + told->near; one++) climb(&page, one);
    if (told->near) hear(&page, words, lines, length, spoken, told, around);
}
