// Rotary position embedding (Su et al., 2021) in the Hugging Face order: pairs (x_i, x_{i + half}).
#pragma once
#include "places.h"

namespace {

// Turns x (2 · half) by the angles with these cosines and sines (half); back, for its gradient, if `sign` is −1.
template <class T>
void Rotate(const T* x, const float* cos, const float* sin, int64_t half, float sign, T* y) {
  EachPlace(half, [&](int64_t i, auto kind) {
    const auto first = Read(x + i, kind), second = Read(x + half + i, kind);
    const auto c = Read(cos + i, kind), s = Read(sin + i, kind) * sign;
    Write(y + i, first * c - second * s);
    Write(y + half + i, second * c + first * s);
  });
}

}  // namespace
