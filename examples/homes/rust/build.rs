// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asks pkg-config where the installed library is.

use std::process::Command;

fn main() {
    let output = Command::new("pkg-config")
        .args(["--libs", "frusa"])
        .output()
        .expect("pkg-config is needed");
    assert!(output.status.success(), "pkg-config finds no frusa");
    for word in String::from_utf8_lossy(&output.stdout).split_whitespace() {
        if let Some(directory) = word.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={directory}");
        } else if let Some(library) = word.strip_prefix("-l") {
            println!("cargo:rustc-link-lib={library}");
        }
    }
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
}
