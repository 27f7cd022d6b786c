"""Reads files of labels with other people's readers, and says whether each voxel lies where it should.

    python labels.py DIR

Each folder in DIR has truth.json (dims, affine in RAS, segments), values.raw (x fastest), and files of labels.
"""

import json
import pathlib
import sys

import highdicom
import nibabel
import nrrd
import numpy as np
import SimpleITK as sitk
import slicerio


def near(a, b, atol=1e-3):
    assert np.allclose(a, b, atol=atol), (a, b)


def check(case):
    truth = json.loads((case / "truth.json").read_text())
    dims, segments = truth["dims"], truth["segments"]
    affine = np.eye(4)
    affine[:3] = truth["affine"]
    values = np.frombuffer((case / "values.raw").read_bytes(), np.uint8).reshape(dims, order="F")
    corners = [[0, 0, 0], [dims[0] - 1, 0, 0], [3, 4, 5], [0, dims[1] - 1, dims[2] - 1]]

    image = nibabel.load(case / "labels_dseg.nii.gz")
    assert image.get_data_dtype() == np.uint8
    assert np.array_equal(np.asarray(image.dataobj), values), "nibabel"
    near(image.affine, affine, 1e-4)
    for code in (image.header.get_sform(), image.header.get_qform()):
        near(code, affine)

    for name in ("labels_dseg.nii.gz", "labels.seg.nrrd"):
        image = sitk.ReadImage(str(case / name))
        assert np.array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0), values), name
        for voxel in corners:
            world = np.array(image.TransformIndexToPhysicalPoint(voxel)) * [-1, -1, 1]
            near(world, (affine @ [*voxel, 1])[:3])

    data, header = nrrd.read(str(case / "labels.seg.nrrd"))
    assert np.array_equal(data, values), "pynrrd"
    own = np.eye(4)
    own[:3, :3], own[:3, 3] = np.array(header["space directions"]).T, header["space origin"]
    near(np.diag([-1, -1, 1, 1]) @ own, affine, 1e-9)
    read = slicerio.read_segmentation(str(case / "labels.seg.nrrd"))
    assert len(read["segments"]) == len(segments)
    for found, wanted in zip(read["segments"], segments):
        assert (found["name"], found["labelValue"]) == (wanted["name"], wanted["label"])
        near(np.array(found["color"]) * 255, wanted["colour"])
        if wanted["code"]:
            assert found["terminology"]["type"][:2] == wanted["code"][:2], found["terminology"]

    for path in sorted(case.glob("*_seg.dcm")):
        seg = highdicom.seg.segread(str(path))
        volume = seg.get_volume(combine_segments=False)
        placed = np.zeros(dims, np.uint8)
        for index, item in enumerate(seg.SegmentSequence):
            voxels = np.argwhere(volume.array[..., index])
            world = (volume.affine @ np.c_[voxels, np.ones(len(voxels))].T)[:3] * [[-1], [-1], [1]]
            here = (np.linalg.inv(affine) @ np.r_[world, np.ones((1, world.shape[1]))])[:3]
            whole = np.rint(here).astype(int)
            assert np.abs(here - whole).max() < 0.02, path.name
            wanted = next(s for s in segments if s["name"] == item.SegmentLabel)
            placed[tuple(whole)] = wanted["label"]
            if wanted["code"]:
                code = item.SegmentedPropertyTypeCodeSequence[0]
                assert [code.CodingSchemeDesignator, code.CodeValue] == wanted["code"][:2]
        assert np.array_equal(placed, values), path.name
        if path.name.startswith("series"):
            images = seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
            assert len(images) == dims[2]
            assert str(seg.PatientID) == truth["subject"] and seg.StudyInstanceUID == truth["study"]
            assert len(seg.get_source_image_uids()) == dims[2]


for case in sorted(p for p in pathlib.Path(sys.argv[1]).iterdir() if p.is_dir()):
    check(case)
    print(case.name, "ok")
