// Gradients of packed attention. The weights of a tile are computed again from queries, keys and the logarithms that the
// forward pass left; nothing of the size of all scores is ever held.
#pragma once
#include <type_traits>

#include "packed-attention.h"

namespace {

// What one head of keys and the queries that share it need on their way.
template <class T>
struct GradientPass {
  const PackedAttention& a;
  const RowTiles all;
  const int64_t hd, width, group, firstQuery, firstKey;
  const float scale;
  // Of one tile.
  Floats keyRows, keyColumns, valueColumns, q, dOut, weights, dWeights, dKeys, dValues;
  // Of all queries: gradients, and Σ dOut · out, which every score of a query loses.
  Floats dQueries, lost;

  GradientPass(const PackedAttention& attention, int64_t row, int64_t kvHead)
      : a(attention), all(TilesOf(attention, row)), hd(a.headDim), width(RoundUp(hd, W)), group(a.heads / a.kvHeads),
        firstQuery((row * a.heads + kvHead * group) * a.length), firstKey((row * a.kvHeads + kvHead) * a.length),
        scale(1.f / std::sqrt(static_cast<float>(hd))), keyRows(tileSize * width), keyColumns(tileSize * width),
        valueColumns(tileSize * width), q(tileSize * width), dOut(tileSize * width), weights(tileSize * tileSize),
        dWeights(tileSize * tileSize), dKeys(tileSize * width), dValues(tileSize * width),
        dQueries((group * a.length + blockRows) * width), lost(group * a.length) {}

  template <class P>
  static auto At(P* tensor, int64_t place, int64_t hd) {
    using Element = std::conditional_t<std::is_const_v<P>, const T, T>;
    return static_cast<Element*>(tensor) + place * hd;
  }

  void Run() {
    for (int64_t i = 0; i < group * a.length; i++) {
      const T *dOuts = At(a.dOut, firstQuery + i, hd), *outs = At(static_cast<const void*>(a.out), firstQuery + i, hd);
      for (int64_t d = 0; d < hd; d++) lost[i] += ToFloat(dOuts[d]) * ToFloat(outs[d]);
    }
    for (const Tile& keys : all.tiles) OfKeys(keys);
    for (int64_t place : all.padding) OfPadding(place);
    for (int64_t i = 0; i < group * a.length; i++) {
      for (int64_t d = 0; d < hd; d++) dQueries[i * width + d] *= scale;
      Narrow(&dQueries[i * width], At(a.dQ, firstQuery + i, hd), hd);
    }
  }

 private:
  void OfKeys(const Tile& keys) {
    const int64_t padded = RoundUp(keys.Size(), 8);
    Pack(At(a.v, firstKey + keys.from, hd), keys.Size(), hd, 1.f, keyRows.data(), width);
    Transpose(keyRows.data(), padded, width, valueColumns.data(), tileSize);
    Pack(At(a.k, firstKey + keys.from, hd), keys.Size(), hd, 1.f, keyRows.data(), width);
    Transpose(keyRows.data(), padded, width, keyColumns.data(), tileSize);
    for (Floats* sums : {&dKeys, &dValues}) std::memset(sums->data(), 0, tileSize * width * sizeof(float));
    for (int64_t head = 0; head < group; head++)
      for (const Tile& queries : all.tiles) {
        if (queries.from < keys.from) continue;
        const Meeting meeting = Meet(queries, keys, all.window);
        if (meeting.any) OfTile(head * a.length, queries, keys, meeting);
      }
    for (int64_t key = 0; key < keys.Size(); key++) {
      Narrow(&dKeys[key * width], At(a.dK, firstKey + keys.from + key, hd), hd);
      Narrow(&dValues[key * width], At(a.dV, firstKey + keys.from + key, hd), hd);
    }
  }

  // `head` is where the queries of a head begin in those of the group.
  void OfTile(int64_t head, const Tile& queries, const Tile& keys, const Meeting& meeting) {
    const int64_t size = queries.Size(), keyCount = keys.Size(), from = head + queries.from;
    Pack(At(a.q, firstQuery + from, hd), size, hd, scale, q.data(), width);
    Pack(At(a.dOut, firstQuery + from, hd), size, hd, 1.f, dOut.data(), width);
    Scores(q.data(), width, keyColumns.data(), meeting, size, keyCount, weights.data());
    Scores(dOut.data(), width, valueColumns.data(), meeting, size, keyCount, dWeights.data());
    for (int64_t query = 0; query < size; query++) {
      float *row = &weights[query * tileSize], *dRow = &dWeights[query * tileSize];
      const int64_t computed = meeting.Last(query / blockRows * blockRows + blockRows - 1, keyCount);
      Exponentials(row, SeenBy(meeting, query, keyCount), computed, a.logSums[firstQuery + from + query]);
      for (int64_t i = 0; i < computed; i += W)
        Store(dRow + i, Load(row + i) * (Load(dRow + i) - lost[from + query]));
    }
    for (int64_t m = 0; m < keyCount; m += blockRows) {
      const Range inner{meeting.causal ? m : 0, size};
      RowsProduct<true>({&weights[m], 1, tileSize}, dOut.data(), width, inner, &dValues[m * width], width, width);
      RowsProduct<true>({&dWeights[m], 1, tileSize}, q.data(), width, inner, &dKeys[m * width], width, width);
    }
    // Rows that fill up the last block are 0 in q and dOut; what stands there would reach the next tile's queries.
    for (int64_t query = size; query < RoundUp(size, blockRows); query++)
      std::memset(&dWeights[query * tileSize], 0, tileSize * sizeof(float));
    for (int64_t m = 0; m < size; m += blockRows)
      RowsProduct<true>({&dWeights[m * tileSize], tileSize, 1}, keyRows.data(), width,
                        {0, meeting.Last(m + blockRows - 1, keyCount)}, &dQueries[(from + m) * width], width, width);
  }

  // It saw itself alone, with weight 1.
  void OfPadding(int64_t place) {
    for (int64_t d = 0; d < hd; d++) {
      float sum = 0;
      for (int64_t head = 0; head < group; head++) sum += ToFloat(At(a.dOut, firstQuery + head * a.length + place, hd)[d]);
      FromFloat(sum, At(a.dV, firstKey + place, hd) + d);
      FromFloat(0, At(a.dK, firstKey + place, hd) + d);
    }
  }
};

template <class T>
void PackedGradients(const PackedAttention& a, int64_t row, int64_t kvHead) {
  const FlushDenormals flush;
  GradientPass<T>(a, row, kvHead).Run();
}

}  // namespace
