// Factors of bf16 in lanes: the 32 bits of a lane hold two neighbours along the sum, which the processor multiplies and
// adds in one go. Panels of a factor b lie as [lane][48 columns], rows of a factor a as [row][lane] or [lane][8 rows].
#pragma once
#include <algorithm>

#include "pair-product.h"
#include "pairs.h"

#if defined(__AVX512BF16__)
namespace {

constexpr int64_t blockHeight = 8, panelVectors16 = 3, panelWidth = panelVectors16 * 16;

inline int64_t Ceiling(int64_t count, int64_t each) { return (count + each - 1) / each; }

inline __mmask16 FirstOf16(int64_t count) { return count >= 16 ? 0xffff : count <= 0 ? 0 : (1u << count) - 1; }
inline __mmask32 FirstOf32(int64_t count) { return count >= 32 ? ~0u : (1u << count) - 1; }

inline const char* At(const PairFactor& f, int64_t i, int64_t k) {
  return static_cast<const char*>(f.values) + (f.along ? i * f.step + k : k * f.step + i) * (f.wide ? 4 : 2);
}

// Sixteen lanes of row i from place k on, of which `count` places exist.
inline __m512i LanesAlong(const PairFactor& f, int64_t i, int64_t k, int64_t count) {
  if (!f.wide) return _mm512_maskz_loadu_epi16(FirstOf32(count), At(f, i, k));
  const auto* p = reinterpret_cast<const float*>(At(f, i, k));
  return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(FirstOf16(count - 16), p + 16),
                                      _mm512_maskz_loadu_ps(FirstOf16(count), p));
}

// Two rows of sixteen, element by element.
inline __m512i PairsOf(__m256i first, __m256i second) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(first), _mm512_slli_epi32(_mm512_cvtepu16_epi32(second), 16));
}
inline __m512i PairsOf(__m512 first, __m512 second) { return (__m512i)Pair((V)first, (V)second); }

// The lane of places k and k + 1, of which the second may not exist, for the `count` rows or columns from i on.
inline __m512i LaneDown(const PairFactor& f, int64_t i, int64_t k, int64_t count, bool second) {
  const __mmask16 there = FirstOf16(count), alsoThere = second ? there : 0;
  if (!f.wide)
    return PairsOf(_mm256_maskz_loadu_epi16(there, At(f, i, k)), _mm256_maskz_loadu_epi16(alsoThere, At(f, i, k + 1)));
  return PairsOf(_mm512_maskz_loadu_ps(there, At(f, i, k)), _mm512_maskz_loadu_ps(alsoThere, At(f, i, k + 1)));
}

// Sixteen rows of lanes become sixteen columns: by lanes, by pairs of them, by quarters of a register twice.
inline void TransposeLanes(__m512i* rows) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; j++) {
      rows[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + 2 + j]);
      rows[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + 2 + j]);
    }
  for (int i = 0; i < 16; i += 8)
    for (int j = 0; j < 4; j++) {
      t[i + j] = _mm512_shuffle_i32x4(rows[i + j], rows[i + 4 + j], 0x88);
      t[i + 4 + j] = _mm512_shuffle_i32x4(rows[i + j], rows[i + 4 + j], 0xdd);
    }
  for (int j = 0; j < 8; j++) {
    rows[j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0x88);
    rows[8 + j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0xdd);
  }
}

// Rows that lie far apart are not foreseen by the processor: they are asked for so many places before.
constexpr int64_t placesAhead = 16;

inline void AskFor(const char* from, int64_t bytes) {
  for (int64_t at = 0; at < bytes; at += 64) _mm_prefetch(from + at, _MM_HINT_T0);
}

struct Span {
  int64_t from, count;
};

// The columns of b in `columns` and its places in `places`, as panels one after another.
inline void PackPanels(const PairFactor& b, Span columns, Span places, __m512i* panels) {
  const int64_t lanes = Ceiling(places.count, 2), bytes = columns.count * (b.wide ? 4 : 2);
  auto at = [&](int64_t lane, int64_t column) {
    return panels + (column / panelWidth * lanes + lane) * panelVectors16 + column % panelWidth / 16;
  };
  for (int64_t lane = 0; !b.along && lane < lanes; lane++) {
    const int64_t k = places.from + 2 * lane;
    for (int64_t later : {k + placesAhead, k + placesAhead + 1}) AskFor(At(b, columns.from, later), bytes);
    for (int64_t j = 0; j < columns.count; j += 16)
      *at(lane, j) = LaneDown(b, columns.from + j, k, columns.count - j, 2 * lane + 1 < places.count);
  }
  for (int64_t j = 0; b.along && j < columns.count; j += 16)
    for (int64_t lane = 0; lane < lanes; lane += 16) {
      __m512i rows[16] = {};
      for (int64_t i = 0; i < std::min<int64_t>(16, columns.count - j); i++)
        rows[i] = LanesAlong(b, columns.from + j + i, places.from + 2 * lane, places.count - 2 * lane);
      TransposeLanes(rows);
      for (int64_t i = 0; i < std::min<int64_t>(16, lanes - lane); i++) *at(lane + i, j) = rows[i];
    }
}

// Rows of a, along: [row][`stride` lanes]; else [eight rows][lane][row].
inline void PackRows(const PairFactor& a, Span rows, Span places, int64_t stride, uint32_t* to) {
  const int64_t lanes = Ceiling(places.count, 2);
  for (int64_t r = 0; a.along && r < rows.count; r++)
    for (int64_t lane = 0; lane < lanes; lane += 16) {
      const int64_t k = 2 * lane;
      _mm512_storeu_si512(to + r * stride + lane, LanesAlong(a, rows.from + r, places.from + k, places.count - k));
    }
  for (int64_t lane = 0; !a.along && lane < lanes; lane++) {
    const int64_t k = places.from + 2 * lane;
    for (int64_t later : {k + placesAhead, k + placesAhead + 1})
      AskFor(At(a, rows.from, later), rows.count * (a.wide ? 4 : 2));
    for (int64_t r = 0; r < rows.count; r += 16) {
      const __m512i both = LaneDown(a, rows.from + r, k, rows.count - r, 2 * lane + 1 < places.count);
      uint32_t* at = to + r * stride + lane * blockHeight;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), _mm512_castsi512_si256(both));
      if (r + blockHeight >= rows.count) continue;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(at + blockHeight * stride), _mm512_extracti64x4_epi64(both, 1));
    }
  }
}

}  // namespace
#endif
