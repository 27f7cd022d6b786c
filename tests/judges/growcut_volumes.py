"""Bench volumes for GrowCut: a liver-like phantom, plain and noisy, with seeds, of any size.

growcut_volumes.py OUT NX NY NZ NOISE: writes OUT/image.nii.gz (int16) and OUT/seeds.nii.gz (uint8).
Voxels are 0.8 x 0.8 x 2.5 mm. Labels: 1 lesions, 2 liver, 3 spleen, 4 everything else.
"""

import os
import sys

import nibabel
import numpy


def phantom(size, noise, seed=1):
    axes = [(numpy.arange(n, dtype=numpy.float32) + 0.5) / n - 0.5 for n in size]
    x, y, z = numpy.meshgrid(*axes, indexing="ij", sparse=True)

    def ball(centre, radii):
        return sum(((a - c) / r) ** 2 for a, c, r in zip((x, y, z), centre, radii)) < 1

    image = numpy.full(size, 20, numpy.float32)
    body = ball((0, 0, 0), (0.45, 0.38, 0.6))
    image[body] = (150 + 40 * numpy.sin(20 * x) * numpy.sin(17 * y) + 0 * z)[body]
    liver = ball((-0.15, 0, 0), (0.22, 0.25, 0.35)) & body
    image[liver] = (320 + 20 * x + 0 * y + 0 * z)[liver]
    vessels = liver & (numpy.sin(40 * x) * numpy.cos(37 * y) * numpy.sin(20 * z) > 0.8)
    image[vessels] = 420
    spleen = ball((0.22, 0.1, 0.1), (0.12, 0.1, 0.2))
    image[spleen] = 260
    lesions = numpy.zeros(size, bool)
    for centre, radius in (((-0.12, 0.05, 0.05), 0.05), ((-0.2, -0.1, -0.1), 0.03), ((-0.22, 0.1, 0.15), 0.04)):
        lesions |= ball(centre, (radius, radius, radius * 1.5))
    image[lesions] = 200
    if noise:
        random = numpy.random.default_rng(seed)
        # Rician, as magnitude images have it.
        real = image + random.normal(0, noise, size).astype(numpy.float32)
        image = numpy.hypot(real, random.normal(0, noise, size).astype(numpy.float32))

    seeds = numpy.zeros(size, numpy.uint8)
    for label, centres in (
        (1, ((-0.12, 0.05, 0.05), (-0.2, -0.1, -0.1), (-0.22, 0.1, 0.15))),
        (2, ((-0.25, 0.0, 0.0), (-0.1, -0.12, 0.1), (-0.05, 0.05, -0.2))),
        (3, ((0.22, 0.1, 0.1),)),
        (4, ((0.0, -0.3, 0.0), (0.0, 0.3, 0.2), (0.3, -0.1, -0.2), (0.46, 0.46, 0.0), (-0.46, -0.46, 0.2))),
    ):
        for centre in centres:
            near = numpy.ones(size, bool)
            for axis, c, wide in zip((x, y, z), centre, (0.02, 0.02, 0.02)):
                near = near & (abs(axis - c) < wide)
            seeds[near] = label
    truth = numpy.where(lesions, 1, numpy.where(liver, 2, numpy.where(spleen, 3, 4))).astype(numpy.uint8)
    return numpy.rint(image).astype(numpy.int16), seeds, truth


def main():
    out, size, noise = sys.argv[1], [int(v) for v in sys.argv[2:5]], float(sys.argv[5])
    os.makedirs(out, exist_ok=True)
    affine = numpy.diag([0.8, 0.8, 2.5, 1.0])
    for name, values in zip(("image", "seeds", "truth"), phantom(size, noise)):
        nibabel.save(nibabel.Nifti1Image(values, affine), os.path.join(out, f"{name}.nii.gz"))


if __name__ == "__main__":
    main()
