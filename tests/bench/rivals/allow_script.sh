#!/bin/sh
# The least that an auth-user-pass-verify script can be: it lets everybody in.
exit 0
