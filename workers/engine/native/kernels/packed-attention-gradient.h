// Gradients of packed attention. The weights of a tile are computed again from queries, keys and the logarithms that the
// forward pass left; nothing of the size of all scores is ever held.
#pragma once
#include <type_traits>

#include "packed-attention.h"

namespace {

// What one head of keys and the queries that share it need on their way.
template <class T>
struct GradientPass {
  using L = LanesOf<T>;
  static constexpr bool paired = L::perLane == 2;
  const PackedAttention& a;
  const RowTiles all;
  const int64_t row, hd, width, lanes, group, firstHead, kvHead;
  const float scale;
  // Of one tile: factors summed along and, with `Down`, down their rows.
  Floats rows, keysDown, keyColumns, valueColumns, q, qDown, dOut, dOutDown;
  Floats weights, dWeights, weightsDown, dWeightsDown, dWeightsAlong, dKeys, dValues;
  // Of all queries: gradients, and Σ dOut · out, which every score of a query loses.
  Floats dQueries, lost;

  GradientPass(const PackedAttention& attention, int64_t itsRow, int64_t itsHead)
      : a(attention), all(TilesOf(attention, itsRow)), row(itsRow), hd(a.headDim), width(RoundUp(hd, W)),
        lanes(width / L::perLane), group(a.heads / a.kvHeads), firstHead(itsHead * group), kvHead(itsHead),
        scale(1.f / std::sqrt(static_cast<float>(hd))), rows(tileSize * lanes), keysDown(tileSize * lanes),
        keyColumns(tileSize * lanes), valueColumns(tileSize * lanes), q(tileSize * lanes), qDown(tileSize * lanes),
        dOut(tileSize * lanes), dOutDown(tileSize * lanes), weights(tileSize * tileSize),
        dWeights(tileSize * tileSize), weightsDown(tileSize * tileSize / 2), dWeightsDown(tileSize * tileSize / 2),
        dWeightsAlong(tileSize * tileSize / 2), dKeys(tileSize * width), dValues(tileSize * width),
        dQueries((group * a.length + blockRows) * width), lost(group * a.length) {}

  // `head` counts in the group.
  template <class P>
  auto Query(P* tensor, int64_t head, int64_t place) const {
    return ElementsOf(tensor) + (row * a.length + place) * a.queryStep + (firstHead + head) * hd;
  }
  template <class P>
  auto Key(P* tensor, int64_t place) const {
    return ElementsOf(tensor) + (row * a.length + place) * a.keyStep + kvHead * hd;
  }
  const T* Out(const void* tensor, int64_t head, int64_t place) const {
    return ElementsOf(tensor) + (row * a.length + place) * a.OutStep() + (firstHead + head) * hd;
  }

  void Run() {
    EachQuery([&](int64_t head, int64_t place) {
      const T *dOuts = Out(a.dOut, head, place), *outs = Out(a.out, head, place);
      RowSum sum;
      EachPlace(hd, [&](int64_t d, auto kind) { sum.Add(Read(dOuts + d, kind) * Read(outs + d, kind)); });
      lost[head * a.length + place] = sum.Total();
    });
    for (const Tile& keys : all.tiles) OfKeys(keys);
    for (int64_t place : all.padding) OfPadding(place);
    EachQuery([&](int64_t head, int64_t place) {
      float* sums = &dQueries[(head * a.length + place) * width];
      for (int64_t d = 0; d < hd; d++) sums[d] *= scale;
      Narrow(sums, Query(a.dQ, head, place), hd);
    });
  }

 private:
  template <class P>
  static auto ElementsOf(P* tensor) {
    return static_cast<std::conditional_t<std::is_const_v<P>, const T, T>*>(tensor);
  }

  template <class F>
  void EachQuery(F f) const {
    for (int64_t head = 0; head < group; head++)
      for (int64_t place = 0; place < a.length; place++) f(head, place);
  }

  void OfKeys(const Tile& keys) {
    const int64_t padded = RoundUp(keys.Size(), 8);
    const Rows<T> keyRows{Key(a.k, keys.from), a.keyStep, keys.Size(), hd};
    const Rows<T> valueRows{Key(a.v, keys.from), a.keyStep, keys.Size(), hd};
    Pack<L>(valueRows, 1.f, rows.data(), lanes);
    Transpose(rows.data(), padded, lanes, valueColumns.data(), tileSize);
    Pack<L>(keyRows, 1.f, rows.data(), lanes);
    Transpose(rows.data(), padded, lanes, keyColumns.data(), tileSize);
    PackDown<L>(keyRows, 1.f, keysDown.data(), width);
    for (Floats* sums : {&dKeys, &dValues}) std::memset(sums->data(), 0, tileSize * width * sizeof(float));
    for (int64_t head = 0; head < group; head++)
      for (const Tile& queries : all.tiles) {
        if (queries.from < keys.from) continue;
        const Meeting meeting = Meet(queries, keys, all.window);
        if (meeting.any) OfTile(head, queries, keys, meeting);
      }
    for (int64_t key = 0; key < keys.Size(); key++) {
      Narrow(&dKeys[key * width], Key(a.dK, keys.from + key), hd);
      Narrow(&dValues[key * width], Key(a.dV, keys.from + key), hd);
    }
  }

