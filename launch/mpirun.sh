#!/usr/bin/env bash
# Pretraining on several hosts through Open MPI's mpirun. Every host needs the same `cloze`, the same corpora at the same paths, and
# either a run folder that all share or MASTER_ADDR (below).
# Usage: launch/mpirun.sh CONFIG [more arguments of `cloze pretrain`]
set -euo pipefail

cloze="${CLOZE:-build/release/engine/cli/cloze}"   # the program, at the same path on every host
hosts="${HOSTS:-localhost:2}"                      # HOST:PROCESSES,HOST:PROCESSES,... ; a process per GPU or per socket
total="$(tr ',' '\n' <<<"$hosts" | awk -F: '{ sum += ($2 == "" ? 1 : $2) } END { print sum }')"

options=(--host "$hosts" -np "$total"
  --bind-to socket                                 # each process on processors of one socket: `threads` follows from that
  -x PATH -x LD_LIBRARY_PATH                       # variables the other hosts get too
  --tag-output)                                    # [job,rank] before every line
# Where the hosts share no folder: rank 0 listens here. It runs on the first host.
[[ -n "${MASTER_ADDR:-}" ]] && options+=(-x "MASTER_ADDR=$MASTER_ADDR" -x "MASTER_PORT=${MASTER_PORT:-29500}")

exec mpirun "${options[@]}" "$cloze" pretrain "$@" --resume   # --resume begins anew where there is nothing to resume
