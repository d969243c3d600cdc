// Products of a few rows with a large matrix, which is read once: y = x W^T with W (N, K), and y = x W with W (K, N).
// Sums run over K in one order whatever the number of rows, so that a row's result never depends on its neighbours.
#pragma once
#include "vectors.h"

namespace {

// How elements of x and w meet: widened to floats, or two bf16 at a time where the processor multiplies those itself.
template <class X, class T>
struct Arithmetic {
  // Elements of K that a vector of a row holds, and rows of w that a vector of columns holds.
  static constexpr int alongRow = W, rowsDeep = 1;
  static V Row(const X* x) { return Load(x); }
  static V Weights(const T* w) { return Load(w); }
  static V Value(const X* x, bool) { return Broadcast(ToFloat(*x)); }
  static V Column(const T* w, int64_t, bool) { return Load(w); }
  static V Add(V sum, V row, V weights) { return sum + row * weights; }
};

#if defined(__AVX512BF16__)
// Vectors of 32 bf16 under the name of V.
template <>
struct Arithmetic<bfloat16, bfloat16> {
  static constexpr int alongRow = 2 * W, rowsDeep = 2;
  static V Row(const bfloat16* x) { return (V)_mm512_loadu_si512(x); }
  static V Weights(const bfloat16* w) { return (V)_mm512_loadu_si512(w); }
  // Two neighbours of x everywhere; `whole` is false where the second is past the end.
  static V Value(const bfloat16* x, bool whole) {
    int32_t pair = x[0].bits;
    if (whole) std::memcpy(&pair, x, 4);
    return (V)_mm512_set1_epi32(pair);
  }
  // Columns of two rows, in pairs.
  static V Column(const bfloat16* w, int64_t ldw, bool whole) {
    __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
    __m256i second = whole ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + ldw)) : _mm256_setzero_si256();
    __m512i low = _mm512_cvtepu16_epi32(first), high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(second), 16);
    return (V)_mm512_or_si512(low, high);
  }
  static V Add(V sum, V row, V weights) {
    return (V)_mm512_dpbf16_ps((__m512)sum, (__m512bh)row, (__m512bh)weights);
  }
};
#endif

// The last elements of rows that no vector fits.
template <int B, int R, class X, class T>
__attribute__((noinline)) void AddRest(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, float* totals) {
  for (int b = 0; b < B; b++)
    for (int r = 0; r < R; r++)
      for (int64_t k = 0; k < K; k++) totals[b * R + r] += ToFloat(x[b * ldx + k]) * ToFloat(w[r * ldw + k]);
}

// B rows of x times R rows of w: y[b][r] = sum over k of x[b][k] w[r][k].
template <int B, int R, class X, class T>
void DotTile(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, float* y, int64_t ldy) {
  using A = Arithmetic<X, T>;
  V sums[B][R] = {};
  int64_t k = 0;
  for (; k + A::alongRow <= K; k += A::alongRow) {
    V weights[R];
    for (int r = 0; r < R; r++) {
      weights[r] = A::Weights(w + r * ldw + k);
      // A single row leaves the processor time to see by itself what comes next. A line of the cache holds 64 bytes.
      if (B > 1 && (sizeof(T) > 1 || k % 64 == 0)) __builtin_prefetch(w + (r + 2 * R) * ldw + k);
    }
    for (int b = 0; b < B; b++) {
      V row = A::Row(x + b * ldx + k);
      KeepInRegister(row);
      for (int r = 0; r < R; r++) sums[b][r] = A::Add(sums[b][r], row, weights[r]);
    }
  }
  float totals[B * R];
  SumEach<B * R>(sums[0], totals);
  if (k < K) AddRest<B, R>(x + k, ldx, w + k, ldw, K - k, totals);
  for (int b = 0; b < B; b++)
    for (int r = 0; r < R; r++) y[b * ldy + r] = totals[b * R + r];
}

// Rows of a panel lie too far apart for the processor to foresee.
constexpr int rowsAhead = 12;

