#pragma once

#include <napi.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"

template <typename T, void (*Delete)(T*)>
struct Deleter {
  void operator()(T* pointer) const { Delete(pointer); }
};
using Status = std::unique_ptr<TF_Status, Deleter<TF_Status, TF_DeleteStatus>>;
using Buffer = std::unique_ptr<TF_Buffer, Deleter<TF_Buffer, TF_DeleteBuffer>>;
using Tensor = std::unique_ptr<TF_Tensor, Deleter<TF_Tensor, TF_DeleteTensor>>;

// An Error whose `tensorflowCode` is the number of tsl/protobuf/error_codes.proto.
inline Napi::Error ErrorOf(Napi::Env env, int code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("tensorflowCode", Napi::Number::New(env, code));
  return error;
}

inline void ThrowUnlessOk(Napi::Env env, const Status& status) {
  if (TF_GetCode(status.get()) != TF_OK) throw ErrorOf(env, TF_GetCode(status.get()), TF_Message(status.get()));
}

inline Napi::Error InvalidArgument(Napi::Env env, const std::string& message) {
  return ErrorOf(env, TF_INVALID_ARGUMENT, message);
}

inline Napi::Uint8Array Bytes(Napi::Env env, Napi::Value value, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw InvalidArgument(env, std::string(what) + " must be a Uint8Array");
  }
  return value.As<Napi::Uint8Array>();
}

inline std::vector<int64_t> ShapeOf(Napi::Env env, Napi::Value value) {
  if (!value.IsArray()) throw InvalidArgument(env, "a shape must be an array of numbers");
  auto dimensions = value.As<Napi::Array>();
  std::vector<int64_t> shape(dimensions.Length());
  for (uint32_t k = 0; k < dimensions.Length(); k++) {
    shape[k] = Napi::Value(dimensions[k]).ToNumber().Int64Value();
    if (shape[k] < 0) throw InvalidArgument(env, "a dimension is negative");
  }
  return shape;
}

// Copies a typed array into a tensor; its bytes must be exactly those of the shape.
inline Tensor TensorOf(Napi::Env env, TF_DataType type, const std::vector<int64_t>& shape, Napi::Value value) {
  size_t size = TF_DataTypeSize(type);
  if (size == 0) throw InvalidArgument(env, "a feed has no fixed-size type");
  for (int64_t dimension : shape) {
    if (__builtin_mul_overflow(size, static_cast<size_t>(dimension), &size)) {
      throw InvalidArgument(env, "a shape is too large");
    }
  }
  if (!value.IsTypedArray()) throw InvalidArgument(env, "a feed must be a typed array");
  auto array = value.As<Napi::TypedArray>();
  if (array.ByteLength() != size) {
    throw InvalidArgument(env, "a feed has " + std::to_string(array.ByteLength()) + " bytes, its shape takes " +
                                   std::to_string(size));
  }
  Tensor tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), size));
  if (size > 0) {
    std::memcpy(TF_TensorData(tensor.get()), static_cast<char*>(array.ArrayBuffer().Data()) + array.ByteOffset(), size);
  }
  return tensor;
}

inline napi_typedarray_type ArrayTypeOf(Napi::Env env, TF_DataType type) {
  switch (type) {
    case TF_FLOAT: return napi_float32_array;
    case TF_INT32: return napi_int32_array;
    case TF_UINT8: case TF_BOOL: return napi_uint8_array;
    default: throw InvalidArgument(env, "no typed array holds an output of TensorFlow type " + std::to_string(type));
  }
}

// Copies a tensor out: what JavaScript holds never aliases a variable's or a constant's memory.
inline Napi::Object ValueOf(Napi::Env env, TF_Tensor* tensor) {
  auto shape = Napi::Array::New(env, TF_NumDims(tensor));
  for (int k = 0; k < TF_NumDims(tensor); k++) shape[static_cast<uint32_t>(k)] = Napi::Number::New(env, TF_Dim(tensor, k));
  size_t bytes = TF_TensorByteSize(tensor);
  auto type = ArrayTypeOf(env, TF_TensorType(tensor));
  auto buffer = Napi::ArrayBuffer::New(env, bytes);
  if (bytes > 0) std::memcpy(buffer.Data(), TF_TensorData(tensor), bytes);
  napi_value data;
  napi_status made = napi_create_typedarray(env, type, bytes / TF_DataTypeSize(TF_TensorType(tensor)), buffer, 0, &data);
  if (made != napi_ok) throw Napi::Error::New(env);
  auto value = Napi::Object::New(env);
  value.Set("shape", shape);
  value.Set("data", Napi::Value(env, data));
  return value;
}
