// What the operations of register.cc share: the kernels of this processor, and the attributes, inputs and outputs of one
// call of TensorFlow.
#pragma once
#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels.h"
#include "pool.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_tensor.h"

namespace {

// TEMPER_KERNELS names a set to take instead of the best one, or `none`.
const Kernels* ChooseKernels() {
  __builtin_cpu_init();
  const char* set = std::getenv("TEMPER_KERNELS");
  const std::string wanted = set ? set : "avx512bf16";
  if (wanted == "none") return nullptr;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (wanted == "avx512bf16" && avx512 && __builtin_cpu_supports("avx512bf16")) return &avx512bf16Kernels;
  if (wanted != "avx2" && avx512) return &avx512Kernels;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2Kernels;
  return nullptr;
}

const Kernels* KernelsOfThisProcessor() {
  static const Kernels* const chosen = ChooseKernels();
  return chosen;
}

// Attributes of a node, read once.
struct Attributes {
  int64_t transposed = 0, transposedLeft = 0, biases = 0, residuals = 0, scattered = 0;
  int64_t length = 0, window = 0, heads = 0, kvHeads = 0, joined = 0, centred = 0, back = 0, rounded = 0;
  TF_DataType result = TF_FLOAT;
  float epsilon = 0, beta1 = 0, beta2 = 0;
};

template <class T>
T Attribute(TF_OpKernelConstruction* construction, const char* name) {
  TF_Status* status = TF_NewStatus();
  T value{};
  if constexpr (std::is_same_v<T, float>)
    TF_OpKernelConstruction_GetAttrFloat(construction, name, &value, status);
  else if constexpr (std::is_same_v<T, TF_DataType>)
    TF_OpKernelConstruction_GetAttrType(construction, name, &value, status);
  else
    TF_OpKernelConstruction_GetAttrInt64(construction, name, &value, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return value;
}

// Inputs and outputs of one call.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }

  TF_Tensor* Input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    tensors_.push_back(tensor);
    return tensor;
  }

  TF_DataType TypeOf(int input) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, input, &tensor, status_);
    const TF_DataType type = TF_TensorType(tensor);
    TF_DeleteTensor(tensor);
    return type;
  }

  // Null where TensorFlow has no room, which it reports itself.
  void* Output(TF_DataType type, std::vector<int64_t> shape, int index = 0) {
    size_t size = TF_DataTypeSize(type);
    for (int64_t dimension : shape) size *= dimension;
    return Made(TF_AllocateOutput(context_, index, type, shape.data(), static_cast<int>(shape.size()), size, status_));
  }

  // The first output, shaped like an input and in its memory where nobody else holds that: to be called before `Input`.
  void* OutputOver(int input) {
    TF_Tensor* like = nullptr;
    TF_GetInput(context_, input, &like, status_);
    std::vector<int64_t> shape;
    for (int i = 0; i < TF_NumDims(like); i++) shape.push_back(TF_Dim(like, i));
    TF_DeleteTensor(like);
    int forwarded = 0;
    return Made(TF_ForwardInputOrAllocateOutput(context_, &input, 1, 0, shape.data(), static_cast<int>(shape.size()),
                                                &forwarded, status_));
  }

  bool Require(bool holds, const char* rule) {
    if (holds) return true;
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, rule);
    TF_OpKernelContext_Failure(context_, status_);
    return false;
  }

 private:
  void* Made(TF_Tensor* output) {
    if (TF_GetCode(status_) != TF_OK) {
      TF_OpKernelContext_Failure(context_, status_);
      return nullptr;
    }
    tensors_.push_back(output);
    return TF_TensorData(output);
  }

  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};

template <class T>
T* Data(TF_Tensor* tensor) {
  return static_cast<T*>(TF_TensorData(tensor));
}

int64_t Size(TF_Tensor* tensor) { return TF_TensorElementCount(tensor); }

template <class T>
constexpr TF_DataType typeOf = std::is_same_v<T, float> ? TF_FLOAT : TF_BFLOAT16;

// f(kernels) with the kernels for tensors of `type`.
template <class F>
void WithKernelsFor(TF_DataType type, F f) {
  const Kernels& kernels = *KernelsOfThisProcessor();
  if (type == TF_BFLOAT16)
    f(kernels.bf16);
  else
    f(kernels.f32);
}

// Computes F(call, kernels) with the kernels for the type of the first input.
template <class F>
void OfType(void*, TF_OpKernelContext* context) {
  Call call(context);
  WithKernelsFor(call.TypeOf(0), [&](const auto& kernels) { F{}(call, kernels); });
}

}  // namespace
