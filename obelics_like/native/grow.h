/* Arrays that grow, and the little of Unicode that the walk needs. Shared by the files of this folder. */
#ifndef OBELICS_LIKE_GROW_H
#define OBELICS_LIKE_GROW_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A list of 32-bit numbers; rows of a fixed width are written one after the other. */
typedef struct {
    int32_t *at;
    int64_t used, room;
} Numbers;

typedef struct {
    char *at;
    int64_t used, room;
} Bytes;

/* Room for `more` numbers; 0 where there is no memory left. */
static inline int numbers_room(Numbers *list, int64_t more) {
    if (list->used + more <= list->room) return 1;
    int64_t room = (list->room + more) * 2 + 64;
    int32_t *at = realloc(list->at, (size_t)room * sizeof *at);
    if (!at) return 0;
    list->at = at;
    list->room = room;
    return 1;
}

static inline int bytes_room(Bytes *list, int64_t more) {
    if (list->used + more <= list->room) return 1;
    int64_t room = (list->room + more) * 2 + 64;
    char *at = realloc(list->at, (size_t)room);
    if (!at) return 0;
    list->at = at;
    list->room = room;
    return 1;
}

/* One character of valid UTF-8 at `at`; `*size` becomes its bytes. A sequence cut by `end` reads as one odd byte. */
static inline uint32_t character(const unsigned char *at, const unsigned char *end, int *size) {
    uint32_t c = at[0];
    if (c < 0x80) { *size = 1; return c; }
    if (c < 0xE0 && end - at >= 2) { *size = 2; return (c & 0x1F) << 6 | (at[1] & 0x3F); }
    if (c < 0xF0 && end - at >= 3) { *size = 3; return (c & 0x0F) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3F); }
    if (c >= 0xF0 && end - at >= 4) {
        *size = 4;
        return (c & 0x07) << 18 | (at[1] & 0x3Fu) << 12 | (at[2] & 0x3Fu) << 6 | (at[3] & 0x3F);
    }
    *size = 1;
    return c;
}

/* White space as Python's str.split() has it. */
static inline int is_space(uint32_t c) {
    if (c <= 0x20) return c == 0x20 || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F);
    if (c < 0x85) return 0;
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Characters that are not seen, which `texts.without_invisible` has to look at. */
static inline int is_odd(uint32_t c) {
    if (c < 0x7F) return c < 9 || (c >= 0x0E && c < 0x20);
    if (c < 0x200B) return c <= 0x9F || c == 0xAD || c == 0x61C;
    return c <= 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F && c != 0x2065) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFC) || (c >= 0xE0000 && c <= 0xE007F);
}

#endif
