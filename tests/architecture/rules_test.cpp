// The checker on made-up files: each rule finds what breaks it and lets pass what does not.
#include "tests/architecture/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cloze::architecture {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(IncludeRule, LetsARoomIncludeItselfAndLowerRows) {
  EXPECT_THAT(check_file("engine/ops/gelu.cpp",
                         "#include \"engine/ops/gelu.h\"\n#include \"engine/graph/op.h\"\n#include <vector>\n"
                         "#include \"kernels/activation/gelu.h\"\n#include \"engine/base/error.h\"\n"),
              IsEmpty());
  EXPECT_THAT(check_file("engine/cli/main.cpp", "#include \"engine/train/loop.h\"\n"), IsEmpty());
}

TEST(IncludeRule, RefusesAnUpwardInclude) {
  EXPECT_THAT(check_file("engine/graph/op.h", "#pragma once\n\n#include \"engine/runtime/program.h\"\n"),
              ElementsAre(HasSubstr("engine/graph/op.h:3: include of engine/runtime/program.h goes up")));
}

TEST(IncludeRule, RefusesASidewaysInclude) {
  EXPECT_THAT(check_file("engine/data/reader.cpp", "#  include \"engine/model/bert.h\"\n"),
              ElementsAre(HasSubstr("goes sideways")));
  EXPECT_THAT(check_file("engine/config/yaml.cpp", "#include <kernels/common/tensor.h>\n"),
              ElementsAre(HasSubstr("goes sideways")));
}

TEST(IncludeRule, TreatsASubfolderAsItsRoom) {
  EXPECT_THAT(check_file("engine/data/sample/a.cpp", "#include \"kernels/common/philox.h\"\n"), IsEmpty());
  EXPECT_THAT(check_file("engine/data/sample/a.cpp", "#include \"engine/train/loop.h\"\n"),
              ElementsAre(HasSubstr("goes up: data may not know train")));
}

TEST(IncludeRule, KeepsKernelsApartFromTheEngine) {
  EXPECT_THAT(check_file("kernels/rows/rows_cpu.cpp", "#include \"engine/base/error.h\"\n"),
              ElementsAre(HasSubstr("knows nothing of engine")));
  EXPECT_THAT(check_file("tests/kernels/rows_test.cpp", "#include \"engine/base/error.h\"\n"),
              ElementsAre(HasSubstr("knows nothing of engine")));
  EXPECT_THAT(check_file("kernels/rows/rows_cpu.cpp", "#include \"kernels/common/tensor.h\"\n"), IsEmpty());
}

TEST(IncludeRule, LetsNobodyButTestsIncludeTests) {
  EXPECT_THAT(check_file("engine/base/error.cpp", "#include \"tests/base/helper.h\"\n"),
              ElementsAre(HasSubstr("reaches into tests/")));
  EXPECT_THAT(check_file("kernels/rows/rows_cpu.cpp", "#include \"tests/simt/fiber.h\"\n"),
              ElementsAre(HasSubstr("reaches into tests/")));
  EXPECT_THAT(check_file("tests/base/error_test.cpp", "#include \"tests/base/helper.h\"\n"), IsEmpty());
}

TEST(IncludeRule, HoldsTestsOfARoomToWhatTheRoomMayInclude) {
  EXPECT_THAT(check_file("tests/graph/graph_test.cpp", "#include \"engine/graph/graph.h\"\n"), IsEmpty());
  EXPECT_THAT(check_file("tests/graph/graph_test.cpp", "#include \"engine/ops/gelu.h\"\n"),
              ElementsAre(HasSubstr("goes up")));
  EXPECT_THAT(check_file("tests/end_to_end/quickstart_test.cpp", "#include \"engine/cli/commands.h\"\n"),
              IsEmpty());
}

TEST(IncludeRule, WantsPathsFromTheRoot) {
  EXPECT_THAT(check_file("engine/base/file.cpp", "#include \"../base/file.h\"\n#include \"file.h\"\n"),
              ElementsAre(HasSubstr("file.cpp:1: "), HasSubstr("file.cpp:2: ")));
}

TEST(IncludeRule, IgnoresCommentsAndText) {
  EXPECT_THAT(check_file("engine/base/file.cpp",
                         "// #include \"engine/cli/main.h\"\n/*\n#include \"engine/cli/main.h\"\n*/\n"
                         "const char* text = R\"x(\n#include\n)x\";\n"),
              IsEmpty());
}

TEST(RoomRule, KnowsAllRooms) {
  EXPECT_THAT(check_file("engine/utils/misc.h", "#pragma once\n"),
              ElementsAre(HasSubstr("`utils` is no room")));
  EXPECT_THAT(check_file("tests/utils/misc.h", "#pragma once\n"),
              ElementsAre(HasSubstr("`utils` is no room")));
}

TEST(LengthRule, CountsLines) {
  std::string text;
  for (int i = 0; i < longest_file; ++i) text += "int x;\n";
  EXPECT_THAT(check_file("engine/base/a.cpp", text), IsEmpty());
  text += "int y;\n";
  EXPECT_THAT(check_file("engine/base/a.cpp", text), ElementsAre(HasSubstr("501 lines")));
  EXPECT_THAT(check_file("docs/reference.md", text), IsEmpty());
}

TEST(MachinePathRule, FindsFoldersOfOneMachine) {
  const std::string home = std::string("/ho") + "me/someone/bert";
  EXPECT_THAT(check_file("docs/guide.md", "one\nsee `" + home + "`\n"),
              ElementsAre(HasSubstr("docs/guide.md:2: a path of one machine")));
  EXPECT_THAT(check_file("launch/a.sh", "cd " + home + "\n"), ElementsAre(HasSubstr("launch/a.sh:1")));
  EXPECT_THAT(check_file("launch/a.sh", "cd \"$root" + home + "\"\ncat /usr/share/x out" + home + "\n"),
              IsEmpty());
}

TEST(LaunchRule, AllowsOneFileToLaunchKernels) {
  const std::string launch = "void f() {\n  kernel<<<grid, block, 0, stream>>>(x);\n}\n";
  EXPECT_THAT(check_file("kernels/rows/rows_cuda.cu", launch), ElementsAre(HasSubstr("rows_cuda.cu:2: ")));
  EXPECT_THAT(check_file("kernels/common/launch.cuh", launch), IsEmpty());
  EXPECT_THAT(check_file("kernels/rows/rows_cuda.cu", "// never <<<grid, block>>> here\nauto t = \"<<<\";\n"),
              IsEmpty());
  EXPECT_THAT(check_file("kernels/rows/rows_cuda.cu", "int n = 1'000;\n" + launch),
              ElementsAre(HasSubstr("rows_cuda.cu:3: ")));
  const std::string call = "void f() {\n  cudaLaunchKernel(kernel, grid, block, arguments, 0, stream);\n}\n";
  EXPECT_THAT(check_file("engine/runtime/program.cpp", call), ElementsAre(HasSubstr("program.cpp:2: ")));
  EXPECT_THAT(check_file("kernels/common/launch.h", call), IsEmpty());
}

}  // namespace
}  // namespace cloze::architecture
