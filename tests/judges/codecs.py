"""Codes small pictures in every compressed transfer syntax of DICOM, with other people's encoders.

    python codecs.py OUT

writes OUT/manifest.json and, for each frame, its codestream and what the same library decodes from it
(int32, little endian, the samples of a pixel side by side). The pictures are made here, from a formula.
"""

import json
import pathlib
import sys

import imagecodecs as ic
import numpy as np

import htj2k

OUT = pathlib.Path(sys.argv[1])
ROWS, COLUMNS, FRAMES = 53, 37, 3


def picture(frame, most, least=0, rows=ROWS, columns=COLUMNS):
    """Rings, a ramp, a flat patch and some noise: runs for every coder, and edges."""
    y, x = np.mgrid[0:rows, 0:columns].astype(float)
    rings = np.cos(np.hypot(x - 11 - frame, y - 23) / 2.5)
    ramp = (x + 2 * y) / (columns + 2 * rows)
    noise = np.random.default_rng(frame).uniform(-0.1, 0.1, (rows, columns))
    shape = np.clip(0.5 + 0.25 * rings + 0.3 * (ramp - 0.5) + noise * (y > 30), 0, 1)
    shape[5:15, 3:20] = 0.125 * frame
    shape[0, 0], shape[-1, -1] = 0, 1
    return np.round(least + shape * (most - least)).astype(np.int32)


def colour(frame):
    return np.stack([picture(frame + n, 255) for n in range(3)], axis=-1).astype(np.uint8)


def raw(array):
    return np.ascontiguousarray(array).astype("<i4").tobytes()


entries = []


def case(name, syntax, encode, decode, pictures, *, stored, allocated, signed=False, samples=1,
         photometric="MONOCHROME2", tolerance=0):
    """`encode` takes an array; `decode` gives what the header's reader must see."""
    frames = []
    for number, array in enumerate(pictures):
        code = bytes(encode(array))
        truth = decode(code, array)
        stem = f"{name}-{number}"
        (OUT / f"{stem}.bin").write_bytes(code)
        (OUT / f"{stem}.raw").write_bytes(raw(truth))
        frames.append(stem)
    entries.append({
        "name": name, "syntax": "1.2.840.10008.1.2.4." + syntax, "rows": pictures[0].shape[0],
        "columns": pictures[0].shape[1],
        "stored": stored, "allocated": allocated, "signed": signed, "samples": samples,
        "photometric": photometric, "tolerance": tolerance, "frames": frames,
    })


def same(_, array):
    return array


def grey(bits):
    dtype = np.uint8 if bits == 8 else np.uint16
    return [picture(n, 2**bits - 1).astype(dtype) for n in range(FRAMES)]


def signed(bits):
    """Values with a sign, and the same as two's complement of `bits`."""
    return [picture(n, 2 ** (bits - 1) - 1, -(2 ** (bits - 1))).astype(np.int16) for n in range(FRAMES)]


def complement(bits):
    return lambda array: (array.astype(np.int32) & (2**bits - 1)).astype(np.uint16)


OUT.mkdir(parents=True, exist_ok=True)

# JPEG, the sequential DCT processes: what libjpeg decodes, to the last bit.
for quality in (60, 95):
    case(f"baseline-{quality}", "50", lambda a, q=quality: ic.jpeg8_encode(a, level=q),
         lambda c, _: ic.jpeg8_decode(c), grey(8), stored=8, allocated=8)
case("extended-12", "51", lambda a: ic.jpeg8_encode(a, level=95, bitspersample=12),
     lambda c, _: ic.jpeg8_decode(c), grey(12), stored=12, allocated=16)
case("extended-8", "51", lambda a: ic.jpeg8_encode(a, level=90), lambda c, _: ic.jpeg8_decode(c), grey(8),
     stored=8, allocated=8)
for subsampling in ("444", "422", "420"):
    case(f"baseline-colour-{subsampling}", "50",
         lambda a, s=subsampling: ic.jpeg8_encode(a, level=90, subsampling=s),
         lambda c, _: ic.jpeg8_decode(c), [colour(n) for n in range(FRAMES)], stored=8, allocated=8,
         samples=3, photometric="YBR_FULL_422", tolerance=1)

# JPEG lossless, every predictor; process 14 in general, SV1 with the first.
for predictor in range(1, 8):
    syntax = "70" if predictor == 1 else "57"
    for bits in (8, 12, 16):
        case(f"lossless-{predictor}-{bits}", syntax,
             lambda a, p=predictor, b=bits: ic.jpeg8_encode(a, lossless=True, predictor=p, bitspersample=b),
             same, grey(bits), stored=bits, allocated=8 if bits == 8 else 16)
case("lossless-signed-16", "70",
     lambda a: ic.jpeg8_encode(complement(16)(a), lossless=True, predictor=1, bitspersample=16), same,
     signed(16), stored=16, allocated=16, signed=True)
case("lossless-signed-12", "70",
     lambda a: ic.jpeg8_encode(complement(12)(a), lossless=True, predictor=1, bitspersample=12), same,
     signed(12), stored=12, allocated=16, signed=True)
case("lossless-8-in-16", "70", lambda a: ic.jpeg8_encode(a, lossless=True, predictor=1), same, grey(8),
     stored=8, allocated=16)
