# Sourced by the tools that build for other machines: what is missing is installed from Debian's packages, by root.
# `tools` is the folder into which the compiler is unpacked; it is not installed.

skip() { echo "skipped: $1: $2"; }

# Whether a program is there, or can be installed with Debian's packages.
have() {
    local program=$1
    shift
    command -v "$program" >/dev/null && return
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1 &&
        command -v "$program" >/dev/null
}

# The packages that a package needs whose names begin in this way: their versions are in their names.
needed() { apt-cache depends "$1" | sed -n "s/^ *Depends: \($2.*\)/\1/p"; }

# A compiler that can build the standard library for other targets, with the LLVM of its version in `llvm`.
compiler() {
    if [ ! -x "$tools/root/usr/bin/rustc" ]; then
        apt-get update -qq >/dev/null 2>&1 || return
        local std library
        std=$(needed libstd-rust-web-dev libstd-rust-web)
        library=$(needed "$std" libllvm)
        (
            cd "$tools"
            # shellcheck disable=SC2086
            apt-get download -q rustc-web $std libstd-rust-web-dev rust-web-src "$library" "lld-${library#libllvm}" >/dev/null 2>&1 &&
                for package in ./*.deb; do dpkg -x "$package" root; done
            rm -f ./*.deb
        ) || return
    fi
    llvm=$(echo "$tools"/root/usr/lib/llvm-*)
    LD_LIBRARY_PATH=$tools/root/usr/lib/x86_64-linux-gnu:$llvm/lib "$tools/root/usr/bin/rustc" --version >/dev/null 2>&1
}
