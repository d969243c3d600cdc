// Activations and their gradients, element by element, in one pass over memory each.
#pragma once
#include <algorithm>

#include "vectors.h"

namespace {

// f(in, out) on W elements of each array at a time; the last ones are padded with 0.
template <int In, int Out, class F>
inline void MapElements(const float* const (&in)[In], float* const (&out)[Out], int64_t count, F f) {
  V x[In], y[Out];
  int64_t i = 0;
  for (; i + W <= count; i += W) {
    for (int k = 0; k < In; k++) x[k] = Load(in[k] + i);
    f(x, y);
    for (int k = 0; k < Out; k++) Store(out[k] + i, y[k]);
  }
  if (i == count) return;
  float part[W];
  for (int k = 0; k < In; k++) {
    std::fill(part, part + W, 0.f);
    std::copy(in[k] + i, in[k] + count, part);
    x[k] = Load(part);
  }
  f(x, y);
  for (int k = 0; k < Out; k++) {
    Store(part, y[k]);
    std::copy(part, part + count - i, out[k] + i);
  }
}

// 1 / (1 + exp(−x)), by exp(−|x|), which never overflows.
inline V SigmoidOf(V x) {
  const V small = Exp(x > 0 ? -x : x);
  return (x > 0 ? Broadcast(1) : small) / (small + 1.f);
}

constexpr float geluSlope = 1.59576912f, geluCubic = 0.0713548163f;

// x · sigmoid(2 √(2/π) (x + 0.044715 x³)): GELU by tanh.
inline void Gelu(const float* x, float* y, int64_t count) {
  MapElements({x}, {y}, count, [](const V* in, V* out) {
    const V z = in[0];
    out[0] = z * SigmoidOf(z * (z * z * geluCubic + geluSlope));
  });
}

inline void GeluGradient(const float* x, const float* dY, float* dX, int64_t count) {
  MapElements({x, dY}, {dX}, count, [](const V* in, V* out) {
    const V z = in[0], square = z * z, open = SigmoidOf(z * (square * geluCubic + geluSlope));
    out[0] = in[1] * (open + open * (1.f - open) * z * (square * (3 * geluCubic) + geluSlope));
  });
}

// silu(gate) · up.
inline void GatedSilu(const float* gate, const float* up, float* y, int64_t count) {
  MapElements({gate, up}, {y}, count, [](const V* in, V* out) { out[0] = in[0] * SigmoidOf(in[0]) * in[1]; });
}

inline void GatedSiluGradient(const float* gate, const float* up, const float* dY, float* dGate, float* dUp,
                              int64_t count) {
  MapElements({gate, up, dY}, {dGate, dUp}, count, [](const V* in, V* out) {
    const V open = SigmoidOf(in[0]);
    out[0] = in[2] * in[1] * (open + open * (1.f - open) * in[0]);
    out[1] = in[2] * in[0] * open;
  });
}

}  // namespace
