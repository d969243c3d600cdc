// Products in bf16 on processors that multiply it: TemperPairMatMul.
#pragma once
#include "call.h"

namespace {

// One factor, whose rows or columns (`size`) and places of the sum (`length`) are the matrix's first dimension or its second.
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
                        .result = Attribute<TF_DataType>(construction, "Ty")};
}

// a, b, then a bias (N) and a residual (M, N), each where there is one -> y (M, N), of floats or bf16.
void PairMatMul(void* opaque, TF_OpKernelContext* context) {
  Call call(context);
  const auto* read = static_cast<Attributes*>(opaque);
  TF_Tensor *left = call.Input(0), *right = call.Input(1);
  if (!call.Require(TF_NumDims(left) == 2 && TF_NumDims(right) == 2, "TemperPairMatMul takes matrices")) return;
  const GivenFactor a = FactorOf(left, !read->transposedLeft), b = FactorOf(right, read->transposed);
  if (!call.Require(a.length == b.length && a.length > 0, "TemperPairMatMul: the inner sizes differ or are 0")) return;
  PairProduct product{a.factor, b.factor, a.size, b.size, a.length};
  if (read->biases) {
    TF_Tensor* bias = call.Input(2);
    if (!call.Require(Size(bias) == b.size, "TemperPairMatMul: the bias does not fit")) return;
    product.bias = Data<float>(bias);
  }
  if (read->residuals) {
    TF_Tensor* residual = call.Input(2 + read->biases);
    if (!call.Require(Size(residual) == a.size * b.size, "TemperPairMatMul: the residual does not fit")) return;
    product.residual = {TF_TensorData(residual), TF_TensorType(residual) == TF_FLOAT};
  }
  product.y = {call.Output(read->result, {a.size, b.size}), read->result == TF_FLOAT};
  if (product.y.values) KernelsOfThisProcessor()->pairs.multiply(product);
}

}  // namespace
