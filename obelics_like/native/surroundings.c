/* What stands round the pictures of a page: one pass over the rows of its items, and the ways up from its pictures. What
   speaks for a picture is decided in Python. */

#include "walk.h"

enum { WAY = 6 }; /* names that are told of each picture, as `surroundings.py` has it */
enum { IN_ARTICLE = 1, IN_FIGURE = 2, CAPTIONED = 4 };

/* What `surroundings.py` goes by, and says what it is. */
typedef struct {
    int32_t far, no_gap, framed, captioned, beside, article, figure, caption;
} Limits;

/* What is told of a picture; `surroundings.py` says what it is. */
typedef struct {
    int32_t rank, before, after, gap, steps, flags, reach, container, holder, tags[2], names[WAY];
} Around;

typedef struct {
    const int32_t *tree, *bits;
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
    int32_t bits = 0, way = 0, at = out->container;
    out->tags[0] = page->tree[(int64_t)at * CONTAINER + 1];
    out->tags[1] = page->tree[(int64_t)parent(page, at) * CONTAINER + 1];
    for (int i = 0; i < WAY; i++, at = parent(page, at)) out->names[i] = page->tree[(int64_t)at * CONTAINER + 2];
    for (at = out->container; at != out->holder; way++, at = parent(page, at)) bits |= page->bits[at];
    out->reach = way < WAY ? way : WAY;
    if (bits & page->limits->article) out->flags |= IN_ARTICLE;
    at = out->container;
    for (int32_t step = 0; at && step < page->limits->framed; step++, at = parent(page, at))
        if (page->bits[at] & page->limits->figure) out->flags |= IN_FIGURE;
    if (bits & page->limits->figure) out->flags |= IN_FIGURE;
}

/* Tell of each of `many` pictures, whose items are `asked` in order, what is round it; `main` has a byte for each item
   that is left. */
EXPORT void pictures_around(const int32_t *items, int32_t rows, const int32_t *tree, const int32_t *bits, const char *main,
                            const Limits *limits, const int32_t *asked, int32_t many, Around *out) {
    Page page = {tree, bits, limits};
    int32_t at = 0, blocks = 0, rank = 0, block = -1, home = 0; /* `home`: where the last block stands */
    int32_t main_home = 0, main_block = 0;                     /* the same of the last main one; blocks before it */
    int32_t met = 0, followed = 0, closed = 0; /* pictures that are met; that have a block, and a main one, behind them */
    for (const int32_t *row = items; row < items + (int64_t)rows * ITEM && closed < many; row += ITEM) {
        if (row[0] == GONE) continue;
        if (met < many && asked[met] == at) {
            Around *one = &out[met++];
            *one = (Around){rank, block, -1, blocks - 1 - main_block, .steps = limits->no_gap, .container = row[1]};
            if (!rank || one->gap > limits->no_gap) one->gap = limits->no_gap;
            if (block >= 0) see_caption(&page, one, at, block, home);
            if (rank) approach(&page, one, main_home);
        }
        if (row[0]) {
            for (; followed < met; followed++) {
                out[followed].after = at;
                see_caption(&page, &out[followed], asked[followed], at, row[1]);
            }
            block = at;
            home = row[1];
            if (main[at]) {
                for (; closed < met; closed++) approach(&page, &out[closed], home);
                rank++;
                main_home = home;
                main_block = blocks;
            }
            blocks++;
        }
        at++;
    }
    for (int32_t i = 0; i < met; i++) climb(&page, &out[i]);
}
