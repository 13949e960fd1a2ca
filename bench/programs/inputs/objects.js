// SPDX-License-Identifier: MIT OR Apache-2.0
// Buffers, compression and objects: what node allocates outside its own heap, and some inside.
const zlib = require('zlib');
const crypto = require('crypto');

let seed = 12345;
const next = (n) => (seed = (seed * 16807) % 2147483647) % n;
const buffers = [];
let bytes = 0;
for (let i = 0; i < 40000; i++) {
    const buffer = Buffer.alloc(64 + next(12000), i & 0xff);
    bytes += buffer.length;
    buffers[next(3000)] = buffer;
}
const rows = buffers.filter(Boolean).slice(0, 400).map((b, i) => ({ i, data: b.toString('hex') }));
const text = JSON.stringify(rows);
const packed = zlib.gzipSync(text, { level: 6 });
const again = JSON.parse(zlib.gunzipSync(packed).toString());
const digest = crypto.createHash('sha256');
again.forEach((row) => digest.update(row.data));
console.log(bytes, text.length, again.length, digest.digest('hex'));