  void OfTile(int64_t head, const Tile& queries, const Tile& keys, const Meeting& meeting) {
    const int64_t size = queries.Size(), keyCount = keys.Size(), from = head * a.length + queries.from;
    const float* logSums = a.logSums + (row * a.heads + firstHead) * a.length + from;
    const Rows<T> queryRows{Query(a.q, head, queries.from), a.queryStep, size, hd};
    const Rows<T> dOutRows{Out(a.dOut, head, queries.from), a.OutStep(), size, hd};
    Pack<L>(queryRows, scale, q.data(), lanes);
    Pack<L>(dOutRows, 1.f, dOut.data(), lanes);
    if (paired) PackDown<L>(queryRows, scale, qDown.data(), width), PackDown<L>(dOutRows, 1.f, dOutDown.data(), width);
    Scores<L>(q.data(), lanes, keyColumns.data(), meeting, size, keyCount, weights.data());
    Scores<L>(dOut.data(), lanes, valueColumns.data(), meeting, size, keyCount, dWeights.data());
    for (int64_t query = 0; query < size; query++) {
      float *ofQuery = &weights[query * tileSize], *dOfQuery = &dWeights[query * tileSize];
      const int64_t computed = meeting.Last(query / blockRows * blockRows + blockRows - 1, keyCount);
      Exponentials(ofQuery, SeenBy(meeting, query, keyCount), computed, logSums[query]);
      for (int64_t i = 0; i < computed; i += W)
        Store(dOfQuery + i, Load(ofQuery + i) * (Load(dOfQuery + i) - lost[from + query]));
    }
    // Rows that fill up the last block; what stands there would reach the next tile's queries.
    const int64_t filled = RoundUp(size, blockRows);
    for (Floats* of : {&weights, &dWeights})
      std::memset(of->data() + size * tileSize, 0, (filled - size) * tileSize * sizeof(float));
    if constexpr (paired) {
      PairDown(weights.data(), filled, tileSize, weightsDown.data());
      PairDown(dWeights.data(), filled, tileSize, dWeightsDown.data());
      PairAlong(dWeights.data(), filled, tileSize, dWeightsAlong.data());
    }
    // Single floats are the same factors whichever way they are summed.
    const auto factors = [](Floats& pairs, Floats& singles) { return paired ? pairs.data() : singles.data(); };
    const float *down = factors(weightsDown, weights), *dDown = factors(dWeightsDown, dWeights);
    const float *along = factors(dWeightsAlong, dWeights);
    for (int64_t m = 0; m < keyCount; m += blockRows) {
      const Range inner{meeting.causal ? m / L::perLane : 0, LanesFor<L>(size)};
      RowsProduct<L, true>({down + m, 1, tileSize}, factors(dOutDown, dOut), width, inner, &dValues[m * width], width, width);
      RowsProduct<L, true>({dDown + m, 1, tileSize}, factors(qDown, q), width, inner, &dKeys[m * width], width, width);
    }
    constexpr int64_t step = tileSize / L::perLane;
    for (int64_t m = 0; m < size; m += blockRows)
      RowsProduct<L, true>({along + m * step, step, 1}, keysDown.data(), width,
                           {0, LanesFor<L>(meeting.Last(m + blockRows - 1, keyCount))}, &dQueries[(from + m) * width],
                           width, width);
  }

  // It saw itself alone, with weight 1.
  void OfPadding(int64_t place) {
    for (int64_t d = 0; d < hd; d++) {
      float sum = 0;
      for (int64_t head = 0; head < group; head++) sum += ToFloat(Out(a.dOut, head, place)[d]);
      FromFloat(sum, Key(a.dV, place) + d);
      FromFloat(0, Key(a.dK, place) + d);
    }
  }
};

template <class T>
void PackedGradients(const PackedAttention& a, int64_t row, int64_t kvHead) {
  const FlushDenormals flush;
  GradientPass<T>(a, row, kvHead).Run();
}

}  // namespace
