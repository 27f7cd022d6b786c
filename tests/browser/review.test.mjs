/** Review of images that may have text burned in: left out, boxes by mouse and keyboard, black in every frame. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp } from "node:fs/promises";
import path from "node:path";
import { accessibilityFaults, judge, scratch, screenshot, serveSealed, test, until, untilText } from "./harness.mjs";
import { SMALL, confirmRoles, drop, exportZip, open, phantom, untilPlan } from "./steps.mjs";

/** Writes a bright bar into every frame of one series, and says in its headers that text is burned in. */
function burn(folder) {
  const said = execFileSync(judge("python"), ["-c", `
import collections, json, pathlib, sys, pydicom
series = collections.defaultdict(list)
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        try:
            d = pydicom.dcmread(path)
        except Exception:
            continue
        if d.get("Modality") == "MR" and "ImagePositionPatient" in d and not d.file_meta.TransferSyntaxUID.is_compressed:
            series[(d.PatientID, d.SeriesInstanceUID)].append(path)
paths = max(series.values(), key=len)
outside = []
for path in paths:
    d = pydicom.dcmread(path)
    d.BurnedInAnnotation = "YES"
    pixels = d.pixel_array.copy()
    pixels[1:4, 2:d.Columns // 4] = 900
    d.PixelData = pixels.tobytes()
    pixels[0:d.Rows // 2, 0:d.Columns // 2] = 0
    outside.append(int(pixels.astype("int64").sum()))
    d.save_as(path)
print(json.dumps({"count": len(paths), "rows": int(d.Rows), "columns": int(d.Columns), "outside": outside}))
`, folder]);
  return JSON.parse(said.toString());
}

/** What became of the box: counts of objects and slices, and how far the greatest value within is from black. */
function inspect(archive, folder, box, burned) {
  execFileSync("unzip", ["-q", archive, "-d", folder]);
  const said = execFileSync(judge("python"), ["-c", `
import json, pathlib, sys, pydicom, nibabel, numpy
root, box, burned = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
x, y, w, h = box["x"], box["y"], box["width"], box["height"]
objects, most, around = 0, 0, 0
for path in root.glob("dicom/**/*.dcm"):
    d = pydicom.dcmread(path)
    if d.get("BurnedInAnnotation") == "NO":
        objects += 1
        pixels = d.pixel_array
        # Black is the least value of a signed image: its background.
        black_is = int(pixels.min()) if d.PixelRepresentation else 0
        most = max(most, int(pixels[y:y+h, x:x+w].max()) - black_is)
        around += int((pixels > 0).sum())
black = []
for path in root.rglob("*.nii.gz"):
    data = numpy.asarray(nibabel.load(path).dataobj.get_unscaled()).astype("int64")
    if data.shape[0] < x + w or data.shape[1] < y + h:
        continue
    columns, rows = data.shape[:2]
    part = data[x:x+w, rows-y-h:rows-y]
    # Each slice was made black by itself, as in DICOM.
    part = part.max(axis=(0, 1)) - part.min(axis=(0, 1))
    # The burned slices, of one image or of several phases, are known by what is far from the bar.
    data[0:columns//2, rows-rows//2:rows] = 0
    if all(int(sum) in burned["outside"] for sum in data.sum(axis=(0, 1)).ravel()):
        black.extend(int(most) for most in part.ravel())
certificate = json.loads((root / "provenance/deidentification.json").read_text())
print(json.dumps({"objects": objects, "most": most, "around": around, "black": black, "certificate": json.dumps(certificate)}))
`, folder, JSON.stringify(box), JSON.stringify(burned)]);
  return JSON.parse(said.toString());
}

