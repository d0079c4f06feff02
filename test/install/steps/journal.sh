#!/bin/sh
# What to look at when a step failed.
systemctl status --no-pager botenstoff
journalctl --no-pager -n 40 -u botenstoff -o cat
