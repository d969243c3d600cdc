// What a product of factors in bf16 is told: y (M, N) = a (M, K) b (K, N), and what is added to it.
#pragma once
#include <cstdint>

// Of bf16, or of floats (`wide`) that are rounded to it on their way. Element (i, k), for row or column i of the result
// and place k of the sum, lies at values[i * step + k] (`along` the sum) or at values[k * step + i].
struct PairFactor {
  const void* values;
  bool wide, along;
  int64_t step;
};

// Of floats, if `wide`, or of bf16.
template <class P>
struct PairMatrix {
  P* values;
  bool wide;
};

struct PairProduct {
  PairFactor a, b;
  int64_t M, N, K;
  // (N), or null.
  const float* bias;
  // (M, N), or null.
  PairMatrix<const void> residual;
  // Rows of floats that are added to some rows of the result: the row for row m begins at rows[m], or is null.
  const float* const* rows;
  PairMatrix<void> y;
};
