/* Lens JSON lines to columns, without an object per value.
 *
 * The scanner takes only lines that are ordinary: strict JSON, the types that Lens.org writes, no
 * key twice, dates and Lens IDs in their usual form. Whatever else a line holds, it is left to the
 * reader in Python (lens_record.py), which knows every oddity: such a line is named in the list of
 * lines left. So the scanner never decides that something is wrong; at worst it is of no help.
 *
 * Safety: `text` ends with a line feed at text[length] and is followed by 64 readable bytes. A line
 * feed ends every token, so no loop can run past it. Every write is within the capacities given;
 * when one is reached the scan stops with FULL and the caller gives more room.
 *
 * Strings are Arrow views (16 bytes): up to 12 bytes inside, longer ones as a place in buffer 0
 * (`text`) or in buffer 1 (`extra`, texts that had to be put together or had escapes).
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__) && !defined(NETPOS_PLAIN)
#define NETPOS_SSE2
#include <emmintrin.h>
#endif

typedef uint8_t u8;
typedef uint64_t u64;
typedef int64_t i64;

#if defined(_WIN32)
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

#define NO_DAY INT32_MIN
#define NO_DOCUMENT INT64_MIN
#define NO_NUMBER INT32_MIN
enum { DONE = 0, FULL = 1 };
enum { MOST_DEPTH = 64, MOST_CLAIMS = 64 };

typedef struct { int32_t length; u8 rest[12]; } view;

/* A column of strings: views and whether there is one. */
typedef struct { view *views; u8 *valid; } strings;

typedef struct {
    const u8 *text;
    i64 length;
    i64 most_line; /* longer lines are left */
    /* capacities */
    i64 cap_records, cap_parties, cap_classes, cap_members, cap_references, cap_outside;
    i64 cap_extra, cap_left, slots; /* slots: a power of two, above twice cap_outside */
    /* counts, set by the scan */
    i64 records, parties, classes, members, references, outside, extra_used, left, line_ends;
    /* records */
    i64 *doc, *line;
    strings lens_id, office, doc_number, kind, publication_type, legal_status, priority_offices,
        priorities, family_source, extended_source, aliases, title, title_language;
    int32_t *published, *application_date, *grant_date, *term_date, *discontinued_date,
        *status_date, *earliest_priority, *family_size, *cited_by_count;
    u8 *granted; /* 0, 1, 2 = not given */
    /* parties */
    int32_t *party_row;
    u8 *party_inventor;
    strings party_name, party_residence;
    /* classes */
    int32_t *class_row;
    u8 *class_cpc;
    strings class_symbol;
    /* members */
    int32_t *member_row;
    i64 *member;
    strings member_office, member_number, member_kind;
    /* references: without a Lens ID `other` is -1 - its row of outside */
    int32_t *reference_row;
    i64 *reference_other;
    u8 *reference_cited_by, *reference_phase;
    uint16_t *reference_categories;
    /* documents named in references */
    i64 *outside_other;
    strings outside_office, outside_number, outside_kind;
    int32_t *outside_date;
    i64 *outside_from;
    int32_t *outside_bytes, *outside_slot;
    i64 *outside_content; /* a number for the description as written */
    int32_t *slot; /* row + 1, 0 = free */
    u8 *extra;
    i64 *left_line, *left_from, *left_to;
} scan;

typedef struct { const u8 *at; i64 n; int escaped; } span; /* at == NULL: null */

/* --- JSON ------------------------------------------------------------------------------------ */

static inline const u8 *blank(const u8 *p) {
    while (*p == ' ' || *p == '\t' || *p == '\r') p++;
    return p;
}

static inline int is_hex(u8 c) {
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* The next quote, backslash or control character. */
static inline const u8 *special(const u8 *p) {
#if defined(NETPOS_SSE2)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(31);
    for (;; p += 16) {
        __m128i w = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(w, quote), _mm_cmpeq_epi8(w, slash));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(w, control), w));
        int bits = _mm_movemask_epi8(found);
        if (bits) return p + __builtin_ctz((unsigned)bits);
    }
#else
    const u64 ones = 0x0101010101010101ull, high = 0x8080808080808080ull;
    for (;; p += 8) {
        u64 w;
        memcpy(&w, p, 8);
        u64 quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
        u64 found = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((w - ones * 32) & ~w);
        if (found & high) break; /* the lowest one found is one; which it is depends on the order */
    }
    while (*p != '"' && *p != '\\' && *p >= 32) p++;
    return p;
#endif
}

/* From the byte after the opening quote to the closing quote; NULL where the string is not valid. */
static inline const u8 *string_end(const u8 *p, int *escaped) {
    for (;;) {
        p = special(p);
        if (*p == '"') return p;
        if (*p != '\\') return NULL;
        *escaped = 1;
        switch (p[1]) {
        case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
            p += 2;
            break;
        case 'u':
            if (!(is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]) && is_hex(p[5]))) return NULL;
            p += 6;
            break;
        default:
            return NULL;
        }
    }
}

/* Past a number; NULL for none, and for one of so many digits that Python would not read it. */
static const u8 *number_end(const u8 *p) {
    const u8 *first = p;
    if (*p == '-') p++;
    if (*p == '0') p++;
    else if (*p >= '1' && *p <= '9') while (*p >= '0' && *p <= '9') p++;
    else return NULL;
    if (*p == '.') {
        p++;
        if (!(*p >= '0' && *p <= '9')) return NULL;
        while (*p >= '0' && *p <= '9') p++;
    }
    if ((*p | 32) == 'e') {
        p++;
        if (*p == '+' || *p == '-') p++;
        if (!(*p >= '0' && *p <= '9')) return NULL;
        while (*p >= '0' && *p <= '9') p++;
    }
    return p - first <= 300 ? p : NULL;
}

