"""itk-growcut on a NIfTI image and seeds: the labels it gives, and the time its filter takes.

growcut_itk.py IMAGE SEEDS PENALTY LABELS.nii.gz: prints JSON with `solve_ms`, `voxels`, `peak_bytes`.
"""

import json
import resource
import sys
import time

import itk
import nibabel
import numpy


def main():
    image_path, seeds_path, penalty, out = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
    loaded = nibabel.load(image_path)
    spacing = [float(v) for v in loaded.header.get_zooms()[:3]]

    def to_itk(values, kind):
        # numpy's x, y, z with z fastest is ITK's z, y, x.
        made = itk.image_from_array(numpy.ascontiguousarray(values.transpose(2, 1, 0).astype(kind)))
        made.SetSpacing(spacing)
        return made

    image = to_itk(numpy.asarray(loaded.dataobj), numpy.int16)
    seeds = to_itk(numpy.asarray(nibabel.load(seeds_path).dataobj), numpy.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grow = itk.FastGrowCut.New(image)
    grow.SetSeedImage(seeds)
    grow.SetDistancePenalty(penalty)
    began = time.perf_counter()
    grow.Update()
    took = time.perf_counter() - began
    labels = itk.array_from_image(grow.GetOutput()).transpose(2, 1, 0)
    nibabel.save(nibabel.Nifti1Image(labels.astype(numpy.uint8), loaded.affine), out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"solve_ms": took * 1e3, "voxels": int(labels.size), "peak_bytes": peak * 1024}))


if __name__ == "__main__":
    main()
