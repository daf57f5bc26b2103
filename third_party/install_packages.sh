#!/usr/bin/env bash
# Installs the distribution packages Cloze builds with (Debian 12, Ubuntu 24.04). Needs root or sudo; harmless to repeat.
set -euo pipefail
packages=(build-essential cmake ninja-build ccache pkg-config git
  libyaml-cpp-dev libcli11-dev libfmt-dev libspdlog-dev nlohmann-json3-dev libicu-dev libdnnl-dev libhwy-dev
  libarchive-dev libxxhash-dev libleveldb-dev libsnappy-dev libgloo-dev)
[[ "${1:-}" == --tests ]] && packages+=(libgtest-dev libgmock-dev libbenchmark-dev libboost-context-dev clang-format xz-utils
  zstd curl unzip python3 openmpi-bin patchelf)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || { echo "install_packages: run as root, or install sudo; missing: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"
