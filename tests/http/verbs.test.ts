import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { User } from "../../src/db/schema.ts";
import {
  changeAccount,
  createInvite,
  createResetLink,
  createUser,
  disableAccount,
  enableAccount,
  endAllSessions,
  getUser,
  setPassword,
} from "../../src/features/accounts/accounts.ts";
import { deletePerson } from "../../src/features/admin/admin.ts";
import {
  addCookies,
  deleteCookies,
  rollBackDownloader,
  updateDownloader,
} from "../../src/features/downloads/downloads.ts";
import { deleteVideo, remakeAllPictures, updateVideo } from "../../src/features/videos/videos.ts";
import { isAppError } from "../../src/lib/errors.ts";
import { openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson, addVideo } from "../fixtures/cast.ts";

let app: TestApp;
const people: Record<string, User> = {};
let video = "";
beforeAll(async () => {
  app = openTestApp();
  for (const role of ["admin", "user", "viewer"] as const)
    people[role] = (await addPerson(app, role, role)).user;
  people.somebody = (await addPerson(app, "somebody")).user;
  video = addVideo(app, person("admin"), "For everybody");
});
afterAll(() => app.close());

function person(name: string): User {
  const found = people[name];
  if (!found) throw new Error(`nobody is called ${name}`);
  return found;
}

const verbs: Record<string, (by: User, whom: string) => unknown> = {
  createUser: (by) => createUser(app.deps, by, { name: "New", email: "new@example.org", role: "admin" }),
  changeAccount: (by, whom) => changeAccount(app.deps, by, whom, { name: "Other" }),
  "changeAccount, one's own role": (by) => changeAccount(app.deps, by, by.id, { role: "admin" }),
  setPassword: (by, whom) => setPassword(app.deps, by, whom, password),
  disableAccount: (by, whom) => disableAccount(app.deps, by, whom),
  enableAccount: (by, whom) => enableAccount(app.deps, by, whom),
  endAllSessions: (by, whom) => endAllSessions(app.deps, by, getUser(app.deps, whom)),
  createResetLink: (by, whom) => createResetLink(app.deps, by, whom),
  createInvite: (by) => createInvite(app.deps, by, { role: "viewer" }),
  deletePerson: (by, whom) => deletePerson(app.deps, by, whom, null),
  addCookies: (by) => addCookies(app.deps, by, { site: "example.org", cookies: "" }),
  deleteCookies: (by) => deleteCookies(app.deps, by, "example.org"),
  updateDownloader: (by) => updateDownloader(app.deps, by),
  rollBackDownloader: (by) => rollBackDownloader(app.deps, by),
  remakeAllPictures: (by) => remakeAllPictures(app.deps, by, { only: "all" }),
  updateVideo: (by) => updateVideo(app.deps, by, video, { title: "Other" }),
  deleteVideo: (by) => deleteVideo(app.deps, by, video),
};

// The doors ask as well (matrix.test.ts); a verb that forgot would be open to the next door that forgets.
describe.each(["user", "viewer"])("a %s", (name) => {
  test.each(Object.keys(verbs))("is refused by the verb itself: %s", async (verb) => {
    const act = async () => verbs[verb]?.(person(name), person("somebody").id);
    const error: unknown = await act().then(
      () => null,
      (cause: unknown) => cause,
    );
    expect(isAppError(error) ? error.code : error).toBe("not_allowed");
    expect(getUser(app.deps, person("somebody").id)).toEqual(person("somebody"));
  });
});

test("the command line, which is nobody, and admins are not", () => {
  expect(changeAccount(app.deps, null, person("somebody").id, { role: "viewer" }).role).toBe("viewer");
  expect(changeAccount(app.deps, person("admin"), person("somebody").id, { role: "user" }).role).toBe("user");
});
