#include "kernels/attention/cudnn_library.h"

#include <cudnn.h>

#include "kernels/common/toolkit_library.h"

namespace cloze {
namespace {

constexpr ToolkitLibrary in_toolkit{.name = "cuDNN",
                                    .purpose = "computes attention where a run asks for it",
                                    .file = "libcudnn.so",
                                    .product = "cuDNN 9",
                                    .package = "libcudnn9-cuda",
                                    .wheel = "nvidia-cudnn-cu13",
                                    .version = CUDNN_MAJOR};

struct Functions {
  decltype(&cudnnCreate) create;
  decltype(&cudnnDestroy) destroy;
  decltype(&cudnnSetStream) set_stream;
  decltype(&cudnnGetStream) get_stream;
  decltype(&cudnnGetVersion) get_version;
  decltype(&cudnnGetErrorString) error_string;
  decltype(&cudnnGetLastErrorString) last_error_string;
  decltype(&cudnnBackendCreateDescriptor) create_descriptor;
  decltype(&cudnnBackendDestroyDescriptor) destroy_descriptor;
  decltype(&cudnnBackendSetAttribute) set_attribute;
  decltype(&cudnnBackendGetAttribute) get_attribute;
  decltype(&cudnnBackendFinalize) finalize;
  decltype(&cudnnBackendExecute) execute;
};

Functions find_functions(const std::string& file) {
  const LoadedLibrary library(in_toolkit, file);
  Functions found;
  library.find(found.create, "cudnnCreate");
  library.find(found.destroy, "cudnnDestroy");
  library.find(found.set_stream, "cudnnSetStream");
  library.find(found.get_stream, "cudnnGetStream");
  library.find(found.get_version, "cudnnGetVersion");
  library.find(found.error_string, "cudnnGetErrorString");
  library.find(found.last_error_string, "cudnnGetLastErrorString");
  library.find(found.create_descriptor, "cudnnBackendCreateDescriptor");
  library.find(found.destroy_descriptor, "cudnnBackendDestroyDescriptor");
  library.find(found.set_attribute, "cudnnBackendSetAttribute");
  library.find(found.get_attribute, "cudnnBackendGetAttribute");
  library.find(found.finalize, "cudnnBackendFinalize");
  library.find(found.execute, "cudnnBackendExecute");
  return found;
}

const Functions& functions() {
  static const Functions loaded = open_of_toolkit(in_toolkit, find_functions);
  return loaded;
}

}  // namespace

void load_cudnn() {
  functions();
}
void load_cudnn(const std::string& file) {
  find_functions(file);
}

std::string cudnn_version() {
  const size_t version = functions().get_version();  // 91900
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

}  // namespace cloze

using cloze::functions;

extern "C" {
cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  return functions().create(handle);
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return functions().destroy(handle);
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return functions().set_stream(handle, stream);
}
cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, cudaStream_t* stream) {
  return functions().get_stream(handle, stream);
}
size_t cudnnGetVersion() {
  return functions().get_version();
}
const char* cudnnGetErrorString(cudnnStatus_t status) {
  return functions().error_string(status);
}
void cudnnGetLastErrorString(char* message, size_t max_size) {
  functions().last_error_string(message, max_size);
}
cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t* descriptor) {
  return functions().create_descriptor(type, descriptor);
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  return functions().destroy_descriptor(descriptor);
}
cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count, const void* values) {
  return functions().set_attribute(descriptor, name, type, count, values);
}
cudnnStatus_t cudnnBackendGetAttribute(const cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                       int64_t room, int64_t* count, void* values) {
  return functions().get_attribute(descriptor, name, type, room, count, values);
}
cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  return functions().finalize(descriptor);
}
cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t pointers) {
  return functions().execute(handle, plan, pointers);
}
}
