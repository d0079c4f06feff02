#!/bin/sh
# 0 where nothing is wrong.
botenstoff doctor
