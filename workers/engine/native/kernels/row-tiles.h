// The tiles of one row of packed segments: which queries and keys meet. A tile lies within one segment, so that two of
// them meet wholly, along the diagonal, or not at all.
#pragma once
#include <algorithm>
#include <vector>

#include "packed-rows.h"

namespace {

// Queries or keys of a tile; a multiple of every W.
constexpr int64_t tileSize = 64;

struct Tile {
  int64_t from, to, segment, parent;
  // Place that position 0 of the segment has, or would have: segments that continue another begin later.
  int64_t origin;

  int64_t Size() const { return to - from; }
};

struct RowTiles {
  std::vector<Tile> tiles;
  std::vector<int64_t> padding;
  int64_t window;
};

inline RowTiles TilesOf(const PackedAttention& a, int64_t row) {
  const int32_t *segments = a.segments + row * a.length, *parents = a.parents + row * a.length;
  RowTiles found{{}, {}, a.window};
  for (int64_t from = 0, to; from < a.length; from = to) {
    to = from + 1;
    if (segments[from] == 0) {
      found.padding.push_back(from);
      continue;
    }
    const int64_t origin = from - a.positions[row * a.length + from];
    while (to < a.length && segments[to] == segments[from]) to++;
    for (int64_t start = from; start < to; start += tileSize)
      found.tiles.push_back({start, std::min(to, start + tileSize), segments[from], parents[from], origin});
  }
  return found;
}

// What query tile `q` sees of key tile `k`, by query and key as they are numbered in their tiles.
struct Meeting {
  bool any, causal;
  // The key at which the first query's window begins; that of the next begins one later.
  int64_t windowFrom;

  int64_t First(int64_t query) const { return std::max<int64_t>(0, windowFrom + query); }
  int64_t Last(int64_t query, int64_t keys) const { return causal ? std::min(keys, query + 1) : keys; }
};

inline Meeting Meet(const Tile& q, const Tile& k, int64_t window) {
  const bool own = q.segment == k.segment, parent = q.parent == k.segment && k.from < q.from;
  const int64_t position = q.from - q.origin;
  const int64_t windowFrom = window > 0 ? k.origin + position - window + 1 - k.from : -tileSize;
  const bool any = (own ? k.from <= q.from : parent) && windowFrom < k.Size();
  return {any, q.from == k.from, windowFrom};
}

}  // namespace
