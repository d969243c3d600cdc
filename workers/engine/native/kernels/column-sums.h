// Sums over the rows of a matrix: what gradients of biases are.
#pragma once
#include "places.h"

namespace {

// Adds rows [0, rows) of x (…, width) to sums (width).
template <class T>
void ColumnSums(const T* x, int64_t rows, int64_t width, float* sums) {
  // So many rows that reading and writing the sums costs little.
  constexpr int64_t together = 8;
  for (int64_t row = 0; row < rows; row += together) {
    const int64_t last = row + together < rows ? row + together : rows;
    EachPlace(width, [&](int64_t i, auto kind) {
      auto sum = Read(sums + i, kind);
      for (int64_t r = row; r < last; r++) sum += Read(x + r * width + i, kind);
      Write(sums + i, sum);
    });
  }
}

}  // namespace
