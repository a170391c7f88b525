import { describe, expect, test } from "bun:test";
import { isPicture, pickedFiles } from "../../public/uploads/dropped.ts";
import type { Act, ShownUpload, UploadItem, UploadState } from "../../public/uploads/item.ts";
import { Pace } from "../../public/uploads/pace.ts";
import { afterAct, afterReturn, chooseNext, delayAfter, totalsOf } from "../../public/uploads/plan.ts";
import { headline, saidOf, stageOf, stuckInWords } from "../../public/uploads/words.ts";

function upload(id: string, state: UploadState, more: Partial<ShownUpload> = {}): ShownUpload {
  return {
    id,
    userId: "ada",
    addedAt: Number(id),
    kind: "video",
    name: `${id}.mp4`,
    sizeBytes: 100,
    modified: 0,
    wishes: {},
    state,
    url: null,
    sentBytes: 0,
    anyway: false,
    place: null,
    problem: null,
    doneAt: null,
    bytesPerSecond: null,
    secondsLeft: null,
    ...more,
  };
}

const idsOf = (items: readonly UploadItem[]) => items.map(({ id }) => id);

describe("whose turn it is", () => {
  test("two at once, the oldest first", () => {
    const items = [upload("3", "waiting"), upload("1", "waiting"), upload("2", "waiting")];
    expect(idsOf(chooseNext(items, new Set()))).toEqual(["1", "2"]);
    expect(idsOf(chooseNext(items, new Set(["1"])))).toEqual(["2"]);
    expect(idsOf(chooseNext(items, new Set(["1", "2"])))).toEqual([]);
  });

  test("what waits for the server keeps its place, what is paused does not", () => {
    const lost = [upload("1", "lost"), upload("2", "sending"), upload("3", "waiting")];
    expect(idsOf(chooseNext(lost, new Set(["2"])))).toEqual([]);
    const paused = [upload("1", "paused"), upload("2", "failed"), upload("3", "waiting")];
    expect(idsOf(chooseNext(paused, new Set()))).toEqual(["3"]);
  });
});

describe("what is pressed", () => {
  const cases: [UploadState, Act, UploadState | "gone" | null][] = [
    ["sending", "pause", "paused"],
    ["lost", "pause-all", "paused"],
    ["done", "pause-all", null],
    ["paused", "resume", "waiting"],
    ["sending", "resume-all", null],
    ["failed", "retry", "waiting"],
    ["done", "retry", null],
    ["known", "send-anyway", "waiting"],
    ["sending", "cancel", "cancelled"],
    ["done", "cancel", null],
    ["done", "dismiss", "gone"],
    ["known", "close", "gone"],
    ["paused", "close", null],
  ];
  test.each(cases)("%s and then %s", (state, act, expected) => {
    const next = afterAct(upload("1", state), act);
    expect(next === null || next === "gone" ? next : next.state).toBe(expected);
  });

  test("what failed on the way is taken off the server with the list", () => {
    const failed = upload("1", "failed", { url: "/api/v1/uploads/1" });
    expect(afterAct(failed, "dismiss")).toMatchObject({ state: "cancelled" });
  });
});

test("a page that opens goes on with what ran, and with what a login was missing for", () => {
  const problem = { message: "You are logged out.", hint: "", isLogin: true };
  expect(afterReturn(upload("1", "sending"), 0)).toMatchObject({ state: "waiting" });
  expect(afterReturn(upload("1", "failed", { problem }), 0)).toMatchObject({
    state: "waiting",
    problem: null,
  });
  expect(afterReturn(upload("1", "failed"), 0)).toMatchObject({ state: "failed" });
  expect(afterReturn(upload("1", "paused"), 0)).toMatchObject({ state: "paused" });
  expect(afterReturn(upload("1", "done", { doneAt: 1000 }), 2000)).toMatchObject({ state: "done" });
  expect(afterReturn(upload("1", "done", { doneAt: 1000 }), 100_000)).toBe("gone");
});

