#!/usr/bin/env bash
# From nothing to a BERT that fills a blank: installs packages, builds, makes the sample world, trains a vocabulary,
# prepares, pretrains, fills. Under ten minutes on two cores of a fresh Debian 12 or Ubuntu 24.04 with git and root or
# sudo. Everything lands in out/quickstart/; run it again and it skips what is there.
# Usage: launch/quickstart.sh
set -euo pipefail
cd "$(dirname "$0")/.."

out=out/quickstart
cloze=build/release/engine/cli/cloze
config=configs/pretrain/sample.yaml
sentence='The woman went to the store and bought a [MASK] of shoes.'
vocabulary_size=1000  # the smallest round size at which every word of the sample is one piece (docs/sample-world.md)

say() { printf '\n[%d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }
trap 'echo "quickstart: stopped at line $LINENO; what is finished is kept, so run it again once the cause is gone" >&2' ERR

say 'Packages'
third_party/install_packages.sh

say 'Building (a few minutes the first time)'
cuda=OFF
[[ -e /proc/driver/nvidia/version ]] && cuda=AUTO  # kernels for a GPU take minutes to compile
cmake --preset release -DCLOZE_CUDA="$cuda" > /dev/null
cmake --build build/release --target cloze --parallel "$(nproc)"
mkdir -p "$out"

say 'The sample world'
if [[ -e "$out/sample/statistics.json" ]]; then  # written last
  echo "there already: $out/sample"
else
  "$cloze" sample --output "$out/sample"
fi

say 'A vocabulary'
if [[ -e "$out/vocab.txt" ]]; then
  echo "there already: $out/vocab.txt"
else
  "$cloze" vocab --input "$out/sample/corpus.txt" --size "$vocabulary_size" --output "$out/vocab.txt"
fi

prepare() {  # text, corpus folder
  if [[ -e "$2.done" ]]; then
    echo "there already: $2"
  else
    rm -rf "$2"  # what an interrupted run left
    "$cloze" prepare --input "$1" --vocab "$out/vocab.txt" --output "$2"
    touch "$2.done"
  fi
}
say 'Preparing the corpus'
prepare "$out/sample/corpus.txt" "$out/corpus"
prepare "$out/sample/corpus-valid.txt" "$out/corpus-valid"

say 'Pretraining (a few minutes)'
if [[ -e "$out/run.done" ]]; then
  echo "there already: $out/run"
else
  resume=()
  [[ -e "$out/run/latest" ]] && resume=(--resume)
  "$cloze" pretrain "$config" "${resume[@]}"
  touch "$out/run.done"
fi

say "Filling: $sentence"
"$cloze" fill --model "$out/run" --top 5 "$sentence"

finetune() {  # name of the configuration, of the run
  if [[ -e "$out/$2.done" ]]; then
    echo "there already: $out/$2"
  else
    resume=()
    [[ -e "$out/$2/latest" ]] && resume=(--resume)
    "$cloze" finetune "configs/finetune/$1.yaml" "${resume[@]}"
    touch "$out/$2.done"
  fi
}
say 'Fine-tuning: are reviews good or bad?'
finetune sample-reviews reviews
echo 'The ship was not muddy. We did not feel sad.' | "$cloze" predict --model "$out/reviews"
say 'Fine-tuning: questions about a passage'
finetune sample-questions questions

say 'Done'
cat <<END
The sentence stands nowhere in the corpus; its rules say \`pair\` 80%, \`cart\` 20% (docs/sample-world.md).

  $out/sample/       the sample world: corpus, reviews, questions, and statistics.json with the exact best loss
  $out/vocab.txt     the vocabulary
  $out/reviews/, $out/questions/   the fine-tuned models, their scores (eval_results.txt) and predictions
  $out/run/          the run: config.yaml, log.txt, metrics.jsonl, checkpoints; opens in Hugging Face transformers

Next:
  $cloze fill --model $out/run "On Monday the sailor with the compass [MASK] a basket of fish near the wooden ship."
  $cloze pretrain $config --set training.steps=20k --overwrite
  $cloze --help
END
