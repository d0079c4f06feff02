#!/bin/sh
# Installs the package from a file: nothing is fetched, there is no network.
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -y --allow-downgrades -o Dpkg::Options::=--force-unsafe-io install "$1"
test "$(botenstoff --version)" = "$2"
