#!/bin/sh
# A package whose migration cannot be made: the installation says so, and the engine that ran goes on running.
export DEBIAN_FRONTEND=noninteractive
before=$(systemctl show --property=MainPID --value botenstoff)
if apt-get -qq -y -o Dpkg::Options::=--force-unsafe-io --allow-downgrades install "$1" >/tmp/refused.log 2>&1; then
  echo "it was installed"
  exit 1
fi
cat /tmp/refused.log
rm /tmp/refused.log
grep -q . /proc/"$before"/comm && test "$before" = "$(systemctl show --property=MainPID --value botenstoff)"
