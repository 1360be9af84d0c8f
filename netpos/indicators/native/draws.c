/* Sums of links and of what units hold in draws, see `netpos/indicators/weighing.py`, which does the
 * same with NumPy: the same additions in the same order, so that no digit differs. Compiled without
 * contraction of multiplications and additions into one. */
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

typedef int64_t i64;
typedef uint64_t u64;

EXPORTED const i64 netpos_draws_layout_2 = 1;

enum { TILE = 64, UNSURE = 255, STEPS = 12 };

/* Weights of units: `source` is the row of each among the clusters, or -1 less its row among those
 * of several clusters. */
typedef struct {
    const int32_t *source;
    const uint8_t *clusters;
    const double *mixed;
    i64 draws;
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

/* Weights of units of several clusters: each has the parts from `pointer` to the next. */
EXPORTED
void netpos_mixed(i64 n, const i64 *pointer, const int32_t *cluster, const double *part,
                  const uint8_t *clusters, i64 draws, double *out) {
    for (i64 k = 0; k < n; k++) {
        double *sums = out + k * draws;
        for (i64 d = 0; d < draws; d++) sums[d] = 0.0;
        for (i64 e = pointer[k]; e < pointer[k + 1]; e++) {
            const uint8_t *of = clusters + (i64)cluster[e] * draws;
            for (i64 d = 0; d < draws; d++) sums[d] += part[e] * of[d];
        }
    }
}

/* Add what units hold to the sums of some draws, each times its weight. */
static void add_held(const weights *w, int32_t unit, double amount, i64 from, i64 n, double *sums) {
    int32_t s = w->source[unit];
    if (s >= 0) {
        const uint8_t *x = w->clusters + s * w->draws + from;
        for (i64 d = 0; d < n; d++) sums[d] += amount * x[d];
    } else {
        const double *x = w->mixed + (-1 - (i64)s) * w->draws + from;
        for (i64 d = 0; d < n; d++) sums[d] += amount * x[d];
    }
}

/* Add a link to the sums of some draws, times the weights of both its ends. */
static void add_link(const weights *w, int32_t citing, int32_t cited, double amount, i64 from, i64 n,
                     double *sums) {
    int32_t s = w->source[citing], t = w->source[cited];
    if (s < 0 && t >= 0) { /* the product is the same either way */
        int32_t swapped = s;
        s = t;
        t = swapped;
    }
    if (s < 0) {
        const double *x = w->mixed + (-1 - (i64)s) * w->draws + from;
        const double *y = w->mixed + (-1 - (i64)t) * w->draws + from;
        for (i64 d = 0; d < n; d++) sums[d] += amount * (x[d] * y[d]);
    } else if (t < 0) {
        const uint8_t *x = w->clusters + s * w->draws + from;
        const double *y = w->mixed + (-1 - (i64)t) * w->draws + from;
        for (i64 d = 0; d < n; d++) sums[d] += amount * (x[d] * y[d]);
    } else {
        const uint8_t *x = w->clusters + s * w->draws + from;
        const uint8_t *y = w->clusters + t * w->draws + from;
        for (i64 d = 0; d < n; d++) sums[d] += amount * (double)(x[d] * y[d]);
    }
}

/* Sums of links by row, added to those of the cell of each row. */
EXPORTED
void netpos_links(const int32_t *source, const uint8_t *clusters, const double *mixed, i64 draws,
                  i64 rows, const int32_t *cell, const i64 *pointer, const int32_t *citing,
                  const int32_t *cited, const double *amount, double *out) {
    weights w = {source, clusters, mixed, draws};
    double sums[TILE];
    for (i64 r = 0; r < rows; r++) {
        for (i64 from = 0; from < draws; from += TILE) {
            i64 n = draws - from < TILE ? draws - from : TILE;
            for (i64 d = 0; d < n; d++) sums[d] = 0.0;
            for (i64 e = pointer[r]; e < pointer[r + 1]; e++)
                add_link(&w, citing[e], cited[e], amount[e], from, n, sums);
            double *to = out + cell[r] * draws + from;
            for (i64 d = 0; d < n; d++) to[d] += sums[d];
        }
    }
}

/* Sums of what units hold by row. */
EXPORTED
void netpos_held(const int32_t *source, const uint8_t *clusters, const double *mixed, i64 draws,
                 i64 rows, const i64 *pointer, const int32_t *unit, const double *amount,
                 double *out) {
    weights w = {source, clusters, mixed, draws};
    for (i64 r = 0; r < rows; r++) {
        for (i64 from = 0; from < draws; from += TILE) {
            i64 n = draws - from < TILE ? draws - from : TILE;
            double *sums = out + r * draws + from;
            for (i64 d = 0; d < n; d++) sums[d] = 0.0;
            for (i64 e = pointer[r]; e < pointer[r + 1]; e++)
                add_held(&w, unit[e], amount[e], from, n, sums);
        }
    }
}

/* Digits of this many bits are put in order at a time. */
#define DIGIT 11

/* The order of numbers from 0, of 64 bits if wide and else of 32; equal ones as they come. Each pass
   goes from one of the two arrays to the other, the last to `order`. */
EXPORTED
void netpos_order(const void *code, i64 wide, i64 n, i64 passes, int32_t *order, int32_t *spare) {
    const int32_t *narrow = code;
    const i64 *long_ = code;
    i64 begin[1 << DIGIT];
    int32_t *to = passes % 2 ? order : spare, *from = NULL;
    for (i64 pass = 0; pass < passes; pass++) {
        int shift = (int)pass * DIGIT;
        uint64_t mask = (1 << DIGIT) - 1;
        for (i64 k = 0; k < 1 << DIGIT; k++) begin[k] = 0;
        for (i64 k = 0; k < n; k++)
            begin[((uint64_t)(wide ? long_[k] : narrow[k]) >> shift) & mask]++;
        i64 before = 0;
        for (i64 k = 0; k < 1 << DIGIT; k++) {
            i64 number = begin[k];
            begin[k] = before;
            before += number;
        }
        for (i64 k = 0; k < n; k++) {
            int32_t at = from ? from[k] : (int32_t)k;
            to[begin[((uint64_t)(wide ? long_[at] : narrow[at]) >> shift) & mask]++] = at;
        }
        from = to;
        to = to == order ? spare : order;
    }
}
