#!/usr/bin/env python3
"""Makes the tables beside it from the standard's sources.

    generate.py PS3_15_FOLDER HIGHDICOM_FOLDER

PS3_15_FOLDER holds table_e1-1.json, table_e1-1_additions_2025b.json and table_e3-10-1_safe_private.json;
HIGHDICOM_FOLDER is highdicom/_standard of the wheel on PyPI. Needs pydicom, for the data dictionary.
"""

import json
import pathlib
import sys

from pydicom.datadict import dictionary_VR, keyword_dict

ps3_15, highdicom = map(pathlib.Path, sys.argv[1:])
here = pathlib.Path(__file__).parent
OPTIONS = (
    "retain_safe_private", "retain_uids", "retain_device_id", "retain_institution_id", "retain_patient_chars",
    "retain_long_full_dates", "retain_long_modif_dates", "clean_descriptors", "clean_structured_content",
    "clean_graphics",
)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write(name, lines):
    (here / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def profile():
    table = load(ps3_15 / "table_e1-1.json")
    lines = [
        "# DICOM PS3.15 Table E.1-1, edition 2024b. " + table["source"],
        "# tag, basic profile, and an action or a dot for each option: " + ", ".join(OPTIONS),
    ]
    rows = []
    for row in table["rows"]:
        tag = row["tag"].strip("()").replace(",", "").upper()
        if "ODD" in tag:
            tag = "PRIVATE"
        options = "".join(row[option] or "." for option in OPTIONS)
        rows.append((tag, row["basic_profile"], options))
    lines += ["\t".join(row) for row in sorted(rows)]
    later = load(ps3_15 / "table_e1-1_additions_2025b.json")
    lines.append("# Rows of 2025b, in the sense of another tool's recipe. " + later["source"])
    # A sequence that the tool leaves to review is removed here.
    action = {"remove": "X", "replace": "D", "func:generate_hmacuid": "U"}
    for row in sorted(later["rows"], key=lambda row: row["tag"].lower()):
        tag = row["tag"].strip("()").replace(",", "").upper()
        lines.append("\t".join([tag, action.get(row["luwak_basic"], "X"), "." * len(OPTIONS)]))
    write("e1_1.tsv", lines)


def safe_private():
    rows = load(ps3_15 / "table_e3-10-1_safe_private.json")[1:]
    lines = ["# DICOM PS3.15 Table E.3.10-1, safe private attributes: group, element, VR, creator."]
    for tag, creator, vr, *_ in rows:
        group, element = tag.strip("()").split(",")
        vr = vr if len(vr) == 2 and vr != "VR" else "UN"
        lines.append("\t".join([group.upper(), element[-2:].upper(), vr, creator]))
    head, body = lines[0], sorted(set(lines[1:]))
    write("safe_private.tsv", [head, f"# {len(rows)} rows of the standard", *body])


# Whose value may have to go: by row of Table E.1-1, or by VR.
SWEPT = {"PN", "DA", "DT", "TM", "AS", "LO", "SH", "ST", "LT", "UT", "UC", "AE", "UR", "OB", "UN", "SQ"}
# Code Sequence Macro (PS3.3 table 8.8-1): the same in every sequence, so not repeated.
CODES = {"CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning", "LongCodeValue", "URNCodeValue"}


def types():
    rows = {row["id"].upper() for row in load(ps3_15 / "table_e1-1.json")["rows"]}
    sops = load(highdicom / "sop_class_iod_map.json")
    iods = load(highdicom / "iod_module_map.json")
    modules = load(highdicom / "module_attribute_map.json")
    names = sorted(iod for iod in set(sops.values()) if iod in iods)
    used = sorted({module["key"] for iod in names for module in iods[iod]})
    tops, nested = {}, {}
    for module in used:
        for attribute in modules.get(module, []):
            keyword, kind = attribute["keyword"], attribute["type"]
            tag = keyword_dict.get(keyword)
            if tag is None or keyword in CODES or kind[0] not in "12":
                continue
            if f"{tag:08X}" not in rows and dictionary_VR(tag) not in SWEPT:
                continue
            if attribute["path"]:
                parent = keyword_dict.get(attribute["path"][-1])
                if parent is not None:
                    known = nested.setdefault(parent, {})
                    known[tag] = min(kind[0], known.get(tag, "9"))
            else:
                known = tops.setdefault(module, {})
                known[tag] = min(kind[0], known.get(tag, "9"))
    numbered = {module: n for n, module in enumerate(sorted(tops))}
    lines = [
        "# Attributes of type 1 or 2 (1C and 2C with them) whose value may have to go, from PS3.3 as highdicom"
        " 0.28.2 on PyPI has it (_standard/*.json, MIT).",
        "# M: a module's attributes, tag and type. I: the modules of an IOD, by number. S: SOP class and IOD, by"
        " number. N: a sequence and the attributes of its items.",
    ]
    pack = lambda known: " ".join(f"{tag:08X}{kind}" for tag, kind in sorted(known.items()))
    lines += [f"M {pack(tops[module])}" for module in numbered]
    for iod in names:
        lines.append("I " + " ".join(str(numbered[m["key"]]) for m in iods[iod] if m["key"] in numbered))
    place = {iod: n for n, iod in enumerate(names)}
    lines += [f"S {uid} {place[iod]}" for uid, iod in sorted(sops.items()) if iod in place]
    lines += [f"N {parent:08X} {pack(known)}" for parent, known in sorted(nested.items())]
    write("iod_types.txt", lines)


profile()
safe_private()
types()
