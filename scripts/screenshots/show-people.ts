import type { User } from "../../src/db/schema.ts";
import { createInvite } from "../../src/features/accounts/accounts.ts";
import { logIn } from "../../src/features/accounts/sessions/login.ts";
import { createApiToken } from "../../src/features/accounts/sessions/tokens.ts";
import { paths } from "../../src/paths.ts";
import { password } from "../../tests/fixtures/app.ts";
import type { Shelf } from "../../tests/fixtures/shelf.ts";

const browsers = [
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
];

/** A family, with what they did lately. Returns whom to show, and an invitation's page. */
export async function fillPeople(shelf: Shelf, admin: User): Promise<{ person: User; invitation: string }> {
  const person = await shelf.addUser("Grace Hopper");
  await shelf.addUser("Linus", "viewer");
  await shelf.addUser("Margaret Hamilton");
  const { deps } = shelf.app;
  for (const [i, userAgent] of browsers.entries()) {
    const from = { address: `192.168.1.${20 + i}`, userAgent };
    await logIn({ ...deps, from }, admin.email, password);
    await logIn({ ...deps, from }, person.email, password);
  }
  const stranger = { ...deps, from: { address: "203.0.113.77", userAgent: "curl/8.15.0" } };
  await logIn(stranger, "root@example.org", "letmein").catch(() => {});
  createApiToken(deps, admin, { name: "Living room", scopes: ["read"], expires_in_days: 365 });
  createApiToken(deps, admin, { name: "Nightly backup", scopes: ["read", "download"], expires_in_days: 90 });
  createInvite(deps, admin, { role: "user", email: "katherine@example.org" });
  const { path } = createInvite(deps, admin, { role: "viewer" });
  return { person, invitation: path ?? paths.register() };
}
