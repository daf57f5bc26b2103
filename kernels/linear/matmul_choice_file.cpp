#include "kernels/linear/matmul_choice_file.h"

#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace cloze {
namespace {

constexpr const char* first_line = "cloze-matmul-choices 3";
constexpr uint64_t most_bytes = 16 << 20;  // a file that is larger is none of ours

// FNV-1a (Fowler, Noll, Vo 1991), 64 bits.
uint64_t checksum(const std::string& text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

std::string hexadecimal(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, value);
  return text;
}

std::string text_of(const MatmulChoiceFile& file) {
  std::string text =
      std::string(first_line) + "\ngpu " + file.machine.gpu + "\nlibrary " + file.machine.library + "\n";
  for (const auto& [shape, algorithm] : file.chosen) {
    text += to_string(shape);
    for (const uint64_t word : algorithm.state) text += " " + hexadecimal(word);
    text += "\n";
  }
  return text;
}

// Of those that are multiplied.
bool read_type(std::istream& in, DType& type) {
  std::string name;
  if (!std::getline(in, name, ',')) return false;
  for (const DType each : {DType::f32, DType::bf16, DType::f8_e4m3, DType::f8_e5m2}) {
    type = each;
    if (name == name_of(each)) return true;
  }
  return false;
}

bool read_shape(const std::string& word, MatmulShape& shape) {
  std::istringstream in(word);
  if (!read_type(in, shape.left) || !read_type(in, shape.right) || !read_type(in, shape.output)) return false;
  int64_t* const numbers[] = {&shape.rows,         &shape.columns,       &shape.depth,    &shape.left_stride,
                              &shape.right_stride, &shape.output_stride, &shape.alignment};
  char comma = 0;
  for (int64_t* number : numbers)
    if (!(in >> *number >> comma) || comma != ',') return false;
  int flags = 0;
  if (!(in >> flags >> comma >> shape.epilogue) || comma != ',' || flags < 0 || flags > 15) return false;
  shape.transpose_left = (flags & 1) != 0;
  shape.transpose_right = (flags & 2) != 0;
  shape.accumulate = (flags & 4) != 0;
  shape.quick_sums = (flags & 8) != 0;
  return in.peek() == std::istringstream::traits_type::eof();
}

bool read_choice(const std::string& line, MatmulChoiceFile& file) {
  std::istringstream in(line);
  std::string word;
  MatmulShape shape;
  MatmulAlgorithm algorithm;
  if (!(in >> word) || !read_shape(word, shape)) return false;
  for (uint64_t& part : algorithm.state)
    if (!(in >> std::hex >> part)) return false;
  file.chosen[shape] = algorithm;
  return true;
}

bool take_prefix(std::string& line, const std::string& prefix) {
  if (line.compare(0, prefix.size(), prefix) != 0) return false;
  line.erase(0, prefix.size());
  return true;
}

bool parse(const std::string& text, MatmulChoiceFile& file) {
  std::istringstream in(text);
  std::string line;
  if (!std::getline(in, line) || line != first_line) return false;
  if (!std::getline(in, file.machine.gpu) || !take_prefix(file.machine.gpu, "gpu ")) return false;
  if (!std::getline(in, file.machine.library) || !take_prefix(file.machine.library, "library ")) return false;
  while (std::getline(in, line)) {
    if (take_prefix(line, "checksum ")) {
      const std::string before =
          text.substr(0, text.size() - line.size() - std::string("checksum \n").size());
      return line == hexadecimal(checksum(before)) && in.peek() == std::istringstream::traits_type::eof();
    }
    if (!read_choice(line, file)) return false;
  }
  return false;
}

}  // namespace

std::string to_string(const MatmulShape& s) {
  const int flags = (s.transpose_left ? 1 : 0) + (s.transpose_right ? 2 : 0) + (s.accumulate ? 4 : 0) +
                    (s.quick_sums ? 8 : 0);
  std::ostringstream out;
  out << name_of(s.left) << ',' << name_of(s.right) << ',' << name_of(s.output);
  for (const int64_t number :
       {s.rows, s.columns, s.depth, s.left_stride, s.right_stride, s.output_stride, s.alignment})
    out << ',' << number;
  out << ',' << flags << ',' << s.epilogue;
  return out.str();
}

MatmulFileState read_matmul_choices(const std::string& path, MatmulChoiceFile& file) {
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) return MatmulFileState::absent;
  std::ifstream in(path, std::ios::binary);
  if (bytes > most_bytes || !in) return MatmulFileState::damaged;
  std::ostringstream text;
  text << in.rdbuf();
  file = {};
  return parse(text.str(), file) ? MatmulFileState::whole : MatmulFileState::damaged;
}

std::string write_matmul_choices(const std::string& path, const MatmulChoiceFile& file) {
  const std::string text = text_of(file), aside = path + "." + std::to_string(::getpid());
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return error.message();
  std::ofstream out(aside, std::ios::binary);
  out << text << "checksum " << hexadecimal(checksum(text)) << "\n";
  out.close();
  if (!out) return std::generic_category().message(errno);
  std::filesystem::rename(aside, path, error);
  return error ? error.message() : "";
}

}  // namespace cloze
