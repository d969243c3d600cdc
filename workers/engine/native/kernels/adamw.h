// AdamW (Loshchilov and Hutter, 2019), and the sum of squares that clipping to a norm needs.
#pragma once
#include "adamw-step.h"
#include "places.h"

namespace {

inline V RootOf(V x) {
#if defined(__AVX512F__)
  return (V)_mm512_sqrt_ps((__m512)x);
#else
  return (V)_mm256_sqrt_ps((__m256)x);
#endif
}
inline float RootOf(float x) { return std::sqrt(x); }

// Elements [from, from + count) of a step, `from` being a multiple of W.
template <class T>
void AdamW(const AdamWStep& s, const T* grad, int64_t from, int64_t count) {
  EachPlace(count, [&](int64_t place, auto kind) {
    const int64_t i = from + place;
    const auto g = Read(grad + i, kind) * s.gradScale;
    const auto m = Read(s.m + i, kind), v = Read(s.v + i, kind), param = Read(s.param + i, kind);
    const auto newM = m + (g - m) * (1 - s.beta1), newV = v + (g * g - v) * (1 - s.beta2);
    Write(s.m + i, newM);
    Write(s.v + i, newV);
    const auto newParam = (param - param * s.decay) - newM * s.rate / (RootOf(newV) + s.epsilon);
    Write(s.param + i, newParam);
    if (s.rounded) WritePast(s.rounded + i, newParam);
  });
  EndStream();
}

// Four sums at a time: each waits for its last addition.
template <class T>
float SumOfSquares(const T* x, int64_t count) {
  V sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * W <= count; i += 4 * W)
    for (int k = 0; k < 4; k++) {
      const V value = Load(x + i + k * W);
      sums[k] += value * value;
    }
  float rest = 0;
  for (; i < count; i++) rest += ToFloat(x[i]) * ToFloat(x[i]);
  return Sum((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

}  // namespace