test("a suspected series is left out until boxes are drawn, and they are black in images and DICOM", async () => {
  const made = await phantom(SMALL);
  const folder = path.join(await scratch(), "in");
  await cp(made.dicom, folder, { recursive: true });
  const burned = burn(folder);
  const { url } = await serveSealed();
  const { page } = await open(url, { context: { viewport: { width: 1280, height: 800 } } });
  await drop(page, folder);
  await untilPlan(page);
  const open_ = page.getByRole("button", { name: "1 series to review for text" });
  await open_.waitFor();
  await page.getByRole("complementary", { name: "De-identification" }).getByRole("switch", { name: "Also write de-identified DICOM" }).click();
  await open_.click();
  const dialog = page.getByRole("dialog", { name: "Text burned into images?" });
  const picture = dialog.getByRole("group", { name: /^Picture, / });
  await picture.waitFor();
  await untilText(dialog.locator(".review__why"), new RegExp(`^${burned.count} objects?: the header says so`));
  // What was proposed goes, by keyboard: what is drawn is all that there is.
  const boxes = picture.getByRole("button");
  while (await boxes.count()) {
    const before = await boxes.count();
    await boxes.first().focus();
    await page.keyboard.press("Delete");
    await until("the box is gone", async () => (await boxes.count()) < before);
  }
  assert.equal(await dialog.getByRole("button", { name: /^Make 0 boxes black/ }).isDisabled(), true);
  const seen = await picture.boundingBox();
  await page.mouse.move(seen.x + 1, seen.y + 1);
  await page.mouse.down();
  await page.mouse.move(seen.x + seen.width * 0.2, seen.y + seen.height * 0.15, { steps: 4 });
  await page.mouse.move(seen.x + seen.width * 0.4, seen.y + seen.height * 0.25, { steps: 4 });
  await page.mouse.up();
  const shape = async () => (await boxes.first().getAttribute("aria-label")).match(/\d+/g).slice(1).map(Number);
  await until("a box is drawn", async () => (await boxes.count()) === 1);
  const [x, y, width, height] = await shape();
  assert.ok(x === 0 && y === 0 && width >= burned.columns / 4, "it covers the bar");
  await boxes.first().focus();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowRight");
  await until("it is larger", async () => (await shape())[3] === height + 1 && (await shape())[2] === width + 1);
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await accessibilityFaults(page), [], colorScheme);
    await screenshot(page, `review-${colorScheme}`);
  }
  await dialog.getByRole("button", { name: "Make 1 box black" }).click();
  await untilText(dialog.locator(".review__item"), /boxes black/);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Review text in images" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await open_.waitFor();
  await page.getByRole("button", { name: "Redo" }).click();
  await page.getByRole("button", { name: "Review text in images" }).waitFor();
  await confirmRoles(page);
  const archive = await exportZip(page);
  const became = inspect(archive, await scratch(), { x: 0, y: 0, width: width + 1, height: height + 1 }, burned);
  assert.equal(became.objects, burned.count, "objects of the series");
  assert.equal(became.most, 0, "black in every object");
  assert.ok(became.around > 0, "the rest is there");
  assert.deepEqual(became.black, new Array(burned.count).fill(0), "every slice of its images, and black");
  assert.ok(/had boxes made black in [1-9]\d*\./.test(became.certificate), "the certificate says so");
});

test("left out is the default, and accepting is a decision of its own", async () => {
  const made = await phantom(SMALL);
  const folder = path.join(await scratch(), "in");
  await cp(made.dicom, folder, { recursive: true });
  const burned = burn(folder);
  const { url } = await serveSealed();
  const { page } = await open(url);
  await drop(page, folder);
  await untilPlan(page);
  await page.getByRole("button", { name: /^left out/ }).click();
  const row = page.getByRole("button", { name: "text may be burned in; review" });
  await row.first().waitFor();
  await row.first().click();
  const dialog = page.getByRole("dialog", { name: "Text burned into images?" });
  await dialog.getByRole("group", { name: /^Picture, / }).waitFor();
  await dialog.getByRole("button", { name: "Add a box" }).click();
  assert.ok((await dialog.getByRole("group").getByRole("button").count()) > 0);
  await dialog.getByRole("button", { name: "Accept as it is" }).click();
  await untilText(dialog.locator(".review__item"), /accepted/);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Review text in images" }).waitFor();
  assert.equal(await row.count(), 0);
  assert.ok(burned.count > 0);
});
