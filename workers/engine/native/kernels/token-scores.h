// What logits say of targets, where a token is a column: its probabilities are then taken of many tokens at a time.
#pragma once
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "places.h"
#include "token-score-matrix.h"

namespace {

inline I ReadIndices(const int32_t* p, V) {
  I indices;
  std::memcpy(&indices, p, sizeof indices);
  return indices;
}
inline int32_t ReadIndices(const int32_t* p, float) { return *p; }
template <class Indices>
void WriteIndices(int32_t* p, Indices indices) {
  std::memcpy(p, &indices, sizeof indices);
}

// Adds rows [first, last) at places `i` and following to what those before them said.
template <class T, class Kind>
void AddRows(const TokenScoreMatrix<T>& s, int64_t first, int64_t last, const TokenScorePart& part, int64_t i, Kind kind) {
  const Kind before = Read(part.tops + i, kind), sumBefore = Read(part.sums + i, kind);
  auto firsts = ReadIndices(part.firsts + i, kind);
  Kind top = before;
  for (int64_t row = first; row < last; row++) {
    const Kind x = Read(s.logits + row * s.stride + i, kind);
    const auto higher = x > top;
    top = higher ? x : top;
    firsts = higher ? static_cast<int32_t>(row) + decltype(firsts){} : firsts;
  }
  const Kind rise = before - top, shrunk = ExpOf(rise);
  Kind sum = {}, weighted = {};
  for (int64_t row = first; row < last; row++) {
    const Kind apart = Read(s.logits + row * s.stride + i, kind) - top, share = ExpOf(apart);
    sum += share;
    weighted += share * apart;
  }
  Write(part.weighted + i, (Read(part.weighted + i, kind) + sumBefore * rise) * shrunk + weighted);
  Write(part.sums + i, sumBefore * shrunk + sum);
  Write(part.tops + i, top);
  WriteIndices(part.firsts + i, firsts);
}

// What rows [from, to) say of each token.
template <class T>
void ScoreRows(const TokenScoreMatrix<T>& s, int64_t from, int64_t to, const TokenScorePart& part) {
  // As many rows as stay in the cache between the search for the top and the sums.
  constexpr int64_t block = 32;
  std::fill(part.tops, part.tops + s.count, std::numeric_limits<float>::lowest());
  std::fill(part.sums, part.sums + s.count, 0.f);
  std::fill(part.weighted, part.weighted + s.count, 0.f);
  std::fill(part.firsts, part.firsts + s.count, static_cast<int32_t>(from));
  for (int64_t first = from; first < to; first += block)
    EachPlace(s.count, [&](int64_t i, auto kind) { AddRows(s, first, std::min(to, first + block), part, i, kind); });
}

// d logp / d logit = [target] − exp(logit − top) / sum, and 0 where there is no token.
template <class T>
void TokenScoresGradient(const TokenScoreMatrix<T>& s, int64_t from, int64_t to) {
  std::vector<float> factors(s.count);
  for (int64_t i = 0; i < s.count; i++) factors[i] = -s.dLogps[i] / s.sums[i];
  // Read before they are written over, and rounded once.
  std::vector<std::pair<T*, float>> ofTargets;
  for (int64_t i = 0; i < s.count; i++) {
    const int64_t place = s.targets[i] * s.stride + i;
    if (s.targets[i] < from || s.targets[i] >= to) continue;
    ofTargets.push_back({s.dLogits + place, s.dLogps[i] + std::exp(ToFloat(s.logits[place]) - s.tops[i]) * factors[i]});
  }
  for (int64_t row = from; row < to; row++) {
    const T* x = s.logits + row * s.stride;
    T* out = s.dLogits + row * s.stride;
    EachPlace(s.count, [&](int64_t i, auto kind) {
      Write(out + i, ExpOf(Read(x + i, kind) - Read(s.tops + i, kind)) * Read(factors.data() + i, kind));
    });
    std::fill(out + s.count, out + s.stride, T{});
  }
  for (const auto& [place, value] : ofTargets) FromFloat(value, place);
}

}  // namespace
