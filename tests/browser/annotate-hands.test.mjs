/** Hands and keys over panes: what the page asks of the engine for what a person does. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT, accessibilityFaults, inWorker, servePlain, test, until, variant } from "./harness.mjs";
import { open } from "./steps.mjs";

/** The page on a stand-in engine, with a case open; `asked` gives what was asked since it was last asked for. */
async function opened(options = {}) {
  const standIn = await readFile(path.join(ROOT, "tests/browser/stand-in-engine.js"));
  const { folder } = await variant((files) => files.set("engine-worker.js", standIn));
  const { url } = await servePlain(folder);
  const { page, context } = await open(url, options);
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name: "Annotate" }).click();
  await page.getByLabel("Zip of a data set, or NIfTI files").setInputFiles({ name: "a.nii", mimeType: "", buffer: Buffer.from("x") });
  await page.getByRole("application", { name: /^T1 pre/ }).waitFor();
  const pane = (name) => page.getByRole("application", { name });
  const asked = () => inWorker(page, "engine-worker.js", () => globalThis.asked.splice(0));
  /** Waits until something that fits was asked, and gives back all of it. */
  const heard = async (call, fits = () => true) => {
    const all = [];
    await until(`${call} is asked`, async () => {
      all.push(...(await asked()).filter((a) => a.call === call));
      return all.some(fits);
    }, 5_000).catch((reason) => assert.fail(`${reason.message}: ${JSON.stringify(all)}`));
    return all;
  };
  const quiet = async (call) => {
    await page.waitForTimeout(200);
    assert.deepEqual((await asked()).filter((a) => a.call === call), []);
  };
  const boxOf = async (name) => {
    const { x, y, width, height } = await pane(name).boundingBox();
    return { x: x + width / 2, y: y + height / 2, width, height };
  };
  return { page, context, pane, asked, heard, quiet, boxOf };
}

const gesture = (kind) => (a) => a.gesture.kind === kind;

test("wheel, drags and double clicks over a pane are slices, zoom, pan, window and crosshair", async () => {
  const { page, heard, boxOf, asked } = await opened();
  const { x, y } = await boxOf(/^late arterial/);
  await page.mouse.move(x, y);
  await asked();

  await page.mouse.wheel(0, 100);
  assert.equal((await heard("gesture", gesture("scroll")))[0].gesture.slices, 1);
  await page.mouse.wheel(0, -100);
  assert.equal((await heard("gesture", gesture("scroll")))[0].gesture.slices, -1);
  // A touchpad's small steps add up.
  for (let i = 0; i < 12; i += 1) await page.mouse.wheel(0, 10);
  await page.waitForTimeout(100);
  assert.equal((await heard("gesture", gesture("scroll"))).reduce((sum, a) => sum + a.gesture.slices, 0), 4);

  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -100);
  assert.ok((await heard("gesture", gesture("zoom")))[0].gesture.factor > 1);
  await page.keyboard.up("Control");

  await page.keyboard.down("Shift");
  await page.mouse.move(x + 20, y + 10);
  const [cross] = await heard("gesture", gesture("crosshair"));
  assert.equal(cross.pane, 1);
  await page.mouse.wheel(0, -100);
  const brush = await heard("options", (a) => a.brush);
  assert.ok(brush[0].brush.diameter > 10);
  await page.mouse.down();
  await page.mouse.move(x + 50, y + 40, { steps: 4 });
  await page.mouse.up();
  await heard("gesture", gesture("pan"));
  await page.keyboard.up("Shift");

  const drag = async (button, kind) => {
    await page.mouse.move(x, y);
    await page.mouse.down({ button });
    await page.mouse.move(x + 40, y + 20, { steps: 8 });
    await page.mouse.up({ button });
    await page.waitForTimeout(100);
    return (await heard("gesture", gesture(kind))).filter(gesture(kind));
  };
  const windows = await drag("left", "window");
  assert.deepEqual(windows.reduce((sum, a) => [sum[0] + a.gesture.by[0], sum[1] + a.gesture.by[1]], [0, 0]).map(Math.round), [40, 20]);
  assert.ok((await drag("middle", "pan")).length > 0);
  assert.ok((await drag("right", "zoom")).every((a) => a.gesture.factor !== 1));

  await page.mouse.click(x, y, { button: "right" });
  await page.mouse.click(x, y, { button: "right" });
  await heard("gesture", gesture("resetWindow"));

  await page.mouse.dblclick(x, y);
  await until("one pane has the stage", async () => (await page.locator(".pane:visible").count()) === 1);
  await page.mouse.dblclick(x, y);
  await until("all panes are back", async () => (await page.locator(".pane:visible").count()) === 4);
});

