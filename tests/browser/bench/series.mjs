/**
 * One long MR series, written file by file: what a scanner's 3D acquisition is like to a converter.
 *
 * In: a folder, and how many slices of 512 × 512. Out: explicit little-endian files, smooth tissue with
 * a scanner's noise (a flat picture would flatter whoever compresses fastest). Synthetic, nobody's.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

const LONG = new Set(["OB", "OW", "SQ", "UN"]);

function element(group, number, vr, value) {
  let body = value;
  if (typeof value === "string") body = Buffer.from(value.length % 2 ? value + (vr === "UI" ? "\0" : " ") : value, "latin1");
  if (typeof value === "number") {
    body = Buffer.alloc(2);
    body.writeUInt16LE(value);
  }
  const long = LONG.has(vr);
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, "latin1");
  if (long) head.writeUInt32LE(body.length, 8);
  else head.writeUInt16LE(body.length, 6);
  return Buffer.concat([head, body]);
}

/** A small generator of noise, the same at every run. */
function noise() {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 8) / 0x1000000;
  };
}

export async function writeSeries(folder, slices, side = 512) {
  await mkdir(folder, { recursive: true });
  const random = noise();
  const root = "1.2.826.0.1.3680043.10.777.9";
  for (let z = 0; z < slices; z += 1) {
    const pixels = Buffer.alloc(side * side * 2);
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const [u, v, w] = [x / side - 0.5, y / side - 0.5, z / slices - 0.5];
        const inside = u * u * 5 + v * v * 8 < 1;
        const tissue = inside ? 500 + 260 * Math.sin(9 * u + 5 * w) * Math.cos(11 * v - 3 * w) : 0;
        const bright = (u - 0.1) ** 2 + (v + 0.05) ** 2 + w * w < 0.02 ? 350 : 0;
        const grain = (random() + random() + random() - 1.5) * 30;
        pixels.writeInt16LE(Math.max(0, Math.round(tissue + bright + (inside ? grain : Math.abs(grain)))), 2 * (y * side + x));
      }
    }
    const uid = `${root}.1.${z + 1}`;
    const meta = Buffer.concat([
      element(2, 2, "UI", "1.2.840.10008.5.1.4.1.1.4"),
      element(2, 3, "UI", uid),
      element(2, 0x10, "UI", "1.2.840.10008.1.2.1"),
    ]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(meta.length);
    const group = element(2, 0, "UL", length);
    await writeFile(
      path.join(folder, `${String(z + 1).padStart(4, "0")}.dcm`),
      Buffer.concat([
        Buffer.alloc(128), Buffer.from("DICM"), group, meta,
        element(8, 8, "CS", "ORIGINAL\\PRIMARY\\M\\ND"),
        element(8, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.4"),
        element(8, 0x18, "UI", uid),
        element(8, 0x20, "DA", "20240312"), element(8, 0x30, "TM", "081500"), element(8, 0x32, "TM", "081600"),
        element(8, 0x60, "CS", "MR"), element(8, 0x70, "LO", "SIEMENS"), element(8, 0x103e, "LO", "t1_vibe_tra"),
        element(0x10, 0x10, "PN", "Bench^Quirla"), element(0x10, 0x20, "LO", "BQ77310"),
        element(0x18, 0x23, "CS", "3D"), element(0x18, 0x50, "DS", "1.5"),
        element(0x18, 0x80, "DS", "4.1"), element(0x18, 0x81, "DS", "1.9"), element(0x18, 0x1030, "LO", "t1_vibe_tra"),
        element(0x20, 0xd, "UI", root), element(0x20, 0xe, "UI", `${root}.1`), element(0x20, 0x11, "IS", "1"),
        element(0x20, 0x12, "IS", "1"), element(0x20, 0x13, "IS", String(z + 1)),
        element(0x20, 0x32, "DS", `-200\\-200\\${(z * 1.5).toFixed(1)}`), element(0x20, 0x37, "DS", "1\\0\\0\\0\\1\\0"),
        element(0x20, 0x52, "UI", `${root}.2`),
        element(0x28, 2, "US", 1), element(0x28, 4, "CS", "MONOCHROME2"),
        element(0x28, 0x10, "US", side), element(0x28, 0x11, "US", side), element(0x28, 0x30, "DS", "0.78\\0.78"),
        element(0x28, 0x100, "US", 16), element(0x28, 0x101, "US", 16), element(0x28, 0x102, "US", 15), element(0x28, 0x103, "US", 1),
        element(0x7fe0, 0x10, "OW", pixels),
      ]),
    );
  }
}
