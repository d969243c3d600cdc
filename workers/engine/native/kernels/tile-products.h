// Products of tiles that lie in the cache, on rows padded with zeros to whole blocks and vectors. Sums run in one order.
#pragma once
#include <algorithm>
#include <memory>
#include <new>

#include "vectors.h"

namespace {

#if defined(__AVX512F__)
constexpr int64_t blockRows = 8;
#else
constexpr int64_t blockRows = 4;
#endif
constexpr int64_t blockVectors = 2;

// Element (r, k) lies at values[r * row + k * inner]: a matrix, or one read transposed.
struct Strided {
  const float* values;
  int64_t row, inner;
};

struct Range {
  int64_t from, to;
};

// Zeros that begin at a cache line.
class Floats {
 public:
  explicit Floats(int64_t count)
      : values_(static_cast<float*>(::operator new(std::max<int64_t>(count, 1) * sizeof(float), line))) {
    std::memset(values_.get(), 0, count * sizeof(float));
  }
  float* data() { return values_.get(); }
  float& operator[](int64_t i) { return values_.get()[i]; }

 private:
  static constexpr std::align_val_t line{64};
  struct Free {
    void operator()(float* values) const { ::operator delete(values, line); }
  };
  std::unique_ptr<float, Free> values_;
};

// c[r][n] (+)= sum over k of `inner` of a[r][k] b[k][n], for a block of rows and N vectors of columns.
template <int N, bool add>
inline void BlockProduct(Strided a, const float* b, int64_t ldb, Range inner, float* c, int64_t ldc) {
  V sums[blockRows][N];
  for (int r = 0; r < blockRows; r++)
    for (int n = 0; n < N; n++) sums[r][n] = add ? Load(c + r * ldc + n * W) : V{};
  for (int64_t k = inner.from; k < inner.to; k++) {
    V columns[N];
    for (int n = 0; n < N; n++) columns[n] = Load(b + k * ldb + n * W);
    for (int r = 0; r < blockRows; r++) {
      const V value = Broadcast(a.values[r * a.row + k * a.inner]);
      for (int n = 0; n < N; n++) sums[r][n] += value * columns[n];
    }
  }
  for (int r = 0; r < blockRows; r++)
    for (int n = 0; n < N; n++) Store(c + r * ldc + n * W, sums[r][n]);
}

// The columns [0, `columns`), rounded up to a vector, of one block of rows.
template <bool add>
inline void RowsProduct(Strided a, const float* b, int64_t ldb, Range inner, float* c, int64_t ldc, int64_t columns) {
  int64_t n = 0;
  for (; n + blockVectors * W <= columns; n += blockVectors * W)
    BlockProduct<blockVectors, add>(a, b + n, ldb, inner, c + n, ldc);
  for (; n < columns; n += W) BlockProduct<1, add>(a, b + n, ldb, inner, c + n, ldc);
}

inline int64_t RoundUp(int64_t count, int64_t multiple) { return (count + multiple - 1) / multiple * multiple; }

// `rows` rows of `width` elements, `step` apart, as floats times `scale`; the columns up to `stride` and the rows of the
// last block 0.
template <class T>
void Pack(const T* from, int64_t step, int64_t rows, int64_t width, float scale, float* to, int64_t stride) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < width; i++) to[r * stride + i] = ToFloat(from[r * step + i]) * scale;
    for (int64_t i = width; i < stride; i++) to[r * stride + i] = 0;
  }
  std::memset(to + rows * stride, 0, (RoundUp(rows, blockRows) - rows) * stride * sizeof(float));
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
