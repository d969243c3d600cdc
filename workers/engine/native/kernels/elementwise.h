// Activations and their gradients, element by element, in one pass over memory each.
#pragma once
#include <algorithm>

#include "vectors.h"

namespace {

// f(in, out) on W elements of each array at a time; the last ones are padded with 0.
template <class T, int In, int Out, class F>
inline void MapElements(const T* const (&in)[In], T* const (&out)[Out], int64_t count, F f) {
  V x[In], y[Out];
  int64_t i = 0;
  for (; i + W <= count; i += W) {
    for (int k = 0; k < In; k++) x[k] = Load(in[k] + i);
    f(x, y);
    for (int k = 0; k < Out; k++) Store(out[k] + i, y[k]);
  }
  if (i == count) return;
  T part[W];
  for (int k = 0; k < In; k++) {
    std::fill(part, part + W, T{});
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

template <class T>
void Sigmoid(const T* x, T* y, int64_t count) {
  MapElements({x}, {y}, count, [](const V* in, V* out) { out[0] = SigmoidOf(in[0]); });
}

constexpr float geluSlope = 1.59576912f, geluCubic = 0.0713548163f;

// x · sigmoid(2 √(2/π) (x + 0.044715 x³)): GELU by tanh.
template <class T>
void Gelu(const T* x, T* y, int64_t count) {
  MapElements({x}, {y}, count, [](const V* in, V* out) {
    const V z = in[0];
    out[0] = z * SigmoidOf(z * (z * z * geluCubic + geluSlope));
  });
}

template <class T>
void GeluGradient(const T* x, const T* dY, T* dX, int64_t count) {
  MapElements({x, dY}, {dX}, count, [](const V* in, V* out) {
    const V z = in[0], square = z * z, open = SigmoidOf(z * (square * geluCubic + geluSlope));
    out[0] = in[1] * (open + open * (1.f - open) * z * (square * (3 * geluCubic) + geluSlope));
  });
}

// silu(gate) · up.
template <class T>
void GatedSilu(const T* gate, const T* up, T* y, int64_t count) {
  MapElements({gate, up}, {y}, count, [](const V* in, V* out) { out[0] = in[0] * SigmoidOf(in[0]) * in[1]; });
}

template <class T>
void GatedSiluGradient(const T* gate, const T* up, const T* dY, T* dGate, T* dUp, int64_t count) {
  MapElements({gate, up, dY}, {dGate, dUp}, count, [](const V* in, V* out) {
    const V open = SigmoidOf(in[0]);
    out[0] = in[2] * in[1] * (open + open * (1.f - open) * in[0]);
    out[1] = in[2] * in[0] * open;
  });
}

}  // namespace
