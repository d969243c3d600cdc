// One token of each row of logits, drawn by inverting the distribution that temperature, top-k, top-p and min-p leave.
#pragma once
#include <algorithm>
#include <functional>
#include <vector>

#include "places.h"
#include "sampling-row.h"

namespace {

constexpr float filtered = -1e30f;

// exp(row − top) into out, and their sum. `n` is padded to whole vectors by the caller.
inline double Exponentials(const float* row, float top, float* out, int64_t n) {
  double sum = 0;
  for (int64_t from = 0; from < n; from += 1024) {
    V part{};
    for (int64_t i = from; i < std::min(n, from + 1024); i += W) {
      V value = Exp(Load(row + i) - top);
      Store(out + i, value);
      part += value;
    }
    sum += Sum(part);
  }
  return sum;
}

inline void KeepFrom(float* row, int64_t n, float threshold) {
  for (int64_t i = 0; i < n; i++) row[i] = row[i] >= threshold ? row[i] : filtered;
}

inline void KeepTopK(float* row, int64_t n, int64_t k) {
  if (k <= 0 || k >= n) return;
  std::vector<float> order(row, row + n);
  std::nth_element(order.begin(), order.begin() + (k - 1), order.end(), std::greater<float>());
  KeepFrom(row, n, order[k - 1]);
}

// A token stays while those more likely hold less than topP. Tokens below (1 − topP) / n hold less than 1 − topP
// together, so that only the others need an order.
inline void KeepTopP(float* row, float* scratch, int64_t n, int64_t padded, float topP) {
  if (topP >= 1) return;
  const float top = Largest(row, n);
  const double total = Exponentials(row, top, scratch, padded);
  const double least = total * (1 - topP) / n;
  std::vector<float> likely;
  for (int64_t i = 0; i < n; i++)
    if (scratch[i] > least) likely.push_back(row[i]);
  std::sort(likely.begin(), likely.end(), std::greater<float>());
  double above = 0;
  size_t kept = 0;
  while (kept < likely.size() && above < topP * total) above += std::exp(static_cast<double>(likely[kept++] - top));
  KeepFrom(row, n, likely[std::max<size_t>(kept, 1) - 1]);
}

template <class T>
void SampleRow(const SamplingRow& row) {
  const int64_t n = row.vocabulary, padded = (n + W - 1) / W * W;
  const bool greedy = row.temperature == 0;
  std::vector<float> scaled(padded, filtered), left(padded, filtered), scratch(padded);
  const float temperature = greedy ? 1.f : row.temperature;
  for (int64_t i = 0; i < n; i++) scaled[i] = ToFloat(static_cast<const T*>(row.logits)[i]) / temperature;
  for (int64_t i = 0; i < n; i++) left[i] = ToFloat(static_cast<const T*>(row.penalized)[i]) / temperature;
  int64_t id = 0;
  if (greedy) {
    id = std::max_element(left.begin(), left.begin() + n) - left.begin();
  } else {
    KeepTopK(left.data(), n, row.topK);
    KeepTopP(left.data(), scratch.data(), n, padded, row.topP);
    const float top = Largest(left.data(), n);
    if (row.minP > 0) KeepFrom(left.data(), n, top + std::log(row.minP));
    const double goal = row.uniform * Exponentials(left.data(), top, scratch.data(), padded);
    double sum = 0;
    for (id = 0; id < n - 1; id++) {
      sum += scratch[id];
      if (sum > goal) break;
    }
  }
  const float top = Largest(scaled.data(), n);
  const double total = Exponentials(scaled.data(), top, scratch.data(), padded);
  *row.id = static_cast<int32_t>(id);
  *row.logp = scaled[id] - top - static_cast<float>(std::log(total));
}

}  // namespace