static inline int is_null(const u8 *p) { return memcmp(p, "null", 4) == 0; }

/* Past one value of any kind; NULL where it is not valid JSON or nested too deeply. */
static const u8 *skip(const u8 *p, int depth) {
    int escaped = 0;
    switch (*p) {
    case '"':
        p = string_end(p + 1, &escaped);
        return p ? p + 1 : NULL;
    case '{':
        if (depth >= MOST_DEPTH) return NULL;
        p = blank(p + 1);
        if (*p == '}') return p + 1;
        for (;;) {
            if (*p != '"') return NULL;
            if (!(p = string_end(p + 1, &escaped))) return NULL;
            p = blank(p + 1);
            if (*p != ':') return NULL;
            if (!(p = skip(blank(p + 1), depth + 1))) return NULL;
            p = blank(p);
            if (*p == '}') return p + 1;
            if (*p != ',') return NULL;
            p = blank(p + 1);
        }
    case '[':
        if (depth >= MOST_DEPTH) return NULL;
        p = blank(p + 1);
        if (*p == ']') return p + 1;
        for (;;) {
            if (!(p = skip(p, depth + 1))) return NULL;
            p = blank(p);
            if (*p == ']') return p + 1;
            if (*p != ',') return NULL;
            p = blank(p + 1);
        }
    case 't':
        return memcmp(p, "true", 4) == 0 ? p + 4 : NULL;
    case 'f':
        return memcmp(p, "false", 5) == 0 ? p + 5 : NULL;
    case 'n':
        return is_null(p) ? p + 4 : NULL;
    default:
        return number_end(p);
    }
}

/* Walk over the keys of the object at `p`: the body sees the key as `key`, `key_n` and must leave
 * `p` behind the value; a NULL `p` ends the walk. */
#define EACH_KEY(p)                                                                                \
    if (*p != '{') return NULL;                                                                    \
    p = blank(p + 1);                                                                              \
    if (*p == '}') p++;                                                                            \
    else for (;;) {                                                                                \
        if (*p != '"') return NULL;                                                                \
        const u8 *key = p + 1;                                                                     \
        int key_escaped = 0;                                                                       \
        p = string_end(key, &key_escaped);                                                         \
        if (!p || key_escaped) return NULL;                                                        \
        i64 key_n = p - key;                                                                       \
        p = blank(p + 1);                                                                          \
        if (*p != ':') return NULL;                                                                \
        p = blank(p + 1);
#define NEXT_KEY(p)                                                                                \
        if (!p) return NULL;                                                                       \
        p = blank(p);                                                                              \
        if (*p == '}') { p++; break; }                                                             \
        if (*p != ',') return NULL;                                                                \
        p = blank(p + 1);                                                                          \
    }
#define EACH_ITEM(p)                                                                               \
    if (*p != '[') return NULL;                                                                    \
    p = blank(p + 1);                                                                              \
    if (*p == ']') p++;                                                                            \
    else for (;;) {
#define NEXT_ITEM(p)                                                                               \
        if (!p) return NULL;                                                                       \
        p = blank(p);                                                                              \
        if (*p == ']') { p++; break; }                                                             \
        if (*p != ',') return NULL;                                                                \
        p = blank(p + 1);                                                                          \
    }
#define IS(name) (key_n == (i64)sizeof(name) - 1 && memcmp(key, name, sizeof(name) - 1) == 0)
/* A key that is taken may stand once. */
#define ONCE(bit)                                                                                  \
    do {                                                                                           \
        if (seen & (1u << (bit))) return NULL;                                                     \
        seen |= 1u << (bit);                                                                       \
    } while (0)

static int valid_utf8(const u8 *p, i64 n) {
    const u8 *end = p + n;
    while (p < end) {
        u8 c = *p;
        if (c < 0x80) {
            u64 w;
            if (end - p >= 8 && (memcpy(&w, p, 8), !(w & 0x8080808080808080ull))) p += 8;
            else p++;
            continue;
        }
        int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        if (c < 0xC2 || c > 0xF4 || end - p <= more) return 0;
        u8 d = p[1];
        if ((d & 0xC0) != 0x80) return 0;
        if ((c == 0xE0 && d < 0xA0) || (c == 0xED && d > 0x9F) || (c == 0xF0 && d < 0x90) ||
            (c == 0xF4 && d > 0x8F))
            return 0;
        for (int k = 2; k <= more; k++)
            if ((p[k] & 0xC0) != 0x80) return 0;
        p += more + 1;
    }
    return 1;
}

/* A string or null. */
static inline const u8 *text_or_null(const u8 *p, span *s) {
    s->escaped = 0;
    if (*p != '"') {
        s->at = NULL;
        s->n = 0;
        return is_null(p) ? p + 4 : NULL;
    }
    s->at = p + 1;
    p = string_end(p + 1, &s->escaped);
    if (!p) return NULL;
    s->n = p - s->at;
    return valid_utf8(s->at, s->n) ? p + 1 : NULL;
}

/* The same, where escapes are left to the reader in Python. */
static inline const u8 *plain_or_null(const u8 *p, span *s) {
    p = text_or_null(p, s);
    return p && !s->escaped ? p : NULL;
}

/* A whole number written plainly, or null: its digits. */
static const u8 *digits_or_null(const u8 *p, span *s) {
    s->at = NULL;
    s->n = 0;
    s->escaped = 0;
    if (is_null(p)) return p + 4;
    const u8 *first = p;
    p = number_end(p);
    if (!p || p - first > 18) return NULL;
    for (const u8 *q = first; q < p; q++)
        if (*q < '0' || *q > '9') return NULL;
    s->at = first;
    s->n = p - first;
    return p;
}

