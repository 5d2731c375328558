#!/bin/sh
# Create the owner of the database, who is no superuser. PostgreSQL runs this once, with a new volume.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$OWNER_PASSWORD" <<'SQL'
create role work_health_owner login createrole password :'password';
create database work_health owner work_health_owner encoding 'UTF8' template template0;
SQL
