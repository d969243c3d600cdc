// Products of a few rows with a large matrix, which is read once: y = x W^T with W (N, K), and y = x W with W (K, N).
// Sums run over K in one order whatever the number of rows, so that a row's result never depends on its neighbours.
#pragma once
#include "vectors.h"

namespace {

// The last elements of rows that no vector fits.
template <int B, int R, class T>
__attribute__((noinline)) void AddRest(const float* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, float* totals) {
  for (int b = 0; b < B; b++)
    for (int r = 0; r < R; r++)
      for (int64_t k = 0; k < K; k++) totals[b * R + r] += x[b * ldx + k] * ToFloat(w[r * ldw + k]);
}

// B rows of x times R rows of w: y[b][r] = sum over k of x[b][k] w[r][k].
template <int B, int R, class T>
void DotTile(const float* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, float* y, int64_t ldy) {
  V sums[B][R] = {};
  int64_t k = 0;
  for (; k + W <= K; k += W) {
    V weights[R];
    for (int r = 0; r < R; r++) {
      weights[r] = Load(w + r * ldw + k);
      // A single row leaves the processor time to see by itself what comes next.
      if constexpr (B > 1) __builtin_prefetch(w + (r + 2 * R) * ldw + k);
    }
    for (int b = 0; b < B; b++) {
      V row = Load(x + b * ldx + k);
      KeepInRegister(row);
      for (int r = 0; r < R; r++) sums[b][r] += row * weights[r];
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
template <int B, int C, class T>
void PanelTile(const float* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, float* y, int64_t ldy) {
  V sums[B][C] = {};
  for (int64_t k = 0; k < K; k++) {
    V weights[C];
    for (int c = 0; c < C; c++) {
      weights[c] = Load(w + k * ldw + c * W);
      __builtin_prefetch(w + (k + rowsAhead) * ldw + c * W);
    }
    for (int b = 0; b < B; b++) {
      V value = Broadcast(x[b * ldx + k]);
      for (int c = 0; c < C; c++) sums[b][c] += value * weights[c];
    }
  }
  for (int b = 0; b < B; b++)
    for (int c = 0; c < C; c++) Store(y + b * ldy + c * W, sums[b][c]);
}

#if defined(__AVX512F__)
constexpr int rowsAtOnce = 8, dotRows = 2, panelVectors = 3;
#else
constexpr int rowsAtOnce = 4, dotRows = 2, panelVectors = 2;
#endif

// All of y = x W^T for B rows and N rows of w.
template <int B, class T>
void DotRows(const float* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, int64_t N, float* y, int64_t ldy) {
  int64_t n = 0;
  for (; n + dotRows <= N; n += dotRows) DotTile<B, dotRows>(x, ldx, w + n * ldw, ldw, K, y + n, ldy);
  for (; n < N; n++) DotTile<B, 1>(x, ldx, w + n * ldw, ldw, K, y + n, ldy);
}

// All of y = x W for B rows and N columns of w.
template <int B, class T>
void PanelRows(const float* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, int64_t N, float* y, int64_t ldy) {
  int64_t n = 0;
  for (; n + panelVectors * W <= N; n += panelVectors * W)
    PanelTile<B, panelVectors>(x, ldx, w + n, ldw, K, y + n, ldy);
  for (; n + W <= N; n += W) PanelTile<B, 1>(x, ldx, w + n, ldw, K, y + n, ldy);
  for (; n < N; n++) {
    for (int b = 0; b < B; b++) {
      float sum = 0;
      for (int64_t k = 0; k < K; k++) sum += x[b * ldx + k] * ToFloat(w[k * ldw + n]);
      y[b * ldy + n] = sum;
    }
  }
}

enum class Weights { rows, columns };

template <Weights layout, int B, class T>
void SomeRows(const float* x, int64_t ldx, const T* w, int64_t ldw, int64_t K, int64_t N, float* y, int64_t ldy) {
  if constexpr (layout == Weights::rows)
    DotRows<B>(x, ldx, w, ldw, K, N, y, ldy);
  else
    PanelRows<B>(x, ldx, w, ldw, K, N, y, ldy);
}

// y (M, N) = x (M, K) times w: M in blocks that fit the registers.
template <Weights layout, class T>
void Product(const float* x, int64_t ldx, const T* w, int64_t ldw, int64_t M, int64_t K, int64_t N, float* y,
             int64_t ldy) {
  int64_t m = 0;
  for (; m + rowsAtOnce <= M; m += rowsAtOnce)
    SomeRows<layout, rowsAtOnce>(x + m * ldx, ldx, w, ldw, K, N, y + m * ldy, ldy);
  for (; m + 2 <= M; m += 2) SomeRows<layout, 2>(x + m * ldx, ldx, w, ldw, K, N, y + m * ldy, ldy);
  if (m < M) SomeRows<layout, 1>(x + m * ldx, ldx, w, ldw, K, N, y + m * ldy, ldy);
}

}  // namespace
