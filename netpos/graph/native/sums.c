/* Numbers looked up by row and put in order, pairs spread over the nodes of their ends, and sums of
   them.

   Every sum is added up in the order of its numbers, as NumPy does: the digits are the same.
   Nothing is written outside the arrays given; a row that is none is told by the answer -1. */

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

/* Raise it here and in compiled.py with every change of a function's arguments. */
EXPORTED int64_t netpos_sums_layout_3 = 1;

#define GATHER(name, type)                                                              \
    EXPORTED int64_t name(const type *values, int64_t size, const int32_t *at, int64_t n,   \
                      type *out) {                                                      \
        for (int64_t k = 0; k < n; k++) {                                               \
            if ((uint32_t)at[k] >= (uint64_t)size)                                      \
                return -1;                                                              \
            out[k] = values[at[k]];                                                     \
        }                                                                               \
        return n;                                                                       \
    }

GATHER(netpos_gather_1, uint8_t)
GATHER(netpos_gather_2, uint16_t)
GATHER(netpos_gather_4, uint32_t)
GATHER(netpos_gather_8, uint64_t)

/* Numbers of the pairs whose citing row is among the first marked (where they are asked for), and of
   those whose cited row is among the others marked as well. */
EXPORTED int64_t netpos_choose(const int32_t *citing, const int32_t *cited, int64_t pairs,
                           const uint8_t *first, const uint8_t *second, int64_t rows,
                           int32_t *of_first, int64_t *firsts, int32_t *of_both) {
    int64_t n = 0, m = 0;
    for (int64_t p = 0; p < pairs; p++) {
        if ((uint32_t)citing[p] >= (uint64_t)rows || (uint32_t)cited[p] >= (uint64_t)rows)
            return -1;
        if (!first[citing[p]])
            continue;
        if (of_first)
            of_first[m++] = (int32_t)p;
        if (second[cited[p]])
            of_both[n++] = (int32_t)p;
    }
    *firsts = m;
    return n;
}

/* Entries of pairs from the first to before the last, one for each node citing and node cited: the
   place of the pair, node citing × nodes + node cited (narrow or wide, the other is NULL), and the
   product of both shares. Where there is no room (pair is NULL) they are only counted. */
EXPORTED int64_t netpos_spread(const int32_t *citing, const int32_t *cited, int64_t pairs,
                           const int32_t *pointer, const int32_t *node, const double *share,
                           const uint16_t *level, int64_t levels, int64_t rows, int64_t nodes,
                           int32_t *pair, int32_t *narrow, int64_t *wide, double *weight,
                           uint16_t *short_weight) {
    int64_t n = 0;
    for (int64_t p = 0; p < pairs; p++) {
        if ((uint32_t)citing[p] >= (uint64_t)rows || (uint32_t)cited[p] >= (uint64_t)rows)
            return -1;
        int32_t i0 = pointer[citing[p]], i1 = pointer[citing[p] + 1];
        int32_t j0 = pointer[cited[p]], j1 = pointer[cited[p] + 1];
        if (!pair) {
            n += (int64_t)(i1 - i0) * (j1 - j0);
            continue;
        }
        for (int32_t i = i0; i < i1; i++)
            for (int32_t j = j0; j < j1; j++, n++) {
                pair[n] = (int32_t)p;
                int64_t code = node[i] * nodes + node[j];
                if (narrow)
                    narrow[n] = (int32_t)code;
                else
                    wide[n] = code;
                if (short_weight)
                    short_weight[n] = (uint16_t)(level[i] * levels + level[j]);
                else
                    weight[n] = share[i] * share[j];
            }
    }
    return n;
}

/* Add the weights of the entries of the chosen pairs to the sums of their cells, and count them.
   Weights are numbers, or (where levels is not NULL) numbers of levels. */
EXPORTED int64_t netpos_sum_chosen(const uint8_t *chosen, int64_t pairs, const int32_t *pair,
                               const int32_t *cell, const void *weight, const double *levels,
                               int64_t known, int64_t entries, double *total, int64_t *count, int64_t cells) {
    const double *plain = weight;
    const uint16_t *level = weight;
    for (int64_t e = 0; e < entries; e++) {
        if ((uint32_t)pair[e] >= (uint64_t)pairs || (uint32_t)cell[e] >= (uint64_t)cells)
            return -1;
        if (levels && level[e] >= known)
            return -1;
        if (chosen[pair[e]]) {
            total[cell[e]] += levels ? levels[level[e]] : plain[e];
            count[cell[e]]++;
        }
    }
    return entries;
}

/* The same of pairs by their numbers, of which those count that are counted; before tells how many
   entries belong to earlier pairs than each. */
EXPORTED int64_t netpos_sum_pairs(const int32_t *numbers, int64_t n, const uint8_t *counted,
                              const int32_t *before, int64_t pairs, const int32_t *cell,
                              const void *weight, const double *levels, int64_t known,
                              double *total, int64_t cells) {
    const double *plain = weight;
    const uint16_t *level = weight;
    for (int64_t k = 0; k < n; k++) {
        int32_t p = numbers[k];
        if ((uint32_t)p >= (uint64_t)pairs)
            return -1;
        if (!counted[p])
            continue;
        for (int32_t e = before[p]; e < before[p + 1]; e++) {
            if ((uint32_t)cell[e] >= (uint64_t)cells || (levels && level[e] >= known))
                return -1;
            total[cell[e]] += levels ? levels[level[e]] : plain[e];
        }
    }
    return n;
}

/* How often each row comes where the first marks are set, and where both are. */
EXPORTED int64_t netpos_times(const int32_t *rows, const uint8_t *first, const uint8_t *second,
                          int64_t n, int32_t *once, int32_t *both, int64_t size) {
    for (int64_t k = 0; k < n; k++) {
        if ((uint32_t)rows[k] >= (uint64_t)size)
            return -1;
        if (!first[k]) /* most are not: the counts of their rows are not touched */
            continue;
        once[rows[k]]++;
        both[rows[k]] += second[k];
    }
    return n;
}

/* Digits of this many bits are put in order at a time. */
#define DIGIT 11

/* The order of numbers from 0, of 64 bits if wide and else of 32; equal ones as they come. Each pass
   goes from one of the two arrays to the other, the last to `order`. */
EXPORTED int64_t netpos_order(const void *code, int64_t wide, int64_t n, int64_t passes,
                          int32_t *order, int32_t *spare) {
    const int32_t *narrow = code;
    const int64_t *long_ = code;
    int64_t begin[1 << DIGIT];
    int32_t *to = passes % 2 ? order : spare, *from = NULL;
    for (int64_t pass = 0; pass < passes; pass++) {
        int shift = (int)pass * DIGIT;
        uint64_t mask = (1 << DIGIT) - 1;
        for (int64_t k = 0; k < 1 << DIGIT; k++)
            begin[k] = 0;
        for (int64_t k = 0; k < n; k++)
            begin[((uint64_t)(wide ? long_[k] : narrow[k]) >> shift) & mask]++;
        int64_t before = 0;
        for (int64_t k = 0; k < 1 << DIGIT; k++) {
            int64_t number = begin[k];
            begin[k] = before;
            before += number;
        }
        for (int64_t k = 0; k < n; k++) {
            int32_t at = from ? from[k] : (int32_t)k;
            to[begin[((uint64_t)(wide ? long_[at] : narrow[at]) >> shift) & mask]++] = at;
        }
        from = to;
        to = to == order ? spare : order;
    }
    return n;
}
