#!/usr/bin/env python3
"""compare_nifti.py REFERENCE TEST: are two folders of NIfTI images the same volumes?

Images are paired by what they show, never by name. Each is turned to the closest RAS+ orientation with
its affine, so that storage order doesn't matter. For every pair: dimensions; the world position of all
eight corners (0.001 mm); values (equal where both are plain integers, else within 1e-6 of the range);
b-values (1 s/mm²) and b-vectors in world space (0.01, either sign; none has a meaning at b = 0, and
dcm2niix leaves Philips' unturned there). Ends with one line of JSON; exit 0 only if every image of both folders has its pair and all is equal.
"""

import json
import pathlib
import sys

import nibabel
import numpy

# Of a unit vector. dcm2niix leaves GE's as long as they are written, to 3 %; ours have length 1.
TURNED = 0.01


def companion(path, suffix):
    other = path.with_name(path.name.split(".nii")[0] + suffix)
    return numpy.atleast_2d(numpy.loadtxt(other)) if other.exists() else None


class Image:
    def __init__(self, path):
        image = nibabel.load(path)
        turned = nibabel.as_closest_canonical(image)
        self.name = str(path)
        self.affine = turned.affine
        values = numpy.asanyarray(turned.dataobj)
        self.values = values if values.ndim == 4 else values.reshape(values.shape[:3] + (-1,))
        slope, intercept = image.header.get_slope_inter()
        plain = slope in (None, 1.0) and intercept in (None, 0.0)
        self.exact = plain and image.get_data_dtype().kind in "iu"
        self.b_values = companion(path, ".bval")
        self.b_vectors = self.in_world(companion(path, ".bvec"), image.affine)

    @staticmethod
    def in_world(vectors, affine):
        if vectors is None:
            return None
        vectors = numpy.array(vectors if vectors.shape[0] == 3 else vectors.T, float)
        axes = affine[:3, :3] / numpy.linalg.norm(affine[:3, :3], axis=0)
        if numpy.linalg.det(axes) > 0:
            vectors[0] *= -1  # FSL's convention
        return axes @ vectors

    def corners(self):
        last = [n - 1 for n in self.values.shape[:3]]
        points = [[x, y, z, 1] for x in (0, last[0]) for y in (0, last[1]) for z in (0, last[2])]
        return (self.affine @ numpy.array(points, float).T)[:3]

    def sketch(self):
        """Numbers that tell images apart, whatever the order of voxels."""
        values = self.values.astype(float)
        return numpy.array([values.mean(), values.std(), values.max(), values[..., 0].mean()])


def far(a, b):
    if a.values.shape != b.values.shape:
        return numpy.inf
    return numpy.abs(a.sketch() - b.sketch()).max() + numpy.abs(a.corners() - b.corners()).max()


def differences(a, b):
    found = []
    if a.values.shape != b.values.shape:
        return [f"dimensions {a.values.shape} and {b.values.shape}"]
    apart = float(numpy.abs(a.corners() - b.corners()).max())
    if apart > 1e-3:
        found.append(f"corners {apart:.4g} mm apart")
    left, right = a.values.astype(float), b.values.astype(float)
    spread = float(left.max() - left.min()) or 1.0
    error = float(numpy.abs(left - right).max()) / spread
    if error > (0.0 if a.exact and b.exact else 1e-6):
        found.append(f"values differ by {error:.3g} of the range")
    for what in ("b_values", "b_vectors"):
        x, y = getattr(a, what), getattr(b, what)
        if x is None and y is None:
            continue
        if x is None or y is None or x.shape != y.shape:
            found.append(f"{what} on one side only, or not as many")
        elif what == "b_values" and numpy.abs(x - y).max() > 1:
            found.append("b-values differ")
        elif what == "b_vectors":
            wrong = numpy.minimum(numpy.abs(x - y).max(0), numpy.abs(x + y).max(0))
            if a.b_values is not None and a.b_values.size == wrong.size:
                wrong = wrong[a.b_values.ravel() > 0]
            if wrong.size and wrong.max() > TURNED:
                found.append(f"b-vectors differ by {wrong.max():.3f}")
    return found


def images(folder):
    paths = sorted(pathlib.Path(folder).rglob("*.nii.gz")) + sorted(pathlib.Path(folder).rglob("*.nii"))
    return [Image(path) for path in paths]


def main():
    reference, test = images(sys.argv[1]), images(sys.argv[2])
    left, equal, lines = list(test), 0, []
    for a in reference:
        b = min(left, key=lambda candidate: far(a, candidate), default=None)
        if b is None:
            lines.append(f"{a.name}: no pair")
            continue
        left.remove(b)
        found = differences(a, b)
        equal += not found
        lines += [f"{a.name} and {b.name}: {what}" for what in found]
    lines += [f"{b.name}: too many" for b in left]
    print("\n".join(lines))
    print(json.dumps({"reference": len(reference), "test": len(test), "equal": equal}))
    sys.exit(0 if reference and equal == len(reference) == len(test) else 1)


if __name__ == "__main__":
    main()
