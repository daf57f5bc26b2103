#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/checkpoint_files.h"
#include "engine/checkpoint/checksummed_file.h"
#include "engine/checkpoint/safetensors.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* action, const fs::path& path, int error_number) {
  throw Error({.what = action, .where = path.string(), .why = system_message(error_number)});
}

// A folder that vanishes again unless it is published.
class PartialFolder {
 public:
  explicit PartialFolder(const fs::path& final_path) : final_(final_path) {
    partial_ = final_;
    partial_ += fmt::format(".partial-{}", ::getpid());
    fs::remove_all(partial_);
    std::error_code trouble;
    fs::create_directories(partial_, trouble);
    if (trouble) fail("cannot create folder", partial_, trouble.value());
  }
  ~PartialFolder() {
    std::error_code ignored;  // what cannot be removed now is removed when the run is next opened
    fs::remove_all(partial_, ignored);
  }
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;

  const fs::path& path() const { return partial_; }

  void publish() {
    sync_folder(partial_);
    if (fs::exists(final_)) {
      exchange();
    } else if (::rename(partial_.c_str(), final_.c_str()) != 0) {
      fail("cannot rename folder into place", final_, errno);
    }
    sync_folder(final_.has_parent_path() ? final_.parent_path() : ".");
  }

 private:
  // In one step where the file system can; otherwise there is an instant in which the old one is only set
  // aside.
  void exchange() {
    if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, final_.c_str(), RENAME_EXCHANGE) == 0) return;
    const fs::path old = fs::path(final_) += set_aside_suffix;
    fs::remove_all(old);
    if (::rename(final_.c_str(), old.c_str()) != 0) fail("cannot move the old folder away", final_, errno);
    if (::rename(partial_.c_str(), final_.c_str()) != 0) {
      const int error_number = errno;
      (void)::rename(old.c_str(), final_.c_str());
      fail("cannot rename folder into place", final_, error_number);
    }
    fs::remove_all(old);
  }

  fs::path final_, partial_;
};

FileRecord write_text(const fs::path& path, std::string_view text) {
  ChecksummedFile file(path);
  file.write(text);
  return file.commit();
}

std::string config_text(const CheckpointContents& contents) {
  nlohmann::json document = to_json(contents.config);
  document["pad_token_id"] = contents.tokenizer.vocabulary->pad_id();
  return json_text(document);
}

}  // namespace

void write_checkpoint(const fs::path& folder, const CheckpointContents& contents,
                      const nlohmann::json& trainer_state) {
  PartialFolder partial(folder);
  const fs::path& path = partial.path();
  CheckpointManifest manifest{.step = contents.step, .score = contents.score};
  manifest.files[config_file] = write_text(path / config_file, config_text(contents));
  manifest.files[vocabulary_file] = write_text(path / vocabulary_file, contents.tokenizer.vocabulary->text());
  manifest.files[tokenizer_config_file] =
      write_text(path / tokenizer_config_file, tokenizer_config_text(contents.tokenizer));
  manifest.files[weights_file] = write_safetensors(path / weights_file, contents.parameters);
  if (!contents.optimizer.empty()) {
    manifest.files[optimizer_file] = write_safetensors(path / optimizer_file, contents.optimizer);
  }
  write_text(path / trainer_state_file, trainer_state_text(manifest, trainer_state));
  partial.publish();
}

}  // namespace cloze
