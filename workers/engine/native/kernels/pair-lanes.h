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
template <bool wide>
inline __m512i LanesAlong(const PairFactor& f, int64_t i, int64_t k, int64_t count) {
  const char* at = At(f, i, k);
  if (!wide) return _mm512_maskz_loadu_epi16(FirstOf32(count), at);
  const auto* p = reinterpret_cast<const float*>(at);
  return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(FirstOf16(count - 16), p + 16),
                                      _mm512_maskz_loadu_ps(FirstOf16(count), p));
}

// Two rows of sixteen, element by element.
inline __m512i PairsOf(__m256i first, __m256i second) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(first), _mm512_slli_epi32(_mm512_cvtepu16_epi32(second), 16));
}
inline __m512i PairsOf(__m512 first, __m512 second) { return (__m512i)Pair((V)first, (V)second); }

// The lane of a place, which lies at `first`, and the next one, which may not exist, for the sixteen rows or columns
// that are `there`.
template <bool wide>
inline __m512i LaneDown(const char* first, const char* next, __mmask16 there, bool second) {
  const __mmask16 alsoThere = second ? there : 0;
  if (wide) return PairsOf(_mm512_maskz_loadu_ps(there, first), _mm512_maskz_loadu_ps(alsoThere, next));
  return PairsOf(_mm256_maskz_loadu_epi16(there, first), _mm256_maskz_loadu_epi16(alsoThere, next));
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

// A lane of each column in `columns`, for its places k and k + 1, as a panel has them; panels are `apart`.
template <bool wide>
inline void PackLane(const PairFactor& b, Span columns, int64_t k, bool second, __m512i* to, int64_t apart) {
  constexpr int64_t size = wide ? 4 : 2;
  const char *at = At(b, columns.from, k), *next = at + b.step * size;
  for (int64_t left = columns.count; left > 0; to += apart)
    for (int v = 0; v < panelVectors16 && left > 0; v++, left -= 16, at += 16 * size, next += 16 * size)
      to[v] = LaneDown<wide>(at, next, FirstOf16(left), second);
}

// Sixteen columns of b from the `column`th on, of which `count` exist, and all their lanes.
template <bool wide>
inline void PackColumns(const PairFactor& b, int64_t column, int64_t count, Span places, __m512i* to) {
  const int64_t lanes = Ceiling(places.count, 2);
  for (int64_t lane = 0; lane < lanes; lane += 16) {
    __m512i rows[16];
    for (int64_t i = 0; i < 16; i++)
      rows[i] = i < count ? LanesAlong<wide>(b, column + i, places.from + 2 * lane, places.count - 2 * lane) : __m512i{};
    TransposeLanes(rows);
    for (int64_t i = 0; i < std::min<int64_t>(16, lanes - lane); i++) to[(lane + i) * panelVectors16] = rows[i];
  }
}

// The columns of b in `columns` and its places in `places`, as panels one after another.
template <bool wide>
inline void PackPanels(const PairFactor& b, Span columns, Span places, __m512i* panels) {
  const int64_t lanes = Ceiling(places.count, 2), size = lanes * panelVectors16;
  for (int64_t lane = 0; !b.along && lane < lanes; lane++) {
    const int64_t k = places.from + 2 * lane;
    for (int64_t later : {k + placesAhead, k + placesAhead + 1})
      AskFor(At(b, columns.from, later), columns.count * (wide ? 4 : 2));
    PackLane<wide>(b, columns, k, 2 * lane + 1 < places.count, panels + lane * panelVectors16, size);
  }
  for (int64_t j = 0; b.along && j < columns.count; j += 16)
    PackColumns<wide>(b, columns.from + j, columns.count - j, places, panels + j / panelWidth * size + j % panelWidth / 16);
}

inline void PackPanels(const PairFactor& b, Span columns, Span places, __m512i* panels) {
  b.wide ? PackPanels<true>(b, columns, places, panels) : PackPanels<false>(b, columns, places, panels);
}

// Rows of a, along: [row][`stride` lanes]; else [eight rows][lane][row].
template <bool wide>
inline void PackRows(const PairFactor& a, Span rows, Span places, int64_t stride, uint32_t* to) {
  constexpr int64_t size = wide ? 4 : 2;
  const int64_t lanes = Ceiling(places.count, 2);
  for (int64_t r = 0; a.along && r < rows.count; r++)
    for (int64_t lane = 0; lane < lanes; lane += 16) {
      const int64_t k = 2 * lane;
      _mm512_storeu_si512(to + r * stride + lane, LanesAlong<wide>(a, rows.from + r, places.from + k, places.count - k));
    }
  for (int64_t lane = 0; !a.along && lane < lanes; lane++) {
    const int64_t k = places.from + 2 * lane;
    for (int64_t later : {k + placesAhead, k + placesAhead + 1}) AskFor(At(a, rows.from, later), rows.count * size);
    const char *at = At(a, rows.from, k), *next = at + a.step * size;
    for (int64_t r = 0; r < rows.count; r += 16) {
      const bool second = 2 * lane + 1 < places.count;
      const __m512i both = LaneDown<wide>(at + r * size, next + r * size, FirstOf16(rows.count - r), second);
      uint32_t* eight = to + r * stride + lane * blockHeight;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(eight), _mm512_castsi512_si256(both));
      if (r + blockHeight >= rows.count) continue;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(eight + blockHeight * stride), _mm512_extracti64x4_epi64(both, 1));
    }
  }
}

inline void PackRows(const PairFactor& a, Span rows, Span places, int64_t stride, uint32_t* to) {
  a.wide ? PackRows<true>(a, rows, places, stride, to) : PackRows<false>(a, rows, places, stride, to);
}

}  // namespace
#endif