test("a stroke is begun, sent with all its points, and ended; two strokes are two", async () => {
  const { page, heard, boxOf, pane, asked } = await opened();
  const { x, y } = await boxOf(/^late arterial/);
  await pane(/^late arterial/).focus();
  await page.keyboard.press("2");
  await heard("tool", (a) => a.tool === "paint");
  await asked();
  await page.mouse.move(x, y);
  await page.mouse.down();
  // A pen that reports faster than frames are drawn.
  await pane(/^late arterial/).evaluate((element, [left, top]) => {
    for (let i = 1; i <= 30; i += 1) {
      const at = { clientX: left + i, clientY: top + i, pointerId: 1, isPrimary: true, buttons: 1, bubbles: true };
      element.dispatchEvent(new PointerEvent("pointermove", at));
    }
  }, [x, y]);
  await page.mouse.up();
  const strokes = await heard("stroke", (a) => a.phase === "end");
  assert.equal(strokes[0].phase, "begin");
  assert.equal(strokes.at(-1).phase, "end");
  assert.ok(strokes.every((s) => s.tool === "paint" && s.pane === 1 && !s.inverted));
  const points = strokes.flatMap((s) => s.points);
  assert.ok(points.length >= 2 * 30, `${points.length / 2} points`);
  assert.ok(strokes.length <= 6, `points of a frame travel together: ${strokes.length} sent`);

  await page.keyboard.down("Control");
  await page.mouse.down();
  await page.mouse.move(x, y, { steps: 3 });
  await page.mouse.up();
  await page.keyboard.up("Control");
  assert.ok((await heard("stroke", (a) => a.phase === "end")).every((s) => s.inverted));

  // What is asked right after a stroke is heard after its end, or it would cut it short.
  await page.mouse.down();
  await page.mouse.move(x + 10, y, { steps: 3 });
  await page.mouse.up();
  await page.keyboard.press("z");
  await until("undo is asked", async () => {
    const order = (await asked()).filter((a) => a.call === "undo" || a.phase === "end").map((a) => a.call);
    if (order.length > 0) assert.deepEqual(order, ["stroke", "undo"]);
    return order.length > 0;
  });

  // Seeds are painted while growing is the tool.
  await page.keyboard.press("6");
  await page.getByText("Paint some background too.").waitFor();
  await page.mouse.down();
  await page.mouse.up();
  assert.equal((await heard("stroke", (a) => a.phase === "end"))[0].tool, "paint");
  await page.keyboard.press("Escape");
  await heard("preview", (a) => a.keep === false);
});

test("a contour is dragged, or clicked corner by corner and closed by Enter; Escape drops it", async () => {
  const { page, heard, boxOf, pane, quiet, asked } = await opened();
  const { x, y } = await boxOf(/^late arterial/);
  await pane(/^late arterial/).focus();
  await page.keyboard.press("3");
  await asked();
  const corners = [[0, 0], [40, 0], [40, 40]];
  for (const [dx, dy] of corners) await page.mouse.click(x + dx, y + dy);
  await quiet("stroke");
  await page.keyboard.press("Enter");
  const [begin, end] = await heard("stroke", (a) => a.phase === "end");
  assert.equal(begin.points.length, 6);
  assert.equal(end.phase, "end");
  for (const [dx, dy] of corners) await page.mouse.click(x + dx, y + dy);
  await page.keyboard.press("Escape");
  await quiet("stroke");
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (const [dx, dy] of corners) await page.mouse.move(x + dx, y + dy, { steps: 5 });
  await page.mouse.up();
  assert.ok((await heard("stroke", (a) => a.phase === "end"))[0].points.length > 12);
});

