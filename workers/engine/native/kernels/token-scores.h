// What a row of logits says of its target: log-probability, entropy, whether it is the likeliest; and the gradient of the
// first.
#pragma once
#include <algorithm>

#include "places.h"
#include "token-score-rows.h"

namespace {

inline void TokenScores(const TokenScoreRows& s, int64_t from, int64_t to) {
  constexpr int64_t part = 1024;
  for (int64_t row = from; row < to; row++) {
    const float* x = s.logits + row * s.stride;
    const float top = Largest(x, s.vocabulary);
    double sum = 0, weighted = 0;
    for (int64_t at = 0; at < s.vocabulary; at += part) {
      RowSum some, someWeighted;
      EachPlace(std::min(part, s.vocabulary - at), [&](int64_t i, auto kind) {
        const auto apart = Read(x + at + i, kind) - top, share = ExpOf(apart);
        some.Add(share);
        someWeighted.Add(share * apart);
      });
      sum += some.Total();
      weighted += someWeighted.Total();
    }
    const float logSum = static_cast<float>(std::log(sum)), mean = static_cast<float>(weighted / sum);
    const int64_t target = s.targets[row];
    // Comparisons pass over a logit that is no number; the mean does not, and such a row must not look well.
    s.logps[row] = x[target] - top - logSum + 0 * mean;
    s.entropies[row] = logSum - mean;
    s.corrects[row] = x[target] == top && std::find(x, x + target, top) == x + target;
    s.tops[row] = top;
    s.sums[row] = static_cast<float>(sum);
  }
}

// d logp / d logit = [target] − exp(logit − top) / sum, and 0 past the vocabulary.
inline void TokenScoresGradient(const TokenScoreRows& s, int64_t from, int64_t to) {
  for (int64_t row = from; row < to; row++) {
    const float* x = s.logits + row * s.stride;
    float* out = s.dLogits + row * s.stride;
    const float slope = s.dLogps[row], top = s.tops[row];
    if (slope == 0) {
      std::fill(out, out + s.stride, 0.f);
      continue;
    }
    const float factor = -slope / s.sums[row];
    EachPlace(s.vocabulary, [&](int64_t i, auto kind) { Write(out + i, ExpOf(Read(x + i, kind) - top) * factor); });
    out[s.targets[row]] += slope;
    std::fill(out + s.vocabulary, out + s.stride, 0.f);
  }
}

}  // namespace
