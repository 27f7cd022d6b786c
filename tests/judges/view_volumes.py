"""Volumes of every handedness, and what lies where in them according to nibabel.

view_volumes.py FOLDER: writes a few .nii.gz and truth.json, name -> [{world, value}], RAS+ mm.
"""

import json
import pathlib
import sys

import nibabel
import numpy

OUT = pathlib.Path(sys.argv[1])
COS, SIN = numpy.cos(0.35), numpy.sin(0.35)
AFFINES = {
    "axial": [[-1.5, 0, 0], [0, -1.5, 0], [0, 0, 3.0]],
    "left-handed": [[1.5, 0, 0], [0, -1.5, 0], [0, 0, 3.0]],
    "ras": [[1.5, 0, 0], [0, 1.5, 0], [0, 0, 3.0]],
    "sagittal": [[0, 0, -3.0], [1.2, 0, 0], [0, -1.2, 0]],
    "coronal": [[-1.2, 0, 0], [0, 0, 4.0], [0, -1.2, 0]],
    "oblique": [[-1.4 * COS, 1.4 * SIN, 0], [-1.4 * SIN, -1.4 * COS, 0], [0, 0, 3.0]],
}
DIMS = (48, 40, 24)


def main():
    noise = numpy.random.default_rng(5)
    truth = {}
    for name, columns in AFFINES.items():
        affine = numpy.eye(4)
        affine[:3, :3] = numpy.array(columns)
        affine[:3, 3] = [11.0, -7.0, 55.0]
        # Blocks of 4 voxels, so that a place a little off its voxel's centre stays in its block.
        blocks = noise.integers(1, 5, size=[n // 4 for n in DIMS])
        values = numpy.kron(blocks, numpy.ones((4, 4, 4), dtype=numpy.int16)).astype(numpy.int16)
        image = nibabel.Nifti1Image(values, affine)
        image.header.set_xyzt_units("mm")
        nibabel.save(image, OUT / f"{name}.nii.gz")
        loaded = nibabel.load(OUT / f"{name}.nii.gz")
        data = numpy.asarray(loaded.dataobj)
        points = []
        for _ in range(4):
            block = [noise.integers(1, n // 4 - 1) for n in DIMS]
            voxel = [4 * b + 1.5 for b in block]
            world = loaded.affine @ numpy.array([*voxel, 1.0])
            index = tuple(4 * b + 1 for b in block)
            points.append({"world": [float(v) for v in world[:3]], "value": int(data[index])})
        truth[name] = points
    (OUT / "truth.json").write_text(json.dumps(truth))


main()
