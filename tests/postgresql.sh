#!/bin/sh
# Makes sure that there is PostgreSQL for the tests that start a server of their own: an installed one, else Debian's by apt.
for program in /usr/lib/postgresql/*/bin/initdb "$(pg_config --bindir 2>/dev/null)/initdb" "$(command -v initdb)"; do
    [ -x "$program" ] && exit 0
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing postgresql for the tests"
    # The package would make a database and start it as a service.
    settings=/etc/postgresql-common/createcluster.d/footnote-tests.conf
    mkdir -p "${settings%/*}" && echo "create_main_cluster = false" >"$settings"
    trap 'rm -f "$settings"' EXIT
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null && exit 0
fi
echo "Tests with PostgreSQL are skipped (with CI=true: they fail). To run them, install it (Debian: sudo apt-get install postgresql)." >&2
