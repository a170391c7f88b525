import { describe, expect, test } from "bun:test";
import { may, mayToken, roles, scopeOf, scopes } from "../../src/lib/permissions.ts";
import type { Permission, Role, Scope } from "../../src/lib/permissions.ts";

/** The table once more, by hand: whoever changes one has to mean it. */
const table: Record<Permission, [roles: Role[], scope: Scope | null]> = {
  "videos.watch": [["admin", "user", "viewer"], "read"],
  "videos.download": [["admin", "user"], "download"],
  "videos.upload": [["admin", "user"], "upload"],
  "videos.change": [["admin", "user"], "upload"],
  "videos.all": [["admin"], "admin"],
  "downloads.see": [["admin", "user", "viewer"], "read"],
  "account.see": [["admin", "user", "viewer"], "read"],
  "account.change": [["admin", "user", "viewer"], null],
  "people.manage": [["admin"], "admin"],
  "audit.read": [["admin"], "admin"],
  "cookies.manage": [["admin"], "admin"],
  "storage.manage": [["admin"], "admin"],
  "tools.manage": [["admin"], "admin"],
};
const permissions = Object.keys(table) as Permission[];

describe.each(permissions)("%s", (permission) => {
  const [allowed, scope] = table[permission];

  test(`is for ${allowed.join(", ")}`, () => {
    for (const role of roles)
      expect([role, may({ role }, permission)]).toEqual([role, allowed.includes(role)]);
  });

  test(`takes of a token ${scope ? `the scope ${scope}` : "more than any scope"}`, () => {
    expect(scopeOf(permission)).toBe(scope);
    for (const one of scopes) expect([one, mayToken([one], permission)]).toEqual([one, one === scope]);
    expect(mayToken([...scopes], permission)).toBe(scope !== null);
    expect(mayToken([], permission)).toBe(false);
  });
});

describe("the table", () => {
  test("gives an admin everything, and nobody more than the next higher role", () => {
    for (const permission of permissions) {
      expect(may({ role: "admin" }, permission)).toBe(true);
      if (may({ role: "viewer" }, permission)) expect(may({ role: "user" }, permission)).toBe(true);
    }
  });

  test("lets everyone watch who is in: the short way of streams asks no further", () => {
    for (const role of roles) expect(may({ role }, "videos.watch")).toBe(true);
  });

  test("uses every scope that a token can be given", () => {
    expect(new Set(permissions.map(scopeOf))).toEqual(new Set([...scopes, null]));
  });

  test("gives a role that there is not nothing", () => {
    for (const permission of permissions) expect(may({ role: "root" as Role }, permission)).toBe(false);
  });
});
