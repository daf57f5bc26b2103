#!/usr/bin/env bash
# Downloads what BERT is usually trained on and started from. An interrupted download goes on where it stopped when the
# same command is given again; a file gets its final name only when it is whole and its contents are as expected.
# Usage: launch/download.sh yelp | squad | glue [TASK...] | wikipedia [LANGUAGE] | bert [MODEL]  [--to DIR] [--url URL]
#   glue       cola sst-2 mrpc qqp sts-b mnli qnli rte wnli ax; all of them where none is named
#   wikipedia  the latest dump of a language's Wikipedia: en, de, simple (the default) and so on
#   bert       bert-base-uncased (the default), bert-{base,large}-{cased,uncased}, bert-base-multilingual-cased,
#              bert-base-chinese, wwm_{cased,uncased}_L-24_H-1024_A-16, or a small uncased_L-4_H-256_A-4 and its like
#   --to DIR   where to put it (data/WHAT; of models models/MODEL)
#   --url URL  a mirror: the folder that holds the files
set -euo pipefail

fail() {  # what, remedy
  printf 'download: %s\n  try: %s\n' "$1" "$2" >&2
  exit 1
}
usage() {
  sed -n '4,11s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" > /dev/null || fail "$program is not installed" "apt-get install $program"
  done
}

# Fetches URL into PART, going on with what is there. Of a server that cannot do that everything is fetched again.
transfer() {  # url, part
  local url="$1" part="$2" status=0 code shown=--silent
  [[ ! -t 2 ]] || shown=--progress-bar
  code="$(curl --fail --location "$shown" --retry 3 --connect-timeout 20 --speed-limit 1000 --speed-time 60 \
    --continue-at - --output "$part" --write-out '%{http_code}' "$url")" || status=$?
  case "$status" in
    0) return 0 ;;
    22)
      [[ "$code" == 416 && -s "$part" ]] && return 0  # nothing is left to fetch
      fail "the server has not got $url (HTTP $code)" "look whether it has moved, and give its new place with --url"
      ;;
    33 | 36)
      echo "the server cannot go on with a part of a file: from the beginning" >&2
      rm -f "$part"
      transfer "$url" "$part"
      ;;
    5 | 6 | 7 | 28 | 35 | 97)
      fail "cannot reach $url: this machine is offline, or behind a proxy" \
        "set https_proxy; or fetch the file on another machine, and serve its folder with --url http://HOST:PORT
       (python3 -m http.server there does)"
      ;;
    23) fail "cannot write $part" "free some space, or another place with --to" ;;
    *) fail "the download of $url broke off (curl's code $status)" "the same command again: it goes on where it stopped" ;;
  esac
}

# FILE from URL, checked by `CHECK FILE ARGUMENTS...` before it gets its name.
fetch() {  # url, file, check, arguments...
  local url="$1" file="$2" part="$2.partial"
  shift 2
  if [[ -e "$file" ]]; then
    "$1" "$file" "${@:2}" || fail "$file is not what it should be" "move it away, and the same command again"
    echo "there already: $file"
    return
  fi
  echo "$url"
  transfer "$url" "$part"
  if ! "$1" "$part" "${@:2}"; then
    rm -f "$part"
    fail "what came from $url is not what it should be; it has been removed" "the same command again, or another --url"
  fi
  mv "$part" "$file"
}

has_sha256() { sha256sum --check --status - <<< "$2  $1"; }
is_zip() { unzip -tqq "$1" > /dev/null 2>&1; }
has_lines() {  # file, fewest
  local lines
  lines="$(awk 'END { print NR }' "$1")"
  ((lines >= $2)) || { echo "$1 has $lines lines, $2 were expected" >&2; return 1; }
}
require_lines() {  # file, fewest
  [[ -s "$1" ]] || fail "$1 is missing from the archive" "another --url: this archive is another one"
  has_lines "$1" "$2" || fail "rows are missing" "another --url: this archive is another one"
}