test("keys act while a pane has the focus, and nowhere else; letters can be switched off", async () => {
  const { page, heard, quiet, pane, asked } = await opened();
  await pane(/^T1 pre/).focus();
  await asked();
  for (const [key, kind] of [["ArrowDown", "scroll"], ["PageUp", "scroll"], ["r", "reset"], ["v", "nextPreset"], ["Shift+ArrowLeft", "crosshair"]]) {
    await page.keyboard.press(key);
    await heard("gesture", gesture(kind));
  }
  await page.keyboard.press("g");
  assert.equal((await heard("display"))[0].labels, false);
  await page.keyboard.press("w");
  assert.equal((await heard("segment"))[0].label, 2);
  await page.keyboard.press(".");
  assert.equal((await heard("stage"))[0].stage, 1);
  await until("the stage has changed", async () => (await page.locator(".pane:visible").count()) === 2);
  await page.keyboard.press(",");
  await heard("stage");
  await page.keyboard.press("z");
  await heard("undo");
  await page.keyboard.press("Control+Shift+Z");
  await heard("redo");
  await page.keyboard.press("Alt+ArrowRight");
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^late arterial/);
  // The last two tools, in turn.
  await page.keyboard.press("2");
  await page.keyboard.press("4");
  await page.keyboard.press("Space");
  const tools = await heard("tool", (a) => a.tool === "paint");
  await page.waitForTimeout(100);
  tools.push(...(await asked()).filter((a) => a.call === "tool"));
  assert.deepEqual(tools.map((a) => a.tool), ["paint", "erase", "paint"]);
  await page.keyboard.press("d");
  assert.equal((await heard("stroke", (a) => a.phase === "end")).length, 2);
  await page.keyboard.press("n");
  assert.equal((await heard("openCase"))[0].case, 1);
  await pane(/^T1 pre/).focus();

  // On a button they are the button's.
  await page.getByRole("button", { name: /^Threshold/ }).focus();
  await asked();
  await page.keyboard.press("g");
  await quiet("display");

  await pane(/^T1 pre/).focus();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Hands and keys" });
  await help.getByText("next case").waitFor();
  await help.getByRole("checkbox", { name: /Single letters/ }).click();
  await help.getByRole("button", { name: "Close" }).click();
  await pane(/^T1 pre/).focus();
  await asked();
  await page.keyboard.press("g");
  await page.keyboard.press("2");
  await quiet("display");
  await page.keyboard.press("ArrowDown");
  await heard("gesture", gesture("scroll"));
});