static const u8 *count_or_null(const u8 *p, int32_t *number) {
    span s;
    p = digits_or_null(p, &s);
    if (!p) return NULL;
    *number = NO_NUMBER;
    if (s.at) {
        i64 value = 0;
        for (i64 k = 0; k < s.n; k++) value = value * 10 + (s.at[k] - '0');
        if (value > INT32_MAX) return NULL;
        *number = (int32_t)value;
    }
    return p;
}

/* --- values ---------------------------------------------------------------------------------- */

/* The number of a document by its Lens ID; -1 where it has another shape. */
static i64 document(const span *s) {
    if (s->n != 19) return -1;
    i64 number = 0;
    for (int k = 0; k < 18; k++) {
        u8 c = s->at[k];
        if (k % 4 == 3) {
            if (c != '-') return -1;
        } else {
            if (c < '0' || c > '9') return -1;
            number = number * 10 + (c - '0');
        }
    }
    u8 check = s->at[18];
    if (check == 'X' || check == 'x') return number * 11 + 10;
    return check >= '0' && check <= '9' ? number * 11 + (check - '0') : -1;
}

/* Days since 1970 of YYYY-MM-DD within 1600 to 2200; 0 where it is none. No text: NO_DAY. */
static int day(const span *s, int32_t *days) {
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    *days = NO_DAY;
    if (!s->n) return 1;
    if (s->n != 10 || s->at[4] != '-' || s->at[7] != '-') return 0;
    int d[10];
    for (int k = 0; k < 10; k++) {
        d[k] = s->at[k] - '0';
        if (k != 4 && k != 7 && (d[k] < 0 || d[k] > 9)) return 0;
    }
    int year = d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3];
    int month = d[5] * 10 + d[6], of_month = d[8] * 10 + d[9];
    if (year < 1600 || year > 2200 || month < 1 || month > 12 || of_month < 1) return 0;
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int longest = before[month] - before[month - 1] + (month == 2 && leap);
    if (of_month > longest) return 0;
    int y = year - 1; /* whole years before */
    *days = y * 365 + y / 4 - y / 100 + y / 400 + before[month - 1] + (month > 2 && leap) +
            of_month - 1 - 719162;
    return 1;
}

static inline void put(view *v, const u8 *at, i64 n, int32_t buffer, i64 offset) {
    memset(v, 0, sizeof *v);
    v->length = (int32_t)n;
    if (n <= 12) {
        memcpy(v->rest, at, (size_t)n);
    } else {
        int32_t place = (int32_t)offset;
        memcpy(v->rest, at, 4);
        memcpy(v->rest + 4, &buffer, 4);
        memcpy(v->rest + 8, &place, 4);
    }
}

static inline void put_text(const scan *s, strings *column, i64 row, const span *found) {
    column->valid[row] = found->at != NULL;
    if (found->at) put(&column->views[row], found->at, found->n, 0, found->at - s->text);
    else memset(&column->views[row], 0, sizeof(view));
}

/* The same, an empty text counting as none. */
static inline void put_some(const scan *s, strings *column, i64 row, span found) {
    if (!found.n) found.at = NULL;
    put_text(s, column, row, &found);
}

/* Room for n more bytes in `extra`; NULL and `*full` where there is none. */
static u8 *room(const scan *s, i64 used, i64 n, int *full) {
    if (used + n > s->cap_extra) {
        *full = 1;
        return NULL;
    }
    return s->extra + used;
}

static u8 *encode(u8 *to, uint32_t c) {
    if (c < 0x80) *to++ = (u8)c;
    else if (c < 0x800) {
        *to++ = (u8)(0xC0 | c >> 6);
        *to++ = (u8)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *to++ = (u8)(0xE0 | c >> 12);
        *to++ = (u8)(0x80 | (c >> 6 & 63));
        *to++ = (u8)(0x80 | (c & 63));
    } else {
        *to++ = (u8)(0xF0 | c >> 18);
        *to++ = (u8)(0x80 | (c >> 12 & 63));
        *to++ = (u8)(0x80 | (c >> 6 & 63));
        *to++ = (u8)(0x80 | (c & 63));
    }
    return to;
}

