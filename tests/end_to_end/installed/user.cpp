#include <cloze/cloze.h>
#include <cloze/error.h>

#include <iostream>

// user CONFIG RUN TEXT: trains as CONFIG says into RUN, fills the blanks of TEXT; then asks for a model that
// is not there and expects the error.
int main(int count, char** arguments) {
  if (count != 4) return 2;
  try {
    const std::string run = arguments[2];
    if (cloze::pretrain(arguments[1], {"output=" + run}) != 0) return 3;
    cloze::Model model(run);
    for (const auto& blank : model.fill(arguments[3], 3)) {
      for (const auto& guess : blank) std::cout << guess.piece << ' ' << guess.probability << '\n';
    }
    cloze::Model missing(run + "-is-not-there");
  } catch (const cloze::Error& error) {
    std::cout << "error: " << error.problem().what << '\n';
    return 0;
  }
  return 4;
}
