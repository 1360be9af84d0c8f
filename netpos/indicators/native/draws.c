/* Sums of links and of what units hold in draws, see `netpos/indicators/weighing.py`, and influences
 * of organisations, see `netpos/indicators/residuals.py` and `holdings.py`; these do the same with
 * NumPy: the same additions in the same order, so that no digit differs. Compiled without contraction of
 * multiplications and additions into one. */
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

/* What takes longest is compiled a second time for processors that add four numbers at a time; the
 * additions and their order are the same. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#define INLINE static inline __attribute__((always_inline))
#define WIDE __attribute__((target("avx2")))
static int adds_four(void) { /* the processor has AVX2, and the system keeps its registers */
    unsigned a, b, c, d, kept, upper;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) return 0;
    __asm__("xgetbv" : "=a"(kept), "=d"(upper) : "c"(0));
    return (kept & 6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & (1u << 5);
}
#else
#define INLINE static inline
#define WIDE
static int adds_four(void) { return 0; }
#endif

typedef int64_t i64;
typedef uint64_t u64;

EXPORTED const i64 netpos_draws_layout_5 = 1;

enum { TILE = 256, UNSURE = 255, STEPS = 12 };

/* Weights of units: `source` is the row of each among the clusters, or -1 less its row among those
 * of several clusters, each of which has the parts from its `pointer` to the next. */
typedef struct {
    const int32_t *source;
    const uint8_t *clusters;
    i64 draws;
    const i64 *pointer;
    const int32_t *cluster;
    const double *part;
} weights;