test("the server is asked less and less often, and never gives up", () => {
  expect([1, 2, 3, 4, 5, 50].map(delayAfter)).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test("all as one: what is done counts in, what failed does not", () => {
  const items = [
    upload("1", "done"),
    upload("2", "sending", { sentBytes: 50, bytesPerSecond: 20 }),
    upload("3", "sending", { bytesPerSecond: 5 }),
    upload("4", "failed", { sentBytes: 99 }),
  ];
  expect(totalsOf(items)).toEqual({ percent: 50, bytesPerSecond: 25, secondsLeft: 6 });
  expect(totalsOf([])).toEqual({ percent: 0, bytesPerSecond: null, secondsLeft: null });
});

describe("how fast it goes", () => {
  test("by the last seconds, and slower where it stands still", () => {
    const pace = new Pace();
    pace.note(0, 0);
    expect(pace.bytesPerSecond(100)).toBeNull();
    for (let at = 500; at <= 4000; at += 500) pace.note(at * 10, at);
    expect(pace.bytesPerSecond(4000)).toBe(10_000);
    expect(pace.bytesPerSecond(8000)).toBe(5000);
    for (let at = 4500; at <= 20_000; at += 500) pace.note(40_000 + (at - 4000), at);
    expect(pace.bytesPerSecond(20_000)).toBe(1000);
  });

  test("a piece that is sent again does not count twice", () => {
    const pace = new Pace();
    pace.note(0, 0);
    pace.note(9000, 1000);
    pace.note(0, 2000);
    pace.note(1000, 3000);
    expect(pace.bytesPerSecond(3000)).toBe(1000);
  });
});

describe("in words", () => {
  test("over the list stands what matters most", () => {
    const sending = upload("1", "sending", { sentBytes: 50, bytesPerSecond: 10, secondsLeft: 5 });
    expect(headline([sending])).toBe("Uploading 1 file · 50 % · 5 s left");
    expect(headline([sending, upload("2", "waiting")])).toBe("Uploading 2 files · 25 % · 15 s left");
    expect(headline([upload("1", "paused"), upload("2", "done")])).toBe("1 file paused");
    expect(headline([upload("1", "lost"), upload("2", "waiting")])).toBe("Waiting for the server");
    expect(headline([upload("1", "done"), upload("2", "done")])).toBe("2 files uploaded");
    expect(headline([upload("1", "done"), upload("2", "failed")])).toBe("1 file could not be uploaded");
  });

  test("of what doesn't go on by itself one is named, what was refused before the others", () => {
    expect(stuckInWords([upload("1", "done"), upload("2", "sending")])).toBe("");
    const known = upload("1", "known");
    expect(stuckInWords([known])).toBe("1.mp4: This file is on the shelf already.");
    const refused = upload("2", "failed", { problem: { message: "It is no video.", hint: "" } });
    const missing = upload("3", "needs-file");
    expect(stuckInWords([known, refused, missing])).toBe("2.mp4: It is no video. And 2 more.");
  });

  test("it is read out when something ends, and not while it goes on", () => {
    const sending = upload("1", "sending");
    expect(saidOf(sending, { ...sending, sentBytes: 50 })).toBe("");
    expect(saidOf(sending, { ...sending, state: "done" })).toBe("1.mp4 is uploaded.");
    const problem = { message: "It is no video.", hint: "" };
    expect(saidOf(sending, { ...sending, state: "failed", problem })).toBe(
      "1.mp4 could not be uploaded. It is no video.",
    );
    expect(saidOf(undefined, upload("1", "waiting"))).toBe("1.mp4 is added to the uploads.");
  });

  test("after the last byte the server still looks into it", () => {
    expect(stageOf(upload("1", "sending", { sentBytes: 100 }))).toBe("Looking into the file");
  });
});

describe("what is chosen", () => {
  test("a picture is known where the system has no name for its type, too", () => {
    for (const [name, type, is] of [
      ["a.png", "image/png", true],
      ["IMG_1.HEIC", "", true],
      ["film.mp4", "video/mp4", false],
      ["IMG_1.heic.mov", "", false],
    ] as const)
      expect([name, isPicture({ name, type })]).toEqual([name, is]);
  });

  test("of a folder, films, sounds and pictures are taken", () => {
    const names = ["a.mkv", "b.HEIC", "c.txt", ".hidden.mp4", "._d.mov"];
    const { files, leftOut } = pickedFiles(
      names.map((name) => new File(["x"], name)),
      true,
    );
    expect([files.map(({ name }) => name), leftOut]).toEqual([["a.mkv", "b.HEIC"], 3]);
  });
});
