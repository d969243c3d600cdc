// Attention of new tokens over a key/value cache that they are first written into. Only what a query may see is read.
#pragma once
#include <algorithm>
#include <vector>

#include "cache.h"
#include "products.h"

namespace {

// Softmax of row[0, n), and 0 up to the next multiple of W.
inline void Softmax(float* row, int64_t n) {
  int64_t padded = (n + W - 1) / W * W;
  for (int64_t i = n; i < padded; i++) row[i] = -1e30f;
  V most = Load(row);
  for (int64_t i = W; i < padded; i += W) most = Max(most, Load(row + i));
  const float top = Largest(most);
  V sums{};
  for (int64_t i = 0; i < padded; i += W) {
    V value = Exp(Load(row + i) - top);
    Store(row + i, value);
    sums += value;
  }
  float scale = 1.f / Sum(sums);
  for (int64_t i = 0; i < padded; i += W) Store(row + i, Load(row + i) * scale);
  for (int64_t i = n; i < padded; i++) row[i] = 0;
}

// The first of a row's elements that a decoding step reads, as far as they fit into the nearest cache.
template <class T>
void Prefetch(const T* from, int64_t count) {
  constexpr int64_t line = 64 / sizeof(T), most = 16384 / sizeof(T);
  for (int64_t i = 0; i < std::min(count, most); i += line) __builtin_prefetch(from + i);
}

// One sequence and one head of keys: all its queries, a block of them at a time.
template <class T>
void AttendHead(const CachedAttention& a, int64_t sequence, int64_t head) {
  const int64_t hd = a.headDim, count = a.counts[sequence], start = a.starts[sequence], group = a.heads / a.kvHeads;
  if (count <= 0) return;
  const int64_t first = (a.slots[sequence] * a.kvHeads + head) * a.length;
  T* keys = static_cast<T*>(a.keyCache) + first * hd;
  T* values = static_cast<T*>(a.valueCache) + first * hd;
  const int64_t source = (sequence * a.kvHeads + head) * a.tokens * hd;
  Narrow(a.k + source, keys + start * hd, count * hd);
  Narrow(a.v + source, values + start * hd, count * hd);

  // Values come from memory while scores are computed, and the next head's keys while values are mixed.
  Prefetch(values, (start + count) * hd);
  const int64_t stride = (start + count + W - 1) / W * W, most = std::min<int64_t>(rowsAtOnce, count * group);
  std::vector<float> scores(most * stride), queries(most * hd), mixed(most * hd);
  // Query i: token i / group of head head * group + i % group, so that neighbours see nearly the same keys.
  auto place = [&](int64_t i) {
    return ((sequence * a.heads + head * group + i % group) * a.tokens + i / group) * hd;
  };
  for (int64_t from = 0; from < count * group; from += rowsAtOnce) {
    const int64_t rows = std::min<int64_t>(rowsAtOnce, count * group - from);
    const int64_t last = start + (from + rows - 1) / group;
    const int64_t earliest = a.window > 0 ? std::max<int64_t>(0, start + from / group - a.window + 1) : 0;
    for (int64_t row = 0; row < rows; row++)
      for (int64_t d = 0; d < hd; d++) queries[row * hd + d] = a.q[place(from + row) + d] * a.scale;
    Product<Weights::rows>(queries.data(), hd, keys + earliest * hd, hd, rows, hd, last + 1 - earliest, scores.data(),
                           stride);
    for (int64_t row = 0; row < rows; row++) {
      const int64_t position = start + (from + row) / group;
      float* visible = scores.data() + row * stride;
      const int64_t hidden = a.window > 0 ? std::max<int64_t>(0, position - a.window + 1 - earliest) : 0;
      for (int64_t i = 0; i < hidden; i++) visible[i] = -1e30f;
      Softmax(visible, position + 1 - earliest);
      for (int64_t i = position + 1 - earliest; i < last + 1 - earliest; i++) visible[i] = 0;
    }
    if (head + 1 < a.kvHeads) Prefetch(keys + a.length * hd, (start + count) * hd);
    Product<Weights::columns>(scores.data(), stride, values + earliest * hd, hd, rows, last + 1 - earliest, hd,
                              mixed.data(), hd);
    for (int64_t row = 0; row < rows; row++)
      std::memcpy(a.out + place(from + row), mixed.data() + row * hd, hd * sizeof(float));
  }
}

}  // namespace
