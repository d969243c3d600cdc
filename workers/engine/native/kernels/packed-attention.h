// Attention of packed rows in tiles (FlashAttention: Dao et al., 2022 and 2023). Scores exist for one tile at a time: the
// softmax runs along, its sums corrected whenever a larger score turns up, and each query leaves the logarithm of its sum
// of exponentials for the backward pass. Tiles that a query may not see are never computed.
#pragma once
#include <cmath>

#include "row-tiles.h"
#include "tile-products.h"

namespace {

// Numbers too small for full precision become 0 on every thread, so that a result depends on no thread.
class FlushDenormals {
 public:
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  const unsigned before_;
};

constexpr float noScore = -1e30f;

// Of the lanes of a row from place i on those inside the range; `outside` in the others.
inline V Within(Range range, int64_t i, V inside, V outside) {
  if (range.from <= i && i + W <= range.to) return inside;
  const I lanes = Counting() + static_cast<int32_t>(i);
  return (lanes >= static_cast<int32_t>(range.from)) & (lanes < static_cast<int32_t>(range.to)) ? inside : outside;
}

// scores (queries, tileSize) = q kT, for each block of rows up to the last key that one of them sees.
template <class L>
void Scores(const float* q, int64_t lanes, const float* transposed, const Meeting& meeting, int64_t queries,
                   int64_t keys, float* scores) {
  for (int64_t m = 0; m < queries; m += blockRows)
    RowsProduct<L, false>({q + m * lanes, lanes, 1}, transposed, tileSize, {0, lanes}, scores + m * tileSize, tileSize,
                       meeting.Last(m + blockRows - 1, keys));
}

// One query's scores become exp(score − top), and 0 where it sees nothing; returns their sum.
inline float Exponentials(float* row, Range seen, int64_t computed, float top) {
  V sums{};
  const int64_t padded = RoundUp(computed, W);
  for (int64_t i = 0; i < padded; i += W) {
    // Scores beyond `seen` may exceed the largest one that counts.
    const V value = Within(seen, i, Exp(Min(Load(row + i) - top, V{})), V{});
    Store(row + i, value);
    sums += value;
  }
  return Sum(sums);
}

inline float LargestOf(const float* row, Range seen) {
  V most = Broadcast(noScore);
  for (int64_t i = seen.from / W * W; i < seen.to; i += W) most = Max(most, Within(seen, i, Load(row + i), most));
  return Largest(most);
}

inline Range SeenBy(const Meeting& meeting, int64_t query, int64_t keys) {
  return {std::min(keys, meeting.First(query)), meeting.Last(query, keys)};
}

// A tile of queries on its way through the keys.
struct RunningSoftmax {
  Floats mixed;
  float tops[tileSize], sums[tileSize];

  explicit RunningSoftmax(int64_t width) : mixed(tileSize * width) {}

  void Start(int64_t width) {
    std::memset(mixed.data(), 0, tileSize * width * sizeof(float));
    std::fill(tops, tops + tileSize, noScore);
    std::fill(sums, sums + tileSize, 0.f);
  }

