// The kernels for one set of instructions, -DKERNELS=avx2Kernels, avx512Kernels or avx512bf16Kernels, with its flags.
#include "adamw.h"
#include "attention.h"
#include "column-sums.h"
#include "elementwise.h"
#include "kernels.h"
#include "norm.h"
#include "packed-attention-gradient.h"
#if defined(__AVX512BF16__)
#include "pair-multiply.h"
#endif
#include "rope.h"
#include "sampling.h"
#include "token-scores.h"

namespace {

#if defined(__AVX512BF16__)
// The processor multiplies bf16 itself.
struct Factor {
  const bfloat16* x;
  Factor(const bfloat16* values, int64_t) : x(values) {}
};
#else
struct Factor {
  std::vector<float> wide;
  const float* x;
  Factor(const bfloat16* values, int64_t count) : wide(count), x(wide.data()) {
    for (int64_t i = 0; i < count; i++) wide[i] = ToFloat(values[i]);
  }
};
#endif

template <Weights layout, class X, class T = X>
void Columns(const ProductOf<X, T>& p, int64_t from, int64_t to) {
  const T* w = layout == Weights::rows ? p.w + from * p.K : p.w + from;
  const int64_t ldw = layout == Weights::rows ? p.K : p.N, count = to - from;
  if constexpr (std::is_same_v<X, float>) {
    Product<layout>(p.x, p.K, w, ldw, p.M, p.K, count, p.y + from, p.N);
  } else {
    std::vector<float> sums(p.M * count);
    const Factor factor(p.x, p.M * p.K);
    Product<layout>(factor.x, p.K, w, ldw, p.M, p.K, count, sums.data(), count);
    for (int64_t m = 0; m < p.M; m++) Narrow(sums.data() + m * count, p.y + m * p.N + from, count);
  }
}

template <Weights layout>
void ScaledColumns(const ScaledProduct& p, int64_t from, int64_t to) {
  if constexpr (layout == Weights::rows) {
    Product<layout>(p.x, p.K, p.w + from * p.K, p.K, p.M, p.K, to - from, p.y + from, p.N);
    for (int64_t m = 0; m < p.M; m++)
      for (int64_t n = from; n < to; n++) p.y[m * p.N + n] *= p.scales[n];
  } else {
    std::vector<float> scaled(p.M * p.K);
    for (int64_t m = 0; m < p.M; m++)
      for (int64_t k = 0; k < p.K; k++) scaled[m * p.K + k] = p.x[m * p.K + k] * p.scales[k];
    Product<layout>(scaled.data(), p.K, p.w + from, p.N, p.M, p.K, to - from, p.y + from, p.N);
  }
}

#if defined(__AVX512BF16__)
constexpr PairKernels pairKernels = {MultiplyPairs, Columns<Weights::rows, bfloat16, float>,
                                     Columns<Weights::columns, bfloat16, float>};
#else
constexpr PairKernels pairKernels = {};
#endif

template <class T>
constexpr KernelsOf<T> kernelsOf = {
    Columns<Weights::rows, T>, Columns<Weights::columns, T>, AttendHead<T>, AttendPacked<T>,
    PackedGradients<T>,        SampleRow<T>,                 Sigmoid<T>,    Gelu<T>,
    GeluGradient<T>,           GatedSilu<T>,                 GatedSiluGradient<T>,
    Rotate<T>,                 ColumnSums<T>,                AdamW<T>,
    SumOfSquares<T>,           ScoreRows<T>,                 TokenScoresGradient<T>,
};

}  // namespace

extern const Kernels KERNELS = {
    kernelsOf<float>, kernelsOf<bfloat16>, Narrow, Widen, ScaledColumns<Weights::rows>, ScaledColumns<Weights::columns>,
    NormForward,      NormGradient,        pairKernels,
};
