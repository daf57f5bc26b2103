#include "engine/train/tensorboard.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <string>

#include "engine/train/tensorboard_encoding.h"

namespace cloze {
namespace {

std::string host_name() {
  std::array<char, 256> name = {};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// TensorBoard takes a folder's files in the order of their names: the start time in seconds, then a count for
// programs started within one second.
std::filesystem::path new_file(const std::filesystem::path& folder, double wall_time) {
  const std::string host = host_name();
  for (int count = 0;; ++count) {
    auto path = folder / fmt::format("events.out.tfevents.{:010}.{:03}.{}", static_cast<int64_t>(wall_time),
                                     count, host);
    if (!std::filesystem::exists(path)) return path;
  }
}

}  // namespace

TensorBoardSink::TensorBoardSink(const std::filesystem::path& folder, int64_t first_step, double wall_time)
    : file_(new_file(folder, wall_time), AppendedFile::Existing::refuse) {
  file_.append(tensorboard::framed(tensorboard::file_version_event(wall_time)));
  file_.append(tensorboard::framed(tensorboard::session_start_event(wall_time, first_step)));
}

void TensorBoardSink::write(const MetricRecord& record) {
  auto scalars = record.values;
  for (auto& [name, value] : scalars) name = record.split + "/" + name;
  file_.append(tensorboard::framed(tensorboard::scalars_event(record.wall_time, record.step, scalars)));
}

}  // namespace cloze
