import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { usualOptions } from "../../src/lib/download-options.ts";
import { form, json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";

let app: TestApp;
let ada: string;
let eve: string;
beforeAll(async () => {
  app = openTestApp();
  ada = (await addPerson(app, "ada")).token;
  eve = (await addPerson(app, "eve")).token;
});
afterAll(() => app.close());

interface Profile {
  id: string;
  name: string;
  is_default: boolean;
  options: Record<string, unknown>;
}

const path = "/api/v1/downloads/profiles";
const call = async (to: string, init: RequestInit, as = ada) => {
  const response = await app.request(to, { ...init, as });
  const body = response.status === 204 ? null : await response.json();
  return { status: response.status, body: body as Profile & { code: string; field?: string } };
};
const list = async (as = ada) =>
  ((await (await app.request(path, { as })).json()) as { items: Profile[] }).items;
const save = (body: Record<string, unknown>, as = ada) => call(path, json(body), as);
const optionsOfNext = async (body: Record<string, unknown> = {}, as = ada) => {
  const url = "https://example.org/watch";
  const response = await app.request("/api/v1/downloads", { ...json({ url, ...body }), as });
  const { id } = (await response.json()) as { id: string };
  const row = app.deps.db.$client.prepare("SELECT options FROM downloads WHERE id = ?").get(id);
  return JSON.parse((row as { options: string }).options) as Record<string, unknown>;
};

describe("profiles", () => {
  test("keep a choice under a name, each person's own", async () => {
    expect(await optionsOfNext()).toEqual({ ...usualOptions });
    const saved = await save({ name: " Train ", options: { preset: "480p", subtitles: ["en"] } });
    expect(saved.status).toBe(201);
    expect(saved.body).toMatchObject({ name: "Train", is_default: false });
    expect(saved.body.options).toEqual({ ...usualOptions, preset: "480p", subtitles: ["en"] });
    expect(await list(eve)).toEqual([]);
    expect((await call(`${path}/${saved.body.id}`, { method: "DELETE" }, eve)).status).toBe(404);
    expect((await call(`${path}/${saved.body.id}`, json({ name: "Hers" }, "PATCH"), eve)).status).toBe(404);
  });

  test("are taken by name or id, and what a download says itself wins", async () => {
    const [train] = await list();
    expect(await optionsOfNext({ profile: "Train" })).toMatchObject({ preset: "480p" });
    expect(await optionsOfNext({ profile: train?.id })).toMatchObject({ preset: "480p" });
    expect(await optionsOfNext({ profile: "Train", options: { preset: "mp3" } })).toEqual({
      ...usualOptions,
      preset: "mp3",
    });
    const unknown = { url: "https://example.org/watch", profile: "Train" };
    expect((await call("/api/v1/downloads", json(unknown), eve)).body).toMatchObject({
      code: "not_found",
      field: "profile",
    });
  });

  test("one of them is the default, and no more than one", async () => {
    const sound = await save({ name: "Sound", options: { preset: "m4a" }, is_default: true });
    expect(await optionsOfNext()).toMatchObject({ preset: "m4a" });
    expect(await optionsOfNext({}, eve)).toEqual({ ...usualOptions });
    const [, train] = await list();
    await call(`${path}/${train?.id}`, json({ is_default: true }, "PATCH"));
    expect((await list()).map((one) => [one.name, one.is_default])).toEqual([
      ["Sound", false],
      ["Train", true],
    ]);
    expect(await optionsOfNext()).toMatchObject({ preset: "480p" });
    await save({ name: "Sound", options: { preset: "m4a" }, is_default: true });
    expect((await list()).map((one) => one.is_default)).toEqual([true, false]);
    await call(`${path}/${train?.id}`, json({ is_default: true }, "PATCH"));
    expect((await call(`${path}/${train?.id}`, { method: "DELETE" })).status).toBe(204);
    expect(await optionsOfNext()).toEqual({ ...usualOptions });
    expect(await list()).toMatchObject([{ id: sound.body.id }]);
  });

  test("of the same name are one; to take another's name is refused", async () => {
    const again = await save({ name: "Sound", options: { preset: "opus" } });
    expect(await list()).toMatchObject([{ id: again.body.id, options: { preset: "opus" } }]);
    const other = await save({ name: "Other", options: {} });
    const taken = await call(`${path}/${other.body.id}`, json({ name: "Sound" }, "PATCH"));
    expect(taken).toMatchObject({ status: 409, body: { field: "name" } });
  });

  test.each([
    [{ name: "  ", options: {} }, "name"],
    [{ name: "a", options: { preset: "8K" } }, "options.preset"],
    [{ name: "a", options: { subtitles: ["--exec"] } }, "options.subtitles.0"],
    [{ name: "a", options: { clip_from: 5, clip_to: 4 } }, "options.clip_to"],
  ])("%j is refused for its %s", async (body, field) => {
    expect(await save(body)).toMatchObject({ status: 422, body: { code: "invalid_input", field } });
  });

  test("hostile names stay text", async () => {
    await save({ name: "<script>alert(1)</script>\u202e", options: {} });
    for (const page of ["/downloads/profiles", "/downloads", "/downloads/options"]) {
      const html = await (await app.request(page, { as: ada })).text();
      expect(html).toContain("&lt;script&gt;alert(1)");
      expect(html).not.toMatch(/<script>alert|\u202e/);
    }
  });

  test("are made in the form for new videos too, and deleted on their page", async () => {
    const fields = { preset: "720p", profile_name: "From the form", profile_default: "1", clip_to: "1:30" };
    const saved = await app.request("/downloads/profiles", { ...form(fields), as: eve });
    expect(saved.status).toBe(303);
    const [one] = await list(eve);
    expect(one).toMatchObject({ name: "From the form", is_default: true, options: { clip_to: 90 } });
    const wrong = await app.request("/downloads/profiles", {
      ...form({ ...fields, clip_to: "soon" }),
      as: eve,
    });
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain("This is no time of a video.");
    const gone = await app.request(`/downloads/profiles/${one?.id}/delete`, { method: "POST", as: eve });
    expect(gone.status).toBe(303);
    expect(await list(eve)).toEqual([]);
  });

  test("are at most fifty", async () => {
    for (let n = 0; n < 50; n++) await save({ name: `${n}`, options: {} }, eve);
    expect(await save({ name: "one more", options: {} }, eve)).toMatchObject({
      status: 413,
      body: { code: "too_large" },
    });
    expect((await save({ name: "7", options: { preset: "best" } }, eve)).status).toBe(201);
  });
});
