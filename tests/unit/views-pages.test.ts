import { describe, expect, test } from "bun:test";
import { LoginPage } from "../../views/accounts/login.tsx";
import { AlreadyInPage, NoWayInPage, RegisterPage } from "../../views/accounts/register.tsx";
import { NotSetUpPage, SetupPage } from "../../views/accounts/setup.tsx";
import { ApiDocsPage } from "../../views/api-docs.tsx";
import { QueuePage } from "../../views/downloads/queue-page.tsx";
import { DownloadsPage } from "../../views/downloads/page.tsx";
import { ErrorPage } from "../../views/error.tsx";
import { GalleryPage } from "../../views/videos/gallery.tsx";
import { PlayerPage } from "../../views/videos/player.tsx";
import {
  hostile,
  makeDownload,
  makeVideo,
  nonce,
  page,
  progress,
  unknownProgress,
  unknownVideo,
} from "./views-data.ts";
import { elementsOf, render, withTag } from "./views-html.ts";

const signedOut = { ...page, user: null };
const way = { next: hostile, invite: hostile, canRegister: true };
const viewer = { ...page, user: { id: "u2", name: "V", email: "v@example.org", role: "viewer" as const } };
const evil = {
  title: hostile,
  description: `\n${hostile}`,
  tags: [hostile, "b"],
  sourceSite: hostile,
  filename: hostile,
  owner: { id: "u", name: hostile },
  thumbnailError: hostile,
  videoCodec: hostile,
};
const failure = { code: "video_private", message: hostile, hint: hostile, remedy: null, retryable: true };
const videos = [
  makeVideo(evil),
  makeVideo({ ...unknownVideo, id: "v2", state: "PENDING" }),
  makeVideo({ ...unknownVideo, id: "v3", state: "PROCESSING", title: hostile }),
  makeVideo({ ...unknownVideo, id: "v4", state: "FAILED", error: failure }),
  makeVideo({ id: "v5", visibility: "private", thumbnails: [1], sourceUrl: "javascript:alert(1)" }),
];
const filter = { q: "", tags: [] };
const allTags = Array.from({ length: 20 }, (_, n) => ({ name: `${hostile}${n}`, count: n }));
const counts = { running: 0, waiting: 0, failed: 0 };
const noGroups = {
  running: [],
  waiting: [],
  failed: [],
  done: [],
  counts,
  isPaused: false,
  hasPaused: false,
};
const groups = {
  running: [
    makeDownload({ id: "d1", title: hostile, progress, laneReason: hostile }),
    makeDownload({ id: "d2", state: "probing", progress: unknownProgress }),
    makeDownload({ id: "d3", state: "ingesting" }),
  ],
  waiting: [
    makeDownload({ id: "d4", state: "waiting", videoId: null, waitsFor: hostile }),
    makeDownload({ id: "d9", state: "waiting", paused: true, waitsFor: "Paused" }),
  ],
  failed: [
    makeDownload({ id: "d5", state: "failed", error: failure }),
    makeDownload({ id: "d6", state: "cancelled" }),
  ],
  done: [makeDownload({ id: "d7", state: "done" }), makeDownload({ id: "d8", state: "done", videoId: null })],
  counts: { running: 3, waiting: 10_001, failed: 2 },
  isPaused: true,
  hasPaused: true,
};
const fieldError = { message: hostile, hint: hostile, field: "urls" };
const openapi = {
  info: { title: hostile, version: "1", description: hostile },
  paths: {
    "/things/{id}": {
      parameters: [{ $ref: "#/components/parameters/id" }],
      get: {
        tags: ["things"],
        summary: hostile,
        responses: {
          "200": {
            description: hostile,
            content: { "application/json": { schema: { $ref: "#/components/schemas/Loop" } } },
          },
        },
      },
    },
  },
  components: {
    parameters: { id: { name: "id", in: "path", required: true, schema: { type: "string" } } },
    schemas: { Loop: { $ref: "#/components/schemas/Loop" } },
  },
};

