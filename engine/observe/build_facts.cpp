#include "engine/observe/build_facts.h"

#include <archive.h>
#include <dnnl.h>
#include <fmt/core.h>
#include <gnu/libc-version.h>
#include <hwy/highway.h>
#include <hwy/targets.h>
#include <unicode/uversion.h>
#include <xxhash.h>

#include <nlohmann/json.hpp>

namespace cloze {
namespace {

std::string dotted(unsigned number, unsigned step) {  // 10203 with step 100: 1.2.3
  return fmt::format("{}.{}.{}", number / (step * step), number / step % step, number % step);
}

std::string icu_version() {
  UVersionInfo version;
  char text[U_MAX_VERSION_STRING_LENGTH];
  u_getVersion(version);
  u_versionToString(version, text);
  return text;
}

std::string one_dnn_version() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

std::vector<std::pair<std::string, std::string>> libraries() {
  return {{"oneDNN", one_dnn_version()},
          {"ICU", icu_version()},
          {"libarchive", std::string(archive_version_details()).substr(sizeof "libarchive")},
          {"xxHash", dotted(XXH_versionNumber(), 100)},
          {"Highway", fmt::format("{}.{}.{}", HWY_MAJOR, HWY_MINOR, HWY_PATCH)},
          {"fmt", dotted(FMT_VERSION, 100)},
          {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                        NLOHMANN_JSON_VERSION_PATCH)},
          {"glibc", gnu_get_libc_version()}};
}

std::string unused(std::string_view version) {
  return version.empty() ? "not used by this version" : fmt::format("{}, not used by this version", version);
}

std::vector<std::pair<std::string, std::string>> nvidia(bool cuda) {
  const auto linked = [&](const char* version) { return cuda ? version : "not part of this build"; };
  return {{"CUDA toolkit", linked(CLOZE_CUDA_VERSION)},
          {"cuBLAS", linked(CLOZE_CUBLAS_VERSION)},
          {"cuDNN", unused(CLOZE_CUDNN_VERSION)},
          {"NCCL", unused(CLOZE_NCCL_VERSION)}};
}

std::string name_of_isa(dnnl_cpu_isa_t isa) {
  switch (isa) {
    case dnnl_cpu_isa_sse41:
      return "SSE4.1";
    case dnnl_cpu_isa_avx:
      return "AVX";
    case dnnl_cpu_isa_avx2:
      return "AVX2";
    case dnnl_cpu_isa_avx512_core:
      return "AVX-512";
    case dnnl_cpu_isa_avx512_core_vnni:
      return "AVX-512 with VNNI";
    case dnnl_cpu_isa_avx512_core_bf16:
      return "AVX-512 with VNNI and bf16";
    case dnnl_cpu_isa_avx512_core_amx:
      return "AVX-512 with VNNI, bf16 and AMX";
    default:
      return fmt::format("what oneDNN numbers {:#x}", static_cast<unsigned>(isa));
  }
}

}  // namespace

BuildFacts build_facts() {
  constexpr bool cuda = CLOZE_BUILT_WITH_CUDA;
  return {.version = CLOZE_VERSION,
          .compiler = CLOZE_COMPILER,
          .kind = CLOZE_BUILD_KIND,
          .sanitizers = CLOZE_SANITIZERS,
          .cuda = cuda,
          .nvidia = nvidia(cuda),
          .libraries = libraries()};
}

std::string kernel_target() {
  const int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;  // the lowest bit is the best
  return hwy::TargetName(supported & -supported);
}

std::string matmul_library_target() {
  return name_of_isa(dnnl_get_effective_cpu_isa());
}

}  // namespace cloze