yelp() {
  need curl tar
  local archive="$to/yelp_review_polarity_csv.tgz" aside="$to/unpacked.partial"
  if [[ -e "$to/train.csv" ]]; then
    echo "there already: $to/train.csv"
    return
  fi
  fetch "${mirror:-https://s3.amazonaws.com/fast-ai-nlp}/yelp_review_polarity_csv.tgz" "$archive" \
    has_sha256 528f22e286cad085948acbc3bea7e58188416546b0e364d0ae4ca0ce666abe35
  rm -rf "$aside" && mkdir "$aside"
  tar -xzf "$archive" -C "$aside" --strip-components 1
  require_lines "$aside/test.csv" 38000
  require_lines "$aside/train.csv" 560000
  mv "$aside/test.csv" "$to/test.csv"
  mv "$aside/train.csv" "$to/train.csv"  # last: it says that all is there
  rm -rf "$aside" "$archive"
}

squad() {
  need curl
  local file sum
  while read -r file sum; do
    fetch "${mirror:-https://rajpurkar.github.io/SQuAD-explorer/dataset}/$file" "$to/$file" has_sha256 "$sum"
  done << 'FILES'
train-v1.1.json 3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955
dev-v1.1.json 95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9
train-v2.0.json 68dcfbb971bd3e96d5b46c7177b16c1a4e7d4bdef19fb204502738552dede002
dev-v2.0.json 80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8
FILES
}

glue_archive() {  # archive, folder in it, then FILE LINES...
  local archive="$to/$1" folder="$to/$2" aside="$to/$2.partial" inside="$2"
  if [[ -e "$folder" ]]; then
    echo "there already: $folder"
    return
  fi
  fetch "${mirror:-https://dl.fbaipublicfiles.com/glue/data}/$1" "$archive" is_zip
  shift 2
  rm -rf "$aside"
  unzip -qq "$archive" "$inside/*" -d "$aside"
  while (($#)); do
    require_lines "$aside/$inside/$1" "$2"
    shift 2
  done
  mv "$aside/$inside" "$folder"
  rm -rf "$aside" "$archive"
}

glue_task() {
  local senteval="${mirror:-https://dl.fbaipublicfiles.com/senteval/senteval_data}"
  case "$1" in
    cola) glue_archive CoLA.zip CoLA train.tsv 8551 dev.tsv 1043 test.tsv 1063 ;;
    sst-2) glue_archive SST-2.zip SST-2 train.tsv 67350 dev.tsv 873 test.tsv 1822 ;;
    qqp) glue_archive QQP-clean.zip QQP train.tsv 363000 dev.tsv 40000 test.tsv 390000 ;;
    sts-b) glue_archive STS-B.zip STS-B train.tsv 5750 dev.tsv 1501 test.tsv 1380 ;;
    mnli) glue_archive MNLI.zip MNLI train.tsv 392700 dev_matched.tsv 9800 dev_mismatched.tsv 9800 ;;
    qnli) glue_archive QNLIv2.zip QNLI train.tsv 104700 dev.tsv 5400 test.tsv 5400 ;;
    rte) glue_archive RTE.zip RTE train.tsv 2491 dev.tsv 278 test.tsv 3001 ;;
    wnli) glue_archive WNLI.zip WNLI train.tsv 636 dev.tsv 72 test.tsv 147 ;;
    ax)
      mkdir -p "$to/AX"
      fetch "${mirror:-https://dl.fbaipublicfiles.com/glue/data}/AX.tsv" "$to/AX/diagnostic.tsv" has_lines 1100
      ;;
    mrpc)
      mkdir -p "$to/MRPC"
      fetch "$senteval/msr_paraphrase_train.txt" "$to/MRPC/msr_paraphrase_train.txt" has_lines 4077
      fetch "$senteval/msr_paraphrase_test.txt" "$to/MRPC/msr_paraphrase_test.txt" has_lines 1726
      ;;
    *) fail "GLUE has no task $1" "cola sst-2 mrpc qqp sts-b mnli qnli rte wnli ax" ;;
  esac
}

