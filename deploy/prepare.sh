#!/bin/sh
# Makes the secrets and the folders of compose.production.yml, which only user 1000 (the containers') and its group can read.
# It overwrites nothing. Copy the secrets to a safe place: without encryption_keys nobody can read the photos, nor a backup of
# them; without audit_key nobody can tell whether the audit log was changed.
#   sh deploy/prepare.sh [FOLDER]
set -eu
umask 027
folder=${1:-$(dirname "$0")}
mkdir -p "$folder/secrets" "$folder/certificates" "$folder/s3" "$folder/backup"

secret() { # NAME VALUE
  if [ -e "$folder/secrets/$1" ]; then
    echo "left as it is: $folder/secrets/$1"
    return
  fi
  printf '%s\n' "$2" >"$folder/secrets/$1"
  echo "made: $folder/secrets/$1"
}

secret redis_url "redis://:$(openssl rand -hex 32)@redis:6379"
secret s3_access_key "$(openssl rand -hex 10)"
secret s3_secret_key "$(openssl rand -hex 20)"
secret encryption_keys "k1:$(openssl rand -base64 32)"
secret audit_key "$(openssl rand -base64 32)"

folders="$folder/secrets $folder/certificates $folder/s3 $folder/backup"
if [ "$(id -u)" = 0 ]; then
  # shellcheck disable=SC2086
  chown -R 1000:1000 $folders
elif [ "$(id -u)" != 1000 ]; then
  echo "Now give them to user 1000: sudo chown -R 1000:1000 $folders" >&2
fi
