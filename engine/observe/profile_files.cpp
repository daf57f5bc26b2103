#include "engine/observe/profile_files.h"

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/observe/profile_text.h"
#include "engine/observe/roofline.h"

namespace cloze {

void write_profile(const Profile& profile, const std::filesystem::path& folder) {
  std::error_code trouble;
  std::filesystem::create_directories(folder, trouble);
  if (trouble)
    throw Error(
        {.what = "cannot make the folder of a profile", .where = folder.string(), .why = trouble.message()});
  write_file(folder / "profile.json", profile_json(profile));
  write_file(folder / "trace.json", profile_trace(profile));
  write_file(folder / "roofline.svg",
             roofline_svg(profile_rows(profile, GroupBy::op), profile.ceilings, profile.title));
  log::info("written: profile.json, trace.json and roofline.svg in {}", folder.string());
}

}  // namespace cloze