glue() {
  need curl unzip
  local task
  (($#)) || set -- cola sst-2 mrpc qqp sts-b mnli qnli rte wnli ax
  for task in "$@"; do glue_task "$task"; done
}

has_md5() { md5sum --check --status - <<< "$2  $1"; }

# The dump is XML in bzip2; its sum stands in a list beside it, which is fetched anew each time.
wikipedia() {
  need curl
  local wiki="${1:-simple}wiki" base sums sum
  base="${mirror:-https://dumps.wikimedia.org/$wiki/latest}"
  sums="$to/$wiki-md5sums.txt"
  local dump="$to/$wiki-pages-articles.xml.bz2"
  rm -f "$sums" "$sums.partial"
  fetch "$base/$wiki-latest-md5sums.txt" "$sums" has_lines 1
  sum="$(awk '$2 ~ /-pages-articles[.]xml[.]bz2$/ { print $1; exit }' "$sums")"
  [[ -n "$sum" ]] || fail "$sums does not name the dump" "another --url"
  fetch "$base/$wiki-latest-pages-articles.xml.bz2" "$dump" has_md5 "$sum"
  rm -f "$sums"
  cat << TEXT
Its text: pip install wikiextractor && python3 -m wikiextractor.WikiExtractor --json -o $to/text $dump
Then:     cloze prepare --input $to/text --kind jsonl --vocab VOCAB --output CORPUS
TEXT
}

bert_archive() {  # model
  case "$1" in
    bert-base-uncased) echo 2018_10_18/uncased_L-12_H-768_A-12.zip ;;
    bert-large-uncased) echo 2018_10_18/uncased_L-24_H-1024_A-16.zip ;;
    bert-base-cased) echo 2018_10_18/cased_L-12_H-768_A-12.zip ;;
    bert-large-cased) echo 2018_10_18/cased_L-24_H-1024_A-16.zip ;;
    bert-base-multilingual-cased) echo 2018_11_23/multi_cased_L-12_H-768_A-12.zip ;;
    bert-base-chinese) echo 2018_11_03/chinese_L-12_H-768_A-12.zip ;;
    wwm_cased_L-24_H-1024_A-16 | wwm_uncased_L-24_H-1024_A-16) echo "2019_05_30/$1.zip" ;;
    uncased_L-*_H-*_A-*) echo "2020_02_20/$1.zip" ;;
    *) fail "there is no model $1" "launch/download.sh without arguments lists them" ;;
  esac
}

# Some archives hold a folder, some the files alone.
require_checkpoint() {  # folder
  local file stated
  for file in bert_config.json vocab.txt bert_model.ckpt.index bert_model.ckpt.data-00000-of-00001; do
    [[ -s "$1/$file" ]] || fail "$file is missing in $1" "another --url; or, where the folder is an old one, move it away"
  done
  stated="$(grep -o '"vocab_size": *[0-9]*' "$1/bert_config.json" | tr -dc '0-9')"
  require_lines "$1/vocab.txt" "$stated"
}

bert() {
  need curl unzip
  local archive part="$to.partial" zip="$to.zip" config
  archive="$(bert_archive "$what_of")"
  if [[ -e "$to" ]]; then
    require_checkpoint "$to"
    echo "there already: $to"
    return
  fi
  [[ -z "$mirror" ]] || archive="${archive##*/}"
  mkdir -p "$(dirname "$to")"
  fetch "${mirror:-https://storage.googleapis.com/bert_models}/$archive" "$zip" is_zip
  rm -rf "$part"
  unzip -qq "$zip" -d "$part"
  config="$(find "$part" -name bert_config.json | head -n 1)"
  [[ -n "$config" ]] || fail "bert_config.json is missing from the archive" "another --url: this archive is another one"
  require_checkpoint "$(dirname "$config")"
  mv "$(dirname "$config")" "$to"
  rm -rf "$part" "$zip"
}

what="" to="" mirror=""
names=()
while (($#)); do
  case "$1" in
    --to | --url)
      (($# > 1)) || usage
      if [[ "$1" == --to ]]; then to="$2"; else mirror="${2%/}"; fi
      shift 2
      ;;
    -*) usage ;;
    *)
      if [[ -z "$what" ]]; then what="$1"; else names+=("$1"); fi
      shift
      ;;
  esac
done
case "$what" in
  yelp | squad) ((${#names[@]} == 0)) || usage ;;
  glue) ;;
  wikipedia | bert) ((${#names[@]} <= 1)) || usage ;;
  *) usage ;;
esac
if [[ "$what" == bert ]]; then
  what_of="${names[0]:-bert-base-uncased}"
  to="${to:-models/$what_of}"
else
  to="${to:-data/$what}"
  mkdir -p "$to"
fi
"$what" "${names[@]}"
echo "done: $to"
