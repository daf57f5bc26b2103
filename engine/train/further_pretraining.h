#pragma once

#include <filesystem>

#include "engine/checkpoint/checkpoint.h"
#include "engine/train/finetune_files.h"
#include "engine/train/finetune_options.h"

// Masked-LM training on the task's own text before fine-tuning (Sun et al. 2019, "How to fine-tune BERT for
// text classification", 5.4). The parts are those of `cloze prepare` and `cloze pretrain`, without next
// sentences. In the run's folder:
//   further_pretraining/vocab.txt  texts.jsonl  corpus/  [held-out.jsonl  held-out/]  run/
namespace cloze {

// Throws UsageError where the model does not take the sequences or has no [MASK]. Nothing where it is off.
void check_further_pretraining(const FinetuneOptions& options, const Checkpoint& pretrained);

// Trains on the texts of the training file, or goes on where it was stopped. Returns 0, or the signal that
// ended it after a checkpoint. The caller holds the run's folder and the SignalWatch; from here on the log
// goes to a file of its own, and afterwards the caller takes it back (RunFolder::take_log).
int further_pretrain(const FinetuneOptions& options, const Checkpoint& pretrained,
                     const FinetuningFiles& files);

// Says what the masked-LM loss was before and is now, on the texts of the validation file where there is one.
void log_further_pretraining(const FinetuneOptions& options, const FinetuningFiles& files);

// The run whose latest checkpoint is the result: an encoder and a masked-LM head, no pooler.
std::filesystem::path further_pretraining_run(const FinetuneOptions& options);

}  // namespace cloze
