#!/usr/bin/env bash
# Sees to it that the two base images of docker/ are there: debian:trixie-slim and rust:1-slim-trixie. Each is
# pulled; where no registry can be reached, it is made: Debian by debootstrap from Debian's packages, Rust
# by adding this machine's own toolchain to it. What is there already is left alone.
#
# usage: docker/base-images.sh
#
# It also copies this machine's certificate authorities to docker/build-ca.crt, for the way from within a build to
# crates.io: there may be a proxy on it that only this machine trusts. The images that come of it have none of that.
#
# To make them it needs Debian's package archive, root (or sudo), debootstrap (installed by apt if missing) and
# a toolchain of rustup. Two to three minutes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
readonly here
say() { printf 'base-images: %s\n' "$*" >&2; }
fail() { say "$*" && exit 1; }
case ${1:-} in -h | --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" && exit ;; esac

has() { docker image inspect "$1" >/dev/null 2>&1; }
has_or_pulls() { has "$1" || timeout 300 docker pull --quiet "$1" >/dev/null 2>"$work/pull.log"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# A minimal Debian without manuals and translations, as the public image is.
make_debian() {
    local root=$work/root
    if ! command -v debootstrap >/dev/null && ! [ -x /usr/sbin/debootstrap ]; then
        command -v apt-get >/dev/null || fail "debootstrap is missing, and apt-get to install it"
        as_root apt-get -o DPkg::Lock::Timeout=300 update -q >/dev/null
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -yq --no-install-recommends debootstrap >/dev/null
    fi
    say "makes debian:trixie-slim by debootstrap"
    as_root env PATH="$PATH:/usr/sbin" debootstrap --variant=minbase --include=tzdata trixie "$root" "$MIRROR" >"$work/debootstrap.log" 2>&1 ||
        { tail -n 5 "$work/debootstrap.log" >&2 && fail "debootstrap failed"; }
    as_root tee "$root/etc/dpkg/dpkg.cfg.d/slim" >/dev/null <<'DPKG'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
DPKG
    as_root tee "$root/etc/apt/apt.conf.d/slim" >/dev/null <<'APT'
APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT
    as_root tee "$root/etc/apt/sources.list" >/dev/null <<SOURCES
deb $MIRROR trixie main
deb $MIRROR trixie-updates main
deb http://security.debian.org/debian-security trixie-security main
SOURCES
    as_root find "$root/usr/share/doc" -type f ! -name copyright -delete
    as_root rm -rf "$root"/usr/share/{man,info,locale}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log
    as_root tar -C "$root" --one-file-system -c . | docker import --change 'CMD ["bash"]' - debian:trixie-slim >/dev/null
}

make_rust() {
    local sysroot
    sysroot=$(rustc --print sysroot 2>/dev/null) || fail "there is no rustc to make rust:1-slim-trixie of"
    [ -x "$sysroot/bin/rustc" ] && [ "$sysroot" != /usr ] || fail "the toolchain in $sysroot is none of rustup's"
    say "makes rust:1-slim-trixie of $(rustc --version)"
    mkdir -p "$work/rust/toolchain/lib/rustlib" "$work/rust/toolchain/bin"
    cp -a "$sysroot"/bin/{rustc,cargo} "$work/rust/toolchain/bin/"
    cp -a "$sysroot"/lib/*.so* "$work/rust/toolchain/lib/"
    cp -a "$sysroot/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')" "$work/rust/toolchain/lib/rustlib/"
    cat >"$work/rust/Dockerfile" <<'DOCKERFILE'
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY toolchain /usr/local/rust
ENV PATH=/usr/local/rust/bin:$PATH CARGO_HOME=/usr/local/cargo
DOCKERFILE
    docker build --quiet --tag rust:1-slim-trixie "$work/rust" >/dev/null
}

command -v docker >/dev/null || fail "docker is missing"
readonly MIRROR=${MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d)
# Root is asked for only by what debootstrap left.
trap 'rm -rf "$work" 2>/dev/null || as_root rm -rf "$work"' EXIT
for bundle in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt; do
    [ ! -s "$bundle" ] || { cmp -s "$bundle" "$here/build-ca.crt" || cp "$bundle" "$here/build-ca.crt"; break; }
done
has_or_pulls debian:trixie-slim || make_debian
has_or_pulls rust:1-slim-trixie || make_rust