static u64 scrambled(u64 z) { /* the output function of SplitMix64 */
    z ^= z >> 30;
    z *= 0xBF58476D1CE4E5B9ULL;
    z ^= z >> 27;
    z *= 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

/* Poisson weights of clusters whose sequences start at `start`, `added` for each draw: by the upper
 * 16 bits, and by the steps of the distribution function where these are not enough. */
EXPORTED
void netpos_poisson(const u64 *start, i64 n, const u64 *added, i64 draws, const uint8_t *by_upper,
                    const uint32_t *steps, uint8_t *out) {
    for (i64 k = 0; k < n; k++) {
        for (i64 d = 0; d < draws; d++) {
            u64 z = scrambled(start[k] + added[d]);
            uint8_t weight = by_upper[z >> 48];
            if (weight == UNSURE) {
                uint32_t upper = (uint32_t)(z >> 32);
                for (weight = 0; weight < STEPS && steps[weight] <= upper;) weight++;
            }
            out[k * draws + d] = weight;
        }
    }
}

/* Weights of a unit of several clusters in some draws. */
INLINE void mix(const weights *w, int32_t source, i64 from, i64 n, double *sums) {
    i64 k = -1 - (i64)source;
    for (i64 d = 0; d < n; d++) sums[d] = 0.0;
    for (i64 e = w->pointer[k]; e < w->pointer[k + 1]; e++) {
        const uint8_t *of = w->clusters + (i64)w->cluster[e] * w->draws + from;
        double part = w->part[e];
        for (i64 d = 0; d < n; d++) sums[d] += part * of[d];
    }
}

/* Add what units hold to the sums of some draws, each times its weight. */
INLINE void add_held(const weights *w, int32_t unit, double amount, i64 from, i64 n, double *sums) {
    int32_t s = w->source[unit];
    if (s >= 0) {
        const uint8_t *x = w->clusters + s * w->draws + from;
        for (i64 d = 0; d < n; d++) sums[d] += amount * x[d];
    } else {
        double x[TILE];
        mix(w, s, from, n, x);
        for (i64 d = 0; d < n; d++) sums[d] += amount * x[d];
    }
}

/* Add a link to the sums of some draws, times the weights of both its ends. */
INLINE void add_link(const weights *w, int32_t citing, int32_t cited, double amount, i64 from, i64 n,
                     double *sums) {
    int32_t s = w->source[citing], t = w->source[cited];
    double mine[TILE], theirs[TILE];
    if (s < 0 && t >= 0) { /* the product is the same either way */
        int32_t swapped = s;
        s = t;
        t = swapped;
    }
    if (t < 0) mix(w, t, from, n, theirs);
    if (s < 0) {
        mix(w, s, from, n, mine);
        for (i64 d = 0; d < n; d++) sums[d] += amount * (mine[d] * theirs[d]);
    } else if (t < 0) {
        const uint8_t *x = w->clusters + s * w->draws + from;
        for (i64 d = 0; d < n; d++) sums[d] += amount * (x[d] * theirs[d]);
    } else {
        const uint8_t *x = w->clusters + s * w->draws + from;
        const uint8_t *y = w->clusters + t * w->draws + from;
        for (i64 d = 0; d < n; d++) sums[d] += amount * (double)(x[d] * y[d]);
    }
}

INLINE void links(const weights *w, i64 rows, const int32_t *cell, const i64 *pointer,
                  const int32_t *citing, const int32_t *cited, const double *amount, double *out) {
    double sums[TILE];
    i64 draws = w->draws;
    for (i64 r = 0; r < rows; r++) {
        for (i64 from = 0; from < draws; from += TILE) {
            i64 n = draws - from < TILE ? draws - from : TILE;
            for (i64 d = 0; d < n; d++) sums[d] = 0.0;
            for (i64 e = pointer[r]; e < pointer[r + 1]; e++)
                add_link(w, citing[e], cited[e], amount[e], from, n, sums);
            double *to = out + cell[r] * draws + from;
            for (i64 d = 0; d < n; d++) to[d] += sums[d];
        }
    }
}

WIDE static void wide_links(const weights *w, i64 rows, const int32_t *cell, const i64 *pointer,
                            const int32_t *citing, const int32_t *cited, const double *amount,
                            double *out) {
    links(w, rows, cell, pointer, citing, cited, amount, out);
}

/* Sums of links by row, added to those of the cell of each row. */
EXPORTED
void netpos_links(const int32_t *source, const uint8_t *clusters, i64 draws, const i64 *several,
                  const int32_t *cluster, const double *share, i64 rows, const int32_t *cell, const i64 *pointer, const int32_t *citing,
                  const int32_t *cited, const double *amount, double *out) {
    weights w = {source, clusters, draws, several, cluster, share};
    if (adds_four())
        wide_links(&w, rows, cell, pointer, citing, cited, amount, out);
    else
        links(&w, rows, cell, pointer, citing, cited, amount, out);
}

INLINE void held(const weights *w, i64 rows, const i64 *pointer, const int32_t *unit,
                 const double *amount, double *out) {
    i64 draws = w->draws;
    for (i64 r = 0; r < rows; r++) {
        for (i64 from = 0; from < draws; from += TILE) {
            i64 n = draws - from < TILE ? draws - from : TILE;
            double *sums = out + r * draws + from;
            for (i64 d = 0; d < n; d++) sums[d] = 0.0;
            for (i64 e = pointer[r]; e < pointer[r + 1]; e++)
                add_held(w, unit[e], amount[e], from, n, sums);
        }
    }
}

WIDE static void wide_held(const weights *w, i64 rows, const i64 *pointer, const int32_t *unit,
                           const double *amount, double *out) {
    held(w, rows, pointer, unit, amount, out);
}

/* Sums of what units hold by row. */
EXPORTED
void netpos_held(const int32_t *source, const uint8_t *clusters, i64 draws, const i64 *several,
                 const int32_t *cluster, const double *share, i64 rows, const i64 *pointer, const int32_t *unit, const double *amount,
                 double *out) {
    weights w = {source, clusters, draws, several, cluster, share};
    if (adds_four())
        wide_held(&w, rows, pointer, unit, amount, out);
    else
        held(&w, rows, pointer, unit, amount, out);
}

/* A sparse matrix by row. */
typedef struct {
    const i64 *pointer;
    const int32_t *column;
    const double *value;
} matrix;

/* Organisations, links and families of one citing country, see `netpos_influences`. */
typedef struct {
    i64 organisations, years, pairs, country, cohorts;
    const i64 *number, *begin;
    const uint8_t *single;
    const int32_t *link, *column, *year, *place;
    const double *part, *weight, *observed, *by_year, *by_cohort, *of_own;
    matrix all, by_country;
} cited;

/* Add `times` a row to the sums. */
INLINE void add_row(double times, const double *row, i64 n, double *sums) {
    for (i64 p = 0; p < n; p++) sums[p] += times * row[p];
}

/* What the links of an organisation change of each pair: by those to it, and by year. */
INLINE void of_links(const cited *x, i64 k, double *dates, double *links, double *dated) {
    for (i64 p = 0; p < x->pairs; p++) links[p] = dated[p] = 0.0;
    links[x->pairs] = 0.0;
    for (i64 t = 0; t < x->years; t++) dates[t] = 0.0;
    for (i64 e = x->begin[k]; e < x->begin[k + 1]; e++) {
        double amount = x->part[e] * x->weight[x->link[e]];
        links[x->column[x->link[e]]] += amount;
        dates[x->year[x->link[e]]] += amount;
    }
    for (i64 t = 0; t < x->years; t++)
        if (dates[t] != 0.0) add_row(dates[t], x->by_year + t * x->pairs, x->pairs, dated);
}

/* What its families change of each pair: those of the citing country are left out of all, those of
 * a cited one of its own pair. */
INLINE void of_families(const cited *x, i64 k, double *rest, double *own, double *sums) {
    i64 row = x->number[k], pairs = x->pairs;
    for (i64 s = 0; s < x->cohorts; s++) rest[s] = 0.0;
    for (i64 e = x->all.pointer[row]; e < x->all.pointer[row + 1]; e++)
        rest[x->all.column[e]] = x->all.value[e];
    for (i64 p = 0; p < pairs; p++) sums[p] = own[p] = 0.0;
    for (i64 e = x->by_country.pointer[row]; e < x->by_country.pointer[row + 1]; e++) {
        i64 c = x->by_country.column[e] / x->cohorts, s = x->by_country.column[e] % x->cohorts;
        double families = x->by_country.value[e];
        if (c == x->country) rest[s] -= families;
        i64 p = x->place[c];
        if (p >= 0) own[p] += families * x->of_own[s * pairs + p];
    }
    for (i64 s = 0; s < x->cohorts; s++)
        if (rest[s] != 0.0) add_row(rest[s], x->by_cohort + s * pairs, pairs, sums);
    for (i64 p = 0; p < pairs; p++) sums[p] -= own[p];
}

INLINE void influences(const cited *x, double *work, double *out) {
    i64 pairs = x->pairs;
    double *links = work, *dated = links + pairs + 1, *families = dated + pairs;
    double *own = families + pairs, *dates = own + pairs, *rest = dates + x->years;
    double *alone = out, *squares = out + pairs, *fourths = squares + pairs;
    for (i64 p = 0; p < 3 * pairs; p++) out[p] = 0.0;
    for (i64 k = 0; k < x->organisations; k++) {
        of_families(x, k, rest, own, families);
        if (x->single[k])
            for (i64 p = 0; p < pairs; p++) alone[p] += families[p] * families[p];
        if (x->begin[k] < x->begin[k + 1]) { /* most have no links of a small country */
            of_links(x, k, dates, links, dated);
            for (i64 p = 0; p < pairs; p++)
                families[p] = links[p] / x->observed[p] - dated[p] + families[p];
        }
        for (i64 p = 0; p < pairs; p++) {
            double square = families[p] * families[p];
            squares[p] += square;
            fourths[p] += square * square;
        }
    }
}

WIDE static void wide_influences(const cited *x, double *work, double *out) {
    influences(x, work, out);
}

/* Squares and fourth powers of the influences of organisations on pairs of one citing country,
 * summed: `out` is of the families of those marked `single` (squares), and of families and links
 * together (squares, fourth powers). `number` is the row of each organisation among the families,
 * `begin` tells where its links begin; a link to none of the pairs has their number as its column;
 * `place` is the pair of each country, or -1. `work` has room for four rows of pairs and one number
 * more, for years and for cohorts. */
EXPORTED
void netpos_influences(i64 organisations, const i64 *number, const uint8_t *single,
                       const i64 *begin, const int32_t *link, const double *part,
                       const int32_t *column, const double *weight, const int32_t *year, i64 years,
                       i64 pairs, const double *observed, const double *by_year, i64 country,
                       i64 cohorts, const i64 *all_pointer, const int32_t *all_column,
                       const double *all_value, const i64 *pointer, const int32_t *of_column,
                       const double *value, const int32_t *place, const double *by_cohort,
                       const double *of_own, double *work, double *out) {
    cited x = {.organisations = organisations, .years = years, .pairs = pairs, .country = country,
               .cohorts = cohorts, .number = number, .begin = begin, .single = single, .link = link,
               .column = column, .year = year, .place = place, .part = part, .weight = weight,
               .observed = observed, .by_year = by_year, .by_cohort = by_cohort, .of_own = of_own,
               .all = {all_pointer, all_column, all_value},
               .by_country = {pointer, of_column, value}};
    if (adds_four())
        wide_influences(&x, work, out);
    else
        influences(&x, work, out);
}

/* --- sums by organisation, or pair of units, and country ------------------------------------- */

/* Rows of links in order of who holds them: the link of each, and where its holder and part are;
 * the column and amount of each link, and what an amount is multiplied by in each column. */
typedef struct {
    const int32_t *entry, *place;
    i64 rows;
    const int32_t *column;
    const double *amount, *factor;
} stream;

/* Numbers with keys, and as much room again to sort them. */
typedef struct {
    uint32_t *key, *other_key;
    double *value, *other_value;
} room;

enum { FEW = 48, BYTE = 256, STREAMS = 8 };

/* Sort numbers by key, those of one key in the order they come. */
static void sort(room *x, i64 n) {
    if (n <= FEW) {
        for (i64 i = 1; i < n; i++) {
            uint32_t key = x->key[i];
            double value = x->value[i];
            i64 k = i;
            for (; k > 0 && x->key[k - 1] > key; k--) {
                x->key[k] = x->key[k - 1];
                x->value[k] = x->value[k - 1];
            }
            x->key[k] = key;
            x->value[k] = value;
        }
        return;
    }
    uint32_t differ = 0;
    for (i64 i = 1; i < n; i++) differ |= x->key[i] ^ x->key[0];
    for (int shift = 0; shift < 32; shift += 8) {
        if (!(differ >> shift & (BYTE - 1))) continue;
        i64 place[BYTE] = {0}, before = 0;
        for (i64 i = 0; i < n; i++) place[x->key[i] >> shift & (BYTE - 1)]++;
        for (int b = 0; b < BYTE; b++) {
            i64 here = place[b];
            place[b] = before;
            before += here;
        }
        for (i64 i = 0; i < n; i++) {
            i64 to = place[x->key[i] >> shift & (BYTE - 1)]++;
            x->other_key[to] = x->key[i];
            x->other_value[to] = x->value[i];
        }
        room turned = {x->other_key, x->key, x->other_value, x->value};
        *x = turned;
    }
}

/* Sum numbers in the order in which NumPy adds up those that lie together. */
static double summed(const double *x, i64 n) {
    double sum = 0.0;
    if (n < 8) {
        for (i64 i = 0; i < n; i++) sum += x[i];
        return sum;
    }
    if (n > 128) {
        i64 half = n / 2 - n / 2 % 8;
        return summed(x, half) + summed(x + half, n - half);
    }
    double part[8];
    for (int k = 0; k < 8; k++) part[k] = x[k];
    i64 i = 8;
    for (; i < n - n % 8; i += 8)
        for (int k = 0; k < 8; k++) part[k] += x[i + k];
    sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < n; i++) sum += x[i];
    return sum;
}

