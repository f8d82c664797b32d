#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Records a real program that nobody changed: SQLite's shell, doing real work on a database in a
# file. Usage: tests/demo.sh TACHO
set -eu
tacho=$(realpath "$1")
out=$(dirname "$tacho")/demo
if [ "$(id -u)" != 0 ]; then
	echo "tacho: recording needs root (or CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH)" >&2
	exit 1
fi
rm -rf "$out"
mkdir -p "$out"

cat >"$out/work.sql" <<'SQL'
CREATE TABLE run(id INTEGER PRIMARY KEY, robot TEXT, started REAL, seconds REAL);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO run SELECT i, 'flex-' || (i % 17), 1.7e9 + i * 37.5, abs(random() % 9000) / 10.0 FROM n;
COMMIT;
CREATE INDEX run_robot ON run(robot, started);
SELECT robot, count(*), round(avg(seconds), 1), max(seconds) FROM run GROUP BY robot;
SELECT count(*) FROM run a JOIN run b ON b.robot = a.robot AND b.started = a.started + 637.5;
UPDATE run SET seconds = seconds * 1.01 WHERE robot = 'flex-3';
DELETE FROM run WHERE seconds < 100;
VACUUM;
SELECT id, robot, seconds FROM run ORDER BY started DESC LIMIT 200;
PRAGMA integrity_check;
SQL

echo
echo '$ tacho check -s ROW=libsqlite3.so.0:sqlite3_step'
"$tacho" check -s ROW=libsqlite3.so.0:sqlite3_step
echo
echo '$ tacho record -s PREPARE=libsqlite3.so.0:sqlite3_prepare_v2 \'
echo '               -s ROW=libsqlite3.so.0:sqlite3_step \'
echo '               -s FINALIZE=libsqlite3.so.0:sqlite3_finalize -d DIR -- sqlite3 runs.db < work.sql'
"$tacho" record -s PREPARE=libsqlite3.so.0:sqlite3_prepare_v2 -s ROW=libsqlite3.so.0:sqlite3_step \
	-s FINALIZE=libsqlite3.so.0:sqlite3_finalize -d "$out/data" \
	-- sqlite3 "$out/runs.db" <"$out/work.sql" >"$out/answers.txt"
echo
echo '$ head -n 3 DIR/robot_activity_data'
head -n 3 "$out/data/robot_activity_data"
echo
echo '$ tacho report DIR'
"$tacho" report "$out/data"
echo
echo "The files are in $out/data."