// B rows of x times C vectors of columns of w: y[b][n] = sum over k of x[b][k] w[k][n].
template <int B, int C, class X, class T>
void PanelTile(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, float* y, int64_t ldy) {
  using A = Arithmetic<X, T>;
  V sums[B][C] = {};
  auto add = [&](int64_t k, bool whole) {
    V weights[C];
    for (int c = 0; c < C; c++) {
      weights[c] = A::Column(w + k * ldw + c * W, ldw, whole);
      for (int d = 0; d < A::rowsDeep; d++) __builtin_prefetch(w + (k + d + rowsAhead) * ldw + c * W);
    }
    for (int b = 0; b < B; b++) {
      V value = A::Value(x + b * ldx + k, whole);
      for (int c = 0; c < C; c++) sums[b][c] = A::Add(sums[b][c], value, weights[c]);
    }
  };
  int64_t k = 0;
  for (; k + A::rowsDeep <= K; k += A::rowsDeep) add(k, true);
  if (k < K) add(k, false);
  for (int b = 0; b < B; b++)
    for (int c = 0; c < C; c++) Store(y + b * ldy + c * W, sums[b][c]);
}

#if defined(__AVX512F__)
constexpr int rowsAtOnce = 8, dotRows = 2, dotRowsAlone = 2, panelVectors = 3;
#else
// A single row waits for memory alone, which is read faster as one stream than as two.
constexpr int rowsAtOnce = 4, dotRows = 2, dotRowsAlone = 1, panelVectors = 2;
#endif

// All of y = x W^T for B rows and N rows of w.
template <int B, class X, class T>
void DotRows(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, int64_t N, float* y, int64_t ldy) {
  constexpr int R = B == 1 ? dotRowsAlone : dotRows;
  int64_t n = 0;
  for (; n + R <= N; n += R) DotTile<B, R>(x, ldx, w + n * ldw, ldw, K, y + n, ldy);
  for (; n < N; n++) DotTile<B, 1>(x, ldx, w + n * ldw, ldw, K, y + n, ldy);
}

// All of y = x W for B rows and N columns of w.
template <int B, class X, class T>
void PanelRows(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, int64_t N, float* y, int64_t ldy) {
  int64_t n = 0;
  for (; n + panelVectors * W <= N; n += panelVectors * W)
    PanelTile<B, panelVectors>(x, ldx, w + n, ldw, K, y + n, ldy);
  for (; n + W <= N; n += W) PanelTile<B, 1>(x, ldx, w + n, ldw, K, y + n, ldy);
  for (; n < N; n++) {
    for (int b = 0; b < B; b++) {
      float sum = 0;
      for (int64_t k = 0; k < K; k++) sum += ToFloat(x[b * ldx + k]) * ToFloat(w[k * ldw + n]);
      y[b * ldy + n] = sum;
    }
  }
}

enum class Weights { rows, columns };

template <Weights layout, int B, class X, class T>
void SomeRows(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, int64_t N, float* y, int64_t ldy) {
  if constexpr (layout == Weights::rows)
    DotRows<B>(x, ldx, w, ldw, K, N, y, ldy);
  else
    PanelRows<B>(x, ldx, w, ldw, K, N, y, ldy);
}

// y (M, N) = x (M, K) times w: M in blocks that fit the registers.
template <Weights layout, class X, class T>
void Product(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t M, int64_t K, int64_t N, float* y,
             int64_t ldy) {
  int64_t m = 0;
  for (; m + rowsAtOnce <= M; m += rowsAtOnce)
    SomeRows<layout, rowsAtOnce>(x + m * ldx, ldx, w, ldw, K, N, y + m * ldy, ldy);
  for (; m + 2 <= M; m += 2) SomeRows<layout, 2>(x + m * ldx, ldx, w, ldw, K, N, y + m * ldy, ldy);
  if (m < M) SomeRows<layout, 1>(x + m * ldx, ldx, w, ldw, K, N, y + m * ldy, ldy);
}

}  // namespace
