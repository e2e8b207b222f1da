/* What the files of the walk share: a page's tags as Python names them, what has been found, and what holds where the
   walk stands. `walk.c` is told of each element and each text, by `markup.c` or `nodes.c`. */
#ifndef OBELICS_LIKE_WALK_H
#define OBELICS_LIKE_WALK_H

#include "addresses.h"
#include "grow.h"

#define EXPORT __attribute__((visibility("default")))

enum { PLAIN, BLOCK, SILENT, VOID, LINK, AMP_IMAGE, BREAK, RULE, SVG_IMAGE, IMAGE, INPUT, HEAD, NOSCRIPT, OBJECT,
       PICTURE, SCRIPT, SOURCE, TITLE, VIDEO, TEMPLATE, MATH, RAW };
/* Modes of a state; IN_FOREIGN is one of markup: in a drawing or a formula, where all elements may hold others. */
enum { SILENCED = 1, LINKED = 2, CODE = 4, FALLBACK = 8, TITLED = 16, IN_MATH = 32, IN_FOREIGN = 64 };
enum { KEEPS = 1, IS_PRE = 4, IS_HEADING = 8, IS_PAGE = 16, IS_LITERAL = 32 }; /* flags of a tag */
enum { FINE = 0, NO_MEMORY = -1, UNREADABLE = -2, TOO_MANY = 1, TOO_DEEP = 2, TOO_LARGE = 3 };

enum { NOT_JOINED, GLUED, SPACED, BROKEN }; /* how a text goes on after a picture, and a picture after a text */
enum { IS_TOLD = 128 };                     /* flag of a picture: it stands behind the `<math>` that says the same */
/* Flags of a text, beside CODE: it holds characters that are not seen; a sentence ends in it; it has four digits of
   ASCII or more; it is not all ASCII; it begins in a script in which a character says as much as a few Latin ones, the
   first of which stands at the place that is DENSE_SHIFT bits higher; it holds what may join the letter before it. */
enum { ODD = 1, MARKED = 2, SENTENCE = 8, DIGITS = 16, NOT_ASCII = 32, DENSE = 64 };
enum { DENSE_WITHIN = 200, DENSE_SHIFT = 8 };

enum { OF_IMG = 1, OF_INPUT, OF_POSTER, OF_BACKGROUND, OF_SVG, OF_OBJECT }; /* what shows a picture */
enum { MANY_NAMED = 7 }; /* attributes of which an `<img>` tells the values alone */
enum { ITEM = 7, SHOWN = 8, NAMED = 12, CONTAINER = 4 }; /* numbers in a row; in all other rows there are three */
enum { GONE = -1 };                          /* the kind of an item that Python has left out */

/* A tag as Python names it in `tags.py`; or a word, or two with a blank between them, of the vocabulary in `names.py`; or
   what an attribute says in `names.BY_ATTRIBUTE`; or a name in `head.py`, and nothing else of it. `muted` are the bits
   that an element's names can't give it. */
typedef struct {
    const char *name;
    int32_t length, action, kind, flags, bits, muted;
} Tag;

typedef struct {
    int32_t slots, unknown, div, p, html, meta; /* a power of two; what an unknown tag is; the ones named so */
    const Tag *tags;                /* 0-based */
    const struct { uint32_t hash; int32_t tag; } *table; /* -1: the slot is free */
    /* by the first letter of a name, a bit for each length, 31 for all longer ones, and for each last letter modulo 32 */
    uint32_t lengths[256], lasts[256];
} Tags;

/* The functions of lexbor that are used, as Python finds them. Its structures stay closed: their layout changes. */
typedef struct {
    void *(*create)(void);
    void *(*destroy)(void *document);
    void (*set_option)(void *document, int option);
    uint32_t (*begin)(void *document);
    uint32_t (*parse_more)(void *document, const char *html, size_t length);
    uint32_t (*finish)(void *document);
    uint32_t (*parse)(void *document, const char *html, size_t length);
    void *(*root)(void *document);
    void *(*first_child)(void *node);
    void *(*next)(void *node);
    void *(*parent)(void *node);
    int (*type)(void *node);
    uintptr_t (*tag)(void *node);
    const char *(*name)(void *element, size_t *length);
    void *(*first_attribute)(void *element);
    void *(*next_attribute)(void *attribute);
    const char *(*attribute_name)(void *attribute, size_t *length);
    const char *(*attribute_value)(void *attribute, size_t *length);
    char *(*text)(void *node, size_t *length); /* a copy, that lives as long as the document */
    uint32_t (*write)(void *node, uint32_t (*take)(const char *at, size_t length, void *into), void *into);
} Lexbor;

/* The option under which nobody is told of what is inserted: each time an element is moved, all within it would be. */
enum { WITHOUT_EVENTS = 1 };

/* Where the attributes of an element are: written from `at` to `end`, or those of a node. */
typedef struct {
    const char *at, *end;
    void *node;
} Element;

/* One of them; `rest` is where the next ones are, `node` being the attribute itself. */
typedef struct {
    const char *name, *value;
    int32_t name_length, length, begun;
    Element rest;
} Attribute;

/* What holds inside an element. `link` numbers the `<a>` round it; `set` the `<picture>` round it, from 1. */
typedef struct {
    int32_t container, mode, kind, set, link;
} State;

/* An `<a>`, and where its address was told; `told`: it was, or it has none. `said`: its number, from 1, among what is said
   of named pictures, -1 for none; `is_file`: it leads to a picture's file; `bits`: what a look then tells of it. */
typedef struct {
    Element element;
    int32_t place[2], told, said, is_file, bits;
    int64_t told_at, told_end;
} Link;

typedef struct {
    const char *name; /* of markup: that of the tag, which its end tag must have */
    int32_t length;
    void *node;
    State outer;
} Frame;