  // Turns the scores of a tile into weights under the largest score so far, and corrects what was mixed before.
  void Weigh(float* scores, const Meeting& meeting, int64_t queries, int64_t keys, int64_t width) {
    for (int64_t query = 0; query < queries; query++) {
      float* row = scores + query * tileSize;
      const Range seen = SeenBy(meeting, query, keys);
      const int64_t computed = meeting.Last(query / blockRows * blockRows + blockRows - 1, keys);
      const float top = seen.from < seen.to ? std::max(tops[query], LargestOf(row, seen)) : tops[query];
      // Nothing was mixed yet under no score.
      const float correction = tops[query] == top || tops[query] == noScore ? 1.f : Exp(Broadcast(tops[query] - top))[0];
      sums[query] = sums[query] * correction + Exponentials(row, seen, computed, top);
      tops[query] = top;
      if (correction != 1.f)
        for (int64_t i = 0; i < width; i += W)
          Store(&mixed[query * width + i], Load(&mixed[query * width + i]) * correction);
    }
    for (int64_t query = queries; query < RoundUp(queries, blockRows); query++)
      std::memset(scores + query * tileSize, 0, tileSize * sizeof(float));
  }
};

// All queries of one row that share a head of keys.
template <class T>
void AttendPacked(const PackedAttention& a, int64_t row, int64_t kvHead) {
  using L = LanesOf<T>;
  const FlushDenormals flush;
  const RowTiles all = TilesOf(a, row);
  const int64_t hd = a.headDim, width = RoundUp(hd, W), group = a.heads / a.kvHeads, count = all.tiles.size();
  const int64_t lanes = width / L::perLane, area = tileSize * lanes;
  const float scale = 1.f / std::sqrt(static_cast<float>(hd));
  const int64_t queryStep = a.queryStep, keyStep = a.keyStep, outStep = a.OutStep();
  const int64_t firstKey = row * a.length * keyStep + kvHead * hd;
  const T *keys = static_cast<const T*>(a.k) + firstKey, *values = static_cast<const T*>(a.v) + firstKey;
  Floats keyColumns(count * area), valueRows(count * area), q(area), scores(tileSize * tileSize);
  Floats pairs(L::perLane == 2 ? tileSize * tileSize / 2 : 0);
  for (int64_t t = 0; t < count; t++) {
    const Tile& tile = all.tiles[t];
    Pack<L>(Rows<T>{keys + tile.from * keyStep, keyStep, tile.Size(), hd}, 1.f, q.data(), lanes);
    Transpose(q.data(), RoundUp(tile.Size(), 8), lanes, &keyColumns[t * area], tileSize);
    PackDown<L>(Rows<T>{values + tile.from * keyStep, keyStep, tile.Size(), hd}, 1.f, &valueRows[t * area], width);
  }
  RunningSoftmax running(width);
  for (int64_t head = kvHead * group; head < (kvHead + 1) * group; head++) {
    const T* queries = static_cast<const T*>(a.q) + row * a.length * queryStep + head * hd;
    T* out = static_cast<T*>(a.out) + row * a.length * outStep + head * hd;
    float* logSums = a.logSums + (row * a.heads + head) * a.length;
    for (const Tile& tile : all.tiles) {
      const int64_t size = tile.Size();
      Pack<L>(Rows<T>{queries + tile.from * queryStep, queryStep, size, hd}, scale, q.data(), lanes);
      running.Start(width);
      for (int64_t t = 0; t < count && all.tiles[t].from <= tile.from; t++) {
        const int64_t keyCount = all.tiles[t].Size();
        const Meeting meeting = Meet(tile, all.tiles[t], all.window);
        if (!meeting.any) continue;
        Scores<L>(q.data(), lanes, &keyColumns[t * area], meeting, size, keyCount, scores.data());
        running.Weigh(scores.data(), meeting, size, keyCount, width);
        if constexpr (L::perLane == 2) PairAlong(scores.data(), RoundUp(size, blockRows), tileSize, pairs.data());
        const float* weights = L::perLane == 2 ? pairs.data() : scores.data();
        constexpr int64_t row = tileSize / L::perLane;
        for (int64_t m = 0; m < size; m += blockRows)
          RowsProduct<L, true>({weights + m * row, row, 1}, &valueRows[t * area], width,
                               {0, LanesFor<L>(meeting.Last(m + blockRows - 1, keyCount))}, &running.mixed[m * width],
                               width, width);
      }
      for (int64_t query = 0; query < size; query++) {
        const float share = 1.f / running.sums[query];
        for (int64_t i = 0; i < hd; i++) running.mixed[query * width + i] *= share;
        Narrow(&running.mixed[query * width], out + (tile.from + query) * outStep, hd);
        logSums[tile.from + query] = running.tops[query] + std::log(running.sums[query]);
      }
    }
    for (int64_t place : all.padding) {
      std::memcpy(out + place * outStep, values + place * keyStep, hd * sizeof(T));
      logSums[place] = 0;
    }
  }
}

}  // namespace
