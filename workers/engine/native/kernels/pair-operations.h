// Products in bf16 on processors that multiply it: TemperPairMatMul.
#pragma once
#include <algorithm>
#include <optional>

#include "call.h"

namespace {

// One factor with its rows or columns (`size`) and the places of the sum (`length`): the two dimensions of the matrix.
struct GivenFactor {
  PairFactor factor;
  int64_t size, length;
};

GivenFactor FactorOf(TF_Tensor* matrix, bool along) {
  const int64_t rows = TF_Dim(matrix, 0), columns = TF_Dim(matrix, 1);
  const PairFactor factor{TF_TensorData(matrix), TF_TensorType(matrix) == TF_FLOAT, along, columns};
  return {factor, along ? rows : columns, along ? columns : rows};
}

void* ReadPairs(TF_OpKernelConstruction* construction) {
  return new Attributes{.transposed = Attribute<int64_t>(construction, "transpose_b"),
                        .transposedLeft = Attribute<int64_t>(construction, "transpose_a"),
                        .biases = Attribute<int64_t>(construction, "biases"),
                        .residuals = Attribute<int64_t>(construction, "residuals"),
                        .scattered = Attribute<int64_t>(construction, "scattered"),
                        .result = Attribute<TF_DataType>(construction, "Ty")};
}

// Rows (n, width) of floats, of which those with the same id are one sum, in their order; no id below 0 counts.
class RowSums {
 public:
  RowSums(const float* rows, const int32_t* ids, int64_t n, int64_t width, int64_t height) : at_(height) {
    for (int64_t i = 0; i < n; i++)
      if (ids[i] >= 0) Add(rows + i * width, width, at_[ids[i]]);
  }

  // The sum for each of `height` ids, or null.
  const float* const* Data() const { return at_.data(); }

 private:
  void Add(const float* row, int64_t width, float*& at) {
    if (!at) {
      sums_.emplace_back(row, row + width);
      at = sums_.back().data();
      return;
    }
    for (int64_t i = 0; i < width; i++) at[i] += row[i];
  }

  std::vector<float*> at_;
  std::vector<std::vector<float>> sums_;
};

// The inputs after both factors, each where there is one: a bias (N), a residual (M, N), rows (n, N) and their ids (n).
class Addends {
 public:
  Addends(Call& call, const Attributes& read, PairProduct& product) {
    int next = 2;
    if (read.biases) {
      TF_Tensor* bias = call.Input(next++);
      if (!call.Require(Size(bias) == product.N, "TemperPairMatMul: the bias does not fit")) return;
      product.bias = Data<float>(bias);
    }
    if (read.residuals) {
      TF_Tensor* residual = call.Input(next++);
      if (!call.Require(Size(residual) == product.M * product.N, "TemperPairMatMul: the residual does not fit")) return;
      product.residual = {TF_TensorData(residual), TF_TensorType(residual) == TF_FLOAT};
    }
    if (read.scattered) {
      TF_Tensor *rows = call.Input(next), *ids = call.Input(next + 1);
      const auto *first = Data<int32_t>(ids), *end = first + Size(ids);
      const bool known = std::all_of(first, end, [&](int32_t id) { return id < product.M; });
      const bool fits = known && Size(rows) == Size(ids) * product.N;
      if (!call.Require(fits, "TemperPairMatMul: the rows do not fit")) return;
      product.rows = rows_.emplace(Data<float>(rows), first, Size(ids), product.N, product.M).Data();
    }
    fit_ = true;
  }

  explicit operator bool() const { return fit_; }

 private:
  std::optional<RowSums> rows_;
  bool fit_ = false;
};

// a, b and addends -> y (M, N), of floats or bf16.
void PairMatMul(void* opaque, TF_OpKernelContext* context) {
  Call call(context);
  const auto& read = *static_cast<Attributes*>(opaque);
  TF_Tensor *left = call.Input(0), *right = call.Input(1);
  if (!call.Require(TF_NumDims(left) == 2 && TF_NumDims(right) == 2, "TemperPairMatMul takes matrices")) return;
  const GivenFactor a = FactorOf(left, !read.transposedLeft), b = FactorOf(right, read.transposed);
  if (!call.Require(a.length == b.length && a.length > 0, "TemperPairMatMul: the inner sizes differ or are 0")) return;
  PairProduct product{a.factor, b.factor, a.size, b.size, a.length};
  const Addends addends(call, read, product);
  if (!addends) return;
  product.y = {call.Output(read.result, {a.size, b.size}), read.result == TF_FLOAT};
  if (product.y.values) KernelsOfThisProcessor()->pairs.multiply(product);
}

}  // namespace
