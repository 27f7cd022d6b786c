#!/usr/bin/env python3
"""conformance.py REFERENCE OURS: dcm2niix's conversion of a folder beside ours, volume by volume.

Compares what compare_nifti.py compares, and the numbers of both sidecars. A difference that
docs/conversion.md explains is named by its word there. Prints a line of JSON a volume,
{"reference", "ours", "verdict", "found"}, with verdict `equal`, `explained` or `different`, and a
last one with the counts. Names are series numbers and pseudonyms. Exit 0 unless a volume differs.
"""

import collections
import json
import pathlib
import sys

import numpy

import compare_nifti

# Fields of both sidecars that are compared: absolute tolerance, relative tolerance.
FIELDS = {
    "MagneticFieldStrength": (0, 1e-3),
    "ImagingFrequency": (0, 1e-4),
    "EchoTime": (1e-6, 1e-3),
    "EchoTime1": (1e-6, 1e-3),
    "EchoTime2": (1e-6, 1e-3),
    "RepetitionTime": (1e-4, 1e-3),
    "InversionTime": (1e-4, 1e-3),
    "FlipAngle": (1e-3, 1e-3),
    "SliceThickness": (1e-3, 1e-3),
    "SpacingBetweenSlices": (2e-3, 1e-3),
    "EffectiveEchoSpacing": (0, 1e-3),
    "TotalReadoutTime": (0, 1e-3),
    "DwellTime": (0, 1e-3),
    "PixelBandwidth": (0, 1e-3),
    "PartialFourier": (1e-3, 0),
    "ParallelReductionFactorInPlane": (1e-3, 0),
    "ParallelReductionFactorOutOfPlane": (1e-3, 0),
    "MultibandAccelerationFactor": (0, 0),
    "EchoTrainLength": (0, 0),
    "PhaseEncodingSteps": (0, 0),
    "AcquisitionMatrixPE": (0, 0),
    "ReconMatrixPE": (0, 0),
    "PercentPhaseFOV": (1e-2, 1e-3),
    "NumberOfAverages": (1e-3, 1e-3),
    "DelayTime": (1e-4, 1e-3),
    # dcm2niix counts seconds of the day in 32 bits: 1/64 s before noon; mosaics round to 2.5 ms.
    "SliceTiming": (0.017, 0),
}
WORDS = ["PhaseEncodingDirection", "PhaseEncodingAxis", "MRAcquisitionType", "PatientPosition", "Units"]


def sidecar(image):
    path = pathlib.Path(image.name.split(".nii")[0] + ".json")
    return json.loads(path.read_text()) if path.exists() else {}


def fields(reference, ours):
    """What differs between two sidecars, of the fields that both have."""
    found = []
    for name, (absolute, relative) in FIELDS.items():
        if name not in reference or name not in ours:
            continue
        a, b = numpy.ravel(reference[name]).astype(float), numpy.ravel(ours[name]).astype(float)
        if a.shape != b.shape:
            found.append(f"{name}: {a.size} and {b.size} values")
        elif (numpy.abs(a - b) > absolute + relative * numpy.abs(a)).any():
            found.append(f"{name}: {reference[name] if a.size == 1 else 'by'} "
                         f"{ours[name] if a.size == 1 else numpy.abs(a - b).max()}")
    for name in WORDS:
        if name in reference and name in ours and reference[name] != ours[name]:
            found.append(f"{name}: {reference[name]} and {ours[name]}")
    return found


def sense_not_given(reference, ours):
    """The reference states a sense of phase encoding where ours states an axis only."""
    return "PhaseEncodingDirection" in reference and "PhaseEncodingDirection" not in ours


def real_world(a, b, of_b):
    """Whether ours are the reference's values, scaled by the mapping to real-world values."""
    slope, intercept = of_b.get("RealWorldValueSlope"), of_b.get("RealWorldValueIntercept")
    if slope is None or a.values.shape != b.values.shape:
        return False
    scaled = a.values.astype(float) * slope + intercept
    return numpy.abs(scaled - b.values).max() <= 1e-6 * (scaled.max() - scaled.min())


def first_gap(a, b):
    """Whether the affines differ by one axis' step alone, by rounding, and agree at one end of it."""
    steps = numpy.linalg.norm(a.affine[:3, :3] - b.affine[:3, :3], axis=0)
    axis = int(steps.argmax())
    last = numpy.zeros(4)
    last[axis] = a.values.shape[axis] - 1
    apart = (a.affine - b.affine)[:3]
    ends = [numpy.abs(apart @ (last * end + [0, 0, 0, 1])).max() for end in (0, 1)]
    others = numpy.delete(steps, axis).max()
    return others < 1e-6 and steps[axis] <= 1e-4 * numpy.linalg.norm(a.affine[:3, axis]) and min(ends) <= 1e-3


