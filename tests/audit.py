#!/usr/bin/env python3
"""Audits every dependency in Cargo.lock: licence, source, bans.

Known vulnerabilities are looked up with cargo-audit where that is installed and can
reach its database; where it is not, this says so.
"""
import json
import re
import shutil
import subprocess
import sys

# Permissive licences that ask for no more than a notice.
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause",
    "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "Zlib",
}
# Crates whose licence field is missing or wrong, with what their sources say.
CLARIFIED = {}
# What must not come in, and why.
BANNED = {
    "wasmtime-wasi": "its synchronous p2 panics a tokio worker, and it offers files and sockets",
    "openssl-sys": "TLS is rustls' work here",
}
# Two of one of these would be two engines or two reactors in one process.
SINGLE = {"wasmtime", "pingora-core", "tokio", "tidegate-runtime"}


def allowed(expression):
    """Whether an SPDX expression can be met: every AND, one of each OR."""
    expression = expression.replace("/", " OR ")
    inner = re.search(r"\(([^()]*)\)", expression)
    if inner:
        word = "MIT" if allowed(inner.group(1)) else "refused"
        return allowed(expression[:inner.start()] + word + expression[inner.end():])
    return all(
        any(term.strip() in ALLOWED for term in part.split(" OR "))
        for part in expression.split(" AND ")
    )


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    packages = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["packages"]
    problems, versions = [], {}
    for package in packages:
        name, version, source = package["name"], package["version"], package["source"]
        versions.setdefault(name, set()).add(version)
        licence = CLARIFIED.get(name) or package["license"]
        if not licence or not allowed(licence):
            problems.append(f"{name} {version}: licence {licence!r}")
        if source and not source.startswith("registry+"):
            problems.append(f"{name} {version}: comes from {source}, not from the registry")
        if name in BANNED:
            problems.append(f"{name} {version}: banned: {BANNED[name]}")
    problems += [f"{name}: {len(found)} versions" for name in SINGLE if len(found := versions.get(name, set())) > 1]
    print(f"{len(packages)} packages: licences, sources and bans checked")
    if shutil.which("cargo-audit"):
        result = subprocess.run(["cargo", "audit", "--quiet"])
        if result.returncode:
            problems.append("cargo audit: see above")
    else:
        print("known vulnerabilities: not checked, cargo-audit is not installed")
    for problem in problems:
        print(f"refused: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
