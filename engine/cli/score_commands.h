#pragma once

namespace CLI {
class App;
}

// One file per kind of score; each adds itself to `cloze score`.
namespace cloze {

void add_score_glue(CLI::App& score);

}  // namespace cloze
