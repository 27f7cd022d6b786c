"""Whether frames of DICOM Segmentations lie where the images that they name lie, in their patient and study.

    python references.py SEGMENTATIONS OBJECTS
"""

import pathlib
import sys

import highdicom
import numpy as np
import pydicom

objects = {}
for path in pathlib.Path(sys.argv[2]).rglob("*.dcm"):
    image = pydicom.dcmread(path, stop_before_pixels=True)
    objects[image.SOPInstanceUID] = image

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.dcm")):
    seg = highdicom.seg.segread(str(path))
    listed = {i.ReferencedSOPInstanceUID for s in seg.ReferencedSeriesSequence for i in s.ReferencedInstanceSequence}
    frames = 0
    for groups in seg.PerFrameFunctionalGroupsSequence:
        [source] = [s for d in groups.DerivationImageSequence for s in d.SourceImageSequence]
        image = objects[source.ReferencedSOPInstanceUID]
        assert source.ReferencedSOPInstanceUID in listed
        assert source.ReferencedSOPClassUID == image.SOPClassUID
        here = groups.PlanePositionSequence[0].ImagePositionPatient
        assert np.allclose(np.array(here, float), np.array(image.ImagePositionPatient, float), atol=1e-3), (here, image.ImagePositionPatient)
        for word in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
            assert getattr(seg, word) == getattr(image, word), word
        assert image.PatientIdentityRemoved == "YES"
        frames += 1
    assert frames > 0
    print(path.name, "ok", frames, len(listed))
