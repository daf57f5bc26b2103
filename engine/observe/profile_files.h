#pragma once

#include <filesystem>

#include "engine/observe/profile.h"

namespace cloze {

// profile.json, trace.json and roofline.svg in `folder`, which is made; the log says so. Throws Error.
void write_profile(const Profile& profile, const std::filesystem::path& folder);

}  // namespace cloze
