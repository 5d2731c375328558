#!/bin/sh
# Give each login the password of `.env`. `migrate` has made the logins without any.
set -eu
psql --set=ON_ERROR_STOP=1 --set=app="$APP_PASSWORD" --set=public="$PUBLIC_PASSWORD" \
    --set=publisher="$PUBLISHER_PASSWORD" <<'SQL'
alter role work_health_app password :'app';
alter role work_health_public password :'public';
alter role work_health_publisher password :'publisher';
SQL
