// Products in bf16. One factor is read once, a strip at a time, and its next strip is on its way from memory meanwhile;
// the other one stays in the cache. A sum runs in one order whatever the sizes M and N and the threads.
#pragma once
#include <cstdlib>
#include <memory>

#include "pair-tile.h"
#include "pool.h"

namespace {

// Memory that begins at a cache line and is kept from one product to the next.
class Lanes {
 public:
  uint32_t* Of(int64_t count) {
    if (count > size_) {
      const int64_t bytes = Ceiling(count, 16) * 64;
      lanes_.reset(static_cast<uint32_t*>(std::aligned_alloc(64, bytes)));
      size_ = bytes / 4;
    }
    return lanes_.get();
  }

 private:
  struct Free {
    void operator()(uint32_t* lanes) const { std::free(lanes); }
  };
  std::unique_ptr<uint32_t, Free> lanes_;
  int64_t size_ = 0;
};

// Of the thread that works on a strip, and of the one that called.
thread_local Lanes strip, resident, partialSums;

// Places of a sum that are taken at once, and rows of a in a strip.
constexpr int64_t longestPart = 2048, stripHeight = 64;
// From so many rows on, packing all of b first takes little of the time. Panels are packed two by two.
constexpr int64_t manyRows = 1024, panelsPacked = 2;

// One part of the sum, and the places that come after it.
class Part {
 public:
  Part(const PairProduct& p, Span places, int64_t later, Sums to)
      : p_(p), places_(places), later_{places.from + places.count, later}, to_(to) {}

  // What lies as the processor reads it needs no packing.
  bool Direct() const {
    const bool even = p_.a.step % 2 == 0 && places_.count % 2 == 0;
    return p_.a.along && !p_.a.wide && even && reinterpret_cast<uintptr_t>(p_.a.values) % 4 == 0;
  }

  void ByColumns() const {
    const Block a = Rows({0, p_.M}, resident);
    // A row that is in the cache meets several panels, as long as there are strips enough for all threads.
    const int64_t atOnce = std::clamp<int64_t>(Panels() / (4 * PoolSize()), 1, 4), strips = Ceiling(Panels(), atOnce);
    const int64_t calls = atOnce * Ceiling(p_.M, blockHeight) * Ceiling(lanes_, lanesAtOnce);
    // Too few strips for all threads: rows are split too, and each piece packs the strip for itself.
    const int64_t pieces = std::clamp<int64_t>(Ceiling(2 * PoolSize(), strips), 1, Ceiling(p_.M, stripHeight));
    const int64_t height = RoundToBlocks(Ceiling(p_.M, pieces));
    ParallelFor(strips * Ceiling(p_.M, height), [&](int64_t task) {
      const int64_t i = task % strips;
      const Span rows = Strip(p_.M, height, task / strips);
      auto* b = reinterpret_cast<__m512i*>(strip.Of(atOnce * lanes_ * panelWidth));
      const Span panels = Strip(Panels(), atOnce, i);
      PackPanels(p_.b, Strip(p_.N, atOnce * panelWidth, i), places_, b);
      const int64_t next = i + PoolSize();
      Ahead ahead;
      if (next < strips || later_.count > 0)
        ahead = Ahead(p_.b, Strip(p_.N, atOnce * panelWidth, next % strips), next < strips ? places_ : later_, calls);
      Multiply({a.lanes + rows.from * a.row, a.row}, rows, b, panels, ahead);
    });
  }

  void ByRows() const {
    const int64_t panels = Panels(), height = std::min(stripHeight, RoundToBlocks(Ceiling(p_.M, 2 * PoolSize())));
    const int64_t strips = Ceiling(p_.M, height);
    auto* b = reinterpret_cast<__m512i*>(resident.Of(panels * lanes_ * panelWidth));
    ParallelFor(Ceiling(panels, panelsPacked), [&](int64_t i) {
      PackPanels(p_.b, Strip(p_.N, panelsPacked * panelWidth, i), places_, b + i * panelsPacked * PanelSize());
    });
    ParallelFor(strips, [&](int64_t i) {
      const Span rows = Strip(p_.M, height, i);
      const Block a = Rows(rows, strip);
      const int64_t next = i + PoolSize(), calls = panels * (height / blockHeight) * Ceiling(lanes_, lanesAtOnce);
      Ahead ahead;
      if (next < strips) ahead = Ahead(p_.a, Strip(p_.M, height, next), places_, calls);
      Multiply(a, rows, b, {0, panels}, ahead);
    });
  }

 private:
  static int64_t RoundToBlocks(int64_t rows) { return Ceiling(rows, blockHeight) * blockHeight; }
  int64_t Panels() const { return Ceiling(p_.N, panelWidth); }
  int64_t PanelSize() const { return lanes_ * panelVectors16; }
  static Span Strip(int64_t count, int64_t each, int64_t i) { return {i * each, std::min(each, count - i * each)}; }

  Block Rows(Span rows, Lanes& memory) const {
    if (Direct()) return {reinterpret_cast<const uint32_t*>(At(p_.a, rows.from, places_.from)), p_.a.step / 2};
    // Vectors that are stored whole reach a little further.
    const int64_t stride = lanes_ + 16;
    uint32_t* to = memory.Of((rows.count + 16) * stride);
    ParallelFor(Ceiling(rows.count, stripHeight), [&](int64_t i) {
      const int64_t from = i * stripHeight;
      PackRows(p_.a, {rows.from + from, std::min(stripHeight, rows.count - from)}, places_, stride, to + from * stride);
    });
    return {to, stride};
  }

  // Rows of a with `panels`, which lie at b: eight rows with all of them, so that these rows stay in the cache.
  void Multiply(Block a, Span rows, const __m512i* b, Span panels, Ahead& ahead) const {
    p_.a.along ? MultiplyBlocks<false>(a, rows, b, panels, ahead) : MultiplyBlocks<true>(a, rows, b, panels, ahead);
  }

  template <bool packed>
  void MultiplyBlocks(Block a, Span rows, const __m512i* b, Span panels, Ahead& ahead) const {
    for (int64_t m = 0; m < rows.count; m += blockHeight, a.lanes += blockHeight * a.row)
      for (int64_t j = 0; j < panels.count; j++) {
        const Place place{rows.from + m, (panels.from + j) * panelWidth};
        PairTiles<packed>(place, std::min(blockHeight, rows.count - m), a, b + j * PanelSize(), lanes_, to_, ahead);
      }
  }

  const PairProduct& p_;
  const Span places_, later_;
  const int64_t lanes_ = Ceiling(places_.count, 2);
  const Sums to_;
};

void MultiplyPairs(const PairProduct& p) {
  const int64_t parts = Ceiling(p.K, longestPart), each = Ceiling(Ceiling(p.K, parts), 32) * 32;
  const int64_t stride = Ceiling(p.N, 16) * 16;
  auto* partial = parts > 1 ? reinterpret_cast<float*>(partialSums.Of(p.M * stride)) : nullptr;
  for (int64_t from = 0; from < p.K; from += each) {
    const int64_t count = std::min(each, p.K - from), later = std::min(each, p.K - from - count);
    const Part part(p, {from, count}, later, {p, partial, stride, from == 0, later == 0});
    // Many rows, which are written one after another then, or rows that must be packed.
    p.M > (part.Direct() ? std::min(4 * p.N, manyRows) : p.N) ? part.ByRows() : part.ByColumns();
  }
}

}  // namespace
