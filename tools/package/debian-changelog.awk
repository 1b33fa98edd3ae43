# SPDX-License-Identifier: BSD-2-Clause
# docs/changes.md as a Debian changelog, in lines of 80.
# usage: awk -v source=NAME -v maintainer="NAME <MAIL>" -f THIS docs/changes.md
function finish_item(    n, i, words, line)
{
	n = split(item, words, " ")
	line = "  *"
	for (i = 1; i <= n; i++) {
		if (length(line) + 1 + length(words[i]) > 80) {
			print line
			line = "   "
		}
		line = line " " words[i]
	}
	if (n)
		print line
	item = ""
}

function finish_version()
{
	finish_item()
	if (version)
		printf "\n -- %s  %s\n\n", maintainer, date
}

# RFC 5322, in C's words whatever the locale.
function when(day,    command, text)
{
	command = "LC_ALL=C date -u -R -d " day
	command | getline text
	close(command)
	return text
}

/^## / {
	finish_version()
	version = $2
	date = when(substr($3, 2, 10))
	printf "%s (%s-1) unstable; urgency=medium\n", source, version
	next
}
!version { next }
/^### / { finish_item(); printf "\n  [ %s ]\n", substr($0, 5); next }
/^- / { finish_item(); sub(/^- /, "") }
{ gsub(/`/, ""); item = item " " $0 }
END { finish_version() }