/* Sum the numbers of one holder by column: the code of each sum is that of the first column and the
 * column. Return how many sums there are. */
static i64 by_column(room *x, i64 n, i64 first, i64 *code, double *sum) {
    i64 found = 0;
    sort(x, n);
    for (i64 i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && x->key[end] == x->key[i];) end++;
        code[found] = first + x->key[i];
        sum[found++] = x->value[i] + (end > i + 1 ? summed(x->value + i + 1, end - i - 1) : 0.0);
    }
    return found;
}

/* Tell whether every link has a column. */
static int fit(const stream *of, i64 streams, i64 columns) {
    for (i64 s = 0; s < streams; s++)
        for (i64 r = 0; r < of[s].rows; r++)
            if ((uint32_t)of[s].column[of[s].entry[r]] >= (uint64_t)columns) return 0;
    return 1;
}

/* Add a row to the numbers of its holder; return what it has without a factor. */
static double add_row_of(const stream *of, int32_t link, double part, room *x, i64 n) {
    uint32_t column = (uint32_t)of->column[link];
    double amount = of->amount[link] * part;
    x->key[n] = column;
    x->value[n] = of->factor ? amount * of->factor[column] : amount;
    return amount;
}

/* Sum what holders from the first on have in each column; -1 where a link has no column, or rows
 * are of other holders or not in order. `own` is what each has in all. `key` and `value` have room for all rows twice. */
