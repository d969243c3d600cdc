// LayerNorm and RMSNorm of rows, and their gradients.
#pragma once
#include "norm-rows.h"
#include "places.h"

namespace {

inline void NormForward(const NormRows& n, int64_t from, int64_t to) {
  const float share = 1.f / static_cast<float>(n.width);
  for (int64_t row = from; row < to; row++) {
    const float* x = n.x + row * n.width;
    float* y = n.y + row * n.width;
    float mean = 0;
    if (n.centred) {
      RowSum sum;
      EachPlace(n.width, [&](int64_t i, auto kind) { sum.Add(Read(x + i, kind)); });
      n.means[row] = mean = sum.Total() * share;
    }
    RowSum squares;
    EachPlace(n.width, [&](int64_t i, auto kind) {
      const auto apart = Read(x + i, kind) - mean;
      squares.Add(apart * apart);
    });
    const float inverse = 1.f / std::sqrt(squares.Total() * share + n.epsilon);
    n.inverses[row] = inverse;
    EachPlace(n.width, [&](int64_t i, auto kind) {
      const auto scaled = (Read(x + i, kind) - mean) * inverse * Read(n.weight + i, kind);
      Write(y + i, n.centred ? scaled + Read(n.bias + i, kind) : scaled);
    });
  }
}

// Adds Σ dY · x̂ over the rows to the first `width` sums and, if centred, Σ dY to the next ones.
// With x̂ the standardised row and g = dY · weight: dX = (g − mean(g) − x̂ · mean(g · x̂)) · inverse; mean(g) if centred.
inline void NormGradient(const NormRows& n, int64_t from, int64_t to, float* sums) {
  const float share = 1.f / static_cast<float>(n.width);
  for (int64_t row = from; row < to; row++) {
    const float *x = n.x + row * n.width, *dY = n.dY + row * n.width;
    const float mean = n.centred ? n.means[row] : 0, inverse = n.inverses[row];
    RowSum along, all;
    EachPlace(n.width, [&](int64_t i, auto kind) {
      const auto standard = (Read(x + i, kind) - mean) * inverse, dy = Read(dY + i, kind);
      const auto g = dy * Read(n.weight + i, kind);
      along.Add(g * standard);
      if (n.centred) all.Add(g);
      Write(sums + i, Read(sums + i, kind) + dy * standard);
      if (n.centred) Write(sums + n.width + i, Read(sums + n.width + i, kind) + dy);
    });
    const float slope = along.Total() * share, shift = n.centred ? all.Total() * share : 0;
    EachPlace(n.width, [&](int64_t i, auto kind) {
      const auto standard = (Read(x + i, kind) - mean) * inverse;
      const auto g = Read(dY + i, kind) * Read(n.weight + i, kind);
      Write(n.dX + row * n.width + i, (g - shift - standard * slope) * inverse);
    });
  }
}

}  // namespace
