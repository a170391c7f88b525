import { describe, expect, test } from "bun:test";
import { buildConfig } from "../../src/config.ts";
import { downloadGates, pauseSwitch } from "../../src/features/downloads/gates/gates.ts";
import { explainWait, planGate, planSites } from "../../src/features/downloads/gates/rules.ts";
import type { Standstill } from "../../src/features/downloads/gates/rules.ts";
import { setSwitch } from "../../src/features/downloads/gates/queries.ts";
import { coolDown } from "../../src/features/downloads/fetching/sites.ts";
import { emptyDatabase } from "../fixtures/queue.ts";

/** Noon on this machine: windows are in its time. */
const noon = new Date(2026, 4, 20, 12, 0).getTime();
const minute = 60_000;
const night = { fromMinute: 60, toMinute: 360 };
const open: Standstill = { now: noon, isPaused: false, window: null, sites: [] };

describe("planSites", () => {
  const known = (coolDownUntil: number | null, lastStartAt: number | null) => [
    { site: "example.org", coolDownUntil, lastStartAt },
  ];

  test.each([
    ["is left alone", known(noon + 5, null), 0, [noon + 5, "cool-down"]],
    ["was left alone long enough", known(noon, null), 0, null],
    ["was asked a short while ago", known(null, noon - 10), 30, [noon + 20, "pacing"]],
    ["was asked long ago", known(null, noon - 30), 30, null],
    ["is both: what lasts longer", known(noon + 5, noon - 10), 30, [noon + 20, "pacing"]],
    [
      "was asked in the future, by a clock that was set back",
      known(null, noon + 9_000),
      30,
      [noon + 30, "pacing"],
    ],
  ] as const)("a site that %s", (_, sites, pacingMs, expected) => {
    const found = planSites(sites, pacingMs, noon);
    expect(found).toEqual(
      expected === null ? [] : [{ site: "example.org", until: expected[0], why: expected[1] }],
    );
  });
});

describe("planGate", () => {
  test("lets everything through where nothing holds it back", () => {
    expect(planGate("long", open)).toEqual({ closedForMs: 0, blockedGroups: [], blockedForMs: Infinity });
  });

  test("opens for long downloads with the window, for short ones always", () => {
    expect(planGate("long", { ...open, window: night }).closedForMs).toBe(13 * 60 * minute);
    expect(planGate("long", { ...open, window: night, now: noon + 13 * 60 * minute }).closedForMs).toBe(0);
    expect(planGate("short", { ...open, window: night }).closedForMs).toBe(0);
  });

  test("is closed until somebody opens it where everything is paused", () => {
    expect(planGate("short", { ...open, isPaused: true }).closedForMs).toBe(Infinity);
  });

  test("names the sites, and when the first of them may be asked", () => {
    const sites = [
      { site: "a.org", until: noon + 500, why: "pacing" as const },
      { site: "b.org", until: noon + 200, why: "cool-down" as const },
    ];
    expect(planGate("short", { ...open, sites })).toMatchObject({
      blockedGroups: ["a.org", "b.org"],
      blockedForMs: 200,
    });
  });
});

describe("explainWait", () => {
  const waiting = { isPaused: false, lane: "short", site: "example.org" };
  const here = { running: new Map([["example.org", 1]]), siteRoom: 2 };
  const cool = { site: "example.org", until: noon + 125 * minute, why: "cool-down" as const };

  test.each<[string, Partial<typeof waiting>, Partial<Standstill>, Partial<typeof here>]>([
    ["", {}, {}, {}],
    ["Paused", { isPaused: true }, { isPaused: true, sites: [cool] }, {}],
    ["All downloads are paused", {}, { isPaused: true, sites: [cool] }, {}],
    ["Waits for 01:00", { lane: "long" }, { window: night, sites: [cool] }, {}],
    ["example.org is left alone until 14:05", {}, { sites: [cool] }, {}],
    ["The next from example.org starts at 14:05", {}, { sites: [{ ...cool, why: "pacing" }] }, {}],
    [
      "example.org is left alone until 12:00 on 22 May",
      {},
      { sites: [{ ...cool, until: noon + 48 * 60 * minute }] },
      {},
    ],
    ["Two from example.org run already", {}, {}, { running: new Map([["example.org", 2]]) }],
    ["One from example.org runs already", {}, {}, { siteRoom: 1 }],
    ["", { site: "other.org" }, { sites: [cool] }, { siteRoom: 1 }],
  ])("%p", (words, download, standstill, running) => {
    const now = { ...open, ...standstill };
    expect(explainWait({ ...waiting, ...download }, now, { ...here, ...running })).toBe(words);
  });
});

describe("the gates of downloads", () => {
  const db = emptyDatabase();
  const config = (settings: Record<string, string>) => buildConfig({}, settings);
  const usual = config({});
  const gateOf = (lane: "short" | "long", now: number, settings = usual) =>
    downloadGates({ db, config: settings }).at(lane, now);

  test("are those of the configuration, and of downloads only", () => {
    expect(gateOf("short", noon)).toEqual({
      closedForMs: 0,
      blockedGroups: [],
      blockedForMs: Infinity,
      groupRoom: usual.downloads.per_site_concurrency,
    });
    expect(downloadGates({ db, config: usual }).at("mail", noon)).toBeNull();
    const nightly = config({ HOMEREEL_DOWNLOADS_WINDOW: "01:00-06:00" });
    expect(gateOf("long", noon, nightly)?.closedForMs).toBe(13 * 60 * minute);
    expect(gateOf("short", noon, nightly)?.closedForMs).toBe(0);
  });

  test("keep a site's downloads apart from start to start, also after a new start of the program", () => {
    const paced = config({ HOMEREEL_DOWNLOADS_PACING_SECONDS: "60" });
    downloadGates({ db, config: paced }).taken("paced.org", noon);
    downloadGates({ db, config: usual }).taken("unpaced.org", noon);
    expect(gateOf("short", noon + minute - 1, paced)).toMatchObject({
      blockedGroups: ["paced.org"],
      blockedForMs: 1,
    });
    expect(gateOf("short", noon + minute, paced)?.blockedGroups).toEqual([]);
  });

  test("leave a site alone that asked for it", () => {
    const until = coolDown({ db, now: () => noon }, "busy.org", "Too many.", 90);
    expect(until).toBeGreaterThanOrEqual(noon + 90_000);
    expect(gateOf("long", until - 1)?.blockedGroups).toEqual(["busy.org"]);
    expect(gateOf("long", until)?.blockedGroups).toEqual([]);
  });

  test("are closed by the switch until it is turned again", () => {
    setSwitch(db, pauseSwitch, true, noon);
    expect(gateOf("short", noon)?.closedForMs).toBe(Infinity);
    setSwitch(db, pauseSwitch, false, noon);
    expect(gateOf("short", noon)?.closedForMs).toBe(0);
  });
});