static uint32_t hex4(const u8 *p) {
    uint32_t value = 0;
    for (int k = 0; k < 4; k++) {
        u8 c = p[k];
        value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

/* Write a string without its escapes, which `string_end` has checked; NULL for a lone surrogate. */
static u8 *unescape(u8 *to, const u8 *p, const u8 *end) {
    while (p < end) {
        if (*p != '\\') {
            *to++ = *p++;
            continue;
        }
        switch (p[1]) {
        case 'b': *to++ = '\b'; p += 2; break;
        case 'f': *to++ = '\f'; p += 2; break;
        case 'n': *to++ = '\n'; p += 2; break;
        case 'r': *to++ = '\r'; p += 2; break;
        case 't': *to++ = '\t'; p += 2; break;
        case 'u': {
            uint32_t c = hex4(p + 2);
            p += 6;
            if (c >= 0xDC00 && c <= 0xDFFF) return NULL;
            if (c >= 0xD800 && c <= 0xDBFF) {
                if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return NULL;
                uint32_t low = hex4(p + 2);
                if (low < 0xDC00 || low > 0xDFFF) return NULL;
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                p += 6;
            }
            to = encode(to, c);
            break;
        }
        default: *to++ = p[1]; p += 2;
        }
    }
    return to;
}

/* --- the parts of a record ------------------------------------------------------------------- */

typedef struct { span office, number, kind, date; } named;

static const u8 *document_or_null(const u8 *p, named *d) {
    memset(d, 0, sizeof *d);
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    EACH_KEY(p)
        if (IS("jurisdiction")) { ONCE(0); p = plain_or_null(p, &d->office); }
        else if (IS("doc_number")) { ONCE(1); p = plain_or_null(p, &d->number); }
        else if (IS("kind")) { ONCE(2); p = plain_or_null(p, &d->kind); }
        else if (IS("date")) { ONCE(3); p = plain_or_null(p, &d->date); }
        else p = skip(p, 4);
    NEXT_KEY(p)
    return p;
}

/* {"date": ...} and whatever else. */
static const u8 *date_or_null(const u8 *p, span *date) {
    memset(date, 0, sizeof *date);
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    EACH_KEY(p)
        if (IS("date")) { ONCE(0); p = plain_or_null(p, date); }
        else p = skip(p, 4);
    NEXT_KEY(p)
    return p;
}

static int order(const span *a, const span *b) {
    int found = memcmp(a->at, b->at, (size_t)(a->n < b->n ? a->n : b->n));
    return found ? found : (a->n > b->n) - (a->n < b->n);
}

/* Put texts together, each once and in order, into `extra`. */
static int join(scan *s, strings *column, span *parts, int n, u8 between, int *full) {
    for (int i = 1; i < n; i++) /* few parts: by insertion */
        for (int j = i; j > 0 && order(&parts[j - 1], &parts[j]) > 0; j--) {
            span t = parts[j];
            parts[j] = parts[j - 1];
            parts[j - 1] = t;
        }
    i64 most = 0;
    for (int i = 0; i < n; i++) most += parts[i].n + 1;
    u8 *to = room(s, s->extra_used, most, full), *first = to;
    if (!to) return 0;
    for (int i = 0; i < n; i++) {
        if (i && order(&parts[i - 1], &parts[i]) == 0) continue;
        if (to != first) *to++ = between;
        memcpy(to, parts[i].at, (size_t)parts[i].n);
        to += parts[i].n;
    }
    column->valid[s->records] = n > 0;
    put(&column->views[s->records], first, to - first, 1, s->extra_used);
    s->extra_used += to - first;
    return 1;
}

static const u8 *priority(scan *s, const u8 *p, int *full) {
    i64 row = s->records;
    span stated = {0}, offices[MOST_CLAIMS], numbers[MOST_CLAIMS], dates[MOST_CLAIMS];
    int n = 0;
    unsigned seen = 0;
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    EACH_KEY(p)
        if (IS("claims")) {
            ONCE(0);
            if (*p == 'n') p = is_null(p) ? p + 4 : NULL;
            else {
                EACH_ITEM(p)
                    named d;
                    if (n == MOST_CLAIMS || *p != '{' || !(p = document_or_null(p, &d))) return NULL;
                    if (!d.office.n || !d.number.n) return NULL;
                    offices[n] = d.office;
                    dates[n] = d.date;
                    /* office and number side by side */
                    i64 both = d.office.n + d.number.n;
                    u8 *to = room(s, s->extra_used, both, full);
                    if (!to) return NULL;
                    memcpy(to, d.office.at, (size_t)d.office.n);
                    memcpy(to + d.office.n, d.number.at, (size_t)d.number.n);
                    numbers[n].at = to;
                    numbers[n].n = both;
                    s->extra_used += both;
                    n++;
                NEXT_ITEM(p)
            }
        } else if (IS("earliest_claim")) { ONCE(1); p = date_or_null(p, &stated); }
        else p = skip(p, 3);
    NEXT_KEY(p)
    if (n == 1) {
        put_text(s, &s->priority_offices, row, &offices[0]);
        s->priorities.valid[row] = 1;
        put(&s->priorities.views[row], numbers[0].at, numbers[0].n, 1, numbers[0].at - s->extra);
        if (!stated.n) stated = dates[0];
    } else if (n) {
        span first = {0};
        for (int i = 0; i < n; i++)
            if (dates[i].n && (!first.n || order(&dates[i], &first) < 0)) first = dates[i];
        int k = 0;
        for (int i = 0; i < (first.n ? n : 1); i++)
            if (!first.n || (dates[i].n && order(&dates[i], &first) == 0)) offices[k++] = offices[i];
        if (!join(s, &s->priority_offices, offices, k, ' ', full)) return NULL;
        if (!join(s, &s->priorities, numbers, n, ';', full)) return NULL;
        if (!stated.n) stated = first;
    }
    return day(&stated, &s->earliest_priority[row]) ? p : NULL;
}

static const u8 *party_list(scan *s, const u8 *p, u8 inventor, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    EACH_ITEM(p)
        span name = {0}, residence = {0};
        unsigned seen = 0;
        EACH_KEY(p)
            if (IS("extracted_name")) {
                ONCE(0);
                if (*p == 'n') p = is_null(p) ? p + 4 : NULL;
                else {
                    unsigned outer = seen;
                    seen = 0;
                    EACH_KEY(p)
                        if (IS("value")) { ONCE(0); p = text_or_null(p, &name); }
                        else p = skip(p, 6);
                    NEXT_KEY(p)
                    seen = outer;
                }
            } else if (IS("residence")) { ONCE(1); p = plain_or_null(p, &residence); }
            else if (IS("name")) return NULL;
            else p = skip(p, 5);
        NEXT_KEY(p)
        i64 row = s->parties;
        if (row == s->cap_parties) { *full = 1; return NULL; }
        s->party_row[row] = (int32_t)s->records;
        s->party_inventor[row] = inventor;
        put_text(s, &s->party_residence, row, &residence);
        if (name.escaped) {
            u8 *to = room(s, s->extra_used, name.n, full);
            if (!to) return NULL;
            u8 *end = unescape(to, name.at, name.at + name.n);
            if (!end) return NULL;
            s->party_name.valid[row] = 1;
            put(&s->party_name.views[row], to, end - to, 1, s->extra_used);
            s->extra_used += end - to;
        } else put_text(s, &s->party_name, row, &name);
        s->parties++;
    NEXT_ITEM(p)
    return p;
}

static const u8 *parties(scan *s, const u8 *p, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    EACH_KEY(p)
        if (IS("applicants")) { ONCE(0); p = party_list(s, p, 0, full); }
        else if (IS("inventors")) { ONCE(1); p = party_list(s, p, 1, full); }
        else p = skip(p, 3);
    NEXT_KEY(p)
    return p;
}

static const u8 *classes(scan *s, const u8 *p, u8 cpc, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    EACH_KEY(p)
        if (IS("classifications")) {
            ONCE(0);
            if (*p == 'n') p = is_null(p) ? p + 4 : NULL;
            else {
                EACH_ITEM(p)
                    span symbol = {0};
                    unsigned outer = seen;
                    seen = 0;
                    EACH_KEY(p)
                        if (IS("symbol")) { ONCE(0); p = plain_or_null(p, &symbol); }
                        else p = skip(p, 6);
                    NEXT_KEY(p)
                    seen = outer;
                    if (symbol.n) {
                        i64 row = s->classes;
                        if (row == s->cap_classes) { *full = 1; return NULL; }
                        s->class_row[row] = (int32_t)s->records;
                        s->class_cpc[row] = cpc;
                        put_text(s, &s->class_symbol, row, &symbol);
                        s->classes++;
                    }
                NEXT_ITEM(p)
            }
        } else p = skip(p, 3);
    NEXT_KEY(p)
    return p;
}

/* {"document_id": {...}, "lens_id": "..."}: also where the document's text begins and ends. */
static const u8 *patent(const u8 *p, named *d, span *lens_id, span *raw) {
    unsigned seen = 0;
    memset(d, 0, sizeof *d);
    memset(lens_id, 0, sizeof *lens_id);
    memset(raw, 0, sizeof *raw);
    EACH_KEY(p)
        if (IS("document_id")) {
            ONCE(0);
            raw->at = p;
            p = document_or_null(p, d);
            if (p) raw->n = p - raw->at;
        } else if (IS("lens_id")) { ONCE(1); p = plain_or_null(p, lens_id); }
        else p = skip(p, 5);
    NEXT_KEY(p)
    return p;
}

/* Equal texts have equal numbers; of 62 bits, so that unequal ones hardly ever have. */
static i64 content(const span *raw) {
    u64 h = 0x9E3779B97F4A7C15ull ^ (u64)raw->n;
    i64 k = 0;
    for (; k + 8 <= raw->n; k += 8) {
        u64 w;
        memcpy(&w, raw->at + k, 8);
        h = (h ^ w) * 0xD6E8FEB86659FD93ull;
        h ^= h >> 32;
    }
    for (; k < raw->n; k++) h = (h ^ raw->at[k]) * 0x100000001B3ull;
    h = (h ^ h >> 29) * 0xBF58476D1CE4E5B9ull;
    return (i64)((h ^ h >> 32) >> 2);
}

static inline u64 hashed(i64 key) {
    u64 h = (u64)key * 0x9E3779B97F4A7C15ull;
    h = (h ^ h >> 32) * 0xD6E8FEB86659FD93ull;
    return h ^ h >> 32;
}

static int reference(scan *s, const named *d, const span *lens_id, const span *raw, u8 cited_by,
                     u8 phase, uint16_t categories, int *full) {
    i64 other = NO_DOCUMENT, row = s->references;
    int32_t days;
    if (lens_id->n && (other = document(lens_id)) < 0) return 0;
    if (!day(&d->date, &days)) return 0;
    if (row == s->cap_references) { *full = 1; return 0; }
    int says = d->office.n || d->number.n || d->kind.n || d->date.n;
    i64 at = -1;
    if (says || other == NO_DOCUMENT) {
        u64 mask = (u64)s->slots - 1;
        u64 place = hashed(other == NO_DOCUMENT ? -2 - row : other) & mask; /* no two are one */
        for (;; place = (place + 1) & mask) {
            int32_t taken = s->slot[place];
            if (!taken) {
                at = s->outside;
                if (at == s->cap_outside) { *full = 1; return 0; }
                s->slot[place] = (int32_t)(at + 1);
                s->outside_other[at] = other;
                put_some(s, &s->outside_office, at, d->office);
                put_some(s, &s->outside_number, at, d->number);
                put_some(s, &s->outside_kind, at, d->kind);
                s->outside_date[at] = days;
                s->outside_from[at] = raw->at - s->text;
                s->outside_bytes[at] = (int32_t)raw->n;
                s->outside_slot[at] = (int32_t)place;
                s->outside_content[at] = content(raw);
                s->outside++;
                break;
            }
            i64 known = taken - 1;
            if (s->outside_other[known] == other && other != NO_DOCUMENT &&
                s->outside_bytes[known] == raw->n &&
                memcmp(s->text + s->outside_from[known], raw->at, (size_t)raw->n) == 0)
                break;
        }
    }
    s->reference_row[row] = (int32_t)s->records;
    s->reference_other[row] = other == NO_DOCUMENT ? -1 - at : other;
    s->reference_cited_by[row] = cited_by;
    s->reference_phase[row] = phase;
    s->reference_categories[row] = categories;
    s->references++;
    return 1;
}

static u8 phase_number(const span *s) {
    static const char names[][4] = {"SEA", "ISR", "SUP", "PRS", "APP", "EXA",
                                    "OPP", "APL", "FOP", "TPO", "CH2"};
    if (s->n == 3)
        for (u8 k = 0; k < 11; k++)
            if (memcmp(s->at, names[k], 3) == 0) return (u8)(k + 1);
    return 0;
}

static const u8 *category_list(const u8 *p, uint16_t *bits) {
    static const char letters[] = "XIYAOPTEDLR";
    *bits = 0;
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    EACH_ITEM(p)
        span text;
        if (*p != '"' || !(p = plain_or_null(p, &text))) return NULL;
        for (i64 k = 0; k < text.n; k++) {
            u8 c = text.at[k];
            if (c >= 0x80) return NULL;
            if (c >= 'a' && c <= 'z') c -= 32;
            const char *at = memchr(letters, c, sizeof letters - 1);
            if (at) *bits |= (uint16_t)(1u << (at - letters));
        }
    NEXT_ITEM(p)
    return p;
}

static const u8 *references(scan *s, const u8 *p, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    EACH_KEY(p)
        if (IS("citations")) {
            ONCE(0);
            if (*p == 'n') p = is_null(p) ? p + 4 : NULL;
            else {
                EACH_ITEM(p)
                    named d;
                    span lens_id, raw, phase = {0};
                    uint16_t categories = 0;
                    int cites = 0;
                    unsigned outer = seen;
                    seen = 0;
                    EACH_KEY(p)
                        if (IS("patcit")) {
                            ONCE(0);
                            if (*p == 'n') p = is_null(p) ? p + 4 : NULL;
                            else { cites = 1; p = patent(p, &d, &lens_id, &raw); }
                        } else if (IS("category")) { ONCE(1); p = category_list(p, &categories); }
                        else if (IS("cited_phase")) { ONCE(2); p = plain_or_null(p, &phase); }
                        else p = skip(p, 5);
                    NEXT_KEY(p)
                    seen = outer;
                    if (cites && !reference(s, &d, &lens_id, &raw, 0, phase_number(&phase),
                                            categories, full))
                        return NULL;
                NEXT_ITEM(p)
            }
        } else p = skip(p, 3);
    NEXT_KEY(p)
    return p;
}

static const u8 *cited_by(scan *s, const u8 *p, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    int32_t count = NO_NUMBER, found = 0;
    EACH_KEY(p)
        if (IS("patents")) {
            ONCE(0);
            if (*p == 'n') p = is_null(p) ? p + 4 : NULL;
            else {
                EACH_ITEM(p)
                    named d;
                    span lens_id, raw;
                    if (!(p = patent(p, &d, &lens_id, &raw))) return NULL;
                    if (!reference(s, &d, &lens_id, &raw, 1, 0, 0, full)) return NULL;
                    found++;
                NEXT_ITEM(p)
            }
        } else if (IS("patent_count")) { ONCE(1); p = count_or_null(p, &count); }
        else p = skip(p, 3);
    NEXT_KEY(p)
    s->cited_by_count[s->records] = count == NO_NUMBER ? found : count;
    return p;
}

/* A title, {"text": ..., "lang": ...} or a text alone. */
static const u8 *title(const u8 *p, span *text, span *language) {
    memset(language, 0, sizeof *language);
    if (*p != '{') return text_or_null(p, text);
    memset(text, 0, sizeof *text);
    unsigned seen = 0;
    EACH_KEY(p)
        if (IS("text")) { ONCE(0); p = text_or_null(p, text); }
        else if (IS("lang")) { ONCE(1); p = plain_or_null(p, language); }
        else p = skip(p, 4);
    NEXT_KEY(p)
    return p;
}

/* Of several titles that in English, else the first. */
static const u8 *titles(scan *s, const u8 *p, int *full) {
    i64 row = s->records;
    span text, language, chosen = {0}, of_chosen = {0};
    if (*p != '[') p = title(p, &chosen, &of_chosen);
    else {
        int english = 0;
        EACH_ITEM(p)
            p = title(p, &text, &language);
            if (p && text.n && !english) {
                english = language.n == 2 && (language.at[0] | 32) == 'e' &&
                          (language.at[1] | 32) == 'n';
                if (english || !chosen.n) { chosen = text; of_chosen = language; }
            }
        NEXT_ITEM(p)
    }
    if (!p || !chosen.n) return p;
    put_text(s, &s->title_language, row, &of_chosen);
    if (!chosen.escaped) {
        put_text(s, &s->title, row, &chosen);
        return p;
    }
    u8 *to = room(s, s->extra_used, chosen.n, full); /* no escape is shorter than its sign */
    if (!to) return NULL;
    u8 *end = unescape(to, chosen.at, chosen.at + chosen.n);
    if (!end) return NULL;
    s->title.valid[row] = 1;
    put(&s->title.views[row], to, end - to, 1, s->extra_used);
    s->extra_used += end - to;
    return p;
}

static const u8 *biblio(scan *s, const u8 *p, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    named filed;
    EACH_KEY(p)
        if (IS("application_reference")) {
            ONCE(0);
            p = document_or_null(p, &filed);
            if (p && !day(&filed.date, &s->application_date[s->records])) return NULL;
        } else if (IS("priority_claims")) { ONCE(1); p = priority(s, p, full); }
        else if (IS("parties")) { ONCE(2); p = parties(s, p, full); }
        else if (IS("classifications_ipcr")) { ONCE(3); p = classes(s, p, 0, full); }
        else if (IS("classifications_cpc")) { ONCE(4); p = classes(s, p, 1, full); }
        else if (IS("references_cited")) { ONCE(5); p = references(s, p, full); }
        else if (IS("cited_by")) { ONCE(6); p = cited_by(s, p, full); }
        else if (IS("invention_title")) { ONCE(7); p = titles(s, p, full); }
        else p = skip(p, 2);
    NEXT_KEY(p)
    return p;
}

static const u8 *members(scan *s, const u8 *p, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    EACH_ITEM(p)
        named d;
        span lens_id, raw;
        if (!(p = patent(p, &d, &lens_id, &raw))) return NULL;
        if (lens_id.n) {
            i64 row = s->members, number = document(&lens_id);
            if (number < 0) return NULL;
            if (row == s->cap_members) { *full = 1; return NULL; }
            s->member_row[row] = (int32_t)s->records;
            s->member[row] = number;
            put_text(s, &s->member_office, row, &d.office);
            put_text(s, &s->member_number, row, &d.number);
            put_text(s, &s->member_kind, row, &d.kind);
            s->members++;
        }
    NEXT_ITEM(p)
    return p;
}

static const u8 *simple_family(scan *s, const u8 *p, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    span number = {0};
    EACH_KEY(p)
        if (IS("members")) { ONCE(0); p = members(s, p, full); }
        else if (IS("size")) { ONCE(1); p = count_or_null(p, &s->family_size[s->records]); }
        else if (IS("family_id")) { ONCE(2); p = digits_or_null(p, &number); }
        else p = skip(p, 3);
    NEXT_KEY(p)
    put_text(s, &s->family_source, s->records, &number);
    return p;
}

static const u8 *extended_family(scan *s, const u8 *p) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    span number = {0};
    int listed = 0;
    EACH_KEY(p)
        if (IS("members")) {
            ONCE(0);
            listed = !is_null(p);
            p = skip(p, 3);
        } else if (IS("family_id")) { ONCE(1); p = digits_or_null(p, &number); }
        else p = skip(p, 3);
    NEXT_KEY(p)
    if (listed && !number.at) return NULL; /* its smallest member stands for it */
    put_text(s, &s->extended_source, s->records, &number);
    return p;
}

static const u8 *families(scan *s, const u8 *p, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    EACH_KEY(p)
        if (IS("simple_family")) { ONCE(0); p = simple_family(s, p, full); }
        else if (IS("extended_family")) { ONCE(1); p = extended_family(s, p); }
        else p = skip(p, 2);
    NEXT_KEY(p)
    return p;
}

static const u8 *legal_date(const u8 *p, int32_t *days) {
    span date;
    p = plain_or_null(p, &date);
    return p && day(&date, days) ? p : NULL;
}

/* The latest date YYYY-MM-DD between two places. */
static int32_t latest_date(const u8 *p, const u8 *end) {
    int32_t latest = NO_DAY, days;
    for (const u8 *dash = p + 4; dash + 6 <= end; dash++) {
        dash = memchr(dash, '-', end - 5 - dash);
        if (!dash) break;
        if (dash[3] != '-') continue;
        span text = {dash - 4, 10, 0};
        if (dash - 4 > p && dash[-5] >= '0' && dash[-5] <= '9') continue;
        if (dash[6] >= '0' && dash[6] <= '9') continue;
        if (day(&text, &days) && days > latest) latest = days;
    }
    return latest;
}

static const u8 *legal_status(scan *s, const u8 *p) {
    const u8 *whole = p;
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    unsigned seen = 0;
    i64 row = s->records;
    span status = {0};
    EACH_KEY(p)
        if (IS("patent_status")) { ONCE(0); p = plain_or_null(p, &status); }
        else if (IS("granted")) {
            ONCE(1);
            if (memcmp(p, "true", 4) == 0) { s->granted[row] = 1; p += 4; }
            else if (memcmp(p, "false", 5) == 0) { s->granted[row] = 0; p += 5; }
            else p = is_null(p) ? p + 4 : NULL;
        } else if (IS("grant_date")) { ONCE(2); p = legal_date(p, &s->grant_date[row]); }
        else if (IS("anticipated_term_date")) { ONCE(3); p = legal_date(p, &s->term_date[row]); }
        else if (IS("discontinuation_date")) {
            ONCE(4);
            p = legal_date(p, &s->discontinued_date[row]);
        } else p = skip(p, 2);
    NEXT_KEY(p)
    put_text(s, &s->legal_status, row, &status);
    s->status_date[row] = latest_date(whole, p);
    return p;
}

/* Other Lens IDs of the document, put together as one text. */
static const u8 *aliases(scan *s, const u8 *p, int *full) {
    if (*p == 'n') return is_null(p) ? p + 4 : NULL;
    span found[MOST_CLAIMS];
    int n = 0;
    EACH_ITEM(p)
        if (n == MOST_CLAIMS || *p != '"' || !(p = plain_or_null(p, &found[n]))) return NULL;
        if (document(&found[n]) < 0 || found[n].at[18] == 'x') return NULL;
        n++;
    NEXT_ITEM(p)
    return !n || join(s, &s->aliases, found, n, ';', full) ? p : NULL;
}

static void empty_text(strings *column, i64 row) {
    column->valid[row] = 0;
    memset(&column->views[row], 0, sizeof(view));
}

/* One line: past its record, or NULL where it is left to the reader in Python or room is short. */
static const u8 *record(scan *s, const u8 *p, int *full) {
    i64 row = s->records;
    if (row == s->cap_records) { *full = 1; return NULL; }
    strings *texts[] = {&s->legal_status, &s->priority_offices, &s->priorities, &s->family_source,
                        &s->extended_source, &s->aliases, &s->title, &s->title_language};
    for (int k = 0; k < 8; k++) empty_text(texts[k], row);
    int32_t *numbers[] = {s->published, s->application_date, s->grant_date, s->term_date,
                          s->discontinued_date, s->status_date, s->earliest_priority,
                          s->family_size, s->cited_by_count};
    for (int k = 0; k < 9; k++) numbers[k][row] = NO_DAY;
    s->granted[row] = 2;
    span lens_id = {0}, office = {0}, number = {0}, kind = {0}, published = {0}, type = {0};
    unsigned seen = 0;
    int year_alone = 0;
    EACH_KEY(p)
        if (IS("lens_id")) { ONCE(0); p = plain_or_null(p, &lens_id); }
        else if (IS("jurisdiction")) { ONCE(1); p = plain_or_null(p, &office); }
        else if (IS("doc_number")) { ONCE(2); p = plain_or_null(p, &number); }
        else if (IS("kind")) { ONCE(3); p = plain_or_null(p, &kind); }
        else if (IS("date_published")) { ONCE(4); p = plain_or_null(p, &published); }
        else if (IS("publication_type")) { ONCE(5); p = plain_or_null(p, &type); }
        else if (IS("biblio")) { ONCE(6); p = biblio(s, p, full); }
        else if (IS("families")) { ONCE(7); p = families(s, p, full); }
        else if (IS("legal_status")) { ONCE(8); p = legal_status(s, p); }
        else if (IS("alias_lens_ids")) { ONCE(9); p = aliases(s, p, full); }
        else if (IS("year_published")) { year_alone = !is_null(p); p = skip(p, 1); }
        else if (IS("document_id")) return NULL;
        else p = skip(p, 1);
    NEXT_KEY(p)
    p = blank(p);
    if (*p == ',') p = blank(p + 1); /* as in an array with a record a line */
    if (*p != '\n') return NULL;
    if (year_alone && !published.n) return NULL;
    if (lens_id.n == 19 && lens_id.at[18] == 'x') return NULL;
    i64 doc = lens_id.n ? document(&lens_id) : -1;
    if (doc < 0 || !day(&published, &s->published[row])) return NULL;
    s->doc[row] = doc;
    put_text(s, &s->lens_id, row, &lens_id);
    put_text(s, &s->office, row, &office);
    put_text(s, &s->doc_number, row, &number);
    put_text(s, &s->kind, row, &kind);
    put_text(s, &s->publication_type, row, &type);
    return p;
}

/* The number of this layout is in the name, which readers in Python look for: raise it there and
 * here with every change of the structure above or of a function's arguments, or a library left from
 * another version would write where it must not. Its value is the size of the structure. */
EXPORTED
const i64 netpos_layout_3 = sizeof(scan);

/* Take back what a line has put into the table of documents named, the last first. */
static void forget(scan *s, i64 from) {
    while (s->outside > from) s->slot[s->outside_slot[--s->outside]] = 0;
}

EXPORTED
int netpos_scan(scan *s) {
    const u8 *p = s->text, *end = s->text + s->length;
    i64 line = 0;
    s->records = s->parties = s->classes = s->members = s->references = s->outside = 0;
    s->extra_used = s->left = 0;
    while (p < end) {
        const u8 *first = p;
        p = blank(p);
        if (*p != '\n') {
            i64 parties = s->parties, classes = s->classes, members = s->members;
            i64 references = s->references, outside = s->outside, extra = s->extra_used;
            int full = 0;
            const u8 *stop = record(s, p, &full);
            if (full) return FULL;
            if (stop && stop - first <= s->most_line) {
                s->line[s->records++] = line;
                p = stop;
            } else {
                s->parties = parties;
                s->classes = classes;
                s->members = members;
                s->references = references;
                s->extra_used = extra;
                forget(s, outside);
                if (s->left == s->cap_left) return FULL;
                p = memchr(first, '\n', (size_t)(end - first) + 1);
                s->left_line[s->left] = line;
                s->left_from[s->left] = first - s->text;
                s->left_to[s->left] = p - s->text;
                s->left++;
            }
        }
        p++; /* the line feed; that at the very end may be one the caller has added */
        line++;
    }
    s->line_ends = line;
    return DONE;
}

/* Number the distinct keys in the order in which they come: `ids` for each key, `values` for each
 * number. Returns how many there are, -1 when more than half of the slots (a power of two, all 0)
 * would be taken. */
EXPORTED
i64 netpos_distinct(const i64 *keys, i64 n, int32_t *ids, i64 *values, int32_t *slot, i64 slots) {
    enum { AHEAD = 16 };
    u64 mask = (u64)slots - 1;
    i64 found = 0;
    for (i64 k = 0; k < n; k++) {
        if (k + AHEAD < n) __builtin_prefetch(&slot[hashed(keys[k + AHEAD]) & mask]);
        u64 place = hashed(keys[k]) & mask;
        while (slot[place] && values[slot[place] - 1] != keys[k]) place = (place + 1) & mask;
        if (!slot[place]) {
            if (found >= slots / 2) return -1;
            values[found++] = keys[k];
            slot[place] = (int32_t)found;
        }
        ids[k] = slot[place] - 1;
    }
    return found;
}

/* The number of each key in a table that `netpos_distinct` made of other keys, -1 where it has
 * none. */
EXPORTED
void netpos_find(const i64 *keys, i64 n, const i64 *values, const int32_t *slot, i64 slots,
                 int32_t *found) {
    enum { AHEAD = 16 };
    u64 mask = (u64)slots - 1;
    for (i64 k = 0; k < n; k++) {
        if (k + AHEAD < n) __builtin_prefetch(&slot[hashed(keys[k + AHEAD]) & mask]);
        u64 place = hashed(keys[k]) & mask;
        while (slot[place] && values[slot[place] - 1] != keys[k]) place = (place + 1) & mask;
        found[k] = slot[place] - 1;
    }
}
