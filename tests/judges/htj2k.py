"""High-throughput JPEG 2000 in all the shapes that the standard allows, for codecs.py.

OpenJPH's command (Debian's openjph-tools) codes; OpenJPH's and OpenJPEG's libraries say what comes out. What no
encoder here writes (refinement passes, layers, packed headers, changes of progression) is written here, from
the segments of what an encoder wrote.
"""

import pathlib
import struct
import subprocess
import tempfile

import imagecodecs as ic
import numpy as np


def compress(array, bits, signed=False, **options):
    """ojph_compress on raw samples."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.yuv"), pathlib.Path(folder, "out.j2c")
        planes = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
        count, rows, columns = planes.shape
        if options.pop("named", count == 3):
            source = pathlib.Path(folder, "in.ppm")
            source.write_bytes(b"P6 %d %d %d\n" % (columns, rows, 2**bits - 1)
                               + np.ascontiguousarray(array).astype("u1" if bits <= 8 else ">u2").tobytes())
        else:
            source.write_bytes(planes.astype("i1" if bits <= 8 and signed else "u1" if bits <= 8 else "<u2").tobytes())
            options |= {"dims": "{%d,%d}" % (columns, rows), "num_comps": count, "bit_depth": bits,
                        "signed": str(signed).lower(), "downsamp": "{1,1}"}
        command = ["ojph_compress", "-i", str(source), "-o", str(target)]
        for key, value in options.items():
            command += ["-" + key, str(value).lower() if isinstance(value, bool) else str(value)]
        done = subprocess.run(command, capture_output=True, text=True)
        if not target.exists() or not target.stat().st_size:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return target.read_bytes()


def judged(code):
    """What OpenJPH gives; OpenJPEG must agree. In bytes OpenJPH lets overshoot wrap: there OpenJPEG counts."""
    one, other = ic.htj2k_decode(code), ic.jpeg2k_decode(code)
    if one.itemsize == 1:
        return other
    assert np.abs(one.astype(int) - other.astype(int)).max() <= 2
    return one


def with_sign(array, bits, **options):
    """Signed samples of fewer bits than their type has: OpenJPH's command spoils those, its library does not."""
    code = bytearray(ic.htj2k_encode(array, **options))
    depth = code.index(b"\xff\x51") + 40
    assert code[depth] == 0x8F
    code[depth] = 0x80 | bits - 1
    return bytes(code)


class Bits:
    """Packet headers' bits, with their stuffing (T.800 B.10.1)."""

    def __init__(self, data=b""):
        self.data, self.at, self.out = data, 0, []
        self.pending, self.left, self.last = 0, 0, 0

    def read(self, count):
        value = 0
        for _ in range(count):
            if self.left == 0:
                self.left = 7 if self.last == 0xFF else 8
                self.last = self.data[self.at]
                self.at += 1
            self.left -= 1
            value = value << 1 | self.last >> self.left & 1
        return value

    def end(self):
        return self.at + (self.last == 0xFF)

    def write(self, text):
        self.out += [int(bit) for bit in text]
        return self

    def bytes(self):
        out, bits = bytearray(), list(self.out)
        while bits:
            width = 7 if out and out[-1] == 0xFF else 8
            part, bits = bits[:width], bits[width:]
            part += [0] * (width - len(part))
            out.append(int("".join(map(str, part)), 2))
        if out and out[-1] == 0xFF:
            out.append(0)
        return bytes(out)


PASSES = {1: "0", 2: "10", 3: "1100", 4: "1101", 5: "1110", 6: "111100000"}


def packet(groups, *, first, empty, lblock, included=True, tree=""):
    """One block's contribution: (passes, [(length, bits beyond Lblock)], bytes). Gives header and body."""
    bits = Bits().write("1")
    bits.write(tree if first else "1")
    if first:
        bits.write("0" * empty + "1")
    passes, lengths, body = groups
    bits.write(PASSES[passes])
    need = max([3] + [length.bit_length() - more for length, more in lengths])
    grow = max(0, need - lblock[0])
    bits.write("1" * grow + "0")
    lblock[0] += grow
    for length, more in lengths:
        bits.write(format(length, f"0{lblock[0] + more}b"))
    return bits.bytes(), body


