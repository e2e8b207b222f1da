/* Which elements show a picture, and the rows of those that do. What address it has is decided in Python, or, where it is
   written in a usual way, in `elements.c`. */

#include "walk.h"

/* Whether an attribute other than `src` is one of those that `elements.named_by` looks at. */
static int may_hold_address(const Attribute *a) {
    return (a->name_length >= 5 && !memcmp(a->name, "data-", 5)) || holds(a->name, a->name_length, "src") ||
           is_named(a, "file") || is_named(a, "zoomfile") || is_named(a, "v-lazy");
}

/* What is told of an `<img>` at first: the values of `scan.Rows.values`. */
static const char *const wanted[MANY_NAMED] = {"src", "alt", "title", "class", "width", "height", "style"};

/* Take up those values, and behind them the attributes that may hold an address beside `src`, and AMP's `placeholder`. */
static int tell_image(Walk *w, const Element *element, int32_t place[2]) {
    Attribute a = {.rest = *element};
    if (!tell_named(w, element, wanted, MANY_NAMED, place)) return 0;
    while (next_attribute(w, &a))
        if (!is_named(&a, "src") && (may_hold_address(&a) || is_named(&a, "placeholder")))
            if (!tell_attribute(w, &a, place)) return 0;
    return 1;
}

/* Note a picture; `element` is NULL where it has only the sources that begin at `set`, from 1, of its `<picture>`. */
int emit(Walk *w, int how, const Element *element, const State *state, int32_t set) {
    Result *out = w->out;
    int32_t joins = w->started || w->after_picture, place[2] = {0, 0}, link[2] = {0, 0};
    int32_t joint = !joins ? NOT_JOINED : w->pending == NOT_JOINED ? GLUED : w->pending;
    int32_t told = w->math_from < w->math_to && w->math_to == w->characters ? IS_TOLD : 0;
    if (!flush(w, state) || !add_item(w, state, 0, told)) return 0;
    out->items.at[out->items.used - ITEM + 5] = joint;
    w->after_picture = GLUED;
    if (state->mode & LINKED && !tell_link(w, state->link, link)) return 0;
    int is_image = how == OF_IMG || how == OF_INPUT;
    int64_t used = out->told.used;
    int32_t characters = out->characters_told;
    if (element && !(is_image ? tell_image(w, element, place) : tell_attributes(w, element, place))) return 0;
    int named = element && is_image && w->naming ? name_picture(w, how, state, set, used) : 0;
    if (named) { /* then its values are said */
        out->told.used = used;
        out->characters_told = characters;
        return named > 0;
    }
    if (!numbers_room(&out->pictures, SHOWN)) return 0;
    int32_t *row = out->pictures.at + out->pictures.used;
    out->pictures.used += SHOWN;
    row[0] = (int32_t)(out->items.used / ITEM) - 1;
    row[1] = how;
    row[2] = place[0];
    row[3] = place[1];
    row[4] = (state->mode & FALLBACK) != 0;
    row[5] = link[0];
    row[6] = link[1];
    row[7] = set;
    return 1;
}

/* Whether an element may name the address of a picture in any of its attributes. */
int may_show(const Walk *w, const Element *element) {
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a)) {
        if (!a.length) continue;
        if (is_named(&a, "src")) {
            if (says_something(&a) && !strchr("#{<", *a.value)) return 1;
        } else if (may_hold_address(&a)) {
            return 1;
        }
    }
    return 0;
}

int32_t taken_set(Walk *w, const State *state) {
    if (!state->set) return 0;
    int32_t *open = &w->open_sets.at[state->set - 1], set = *open + 1;
    *open = -1;
    return set;
}

int take_source(Walk *w, const Element *element, const State *state) {
    if (!state->set) return 1;
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a))
        if (is_named(&a, "type") && (begins(&a, "video", 0) || begins(&a, "audio", 0))) return 1;
    int32_t place[2], *open = &w->open_sets.at[state->set - 1], before = *open + 1;
    int64_t used = w->out->told.used;
    *open = (int32_t)(w->out->sets.used / 3);
    if (!tell_attributes(w, element, place) || !add_row(&w->out->sets, place[0], place[1], before)) return 0;
    if (!numbers_room(&w->source_places, 2)) return 0;
    w->source_places.at[w->source_places.used++] = (int32_t)used;
    w->source_places.at[w->source_places.used++] = (int32_t)w->out->told.used;
    return 1;
}

static int is_picture_file(const Attribute *a) {
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp",
                                          ".avif", ".bmp", ".tif", ".tiff", ".heic", ".svg"};
    const char *at = a->value, *end = at;
    while (end < at + a->length && *end != '?' && *end != '#') end++;
    while (end > at && is_space((unsigned char)end[-1])) end--;
    if (holds(at, (int32_t)(end - at), "/wiki/")) return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        int32_t length = (int32_t)strlen(endings[i]);
        if (end - at > length && same_lower(end - length, endings[i], (size_t)length)) return 1;
    }
    return 0;
}

/* Whether an element has an attribute of one of two names that says something; for `<object>` a picture's file. */
int names_picture(const Walk *w, const Element *element, const char *one, const char *other, int only_files) {
    Attribute a = {.rest = *element};
    int named = 0, file = 0;
    while (next_attribute(w, &a)) {
        if ((is_named(&a, one) || is_named(&a, other)) && says_something(&a)) {
            named = 1;
            file |= is_picture_file(&a);
        } else if (only_files && is_named(&a, "type") && begins(&a, "image/", 0)) {
            file = 1;
        }
    }
    return named && (file || !only_files);
}

int has_type(const Walk *w, const Element *element, const char *type) {
    Attribute a = {.rest = *element};
    while (next_attribute(w, &a))
        if (is_named(&a, "type")) return begins(&a, type, 1);
    return 0;
}