EXPORTED
i64 netpos_by_holder(const stream *of, i64 streams, const int32_t *holder, const double *part,
                     i64 first, i64 holders, i64 columns, uint32_t *key, double *value, i64 *code,
                     double *sum, double *own) {
    i64 at[STREAMS] = {0}, rows = 0, found = 0;
    if (streams > STREAMS || !fit(of, streams, columns)) return -1;
    for (i64 s = 0; s < streams; s++) rows += of[s].rows;
    room x = {key, key + rows, value, value + rows};
    for (i64 h = 0; h < holders; h++) {
        i64 n = 0;
        double whole = 0.0;
        for (i64 s = 0; s < streams; s++) {
            const stream *one = of + s;
            for (; at[s] < one->rows && holder[one->place[at[s]]] == first + h; at[s]++)
                whole += add_row_of(one, one->entry[at[s]], part[one->place[at[s]]], &x, n++);
        }
        own[h] = whole;
        found += by_column(&x, n, h * columns, code + found, sum + found);
    }
    for (i64 s = 0; s < streams; s++)
        if (at[s] < of[s].rows) return -1; /* rows of others, or not in order */
    return found;
}

/* The same of pairs of units, whichever cites: rows, the same in each stream, are in order of the
 * lower unit, pairs are numbered in order from 0. `key` and `value` have room for the rows of all
 * streams twice, `units` and `row` for those of one twice. */
