// Eight rows by 48 columns of a product in bf16: all sums stay in registers until they are whole.
#pragma once
#include "pair-lanes.h"

namespace {

// Memory that is wanted soon, asked for a little at a time while the processor multiplies.
class Ahead {
 public:
  Ahead() = default;

  // The rows or columns `span` of f at `places`, over so many calls of `Next`.
  Ahead(const PairFactor& f, Span span, Span places, int64_t calls)
      : at_(At(f, span.from, places.from)),
        width_((f.along ? places.count : span.count) * (f.wide ? 4 : 2)),
        step_(f.step * (f.wide ? 4 : 2)),
        rows_(f.along ? span.count : places.count),
        each_(std::min<int64_t>(4, Ceiling(rows_ * Ceiling(width_, 64), std::max<int64_t>(calls, 1)))) {}

  void Next() {
    for (int64_t i = 0; i < each_ && rows_ > 0; i++) {
      _mm_prefetch(at_ + place_, _MM_HINT_T1);
      place_ += 64;
      if (place_ < width_) continue;
      place_ = 0, at_ += step_, rows_--;
    }
  }

 private:
  const char* at_ = nullptr;
  int64_t width_ = 0, step_ = 0, rows_ = 0, each_ = 0, place_ = 0;
};

// Lanes between two calls of `Next`.
constexpr int64_t lanesAtOnce = 8;

// Where sums go: to y, with what is added to it. A long sum comes in parts, which meet in `partial` (M, `stride`).
struct Sums {
  PairProduct product;
  float* partial;
  int64_t stride;
  bool first, last;

  // Asks for what `Keep` will read and write.
  void Expect(int64_t m, int64_t n) const {
    const int64_t at = m * product.N + n;
    if (!last) return;
    __builtin_prefetch(static_cast<char*>(product.y.values) + at * (product.y.wide ? 4 : 2), 1);
    if (product.residual.values)
      __builtin_prefetch(static_cast<const char*>(product.residual.values) + at * (product.residual.wide ? 4 : 2));
  }

  __m512 Bias(int64_t n, __mmask16 there) const {
    return product.bias && last ? _mm512_maskz_loadu_ps(there, product.bias + n) : _mm512_setzero_ps();
  }

  void Keep(int64_t m, int64_t n, __mmask16 there, __m512 sums) const {
    float* part = partial + m * stride + n;
    if (!first) sums = _mm512_add_ps(sums, _mm512_loadu_ps(part));
    if (!last) return _mm512_storeu_ps(part, sums);
    const int64_t at = m * product.N + n;
    if (product.residual.values) sums = _mm512_add_ps(sums, Residual(at, there));
    if (product.rows && product.rows[m]) sums = _mm512_add_ps(sums, _mm512_maskz_loadu_ps(there, product.rows[m] + n));
    if (product.y.wide)
      _mm512_mask_storeu_ps(static_cast<float*>(product.y.values) + at, there, sums);
    else
      _mm256_mask_storeu_epi16(static_cast<bfloat16*>(product.y.values) + at, there, (__m256i)_mm512_cvtneps_pbh(sums));
  }

  __m512 Residual(int64_t at, __mmask16 there) const {
    const void* values = product.residual.values;
    if (product.residual.wide) return _mm512_maskz_loadu_ps(there, static_cast<const float*>(values) + at);
    const __m256i narrow = _mm256_maskz_loadu_epi16(there, static_cast<const bfloat16*>(values) + at);
    return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16);
  }
};

// Rows of a that lie `row` lanes apart or, packed, beside each other lane by lane. Like `Place` it fits two registers:
// what goes through memory instead, and is read there in one piece, waits for everything that was stored before it.
struct Block {
  const uint32_t* lanes;
  int64_t row;
};

// The first row and column of a part of the result.
struct Place {
  int64_t row, column;
};

template <int R, int N, bool packed>
void PairTile(Place at, Block a, const __m512i* panel, int64_t lanes, const Sums& to, Ahead& ahead) {
  __m512 sums[R][N];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 3
    for (int v = 0; v < N; v++) sums[r][v] = _mm512_setzero_ps();
  Ahead asked = ahead;
  // What a row's sums will meet is asked for one row after another, so that nothing else has to wait.
  const int64_t stretch = std::max<int64_t>(1, lanes / (lanesAtOnce * R)) * lanesAtOnce;
  for (int64_t from = 0; from < lanes; from += lanesAtOnce) {
    asked.Next();
    if (from % stretch == 0 && from / stretch < R)
      for (int v = 0; v < N; v++) to.Expect(at.row + from / stretch, at.column + v * 16);
    for (int64_t k = from; k < std::min(lanes, from + lanesAtOnce); k++) {
      __m512bh columns[N];
      for (int v = 0; v < N; v++) columns[v] = (__m512bh)panel[k * panelVectors16 + v];
      for (int r = 0; r < R; r++) {
        const auto value = (__m512bh)_mm512_set1_epi32(packed ? a.lanes[k * blockHeight + r] : a.lanes[r * a.row + k]);
        for (int v = 0; v < N; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], value, columns[v]);
      }
    }
  }
  ahead = asked;
  // A copy: the compiler need not fear that what is stored changes it.
  const Sums out = to;
#pragma GCC unroll 3
  for (int v = 0; v < N; v++) {
    const int64_t column = at.column + v * 16;
    const __mmask16 there = FirstOf16(out.product.N - column);
    const __m512 bias = out.Bias(column, there);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) out.Keep(at.row + r, column, there, _mm512_add_ps(sums[r][v], bias));
  }
}

template <int R, bool packed>
inline void PairTileOf(Place at, Block a, const __m512i* panel, int64_t lanes, const Sums& to, Ahead& ahead) {
  const int64_t columns = to.product.N - at.column;
  if (columns > 32) return PairTile<R, 3, packed>(at, a, panel, lanes, to, ahead);
  if (columns > 16) return PairTile<R, 2, packed>(at, a, panel, lanes, to, ahead);
  PairTile<R, 1, packed>(at, a, panel, lanes, to, ahead);
}

// Up to eight rows: a block, or halves of one where fewer are left.
template <bool packed, int R = blockHeight>
inline void PairTiles(Place at, int64_t rows, Block a, const __m512i* panel, int64_t lanes, const Sums& to, Ahead& ahead) {
  if (rows >= R) {
    PairTileOf<R, packed>(at, a, panel, lanes, to, ahead);
    at.row += R, rows -= R, a.lanes += packed ? R : R * a.row;
  }
  if constexpr (R > 1)
    if (rows > 0) PairTiles<packed, R / 2>(at, rows, a, panel, lanes, to, ahead);
}

}  // namespace