test("docs/annotate.md has the keys as the page has them", async () => {
  const { page, pane } = await opened();
  await pane(/^T1 pre/).focus();
  await page.keyboard.press("?");
  const groups = page.getByRole("dialog", { name: "Hands and keys" }).locator(".help__group");
  const said = await groups.evaluateAll((all) =>
    all.map((group) => {
      const rows = [...group.querySelectorAll(".keys__row")];
      const cells = rows.map((row) => [row.querySelector("dt").textContent, row.querySelector("dd").textContent]);
      return `### ${group.querySelector("h3").textContent}\n\n| input | does |\n|---|---|\n${cells.map(([key, does]) => `| \`${key}\` | ${does} |`).join("\n")}\n`;
    }).join("\n"),
  );
  const file = path.join(ROOT, "docs/annotate.md");
  const text = await readFile(file, "utf8");
  const [begin, end] = ["<!-- keys: made from the bindings; HEPATICA_SCREENSHOTS=1 writes them anew -->\n", "<!-- end of keys -->"];
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  assert.ok(from >= begin.length && to >= from, "the marks are there");
  if (process.env.HEPATICA_SCREENSHOTS) await writeFile(file, text.slice(0, from) + said + text.slice(to));
  else assert.equal(text.slice(from, to), said);
});

test("digits choose tools by the key's place, whatever the keyboard writes", async () => {
  const { page, heard, pane } = await opened();
  await pane(/^T1 pre/).focus();
  // French keyboards write é there.
  await page.evaluate(() =>
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "é", code: "Digit2", bubbles: true, cancelable: true })),
  );
  await heard("tool", (a) => a.tool === "paint");
});

test("one finger paints, two zoom and pan and take the stroke back, three scroll", async () => {
  const { page, context, heard, boxOf, pane, asked } = await opened({ context: { hasTouch: true } });
  const { x, y } = await boxOf(/^late arterial/);
  await pane(/^late arterial/).focus();
  await page.keyboard.press("2");
  await asked();
  const session = await context.newCDPSession(page);
  const touch = (type, ...points) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([px, py], id) => ({ x: px, y: py, id })) });
  await touch("touchStart", [x, y]);
  await touch("touchMove", [x + 20, y]);
  await touch("touchEnd");
  await heard("stroke", (a) => a.phase === "end");
  await touch("touchStart", [x, y]);
  await touch("touchStart", [x, y], [x + 40, y]);
  await heard("stroke", (a) => a.phase === "cancel");
  await touch("touchMove", [x - 20, y], [x + 60, y]);
  const zooms = await heard("gesture", gesture("zoom"));
  assert.ok(zooms.filter(gesture("zoom")).every((a) => a.gesture.factor > 1));
  await touch("touchEnd");
  await asked();
  const three = (dy) => [[x, y + dy], [x + 40, y + dy], [x + 80, y + dy]];
  await touch("touchStart", ...three(0));
  await touch("touchMove", ...three(30));
  await heard("gesture", (a) => a.gesture.kind === "scroll" && a.gesture.slices > 0);
  await touch("touchEnd");
});

test("an empty pane says what it looked for, and takes what is offered or dragged to it", async () => {
  const { page, heard, pane } = await opened();
  await pane(/^empty/).getByText("Looked for delayed: not found.").waitFor();
  await pane(/^empty/).getByRole("button", { name: "Show delayed" }).click();
  assert.deepEqual((await heard("hang")).map(({ pane: at, volume }) => [at, volume]), [[3, 3]]);
  await page.getByText("4 series").click();
  await page.locator(".series", { hasText: "portal venous" }).dragTo(pane(/^T1 pre/));
  assert.deepEqual((await heard("hang")).map(({ pane: at, volume }) => [at, volume]), [[0, 2]]);
});

test("canvases are given away once, and panes outlive a visit to another room", async () => {
  const { page, heard, asked, pane } = await opened();
  await page.waitForTimeout(200);
  const given = (await asked()).filter((a) => a.call === "paneCanvas").map((a) => a.pane);
  assert.deepEqual(given.sort(), [0, 1, 2, 3]);
  const rooms = page.getByRole("navigation", { name: "Rooms" });
  await rooms.getByRole("button", { name: "Deliver" }).click();
  await heard("paneSize", (a) => a.width === 0);
  await rooms.getByRole("button", { name: "Annotate" }).click();
  await pane(/^T1 pre/).waitFor();
  const again = await heard("paneSize", (a) => a.width > 0);
  assert.ok(again.length > 0);
  assert.deepEqual((await asked()).filter((a) => a.call === "paneCanvas"), []);
});

for (const colorScheme of ["dark", "light"]) {
  test(`the annotator is without accessibility faults, ${colorScheme}`, async () => {
    const { page, pane } = await opened({ context: { colorScheme } });
    assert.deepEqual(await accessibilityFaults(page), []);
    await pane(/^T1 pre/).focus();
    for (const key of ["1", "2", "3", "6", "8", "9", "0", "Shift+1", "Shift+2", "Shift+3", "Shift+4"]) {
      await page.keyboard.press(key);
      assert.deepEqual(await accessibilityFaults(page), [], `tool ${key}`);
    }
    for (const name of ["Masking", "Display", "Measures"]) await page.locator("summary", { hasText: name }).click();
    await page.getByRole("button", { name: "More of Tumour" }).click();
    assert.deepEqual(await accessibilityFaults(page), [], "unfolded");
    await page.getByRole("button", { name: "Save labels" }).click();
    assert.deepEqual(await accessibilityFaults(page), [], "save");
    await page.keyboard.press("Escape");
    await pane(/^T1 pre/).focus();
    await page.keyboard.press("m");
    await page.getByRole("button", { name: "coronal" }).waitFor();
    assert.deepEqual(await accessibilityFaults(page), [], "menu");
  });
}