class Single:
    """A codestream of one block, taken apart."""

    def __init__(self, code):
        at = code.index(b"\xff\x90")
        self.main, rest = code[:at], code[at + 14:]
        bits = Bits(rest)
        assert bits.read(1) == 1 and bits.read(1) == 1
        self.empty = 0
        while bits.read(1) == 0:
            self.empty += 1
        assert bits.read(1) == 0
        lblock = 3
        while bits.read(1) == 1:
            lblock += 1
        length = bits.read(lblock)
        self.cleanup = rest[bits.end():][:length]
        assert len(self.cleanup) == length

    def header(self, *, planes=0, layers=1, extra=b""):
        """The main header, with more bit-planes below, more layers, more segments."""
        out = bytearray(self.main)
        at = out.index(b"\xff\x5c")
        out[at + 5] += planes << 3
        cod = out.index(b"\xff\x52")
        out[cod + 6:cod + 8] = struct.pack(">H", layers)
        return bytes(out) + extra

    @staticmethod
    def whole(header, packets, markers=b""):
        body = markers + b"\xff\x93" + packets
        return header + b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 12 + len(body), 0, 1) + body + b"\xff\xd9"


def written_here(case, pictures):
    """Codestreams put together from one block's segments."""
    rng = np.random.default_rng(7)
    refinement = bytes(rng.integers(0, 0xFF, 900, dtype=np.uint8))
    singles = {}

    def single(array):
        key = array.tobytes()
        if key not in singles:
            singles[key] = Single(compress(array, 12, reversible=True, num_decomps=0, prog_order="LRCP"))
        return singles[key]

    def one_layer(array, passes, planes=2):
        s = single(array)
        lengths = [(len(s.cleanup), 0)] + ([(len(refinement), passes - 2)] if passes > 1 else [])
        body = s.cleanup + (refinement if passes > 1 else b"")
        head, body = packet((passes, lengths, body), first=True, empty=s.empty, lblock=[3], tree="1")
        return s.whole(s.header(planes=planes), head + body)

    def clamped(code, _):
        return np.clip(judged(code).astype(int), 0, 4095)

    for passes, name in ((1, "planes-cut"), (2, "significance-propagation"), (3, "magnitude-refinement")):
        for planes in (1, 2):
            case(f"htj2k-{name}-{planes}", "203", lambda a, n=passes, p=planes: one_layer(a, n, p), clamped,
                 pictures, stored=12, allocated=16)

    def layers(array):
        """Cleanup, propagation and refinement in a layer each; an empty layer between."""
        s, lblock = single(array), [3]
        half = len(refinement) // 3
        parts = [
            packet((1, [(len(s.cleanup), 0)], s.cleanup), first=True, empty=s.empty, lblock=lblock, tree="1"),
            packet((1, [(half, 0)], refinement[:half]), first=False, empty=0, lblock=lblock),
            (b"\x00", b""),
            packet((1, [(len(refinement) - half, 0)], refinement[half:]), first=False, empty=0, lblock=lblock),
        ]
        return s.whole(s.header(planes=2, layers=4), b"".join(head + body for head, body in parts))

    def as_one(code, array):
        return clamped(one_layer(array, 3), array)

    case("htj2k-layers", "203", layers, as_one, pictures, stored=12, allocated=16)

    def late(array):
        """The block comes with the third layer (the tag tree says so by then)."""
        s = single(array)
        head, body = packet((3, [(len(s.cleanup), 0), (len(refinement), 1)], s.cleanup + refinement), first=True,
                            empty=s.empty, lblock=[3], tree="1")
        # A packet that is there, and whose block is not yet: 1, then one 0 of the tree.
        return s.whole(s.header(planes=2, layers=3), b"\x00" + Bits().write("10").bytes() + head + body)

    case("htj2k-late-layer", "203", late, as_one, pictures, stored=12, allocated=16)

    def stand_ins(array, apart=False):
        """Three passes that stand for an empty plane, and the cleanup pass behind them."""
        s = single(array)
        lblock = [3]
        if apart:
            none = packet((3, [(0, 1)], b""), first=True, empty=s.empty - 1, lblock=lblock, tree="1")
            some = packet((1, [(len(s.cleanup), 0)], s.cleanup), first=False, empty=0, lblock=lblock)
            return s.whole(s.header(layers=2), b"".join(none) + b"".join(some))
        head, body = packet((4, [(len(s.cleanup), 2)], s.cleanup), first=True, empty=s.empty - 1, lblock=lblock,
                            tree="1")
        return s.whole(s.header(), head + body)

    case("htj2k-stand-ins", "201", stand_ins, lambda c, a: a, pictures, stored=12, allocated=16)
    case("htj2k-stand-ins-in-a-layer", "201", lambda a: stand_ins(a, True), lambda c, a: a, pictures, stored=12,
         allocated=16)

    def two_sets(array):
        """A coarse set, then the whole block as a set of its own, a plane below."""
        s = single(array)
        coarse = single(array // 2)
        lblock = [3]
        one = packet((1, [(len(coarse.cleanup), 0)], coarse.cleanup), first=True, empty=s.empty - 1, lblock=lblock,
                     tree="1")
        two = packet((3, [(0, 1), (len(s.cleanup), 0)], s.cleanup), first=False, empty=0, lblock=lblock)
        return s.whole(s.header(layers=2), b"".join(one) + b"".join(two))

    case("htj2k-two-sets", "201", two_sets, lambda c, a: a, pictures, stored=12, allocated=16)

    def packed(array, where):
        s = single(array)
        head, body = packet((1, [(len(s.cleanup), 0)], s.cleanup), first=True, empty=s.empty, lblock=[3], tree="1")
        head += b"\xff\x92"
        if where == "main":
            content = b"\x00" + struct.pack(">I", len(head)) + head
            return s.whole(s.header(extra=b"\xff\x60" + struct.pack(">H", 2 + len(content)) + content), body)
        parts = b""
        for number, part in ((1, head[2:]), (0, head[:2])):
            parts += b"\xff\x61" + struct.pack(">HB", 3 + len(part), number) + part
        return s.whole(s.header(), b"\xff\x91\x00\x04\x00\x00" + body, parts)

    for where in ("main", "tile"):
        case(f"htj2k-packed-headers-{where}", "201", lambda a, w=where: packed(a, w), lambda c, a: a, pictures,
             stored=12, allocated=16)


def reordered(code, order):
    """The order of packets in a POC segment instead of COD, by halves of the resolutions."""
    out = bytearray(code)
    cod = out.index(b"\xff\x52")
    assert out[cod + 5] == order
    out[cod + 5] = 0 if order else 4
    entries = struct.pack(">BBHBBB", 0, 0, 1, 2, 3, order) + struct.pack(">BBHBBB", 0, 0, 9, 33, 0, order)
    at = out.index(b"\xff\x90")
    return bytes(out[:at] + b"\xff\x5f" + struct.pack(">H", 2 + len(entries)) + entries + out[at:])


def cases(case, picture):
    def grey(bits, rows=53, columns=37):
        dtype = np.uint8 if bits <= 8 else np.uint16
        return [picture(n, 2**bits - 1, 0, rows, columns).astype(dtype) for n in range(3)]

    def colour(bits, rows=53, columns=37):
        planes = [np.stack([picture(f + n, 2**bits - 1, 0, rows, columns) for n in range(3)], axis=-1)
                  for f in range(3)]
        return [p.astype(np.uint8 if bits <= 8 else np.uint16) for p in planes]

    def signed(bits):
        return [picture(n, 2 ** (bits - 1) - 1, -(2 ** (bits - 1))).astype(np.int16) for n in range(3)]

    def same(_, array):
        return array

    def lossless(name, syntax, pictures, bits, sign=False, photometric="MONOCHROME2", **options):
        case(f"htj2k-{name}", syntax, lambda a: compress(a, bits, sign, reversible=True, **options), same, pictures,
             stored=bits, allocated=8 if bits <= 8 else 16, signed=sign,
             samples=pictures[0].shape[2] if pictures[0].ndim == 3 else 1, photometric=photometric)

    # Depths and signs.
    for bits in (8, 10, 12, 15, 16):
        lossless(f"{bits}-bit", "201", grey(bits), bits)
    for bits in (12, 16):
        case(f"htj2k-signed-{bits}", "201", lambda a, b=bits: with_sign(a, b, reversible=True), same, signed(bits),
             stored=bits, allocated=16, signed=True)
    # Levels of decomposition; blocks.
    for levels in (0, 1, 2, 3, 4, 6, 8):
        lossless(f"levels-{levels}", "201", grey(12), 12, num_decomps=levels)
    for block in ("{4,4}", "{8,32}", "{4,1024}", "{1024,4}", "{64,16}"):
        lossless(f"blocks-{block}", "201", grey(12, 130, 141), 12, block_size=block)
    # The five orders, with precincts, in grey and colour, off the grid.
    for order in ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL"):
        lossless(f"{order}", "202" if order == "RPCL" else "201", grey(16, 141, 130), 16, prog_order=order,
                 precincts="{16,8},{32,32},{16,64}", block_size="{16,16}", num_decomps=3)
        lossless(f"{order}-colour", "201", colour(8), 8, photometric="YBR_RCT", prog_order=order,
                 precincts="{8,8},{8,16}", block_size="{8,8}", num_decomps=2, image_offset="{5,3}")
        lossless(f"{order}-colour-tiles", "201", colour(8), 8, photometric="YBR_RCT", prog_order=order,
                 precincts="{8,8}", block_size="{4,8}", num_decomps=3, tile_size="{19,17}", image_offset="{9,11}",
                 tile_offset="{4,3}")
        number = ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL").index(order)
        if number in (1, 2):
            case(f"htj2k-{order}-by-POC", "201",
                 lambda a, o=order, n=number: reordered(
                     compress(a, 8, reversible=True, prog_order=o, num_decomps=4, precincts="{16,16}"), n),
                 same, colour(8), stored=8, allocated=8, samples=3, photometric="YBR_RCT")
    # Sizes: odd, one row, one column, one sample.
    for rows, columns in ((1, 1), (1, 37), (53, 1), (2, 3), (5, 2), (64, 64), (65, 129)):
        lossless(f"{rows}x{columns}", "201", grey(12, max(rows, 1), columns), 12)
    for x, y in ((1, 1), (3, 2), (7, 7)):
        lossless(f"offset-{x}-{y}", "201", grey(12), 12, image_offset="{%d,%d}" % (x, y))
        for wide in (1, 3):
            lossless(f"offset-{wide}-wide-{x}-{y}", "201", grey(12, 40, wide), 12,
                     image_offset="{%d,%d}" % (x, y), tile_size="{60,60}")
    # Tiles.
    for tile in ("{16,20}", "{1,7}", "{40,5}"):
        lossless(f"tiles-{tile}", "201", grey(16), 16, tile_size=tile)
    lossless("colour", "201", colour(8), 8, photometric="YBR_RCT")
    lossless("colour-12", "201", colour(12), 12, photometric="YBR_RCT")
    lossless("colour-untransformed", "201", colour(8), 8, photometric="RGB", colour_trans=False)
    # Lossy: nothing to hold it against but other decoders.
    for step in (0.0005, 0.004, 0.05):
        for name, pictures, bits in (("8", grey(8), 8), ("16", grey(16, 141, 130), 16), ("colour", colour(8), 8)):
            case(f"htj2k-lossy-{name}-{step}", "203", lambda a, q=step, b=bits: compress(a, b, qstep=q),
                 lambda c, _: judged(c), pictures, stored=bits, allocated=8 if bits == 8 else 16,
                 samples=3 if name == "colour" else 1,
                 photometric="YBR_ICT" if name == "colour" else "MONOCHROME2", tolerance=1)
    case("htj2k-lossy-signed", "203", lambda a: ic.htj2k_encode(a, level=0.0001, reversible=False),
         lambda c, _: judged(c), signed(16), stored=16, allocated=16, signed=True, tolerance=1)
    case("htj2k-lossy-tiles", "203", lambda a: compress(a, 12, qstep=0.001, tile_size="{16,16}", num_decomps=2),
         lambda c, _: judged(c), grey(12), stored=12, allocated=16, tolerance=1)
    # Small around the middle, so that planes below leave them in range.
    written_here(case, [picture(n, 2048 + 240, 2048 - 240).astype(np.uint16) for n in range(3)])
