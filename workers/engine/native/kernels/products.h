// Products of a few rows with a large matrix, which is read once: y = x W^T with W (N, K), and y = x W with W (K, N).
// Sums run over K in one order whatever the number of rows, so that a row's result never depends on its neighbours.
#pragma once
#include <type_traits>

#include "pair-lanes.h"

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
struct PairArithmetic {
  static constexpr int alongRow = 2 * W, rowsDeep = 2;
  static V Row(const bfloat16* x) { return (V)_mm512_loadu_si512(x); }
  // Two neighbours of x everywhere; `whole` is false where the second is past the end.
  static V Value(const bfloat16* x, bool whole) {
    int32_t pair = x[0].bits;
    if (whole) std::memcpy(&pair, x, 4);
    return (V)_mm512_set1_epi32(pair);
  }
  static V Add(V sum, V row, V weights) {
    return (V)_mm512_dpbf16_ps((__m512)sum, (__m512bh)row, (__m512bh)weights);
  }
};

// Columns of two rows of w lie in pairs.
template <>
struct Arithmetic<bfloat16, bfloat16> : PairArithmetic {
  static V Weights(const bfloat16* w) { return (V)_mm512_loadu_si512(w); }
  static V Column(const bfloat16* w, int64_t ldw, bool whole) {
    __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
    __m256i second = whole ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + ldw)) : _mm256_setzero_si256();
    return (V)PairsOf(first, second);
  }
};

// Weights in floats are rounded as they are read.
template <>
struct Arithmetic<bfloat16, float> : PairArithmetic {
  static V Weights(const float* w) { return (V)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(w + W), _mm512_loadu_ps(w)); }
  static V Column(const float* w, int64_t ldw, bool whole) {
    return (V)PairsOf(_mm512_loadu_ps(w), whole ? _mm512_loadu_ps(w + ldw) : _mm512_setzero_ps());
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

// Bytes of a row of w that are asked for before they are needed.
constexpr int64_t bytesAhead = 4096;

// B rows of x times R rows of w that lie `apart`: y[b][r] = sum over k of x[b][k] w[r][k].
template <int B, int R, class X, class T>
void DotTile(const X* x, int64_t ldx, const T* w, int64_t apart, int64_t K, float* y, int64_t ldy, int64_t outputsApart) {
  using A = Arithmetic<X, T>;
  V sums[B][R] = {};
  int64_t k = 0;
  for (; k + A::alongRow <= K; k += A::alongRow) {
    V weights[R];
    for (int r = 0; r < R; r++) {
      weights[r] = A::Weights(w + r * apart + k);
      // A line of the cache holds 64 bytes.
      for (int64_t at = 0; at < A::alongRow; at += 64 / sizeof(T))
        if ((k + at) % (64 / sizeof(T)) == 0) __builtin_prefetch(w + r * apart + k + at + bytesAhead / sizeof(T));
    }
    for (int b = 0; b < B; b++) {
      V row = A::Row(x + b * ldx + k);
      KeepInRegister(row);
      for (int r = 0; r < R; r++) sums[b][r] = A::Add(sums[b][r], row, weights[r]);
    }
  }
  float totals[B * R];
  SumEach<B * R>(sums[0], totals);
  if (k < K) AddRest<B, R>(x + k, ldx, w + k, apart, K - k, totals);
  for (int b = 0; b < B; b++)
    for (int r = 0; r < R; r++) y[b * ldy + r * outputsApart] = totals[b * R + r];
}

// Rows of a panel lie too far apart for the processor to foresee.
constexpr int rowsAhead = 48;

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
constexpr int rowsAtOnce = 8, panelVectors = 3;
#else
constexpr int rowsAtOnce = 4, panelVectors = 2;
#endif

// f(m, B) for blocks of B rows of x, that fit the registers.
template <class F, int B = rowsAtOnce>
void EachBlock(int64_t M, F f, int64_t m = 0) {
  for (; m + B <= M; m += B) f(m, std::integral_constant<int, B>{});
  if constexpr (B > 1)
    if (m < M) EachBlock<F, B / 2>(M, f, m);
}

// All of y = x W^T for M rows and N rows of w, which are read as so many streams.
template <int streams, class X, class T>
void DotRows(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t M, int64_t K, int64_t N, float* y, int64_t ldy) {
  const int64_t each = N / streams, done = each * streams;
  EachBlock(M, [&](int64_t m, auto B) {
    for (int64_t n = 0; n < each; n++)
      DotTile<B, streams>(x + m * ldx, ldx, w + n * ldw, each * ldw, K, y + m * ldy + n, ldy, each);
  });
  if constexpr (streams > 1)
    if (done < N) DotRows<1>(x, ldx, w + done * ldw, ldw, M, K, N - done, y + done, ldy);
}

// All of y = x W for M rows and N columns of w.
template <class X, class T>
void PanelRows(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t M, int64_t K, int64_t N, float* y,
               int64_t ldy) {
  EachBlock(M, [&](int64_t m, auto B) {
    int64_t n = 0;
    for (; n + panelVectors * W <= N; n += panelVectors * W)
      PanelTile<B, panelVectors>(x + m * ldx, ldx, w + n, ldw, K, y + m * ldy + n, ldy);
    for (; n + W <= N; n += W) PanelTile<B, 1>(x + m * ldx, ldx, w + n, ldw, K, y + m * ldy + n, ldy);
    for (; n < N; n++)
      for (int b = 0; b < B; b++) {
        float sum = 0;
        for (int64_t k = 0; k < K; k++) sum += ToFloat(x[(m + b) * ldx + k]) * ToFloat(w[k * ldw + n]);
        y[(m + b) * ldy + n] = sum;
      }
  });
}

enum class Weights { rows, columns };

// y (M, N) = x (M, K) times w.
template <Weights layout, class X, class T>
void Product(const X* x, int64_t ldx, const T* w, int64_t ldw, int64_t M, int64_t K, int64_t N, float* y,
             int64_t ldy) {
  if constexpr (layout == Weights::rows)
    DotRows<2>(x, ldx, w, ldw, M, K, N, y, ldy);
  else
    PanelRows(x, ldx, w, ldw, M, K, N, y, ldy);
}

}  // namespace
