// Products of tiles that lie in the cache, on rows padded with zeros to whole blocks and vectors. Sums run in one order.
#pragma once
#include <algorithm>
#include <type_traits>

#include "pairs.h"
#include "places.h"
#include "scratch.h"

namespace {

#if defined(__AVX512F__)
constexpr int64_t blockRows = 8;
#else
constexpr int64_t blockRows = 4;
#endif
constexpr int64_t blockVectors = 2;

// How factors lie in the 32-bit lanes of a tile: a float each or, where the processor multiplies bf16, two neighbours along
// the sum.
struct Single {
  static constexpr int64_t perLane = 1;
};
struct Paired {
  static constexpr int64_t perLane = 2;
};

#if defined(__AVX512BF16__)
template <class T>
using LanesOf = std::conditional_t<std::is_same_v<T, bfloat16>, Paired, Single>;

inline V AddProduct(V sum, V a, V b, Paired) { return (V)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b); }
#else
template <class T>
using LanesOf = Single;
#endif

inline V AddProduct(V sum, V a, V b, Single) { return sum + a * b; }

// The bits of one lane in all: a pair is no number to calculate with.
inline V Repeat(float lane) {
#if defined(__AVX512F__)
  return (V)_mm512_set1_ps(lane);
#else
  return (V)_mm256_set1_ps(lane);
#endif
}

// Element (r, k) lies at values[r * row + k * inner]: a matrix, or one read transposed.
struct Strided {
  const float* values;
  int64_t row, inner;
};

struct Range {
  int64_t from, to;
};

// c[r][n] (+)= sum over lanes k of `inner` of a[r][k] b[k][n], for a block of rows and N vectors of columns.
template <class L, int N, bool add>
inline void BlockProduct(Strided a, const float* b, int64_t ldb, Range inner, float* c, int64_t ldc) {
  V sums[blockRows][N];
  for (int r = 0; r < blockRows; r++)
    for (int n = 0; n < N; n++) sums[r][n] = add ? Load(c + r * ldc + n * W) : V{};
  for (int64_t k = inner.from; k < inner.to; k++) {
    V columns[N];
    for (int n = 0; n < N; n++) columns[n] = Load(b + k * ldb + n * W);
    for (int r = 0; r < blockRows; r++) {
      const V value = Repeat(a.values[r * a.row + k * a.inner]);
      for (int n = 0; n < N; n++) sums[r][n] = AddProduct(sums[r][n], value, columns[n], L{});
    }
  }
  for (int r = 0; r < blockRows; r++)
    for (int n = 0; n < N; n++) Store(c + r * ldc + n * W, sums[r][n]);
}

// The columns [0, `columns`), rounded up to a vector, of one block of rows.
template <class L, bool add>
inline void RowsProduct(Strided a, const float* b, int64_t ldb, Range inner, float* c, int64_t ldc, int64_t columns) {
  int64_t n = 0;
  for (; n + blockVectors * W <= columns; n += blockVectors * W)
    BlockProduct<L, blockVectors, add>(a, b + n, ldb, inner, c + n, ldc);
  for (; n < columns; n += W) BlockProduct<L, 1, add>(a, b + n, ldb, inner, c + n, ldc);
}

// Rows in memory that lie `step` elements apart, too far for the processor to foresee the next ones: they are asked for.
template <class T>
struct Rows {
  const T* from;
  int64_t step, count, width;

  const T* At(int64_t row) const { return from + row * step; }

  void AskAfter(int64_t row) const {
    constexpr int64_t ahead = 16, line = 64 / sizeof(T);
    for (int64_t i = 0; row + ahead < count && i < width; i += line) __builtin_prefetch(At(row + ahead) + i);
  }
};

// Rows times `scale`, summed along: `stride` lanes each, the last ones and the rows of the last block 0.
template <class L, class T>
void Pack(const Rows<T>& rows, float scale, float* to, int64_t stride) {
  using Element = std::conditional_t<L::perLane == 2, bfloat16, float>;
  auto* elements = reinterpret_cast<Element*>(to);
  const int64_t wide = stride * L::perLane;
  for (int64_t r = 0; r < rows.count; r++) {
    rows.AskAfter(r);
    const T* row = rows.At(r);
    EachPlace(rows.width, [&](int64_t i, auto kind) {
      Round(Read(row + i, kind) * scale, elements + r * wide + i);
    });
    std::fill(elements + r * wide + rows.width, elements + (r + 1) * wide, Element{});
  }
  std::memset(to + rows.count * stride, 0, (RoundUp(rows.count, blockRows) - rows.count) * stride * sizeof(float));
}

// The same, summed down: a row of lanes holds as many rows as a lane elements.
template <class L, class T>
void PackDown(const Rows<T>& rows, float scale, float* to, int64_t stride) {
  if constexpr (L::perLane == 1) return Pack<L>(rows, scale, to, stride);
  std::memset(to, 0, RoundUp(rows.count, blockRows) / 2 * stride * sizeof(float));
  for (int64_t r = 0; r < rows.count; r += 2) {
    const bool second = r + 1 < rows.count;
    rows.AskAfter(r), rows.AskAfter(r + 1);
    const T* row = rows.At(r);
    EachPlace(rows.width, [&](int64_t i, auto kind) {
      const auto next = second ? Read(row + rows.step + i, kind) * scale : kind;
      Write(to + r / 2 * stride + i, Pair(Read(row + i, kind) * scale, next));
    });
  }
}

// Rows of `width` floats as pairs along, and two by two as pairs down.
inline void PairAlong(const float* from, int64_t rows, int64_t width, float* to) {
  auto* pairs = reinterpret_cast<bfloat16*>(to);
  for (int64_t i = 0; i < rows * width; i += W) Round(Load(from + i), pairs + i);
}
inline void PairDown(const float* from, int64_t rows, int64_t width, float* to) {
  for (int64_t r = 0; r < rows; r += 2)
    for (int64_t i = 0; i < width; i += W)
      Store(to + r / 2 * width + i, Pair(Load(from + r * width + i), Load(from + (r + 1) * width + i)));
}

template <class L>
int64_t LanesFor(int64_t elements) {
  return (elements + L::perLane - 1) / L::perLane;
}

// Eight rows and columns, by halves of a register, then pairs, then single elements.
inline void Transpose8(const float* from, int64_t ldFrom, float* to, int64_t ldTo) {
  __m256 rows[8], pairs[8], quads[8];
  for (int i = 0; i < 8; i++) rows[i] = _mm256_loadu_ps(from + i * ldFrom);
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    quads[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    quads[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
    quads[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    quads[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
  }
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(to + i * ldTo, _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * ldTo, _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x31));
  }
}

// (rows, width) to (width, ldTo); both counts are multiples of 8.
inline void Transpose(const float* from, int64_t rows, int64_t width, float* to, int64_t ldTo) {
  for (int64_t r = 0; r < rows; r += 8)
    for (int64_t i = 0; i < width; i += 8) Transpose8(from + r * width + i, width, to + i * ldTo + r, ldTo);
}

}  // namespace
