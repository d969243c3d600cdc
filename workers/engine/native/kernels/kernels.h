// What is compiled once for each set of processor instructions, and chosen when the library is loaded.
#pragma once
#include "adamw-step.h"
#include "bfloat16.h"
#include "cache.h"
#include "norm-rows.h"
#include "packed-rows.h"
#include "pair-product.h"
#include "sampling-row.h"
#include "token-score-matrix.h"

// y[:, from:to] = x w^T (w in rows) or x w (w in columns), for x (M, K), and w of N outputs.
template <class X, class T = X>
struct ProductOf {
  const X* x;
  const T* w;
  X* y;
  int64_t M, K, N;
};

// The same for w of whole numbers times a scale a row of its memory: of each output where w lies in rows, else of each input.
struct ScaledProduct {
  const float* x;
  const int8_t* w;
  const float* scales;
  float* y;
  int64_t M, K, N;
};

// Of tensors of T, float or bfloat16.
template <class T>
struct KernelsOf {
  using Element = T;
  void (*rows)(const ProductOf<T>&, int64_t from, int64_t to);
  void (*columns)(const ProductOf<T>&, int64_t from, int64_t to);
  void (*attend)(const CachedAttention&, int64_t sequence, int64_t head);
  void (*attendPacked)(const PackedAttention&, int64_t row, int64_t kvHead);
  void (*packedGradients)(const PackedAttention&, int64_t row, int64_t kvHead);
  void (*sample)(const SamplingRow&);
  void (*sigmoid)(const T* x, T* y, int64_t count);
  void (*gelu)(const T* x, T* y, int64_t count);
  void (*geluGradient)(const T* x, const T* dY, T* dX, int64_t count);
  void (*gatedSilu)(const T* gate, const T* up, T* y, int64_t count);
  void (*gatedSiluGradient)(const T* gate, const T* up, const T* dY, T* dGate, T* dUp, int64_t count);
  void (*rotate)(const T* x, const float* cos, const float* sin, int64_t half, float sign, T* y);
  void (*columnSums)(const T* x, int64_t rows, int64_t width, float* sums);
  void (*adamW)(const AdamWStep&, const T* grad, int64_t from, int64_t count);
  float (*sumOfSquares)(const T* x, int64_t count);
  void (*scoreRows)(const TokenScoreMatrix<T>&, int64_t from, int64_t to, const TokenScorePart&);
  void (*tokenScoresGradient)(const TokenScoreMatrix<T>&, int64_t from, int64_t to);
};

// Products in bf16 with weights that may be floats.
struct PairKernels {
  void (*multiply)(const PairProduct&);
  void (*rows)(const ProductOf<bfloat16, float>&, int64_t from, int64_t to);
  void (*columns)(const ProductOf<bfloat16, float>&, int64_t from, int64_t to);
};

struct Kernels {
  KernelsOf<float> f32;
  KernelsOf<bfloat16> bf16;
  void (*narrow)(const float* from, bfloat16* to, int64_t count);
  void (*widen)(const bfloat16* from, float* to, int64_t count);
  void (*rowsInt8)(const ScaledProduct&, int64_t from, int64_t to);
  void (*columnsInt8)(const ScaledProduct&, int64_t from, int64_t to);
  void (*norm)(const NormRows&, int64_t from, int64_t to);
  void (*normGradient)(const NormRows&, int64_t from, int64_t to, float* sums);
  // Null where the processor does not multiply bf16 itself.
  PairKernels pairs;
};

extern const Kernels avx2Kernels, avx512Kernels, avx512bf16Kernels;
