"""What a person would paint, and how good the labels are that came of it.

python judge_labels.py strokes ARCHIVE SUBJECT SESSION TRUTH VALUE       seeds for the lesions of a truth's label, as JSON
python judge_labels.py dice ARCHIVE SUBJECT SESSION TRUTH VALUE SAVED    the same lesions against labels 1 and 2
python judge_labels.py same A B                                          do two label maps agree, voxels and grid?

ARCHIVE is a zip that the page wrote; TRUTH what `hepatica phantom` writes. The truth of the session's portal
venous series is found by its voxels. Strokes are polylines in RAS mm: a person's few lines, not the outline.
"""

import gzip
import hashlib
import json
import pathlib
import sys
import zipfile

import nibabel
import numpy
import SimpleITK


def mark(image):
    canonical = nibabel.as_closest_canonical(image)
    voxels = numpy.round(numpy.asanyarray(canonical.dataobj).astype(numpy.float64), 1) + 0.0
    return hashlib.sha256(numpy.ascontiguousarray(voxels).tobytes()).hexdigest()


def truth_of(archive, subject, session, truth):
    with zipfile.ZipFile(archive) as entries:
        names = [n for n in entries.namelist() if f"{subject}/{session}/" in n and "_acq-pv_" in n and n.endswith(".nii.gz")]
        name = sorted(n for n in names if not n.startswith("derivatives"))[0]
        image = nibabel.Nifti1Image.from_bytes(gzip.decompress(entries.read(name)))
    wanted = mark(image)
    for path in sorted(pathlib.Path(truth).glob("*portal_venous*.nii.gz")):
        if mark(nibabel.load(path)) == wanted:
            return nibabel.as_closest_canonical(nibabel.load(pathlib.Path(truth) / "labels" / path.name))
    raise SystemExit(f"no truth is {name}")


def eroded(mask):
    """Without the pixels that touch what is outside."""
    return mask & numpy.roll(mask, 1, 0) & numpy.roll(mask, -1, 0) & numpy.roll(mask, 1, 1) & numpy.roll(mask, -1, 1)


def line(affine, mask, k):
    """A line through a part of a slice, row after row to and fro, as a hand fills it."""
    points = []
    for j in sorted(set(numpy.nonzero(mask)[1])):
        row = numpy.nonzero(mask[:, j])[0]
        ends = [row.min(), row.max()]
        points += [(i, j, k) for i in (ends if len(points) % 4 == 0 else ends[::-1])]
    return nibabel.affines.apply_affine(affine, points).round(2).tolist() if points else []


def ring(affine, mask, k, away):
    """A closed line round a part of a slice."""
    i, j = (c.mean() for c in numpy.nonzero(mask))
    points = []
    for angle in numpy.linspace(0, 2 * numpy.pi, 40):
        step = numpy.array([numpy.cos(angle), numpy.sin(angle)])
        r = 0.0
        while mask[tuple(numpy.round([i + step[0] * r, j + step[1] * r]).astype(int))]:
            r += 0.25
        points.append((i + step[0] * (r + away), j + step[1] * (r + away), k))
    return nibabel.affines.apply_affine(affine, points).round(2).tolist()


def lesions(image, value):
    """The parts of a label that do not touch, the largest first."""
    mask = SimpleITK.GetImageFromArray((numpy.asanyarray(image.dataobj) == int(value)).astype(numpy.uint8))
    parts = SimpleITK.GetArrayFromImage(SimpleITK.RelabelComponent(SimpleITK.ConnectedComponent(mask)))
    return [parts == n for n in range(1, parts.max() + 1)]


def strokes(archive, subject, session, truth, value):
    """For the two largest: every second slice a line inside and a ring outside, and a lid above and below."""
    image = truth_of(archive, subject, session, truth)
    found = []
    for lesion in lesions(image, value)[:2]:
        slices = sorted(set(numpy.nonzero(lesion)[2]))
        mine = {"inside": [], "outside": []}
        for k in slices[::2]:
            inside = eroded(eroded(lesion[:, :, k]))
            mine["inside"].append(line(image.affine, inside if inside.any() else lesion[:, :, k], k))
            mine["outside"].append(ring(image.affine, lesion[:, :, k], k, 2.5))
        widest = lesion.any(axis=2)
        mine["outside"].append(line(image.affine, widest, slices[0] - 1))
        mine["outside"].append(line(image.affine, widest, slices[-1] + 1))
        found.append(mine)
    return found


def dice(archive, subject, session, truth, value, saved):
    """Of the two largest, against labels 1 and 2 of what was saved."""
    image = truth_of(archive, subject, session, truth)
    ours = nibabel.as_closest_canonical(nibabel.load(saved))
    if not numpy.allclose(ours.affine, image.affine, atol=1e-3):
        raise SystemExit("the saved labels lie on another grid")
    labels = numpy.asanyarray(ours.dataobj)
    found = []
    for n, lesion in enumerate(lesions(image, value)[:2], 1):
        mine = labels == n
        both = (lesion & mine).sum()
        found.append({"dice": float(2 * both / (lesion.sum() + mine.sum())), "truth": int(lesion.sum()), "labelled": int(mine.sum())})
    return found


def same(one, two):
    a, b = nibabel.load(one), nibabel.load(two)
    return {
        "grid": bool(a.shape == b.shape and numpy.allclose(a.affine, b.affine, atol=1e-5)),
        "voxels": bool(a.shape == b.shape and (numpy.asanyarray(a.dataobj) == numpy.asanyarray(b.dataobj)).all()),
    }


print(json.dumps({"strokes": strokes, "dice": dice, "same": same}[sys.argv[1]](*sys.argv[2:])))