const gallery = { page, videos, nextCursor: "abc", filter, allTags, progress: () => progress };
const pages: Record<string, () => unknown> = {
  gallery: () => GalleryPage(gallery),
  "gallery, filtered, nothing found": () =>
    GalleryPage({
      ...gallery,
      videos: [],
      nextCursor: null,
      filter: { q: hostile, tags: [hostile], owner: "me" },
    }),
  "gallery, empty": () => GalleryPage({ ...gallery, videos: [], nextCursor: null, allTags: [] }),
  "gallery of a viewer": () => GalleryPage({ ...gallery, page: viewer, videos: [], nextCursor: null }),
  ...Object.fromEntries(
    videos.map((video, n) => [
      `player ${n}, ${video.state}`,
      () => PlayerPage({ page, video, canEdit: true, progress: n === 2 ? progress : null }),
    ]),
  ),
  "player of someone else": () => PlayerPage({ page, video: makeVideo(), canEdit: false, progress: null }),
  "player with a wrong title": () =>
    PlayerPage({
      page,
      video: makeVideo(),
      canEdit: true,
      progress: null,
      error: { message: hostile, field: "title" },
      values: { title: hostile, description: hostile, tags: hostile, visibility: "private" },
    }),
  downloads: () => DownloadsPage({ page, groups }),
  queue: () => QueuePage({ page, groups }),
  "downloads, empty": () => DownloadsPage({ page, groups: noGroups }),
  "downloads with a wrong address": () =>
    DownloadsPage({
      page,
      groups,
      error: fieldError,
      values: { urls: hostile, title: hostile, tags: "", visibility: hostile },
    }),
  login: () =>
    LoginPage({ page: signedOut, way, canMail: true, email: hostile, error: { message: hostile } }),
  register: () =>
    RegisterPage({
      page: signedOut,
      way,
      role: "user",
      invite: null,
      values: { name: hostile, email: hostile },
      error: { message: hostile, field: "email" },
    }),
  "register with an invitation": () =>
    RegisterPage({
      page: signedOut,
      way,
      role: "admin",
      invite: { inviter: hostile, email: hostile, expiresAt: signedOut.now },
      values: { name: hostile, email: "" },
    }),
  "no way in": () =>
    NoWayInPage({ page: signedOut, way, hasLink: true, why: { message: hostile, hint: hostile } }),
  "logged in already": () => AlreadyInPage({ page }),
  setup: () => SetupPage({ page: signedOut, token: hostile, values: { name: hostile, email: hostile } }),
  "not set up": () => NotSetUpPage({ page: signedOut, title: hostile }),
  error: () => ErrorPage({ page, status: 404, message: hostile, hint: hostile, code: "not_found" }),
  "error, signed out": () =>
    ErrorPage({ page: signedOut, status: 500, message: "x", hint: "", code: "internal" }),
  "API docs": () => ApiDocsPage({ page, document: openapi }),
};

describe.each(Object.entries(pages))("%s", (_name, make) => {
  test("lives under a CSP without inline styles, handlers or scripts", async () => {
    const elements = await elementsOf(await render(make()));
    expect(withTag(elements, "style")).toEqual([]);
    for (const { tag, attributes, text } of elements) {
      for (const [name, value] of attributes) {
        expect([tag, name, name === "style" || name.startsWith("on") || name.startsWith("hx-on")]).toEqual([
          tag,
          name,
          false,
        ]);
        expect(value).not.toMatch(/^\s*(javascript|js|data):/i);
      }
      if (tag !== "script") continue;
      expect(attributes.get("src")).toMatch(/^\/assets\//);
      expect(attributes.get("nonce")).toBe(nonce);
      expect(text).toBe("");
    }
  });

  test("gives htmx's attributes only together with the nonce", async () => {
    for (const { tag, attributes } of await elementsOf(await render(make()))) {
      const names = [...attributes.keys()].filter((name) => name.startsWith("hx-"));
      if (names.length > 0) expect([tag, attributes.get("hx-nonce")]).toEqual([tag, nonce]);
    }
  });

  test("is one document with one heading, ids that are there once, and names for everything", async () => {
    const html = await render(make());
    expect(html).toStartWith("<!doctype html><html");
    const elements = await elementsOf(html);
    expect(withTag(elements, "h1")).toHaveLength(1);
    expect(withTag(elements, "main")).toHaveLength(1);
    const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(ids).toEqual([...new Set(ids)]);
    for (const { tag, attributes } of elements) {
      if (tag === "img") expect([attributes.has("alt"), attributes.get("width")]).toEqual([true, "640"]);
      for (const name of ["for", "aria-labelledby", "aria-describedby", "popovertarget"]) {
        for (const id of attributes.get(name)?.split(" ") ?? []) expect(ids).toContain(id);
      }
    }
  });

  test("shows hostile text as text", async () => {
    const html = await render(make());
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("<img src=x");
    const elements = await elementsOf(html);
    for (const { tag, attributes } of elements) {
      expect([tag, attributes.has("onerror")]).toEqual([tag, false]);
      if (tag === "a") expect(attributes.get("href")).toMatch(/^(\/|#|https?:)/);
    }
  });
});

test("a title that runs from right to left can't turn what stands beside it", async () => {
  const elements = await elementsOf(await render(GalleryPage(gallery)));
  const title = elements.find(({ attributes }) => attributes.has("data-item"));
  expect(title?.attributes.get("dir")).toBe("auto");
  expect(title?.text).toContain("\u202E");
});

test("signed-out pages have neither search nor connection", async () => {
  const elements = await elementsOf(
    await render(LoginPage({ page: signedOut, way, canMail: false, email: "" })),
  );
  expect(withTag(elements, "search")).toEqual([]);
  expect(elements.some(({ attributes }) => attributes.get("id") === "live")).toBe(false);
});

test("a viewer is offered no way to add", async () => {
  const html = await render(GalleryPage({ ...gallery, page: viewer, videos: [] }));
  expect(html).not.toContain("#add");
  expect(html).not.toContain("add-dialog");
});

test("the page of unfinished work loads itself anew where no scripts run, the finished one does not", async () => {
  const refresh = async (state: "PROCESSING" | "READY") =>
    (
      await render(PlayerPage({ page, video: makeVideo({ state }), canEdit: false, progress: null }))
    ).includes('http-equiv="refresh"');
  expect(await refresh("PROCESSING")).toBe(true);
  expect(await refresh("READY")).toBe(false);
});
