// What is compiled once for each set of processor instructions, and chosen when the library is loaded.
#pragma once
#include "bfloat16.h"
#include "cache.h"
#include "norm-rows.h"
#include "packed-rows.h"
#include "sampling-row.h"
#include "token-score-matrix.h"

// y[:, from:to] = x w^T (w in rows) or x w (w in columns), for x (M, K), and w of N outputs.
template <class T>
struct ProductOf {
  const T* x;
  const T* w;
  T* y;
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

struct Kernels {
  void (*rowsF32)(const ProductOf<float>&, int64_t from, int64_t to);
  void (*columnsF32)(const ProductOf<float>&, int64_t from, int64_t to);
  void (*rowsBf16)(const ProductOf<bfloat16>&, int64_t from, int64_t to);
  void (*columnsBf16)(const ProductOf<bfloat16>&, int64_t from, int64_t to);
  void (*rowsInt8)(const ScaledProduct&, int64_t from, int64_t to);
  void (*columnsInt8)(const ScaledProduct&, int64_t from, int64_t to);
  void (*attendF32)(const CachedAttention&, int64_t sequence, int64_t head);
  void (*attendBf16)(const CachedAttention&, int64_t sequence, int64_t head);
  void (*attendPackedF32)(const PackedAttention&, int64_t row, int64_t kvHead);
  void (*attendPackedBf16)(const PackedAttention&, int64_t row, int64_t kvHead);
  void (*packedGradientsF32)(const PackedAttention&, int64_t row, int64_t kvHead);
  void (*packedGradientsBf16)(const PackedAttention&, int64_t row, int64_t kvHead);
  void (*sampleF32)(const SamplingRow&);
  void (*sampleBf16)(const SamplingRow&);
  void (*sigmoidF32)(const float* x, float* y, int64_t count);
  void (*sigmoidBf16)(const bfloat16* x, bfloat16* y, int64_t count);
  void (*gelu)(const float* x, float* y, int64_t count);
  void (*geluGradient)(const float* x, const float* dY, float* dX, int64_t count);
  void (*gatedSilu)(const float* gate, const float* up, float* y, int64_t count);
  void (*gatedSiluGradient)(const float* gate, const float* up, const float* dY, float* dGate, float* dUp, int64_t count);
  void (*norm)(const NormRows&, int64_t from, int64_t to);
  void (*normGradient)(const NormRows&, int64_t from, int64_t to, float* sums);
  void (*scoreRows)(const TokenScoreMatrix&, int64_t from, int64_t to, const TokenScorePart&);
  void (*tokenScoresGradient)(const TokenScoreMatrix&, int64_t from, int64_t to);
};

extern const Kernels avx2Kernels, avx512Kernels, avx512bf16Kernels;
