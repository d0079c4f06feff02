#!/bin/sh
# First day: answers from a file, then the service, which comes again at every boot.
set -e
botenstoff setup --answers "$1"
# Nobody but root and the service reads a secret.
test -z "$(find /etc/botenstoff/secrets /var/lib/botenstoff -perm /007 -print -quit)"
# Two minutes are right in a hospital and long in a test.
sed -i '/^  - id: destination-down/,/^  - id: not-shown/ s/for: PT2M/for: PT5S/' /etc/botenstoff/alerts.yaml
systemctl enable --quiet --now botenstoff