/* The class and id of a container, as written. */
typedef struct {
    const char *first, *second;
    int32_t first_length, second_length;
} Name;

typedef struct Naming Naming;

/* What the walk gives; Python says in `scan.py` what the rows hold. `text` and `words` are lines of strings, `told` is
   what is named by places, in characters; `shown` and `said` are the pictures that C has named. `numbers` are how many the
   other lists have, then all of these. */
typedef struct {
    int32_t status, characters_told;
    int64_t measured;
    Numbers numbers, items, pictures, special, containers, bits, framed, metas, sets, asked, shown;
    Bytes text, words, told, unknown, said;
} Result;

typedef struct {
    Result *out;
    const Tags *tags, *vocabulary, *said, *asked; /* elements; words of names, of attributes; names of `<meta>` elements */
    const Lexbor *dom; /* NULL where markup is read, whose values are escaped */
    void *document;
    const char *end; /* of the markup */
    Frame *frames;
    int32_t depth, room, count, max_nodes, max_depth, framing;
    int32_t group, links, characters, started, start, pending, after_picture;
    int32_t flags, digits, ending; /* of the text begun; `ending`: what may end a sentence has just been put */
    int32_t math_from, math_to;    /* the characters of the last `<math>` of that text; 0 where it has none */
    int64_t math_at;               /* where they begin, while it is open; else -1 */
    int32_t before_math[6];        /* `started`, `pending` and so on as they were then */
    Link *known_links;
    int32_t links_used, links_room;
    int64_t max_told, wanted; /* bytes of each list of strings; what one would have had, if that is more */
    Numbers marks;                 /* of containers that their attributes say something of: which, and its bits */
    Numbers open_sets;             /* of each `<picture>` the last row of its sources that no `<img>` has taken, or -1 */
    const Naming *naming;          /* NULL: all pictures are named by Python */
    Look look;                     /* at addresses */
    Numbers source_places;         /* of each row of `sets` the bytes of `told` */
    int32_t strings_said;
    Name *names;
    int32_t names_used, names_room;
    int32_t *slots; /* of the table of names: a number of `names`, or -1 */
    int32_t room_of_slots;
} Walk;

int32_t tag_of(const Tags *tags, const char *name, int32_t length);

/* attributes.c */
int next_attribute(const Walk *w, Attribute *a);
int begins(const Attribute *a, const char *word, int whole);
int holds(const char *at, int32_t length, const char *word);
int holds_lower(const char *at, int32_t length, const char *word);
int32_t said_by(const Walk *w, const Attribute *a);
int states_fact(const Walk *w, const Element *element);
int names_fact(const Walk *w, const Element *element);
int says_something(const Attribute *a);
int tell_attributes(Walk *w, const Element *element, int32_t place[2]);
int tell_named(Walk *w, const Element *element, const char *const *names, int count, int32_t place[2]);
int tell_attribute(Walk *w, const Attribute *a, int32_t place[2]);
int tell_link(Walk *w, int32_t link, int32_t place[2]);
int tell_text(Walk *w, int32_t number, const Element *element, const char *end_tag);
int tell_values(Walk *w, int32_t number, const Element *element);

/* runs.c */
int add_item(Walk *w, const State *state, int32_t kind, int32_t flags);
int flush(Walk *w, const State *state);
void put(Walk *w, const unsigned char *at, int size);
int take_text(Walk *w, const char *at, const char *end, int mode);
int take_literal(Walk *w, const char *at, const char *end);
int64_t bare(const Walk *w, const char *from, const char *to, char *into);

/* pictures.c */
int emit(Walk *w, int how, const Element *element, const State *state, int32_t set);
int may_show(const Walk *w, const Element *element);
int32_t taken_set(Walk *w, const State *state);
int take_source(Walk *w, const Element *element, const State *state);
int names_picture(const Walk *w, const Element *element, const char *one, const char *other, int only_files);
int has_type(const Walk *w, const Element *element, const char *type);

/* elements.c */
void prepare_names(Walk *w);
int name_picture(Walk *w, int how, const State *state, int32_t set, int64_t from);

/* names.c */
int32_t meaning_of(const Tags *vocabulary, const char *word, int32_t length);

/* walk.c */
int enter(Walk *w, int32_t number, const Element *element, State *state);
int leave(Walk *w, const State *inner, const State *outer);
int push(Walk *w, Frame frame);
int add_row(Numbers *list, int32_t one, int32_t two, int32_t three);
EXPORT Result *page_walk(const char *html, int32_t length, const Tags *tags, const Tags *vocabulary, const Tags *said,
                         const Tags *asked, const Naming *naming, const Lexbor *dom, const int64_t *ends, int32_t pieces,
                         int32_t as_written, int32_t framing, int32_t max_nodes, int32_t max_depth, int64_t max_told);

/* markup.c, nodes.c */
int read_markup(Walk *w, const char *html, int32_t length, State *state);
int read_nodes(Walk *w, State *state);
int32_t keeps_to_budget(Walk *w, int32_t max_depth);

/* Room for `more` bytes; 0 where there is no memory left, or the page tells too much. */
static inline int room_for(Walk *w, Bytes *list, int64_t more) {
    if (list->used + more <= w->max_told) return bytes_room(list, more);
    w->wanted = list->used + more;
    return 0;
}

enum { MANY_WORDS = 24 }; /* MANY of `names` */

static inline int same_word(const char *at, int32_t length, const char *word) {
    return (size_t)length == strlen(word) && !memcmp(at, word, (size_t)length);
}

static inline int is_named(const Attribute *a, const char *name) { return same_word(a->name, a->name_length, name); }

static inline char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static inline int same_lower(const char *at, const char *word, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (lower(at[i]) != word[i]) return 0;
    return 1;
}

#endif