case("lossless-colour", "57",
     lambda a: ic.jpeg8_encode(a, lossless=True, predictor=1, colorspace="RGB", outcolorspace="RGB"), same,
     [colour(n) for n in range(FRAMES)], stored=8, allocated=8, samples=3, photometric="RGB")
# Another encoder's.
case("lossless-lj92", "57", ic.ljpeg_encode, same, grey(12), stored=12, allocated=16)

# JPEG-LS: grey, signed in two's complement, and colour; near-lossless as CharLS decodes it.
for bits in (8, 12, 16):
    allocated = 8 if bits == 8 else 16
    case(f"jpegls-{bits}", "80", ic.jpegls_encode, same, grey(bits), stored=bits, allocated=allocated)
    for near in (1, 3, 10):
        case(f"jpegls-near-{near}-{bits}", "81", lambda a, n=near: ic.jpegls_encode(a, level=n),
             # The encoder takes 12 bit for 16; what it overshoots is no value of 12 bit.
             lambda c, _, b=bits: np.minimum(ic.jpegls_decode(c), 2**b - 1), grey(bits), stored=bits,
             allocated=allocated)
case("jpegls-signed", "80", lambda a: ic.jpegls_encode(complement(16)(a)), same, signed(16), stored=16,
     allocated=16, signed=True)
case("jpegls-colour", "80", ic.jpegls_encode, same, [colour(n) for n in range(FRAMES)], stored=8,
     allocated=8, samples=3, photometric="RGB")

# JPEG 2000, bare codestreams.
j2k = dict(codecformat="J2K", reversible=True)
for bits in (8, 12, 16):
    case(f"j2k-{bits}", "90", lambda a, b=bits: ic.jpeg2k_encode(a, level=0, bitspersample=b, **j2k), same,
         grey(bits), stored=bits, allocated=8 if bits == 8 else 16)
case("j2k-signed", "90", lambda a: ic.jpeg2k_encode(a, level=0, **j2k), same, signed(16), stored=16,
     allocated=16, signed=True)
# An unsigned stream of two's complement under a signed header, as some archives write.
case("j2k-two's-complement", "90",
     lambda a: ic.jpeg2k_encode(complement(12)(a), level=0, bitspersample=12, **j2k), same, signed(12),
     stored=12, allocated=16, signed=True)
case("j2k-8-in-16", "90", lambda a: ic.jpeg2k_encode(a, level=0, **j2k), same, grey(8), stored=8,
     allocated=16)
case("j2k-colour", "90", lambda a: ic.jpeg2k_encode(a, level=0, **j2k), same,
     [colour(n) for n in range(FRAMES)], stored=8, allocated=8, samples=3, photometric="YBR_RCT")
case("j2k-in-jp2", "91", lambda a: ic.jpeg2k_encode(a, level=0, codecformat="JP2", reversible=True), same,
     grey(16), stored=16, allocated=16)
for bits in (8, 16):
    case(f"j2k-lossy-{bits}", "91", lambda a: ic.jpeg2k_encode(a, level=50, codecformat="J2K"),
         lambda c, _: ic.jpeg2k_decode(c), grey(bits), stored=bits, allocated=8 if bits == 8 else 16,
         tolerance=1)
case("j2k-part-2", "92", lambda a: ic.jpeg2k_encode(a, level=0, **j2k), same, grey(16), stored=16,
     allocated=16)

# High-throughput JPEG 2000.
for syntax in ("201", "202"):
    for bits in (8, 16):
        case(f"htj2k-{syntax}-{bits}", syntax, lambda a: ic.htj2k_encode(a, reversible=True, tlm=True), same,
             grey(bits), stored=bits, allocated=8 if bits == 8 else 16)
case("htj2k-tile-parts", "202", lambda a: ic.htj2k_encode(a, reversible=True, tilepart=1), same, grey(16),
     stored=16, allocated=16)
case("htj2k-lossy", "203", lambda a: ic.htj2k_encode(a, level=0.001, reversible=False),
     lambda c, _: ic.htj2k_decode(c), grey(16), stored=16, allocated=16, tolerance=1)
htj2k.cases(case, picture)

# JPEG XL: lossless, lossy, and a JPEG recompressed, both as libjxl gives them.
for bits in (8, 12, 16):
    case(f"jpegxl-{bits}", "110", lambda a, b=bits: ic.jpegxl_encode(a, lossless=True, bitspersample=b), same,
         grey(bits), stored=bits, allocated=8 if bits == 8 else 16)
case("jpegxl-signed", "110", lambda a: ic.jpegxl_encode(complement(16)(a), lossless=True), same, signed(16),
     stored=16, allocated=16, signed=True)
case("jpegxl-colour", "110", lambda a: ic.jpegxl_encode(a, lossless=True), same,
     [colour(n) for n in range(FRAMES)], stored=8, allocated=8, samples=3, photometric="RGB")
case("jpegxl-recompressed", "111", lambda a: ic.jpegxl_encode_jpeg(ic.jpeg8_encode(a, level=90)),
     lambda c, _: ic.jpegxl_decode(c), grey(8), stored=8, allocated=8, tolerance=1)
case("jpegxl-lossy", "112", lambda a: ic.jpegxl_encode(a, lossless=False, distance=1.0),
     lambda c, _: ic.jpegxl_decode(c), grey(8), stored=8, allocated=8, tolerance=1)

(OUT / "manifest.json").write_text(json.dumps(entries, indent=1))
