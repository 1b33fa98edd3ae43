# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For the scripts tests/*/run, as "needs=N . usage.sh": --help shows the comment that the script begins with, and so do
# fewer than N arguments, or an option that stands where the first of them should.
usage_text=$(sed -n '2,${/^#/!q;/SPDX-License/!s/^# \{0,1\}//p}' "$0")
if [[ ${1:-} == --help || ${1:-} == -h ]]; then
	printf '%s\n' "$usage_text"
	exit 0
fi
if (($# < needs)) || [[ ${1:-} == -* ]]; then
	printf '%s\n' "$usage_text" >&2
	exit 2
fi
