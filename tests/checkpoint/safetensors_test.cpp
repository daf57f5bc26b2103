#include "engine/checkpoint/safetensors.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

const std::vector<float> six = {0, 1, -2, 3.5f, 1e-30f, 6};

TEST(Safetensors, WhatIsWrittenReadsBack) {
  const TemporaryFolder folder;
  const NamedTensor tensors[] = {
      {"w", {2, 3}, six}, {"b", {}, std::span(six).first(1)}, {"none", {0, 7}, {}}};
  const FileRecord record = write_safetensors(folder / "m.safetensors", tensors, {{"note", "x"}});
  const SafetensorsFile file(folder / "m.safetensors");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.metadata().at("note"), "x");
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.values_of("w"), six);
  EXPECT_EQ(file.values_of("b"), std::vector<float>{0});
  EXPECT_TRUE(file.values_of("none").empty());
  EXPECT_EQ(file.tensors()[static_cast<size_t>(file.find("w"))].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(record, record_of(MappedFile(folder / "m.safetensors").bytes()));
}

// So that matrices which are read as one lie in memory as one.
TEST(Safetensors, TensorsLieInTheOrderGivenFromAMultipleOf64Bytes) {
  const TemporaryFolder folder;
  const NamedTensor tensors[] = {{"b", {3, 2}, six}, {"a", {6}, six}};
  const FileRecord record = write_safetensors(folder / "1", tensors);
  EXPECT_EQ(write_safetensors(folder / "2", tensors), record) << "equal contents, other bytes";
  const SafetensorsFile file(folder / "1");
  const auto view = [&](const char* name) { return file.view(static_cast<size_t>(file.find(name))); };
  EXPECT_EQ(reinterpret_cast<uintptr_t>(view("b").data()) % 64, 0u);
  EXPECT_EQ(view("a").data(), view("b").data() + 6);
  EXPECT_TRUE(std::equal(six.begin(), six.end(), view("a").begin(), view("a").end()));
}

TEST(Safetensors, RefusesToWriteNonsense) {
  const TemporaryFolder folder;
  const NamedTensor twice[] = {{"a", {6}, six}, {"a", {6}, six}};
  EXPECT_THAT(error_of([&] { write_safetensors(folder / "m", twice); }),
              HasSubstr("two tensors are named `a`"));
  const NamedTensor short_one[] = {{"a", {7}, six}};
  EXPECT_THAT(error_of([&] { write_safetensors(folder / "m", short_one); }),
              HasSubstr("holds 6 values, its shape is [7]"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Safetensors, RefusesToReadIntoAPlaceOfAnotherSize) {
  const TemporaryFolder folder;
  write_safetensors(folder / "m", std::vector<NamedTensor>{{"a", {6}, six}});
  std::vector<float> five(5);
  EXPECT_THAT(error_of([&] { SafetensorsFile(folder / "m").read(0, five); }),
              HasSubstr("the place for it holds 5"));
  EXPECT_THAT(error_of([&] { SafetensorsFile(folder / "m").values_of("z"); }),
              HasSubstr("no tensor is named `z`"));
}

TEST(Safetensors, AFileCutShortAnywhereIsRefused) {
  const TemporaryFolder folder;
  write_safetensors(folder / "m", std::vector<NamedTensor>{{"a", {2, 3}, six}, {"b", {6}, six}});
  const std::string whole = read_file(folder / "m");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(parse_safetensors_header(std::string_view(whole).substr(0, size), size, "cut"), Error)
        << size;
  }
}

// A sparse file of 5 GiB: offsets need all of their 64 bits.
TEST(Safetensors, FilesBeyondFourGibibytes) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "large.safetensors";
  constexpr int64_t large = int64_t{5} << 28;  // elements
  SafetensorsHeader header;
  header.entries = {{"large", ElementType::f32, {large}, 0, 4 * large},
                    {"last", ElementType::f32, {2}, 4 * large, 4 * large + 8}};
  const std::string start = format_safetensors_header(header);
  const float values[] = {1.5f, -2.5f};
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(file, 0);
  ASSERT_EQ(::pwrite(file, start.data(), start.size(), 0), static_cast<ssize_t>(start.size()));
  ASSERT_EQ(::pwrite(file, values, sizeof(values), static_cast<off_t>(start.size()) + 4 * large), 8);
  ::close(file);
  EXPECT_EQ(SafetensorsFile(path).values_of("last"), (std::vector<float>{1.5f, -2.5f}));
}

}  // namespace
}  // namespace cloze
