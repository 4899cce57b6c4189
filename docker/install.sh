#!/bin/sh
# Installs what the program is built with (Debian 12), for this machine's architecture or for $1.
set -eu
export DEBIAN_FRONTEND=noninteractive
arch=${1:-}
of= compiler=gcc
if [ -n "$arch" ] && [ "$arch" != "$(dpkg --print-architecture)" ]; then
	dpkg --add-architecture "$arch"
	of=":$arch"
	case $arch in arm64) compiler="gcc-aarch64-linux-gnu" ;; *) echo "no cross compiler known for $arch" >&2; exit 1 ;; esac
	compiler="$compiler libc6-dev-$arch-cross"
fi
apt-get update -qq
# shellcheck disable=SC2086 # $compiler is a list
apt-get install -y -qq --no-install-recommends meson ninja-build pkg-config ca-certificates tzdata \
	binutils $compiler "libc6$of" "libcurl4-openssl-dev$of" "libjansson-dev$of" \
	"libsqlite3-dev$of" "libssl-dev$of" "libexpat1-dev$of" \
	"libmicrohttpd-dev$of" >/dev/null
rm -rf /var/lib/apt/lists/*
