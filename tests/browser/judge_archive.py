"""Judges an archive that the page wrote: python judge_archive.py ARCHIVE TRUTH

ARCHIVE is a zip, TRUTH what `hepatica phantom` writes beside its DICOM (NIfTI volumes, planted.tsv).
Every truth volume must be in the archive, voxels and affine, exactly once (localizers and
projections, which are left out unless asked for: never); no planted value may be in
any byte of it, names included. Prints what is wrong, a line each, and ends with 1.
"""

import csv
import gzip
import hashlib
import io
import pathlib
import re
import sys
import zipfile

import nibabel
import numpy


def mark(image):
    """What makes a volume: its grid to a micrometre, its voxels in whole tenths."""
    voxels = numpy.asanyarray(image.dataobj)
    rounded = numpy.round(voxels.astype(numpy.float64), 1) + 0.0
    digest = hashlib.sha256(numpy.ascontiguousarray(rounded).tobytes()).hexdigest()
    return tuple(voxels.shape), digest, tuple(numpy.round(image.affine, 3).ravel() + 0.0)


def canonical(image):
    """Voxel order is the converter's choice: closest to RAS, whatever it was."""
    return mark(nibabel.as_closest_canonical(image))


def main(archive, truth):
    faults = []
    with zipfile.ZipFile(archive) as entries:
        broken = entries.testzip()
        if broken:
            faults.append(f"the zip is damaged at entry {broken}")
        contents = {name: entries.read(name) for name in entries.namelist()}
    found = {}
    for name, content in contents.items():
        if name.endswith(".nii.gz"):
            image = nibabel.Nifti1Image.from_bytes(gzip.decompress(content))
            found.setdefault(canonical(image), []).append(name)

    truths = sorted(pathlib.Path(truth).glob("*.nii.gz"))
    if not truths:
        faults.append("no truth to compare with")
    for path in truths:
        names = found.get(canonical(nibabel.load(path)), [])
        wanted = 0 if re.search(r"_(localizer|mip)(_|\.)", path.name) else 1
        if len(names) != wanted:
            faults.append(f"truth {path.name} is in the archive {len(names)} times")

    haystack = io.BytesIO()
    for name, content in contents.items():
        haystack.write(name.encode())
        haystack.write(b"\n")
        # Of an image the header; its voxels are numbers.
        haystack.write(gzip.decompress(content)[:352] if name.endswith(".nii.gz") else content)
        haystack.write(b"\n")
    haystack = haystack.getvalue().lower()
    with open(pathlib.Path(truth) / "planted.tsv", encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            value = row["value"].strip().lower()
            # Shorter ones are found everywhere by chance; the core checks them by position.
            if len(value) >= 5 and value.encode() in haystack:
                faults.append(f"planted {row['kind']} of {row['place']} is in the archive")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


sys.exit(main(sys.argv[1], sys.argv[2]))
