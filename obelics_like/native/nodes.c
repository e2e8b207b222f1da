/* A page parsed by lexbor and read where its nodes are: nothing is written out, and no tag is read twice.

   Only functions that lexbor exports are called, by the addresses that Python found. What a `<template>` holds is no
   child of it, and is not seen. */

#include "walk.h"

enum { ELEMENT_NODE = 1, TEXT_NODE = 3 };
enum { KNOWN_TAGS = 256 }; /* tags whose number is remembered while a page is read; lexbor counts its own from 0 */

static int32_t number_of(const Walk *w, void *node, int16_t *known) {
    uintptr_t tag = w->dom->tag(node);
    if (tag < KNOWN_TAGS && known[tag] >= 0) return known[tag];
    size_t length = 0;
    const char *name = w->dom->name(node, &length);
    int32_t number = name && length <= INT16_MAX ? tag_of(w->tags, name, (int32_t)length) : w->tags->unknown;
    if (tag < KNOWN_TAGS && number <= INT16_MAX) known[tag] = (int16_t)number;
    return number;
}

static int read_text(Walk *w, void *node, const State *state) {
    if (state->mode & SILENCED) return 1;
    int literal = w->depth && w->frames[w->depth - 1].length;
    size_t length = 0;
    char *text = w->dom->text(node, &length);
    if (!text) return 0;
    return literal ? take_literal(w, text, text + length) : take_text(w, text, text + length, state->mode);
}

/* Leave the elements that end behind `node`; what comes next, or NULL at the end of the page. */
static void *following(Walk *w, void *node, State *state, int *fine) {
    while (w->depth) {
        void *next = w->dom->next(node);
        if (next) return next;
        Frame *frame = &w->frames[--w->depth];
        State inner = *state;
        *state = frame->outer;
        node = frame->node;
        *fine = *fine && leave(w, &inner, state);
    }
    return NULL;
}

int read_nodes(Walk *w, State *state) {
    int16_t known[KNOWN_TAGS];
    int fine = 1;
    memset(known, -1, sizeof known);
    void *node = w->dom->root(w->document);
    if (!node) return UNREADABLE;
    while (node && fine) {
        void *child = NULL;
        int type = w->dom->type(node);
        if (type == TEXT_NODE) fine = read_text(w, node, state);
        if (type == ELEMENT_NODE) {
            int32_t number = number_of(w, node, known), action = w->tags->tags[number].action;
            if (++w->count > w->max_nodes) return TOO_MANY;
            State outer = *state;
            int open = enter(w, number, &(Element){.node = node}, state);
            if (open < 0) return NO_MEMORY;
            if (action != RAW && action != SCRIPT && action != TEMPLATE) child = w->dom->first_child(node);
            if (w->depth >= w->max_depth && (open || child)) return TOO_DEEP;
            if (child) {
                int literal = (w->tags->tags[number].flags & IS_LITERAL) != 0;
                fine = push(w, (Frame){.node = node, .length = literal, .outer = outer});
            } else {
                State inner = *state;
                *state = outer;
                fine = leave(w, &inner, state);
            }
        }
        node = child ? child : following(w, node, state, &fine);
    }
    return fine ? FINE : NO_MEMORY;
}

/* Whether what has been parsed so far is within the budgets of elements and depth: FINE, or what `read_nodes` would say. */
int32_t keeps_to_budget(Walk *w, int32_t max_depth) {
    const Lexbor *dom = w->dom;
    int32_t count = 0, depth = 0;
    void *node = dom->root(w->document);
    while (node) {
        void *next = NULL;
        if (dom->type(node) == ELEMENT_NODE) {
            if (++count > w->max_nodes) {
                w->count = count;
                return TOO_MANY;
            }
            next = dom->first_child(node);
            if (next && ++depth > max_depth) return TOO_DEEP;
        }
        while (depth && !next && !(next = dom->next(node))) {
            node = dom->parent(node);
            depth--;
        }
        node = next;
    }
    return FINE;
}