def explain(what, a, b, reference, of_b):
    """The word under which docs/conversion.md explains a difference, if it does."""
    if what.startswith("corners") and first_gap(a, b):
        return "first-gap"
    if what.startswith("values differ") and real_world(a, b, of_b):
        return "real-world-values"
    philips = reference.get("Manufacturer") == "Philips"
    if what.startswith("values differ") and philips and reference.get("Units") == "Hz":
        left, right = a.values.astype(float), b.values.astype(float)
        if numpy.abs(left - right).max() <= 1e-5 * (left.max() - left.min()):
            return "philips-field-map"
    if what.startswith("b-vectors differ") and reference.get("Manufacturer") == "GE":
        lengths = [numpy.linalg.norm(v.b_vectors, axis=0) for v in (a, b)]
        if numpy.abs(lengths[0] - lengths[1]).max() <= 0.031:
            units = [v.b_vectors / numpy.maximum(n, 1e-9) for v, n in zip((a, b), lengths)]
            same = numpy.minimum(numpy.abs(units[0] - units[1]).max(0), numpy.abs(units[0] + units[1]).max(0))
            if same.max() <= compare_nifti.TURNED:
                return "unit-vectors"
    if what.startswith("EchoTime:") and "EchoTime1" in reference:
        return "field-map-echoes"
    if what.startswith("SliceTiming"):
        times = numpy.ravel(reference["SliceTiming"]).astype(float)
        if times.max() - times.min() > reference.get("RepetitionTime", 0):
            return "slice-times-beyond-repetition"
    return None


def volumes_of(image):
    """The 3D volumes of an image, each as a key that is the same wherever it was stacked."""
    corners = tuple(numpy.round(image.corners(), 2).ravel() + 0.0)
    for t in range(image.values.shape[3]):
        values = numpy.ascontiguousarray(image.values[..., t], dtype=numpy.float32)
        # Six digits: slopes are stored in 32 bits.
        with numpy.errstate(divide="ignore"):
            digits = numpy.floor(numpy.log10(numpy.abs(values).max() or 1.0))
        yield corners, values.shape, numpy.round(values / 10.0 ** (digits - 5)).tobytes()


def main():
    reference, ours = (compare_nifti.images(folder) for folder in sys.argv[1:3])
    left, unpaired, lines = list(ours), [], []
    # The closest first, so that what has no pair takes nobody else's.
    pairs = sorted(
        ((compare_nifti.far(a, b), n, m) for n, a in enumerate(reference) for m, b in enumerate(ours)),
    )
    paired, taken = {}, set()
    for distance, n, m in pairs:
        if n not in paired and m not in taken and numpy.isfinite(distance):
            paired[n] = m
            taken.add(m)
    short = lambda image: pathlib.Path(image.name).name.split(".nii")[0]
    for n, a in enumerate(reference):
        if n not in paired:
            unpaired.append(a)
            continue
        b = ours[paired[n]]
        left.remove(b)
        of_a, of_b = sidecar(a), sidecar(b)
        found = compare_nifti.differences(a, b) + fields(of_a, of_b)
        if any(what.startswith("values") for what in found) and explain(found[0], a, b, of_a, of_b) is None:
            unpaired.append(a)
            left.append(b)
            continue
        words = [explain(what, a, b, of_a, of_b) for what in found]
        verdict = "equal" if not found else "explained" if all(words) else "different"
        told = [f"{word}: {what}" if word else what for word, what in zip(words, found)]
        if sense_not_given(of_a, of_b):
            told.append("phase-encoding sense: in the reference only")
            verdict = "different"
        lines.append({"reference": short(a), "ours": short(b), "verdict": verdict, "found": told})
    # What was parted otherwise may be in pieces that found a pair.
    everywhere = set().union(*(set(volumes_of(image)) for image in ours), set())
    elsewhere = set().union(*(set(volumes_of(image)) for image in reference), set())
    for side, images, others in (("reference", unpaired, everywhere), ("ours", left, elsewhere)):
        for image in images:
            whole = set(volumes_of(image)) <= others
            line = {"reference": None, "ours": None, "verdict": "explained" if whole else "different"}
            line[side] = short(image)
            shape = "×".join(map(str, image.values.shape))
            line["found"] = [f"parted-otherwise ({shape})" if whole else f"no pair ({shape})"]
            lines.append(line)
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))
    counts = collections.Counter(line["verdict"] for line in lines)
    total = {"volumes": len(reference), "ours": len(ours)}
    print(json.dumps({**total, **{v: counts[v] for v in ("equal", "explained", "different")}}))
    sys.exit(0 if reference and not counts["different"] else 1)


if __name__ == "__main__":
    main()
