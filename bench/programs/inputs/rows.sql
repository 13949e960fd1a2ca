-- SPDX-License-Identifier: MIT OR Apache-2.0
-- 300,000 rows with indexes and queries, in memory.
.bail on
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, kind INTEGER, price REAL, note TEXT);
BEGIN;
WITH RECURSIVE n(i, r) AS (
    SELECT 1, 12345
    UNION ALL SELECT i + 1, (r * 1103515245 + 12345) % 2147483648 FROM n WHERE i < 300000
)
INSERT INTO item SELECT i, printf('item-%08x', r), r % 97, (r % 100000) / 100.0,
    substr('some words that are longer for some rows than for others', 1, 4 + r % 52) FROM n;
CREATE INDEX item_name ON item(name);
CREATE INDEX item_kind ON item(kind, price);
COMMIT;
SELECT count(*), sum(id), round(sum(price), 2) FROM item;
SELECT kind, count(*), round(avg(price), 4), group_concat(DISTINCT length(note)) FROM item
    GROUP BY kind ORDER BY 3 DESC, kind LIMIT 5;
SELECT a.id, b.id FROM item a JOIN item b ON a.name = b.name AND a.id < b.id ORDER BY a.id LIMIT 5;
SELECT count(*) FROM item
    WHERE name LIKE 'item-0%' AND kind IN (SELECT kind FROM item WHERE price > 999.9);
UPDATE item SET note = note || ' and more' WHERE kind < 20;
DELETE FROM item WHERE kind > 70;
SELECT note, count(*) FROM item GROUP BY note ORDER BY 2 DESC, 1 LIMIT 3;
SELECT name, price FROM item ORDER BY price DESC, name LIMIT 3 OFFSET 1000;
PRAGMA integrity_check;
