#!/bin/sh
# The backup of docs/install.md for the embedded PostgreSQL: the engine stands still for as long as the copy takes.
set -e
systemctl stop botenstoff
mkdir -m 700 /var/backups/botenstoff
cp -a --reflink=auto /var/lib/botenstoff/postgres /var/lib/botenstoff/blobs /var/backups/botenstoff/
systemctl start botenstoff
