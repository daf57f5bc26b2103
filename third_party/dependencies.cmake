# How each dependency is found: the distribution's package first (packages: third_party/install_packages.sh), else a pinned
# download where the library builds well as a subproject. No source is kept in the tree.
include(FetchContent)

# cloze_find(PACKAGE TARGET REPOSITORY TAG): find_package, else fetch REPOSITORY at TAG.
macro(cloze_find package target repository tag)
  find_package(${package} QUIET)
  if(NOT TARGET ${target})
    message(STATUS "Cloze: ${package} is not installed; fetching ${tag}")
    string(TOLOWER ${package} cloze_fetch_name)
    FetchContent_Declare(${cloze_fetch_name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW TRUE)
    FetchContent_MakeAvailable(${cloze_fetch_name})
  endif()
endmacro()

cloze_find(fmt fmt::fmt https://github.com/fmtlib/fmt.git 9.1.0)
cloze_find(spdlog spdlog::spdlog https://github.com/gabime/spdlog.git v1.10.0)
cloze_find(nlohmann_json nlohmann_json::nlohmann_json https://github.com/nlohmann/json.git v3.11.2)
cloze_find(CLI11 CLI11::CLI11 https://github.com/CLIUtils/CLI11.git v2.1.2)

# Debian's dnnl-config.cmake insists on an OpenCL that Cloze has no use for: look for the library itself first.
find_path(CLOZE_DNNL_INCLUDE dnnl.h)
find_library(CLOZE_DNNL_LIBRARY dnnl)
if(CLOZE_DNNL_INCLUDE AND CLOZE_DNNL_LIBRARY)
  add_library(DNNL::dnnl UNKNOWN IMPORTED GLOBAL)
  set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${CLOZE_DNNL_LIBRARY}
                                              INTERFACE_INCLUDE_DIRECTORIES ${CLOZE_DNNL_INCLUDE})
else()
  cloze_find(dnnl DNNL::dnnl https://github.com/oneapi-src/oneDNN.git v2.6.3)
endif()

find_package(yaml-cpp QUIET)
if(NOT TARGET yaml-cpp AND NOT TARGET yaml-cpp::yaml-cpp)
  cloze_find(yaml-cpp yaml-cpp::yaml-cpp https://github.com/jbeder/yaml-cpp.git 0.8.0)
endif()
if(NOT TARGET yaml-cpp::yaml-cpp)  # before 0.8 the target had no namespace
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

# Highway's Debian package ships a pkg-config file only.
find_package(hwy QUIET)
if(NOT TARGET hwy::hwy)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(hwy QUIET IMPORTED_TARGET libhwy)
  if(TARGET PkgConfig::hwy)
    add_library(hwy::hwy ALIAS PkgConfig::hwy)
  else()
    cloze_find(highway hwy https://github.com/google/highway.git 1.0.3)
    add_library(hwy::hwy ALIAS hwy)
  endif()
endif()

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(LibArchive REQUIRED)
# The distributions' package alone will do: upstream's own build leaves out the type information that a subclass needs.
find_package(leveldb REQUIRED)

# The distributions' package alone will do: upstream has no releases.
find_package(Gloo REQUIRED)

find_package(PkgConfig REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

if(CLOZE_TESTS)
  cloze_find(GTest GTest::gtest https://github.com/google/googletest.git release-1.12.1)
endif()
if(CLOZE_TESTS AND NOT CLOZE_SANITIZE)  # the fibers of tests/simt
  find_package(Boost CONFIG QUIET COMPONENTS context)
  if(NOT TARGET Boost::context)
    message(FATAL_ERROR "Cloze: the tests need Boost.Context. Run third_party/install_packages.sh --tests, "
                        "or configure with -DCLOZE_TESTS=OFF")
  endif()
endif()
if(CLOZE_BENCHMARKS)
  cloze_find(benchmark benchmark::benchmark https://github.com/google/benchmark.git v1.7.1)
endif()