EXPORTED
i64 netpos_by_pair(const stream *of, i64 streams, const int32_t *citing, const int32_t *cited,
                   i64 columns, uint32_t *key, double *value, uint32_t *units, double *row,
                   i64 *code, double *sum, double *own, i64 *pairs) {
    i64 rows = of->rows, found = 0, pair = 0;
    if (!fit(of, streams, columns)) return -1;
    room x = {key, key + streams * rows, value, value + streams * rows};
    room y = {units, units + rows, row, row + rows};
    for (i64 i = 0, end; i < rows; i = end) {
        int32_t low = 0;
        for (end = i; end < rows; end++) {
            int32_t one = citing[of->entry[end]], other = cited[of->entry[end]];
            int32_t lower = one < other ? one : other;
            if (end > i && lower != low) break;
            low = lower;
            y.key[end - i] = (uint32_t)(one < other ? other : one);
            y.value[end - i] = (double)end; /* exact */
        }
        sort(&y, end - i);
        for (i64 k = 0, after; k < end - i; k = after) {
            i64 n = 0;
            double whole = 0.0;
            for (after = k + 1; after < end - i && y.key[after] == y.key[k];) after++;
            for (i64 s = 0; s < streams; s++)
                for (i64 r = k; r < after; r++)
                    whole += add_row_of(of + s, of->entry[(i64)y.value[r]], 1.0, &x, n++);
            own[pair] = whole;
            found += by_column(&x, n, pair++ * columns, code + found, sum + found);
        }
    }
    *pairs = pair;
    return found;
}
