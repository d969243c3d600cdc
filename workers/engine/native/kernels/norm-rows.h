#pragma once
#include <cstdint>

// x, y, dY, dX (rows, width); weight, bias (width); means, inverses (rows): mean and 1 / deviation of a row, or 1 / root
// mean square where it is not centred.
struct NormRows {
  const float *x, *weight, *bias, *dY;
  float *y, *means, *inverses, *dX;
  int64_t width;
  float epsilon;
  bool centred;
};
