#include "engine/data/sample/sample_documents.h"

#include <utility>

namespace cloze {
namespace {

const Thing& draw_thing(const SampleWorld& world, const SampleDocument& document, SampleDraws& draws) {
  std::vector<int32_t> things = world.places[static_cast<size_t>(document.place)].things;
  if (is_restricted(world, document.place, document.person)) std::erase(things, world.never.thing);
  return world.things[static_cast<size_t>(draws.one_of(things))];
}

WordId draw_container(const Thing& thing, SampleDraws& draws) {
  int32_t left = static_cast<int32_t>(draws.below(100));
  for (const ContainerChance& chance : thing.containers) {
    if ((left -= chance.percent) < 0) return chance.word;
  }
  return thing.containers.back().word;
}

const SentenceForm& draw_form(const SampleWorld& world, SampleDraws& draws) {
  int32_t left = static_cast<int32_t>(draws.below(100));
  for (const SentenceForm& form : world.forms) {
    if ((left -= form.percent) < 0) return form;
  }
  return world.forms.back();
}

SampleSentence make_sentence(const SampleWorld& world, const SampleDocument& document, SampleDraws& draws) {
  const SentenceForm& form = draw_form(world, draws);
  const Thing& thing = draw_thing(world, document, draws);
  const WordId container = draw_container(thing, draws);
  const Place& place = world.places[static_cast<size_t>(document.place)];
  const Person& person = world.people[static_cast<size_t>(document.person)];

  SampleSentence sentence;
  for (const Slot& slot : form.slots) {
    switch (slot.kind) {
      case SlotKind::literal:
        sentence.push_back(slot.index);
        break;
      case SlotKind::person:
        sentence.push_back(person.word);
        break;
      case SlotKind::belonging:
        sentence.push_back(draws.one_of(person.belongings));
        break;
      case SlotKind::place:
        sentence.push_back(place.word);
        break;
      case SlotKind::sight:
        sentence.push_back(draws.one_of(place.sights));
        break;
      case SlotKind::look:
        sentence.push_back(draws.one_of(place.looks));
        break;
      case SlotKind::thing:
        sentence.push_back(thing.word);
        break;
      case SlotKind::container:
        sentence.push_back(container);
        break;
      case SlotKind::choice:
        sentence.push_back(draws.one_of(world.choices[static_cast<size_t>(slot.index)]));
        break;
    }
  }
  return sentence;
}

}  // namespace

bool is_restricted(const SampleWorld& world, int32_t place, int32_t person) {
  return place == world.never.place && person == world.never.person;
}

SampleDocument make_document(const SampleWorld& world, uint64_t seed, DrawPurpose purpose, uint64_t index) {
  SampleDraws draws(seed, purpose, index);
  SampleDocument document;
  document.place = static_cast<int32_t>(draws.below(static_cast<uint32_t>(world.places.size())));
  document.person = static_cast<int32_t>(draws.below(static_cast<uint32_t>(world.people.size())));
  const uint32_t count = fewest_sentences + draws.below(most_sentences - fewest_sentences + 1);
  for (uint32_t i = 0; i < count; ++i) document.sentences.push_back(make_sentence(world, document, draws));
  return document;
}

std::vector<SampleDocument> make_documents(const SampleWorld& world, uint64_t seed, DrawPurpose purpose,
                                           int64_t sentences) {
  std::vector<SampleDocument> documents;
  for (int64_t made = 0; made < sentences;) {
    documents.push_back(make_document(world, seed, purpose, documents.size()));
    made += static_cast<int64_t>(documents.back().sentences.size());
  }
  return documents;
}

std::string render(const SampleWorld& world, const SampleSentence& sentence) {
  const auto upper = [](char letter) {
    return static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
  };
  std::string text;
  for (const WordId id : sentence) {
    const std::string& word = world.words[static_cast<size_t>(id)];
    if (!text.empty() && word != ".") text += ' ';
    const size_t begin = text.size();
    text += word;
    // English writes the first word and the days of the week with a capital.
    if (begin == 0 || word.ends_with("day")) text[begin] = upper(text[begin]);
  }
  return text;
}

}  // namespace cloze
