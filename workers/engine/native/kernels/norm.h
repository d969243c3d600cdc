// LayerNorm and RMSNorm of rows, and their gradients.
#pragma once
#include "norm-rows.h"
#include "vectors.h"

namespace {

// f(i, wide) for the places i of a row: vectors of W, then single floats.
template <class F>
inline void EachPlace(int64_t width, F f) {
  int64_t i = 0;
  for (; i + W <= width; i += W) f(i, V{});
  for (; i < width; i++) f(i, 0.f);
}

inline float Read(const float* p, float) { return *p; }
inline V Read(const float* p, V) { return Load(p); }
inline void Write(float* p, float x) { *p = x; }
inline void Write(float* p, V x) { Store(p, x); }

// Sums by place of one row.
struct RowSum {
  V wide = {};
  float single = 0;
  void Add(V x) { wide += x; }
  void Add(float x) { single += x; }
  float Total() const { return Sum(wide) + single; }
};

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
