import { AppError } from "./errors.ts";

/** What a person may be. */
export const roles = ["admin", "user", "viewer"] as const;
export type Role = (typeof roles)[number];

/** What an API token may be used for. */
export const scopes = ["read", "download", "upload", "admin"] as const;
export type Scope = (typeof scopes)[number];

interface Rule {
  roles: readonly Role[];
  /** What an API token needs for it; null: no token is enough, it takes the person. */
  scope: Scope | null;
}

const everyone: readonly Role[] = roles;
const adders: readonly Role[] = ["admin", "user"];
const admins: readonly Role[] = ["admin"];

/**
 * Who may do what, once. Every route asks it by `allow()`, every verb by `may()`; what depends on whose thing it
 * is, the feature's `access.ts` says on top.
 */
const rules = {
  /** See the library and play what is in it. */
  "videos.watch": { roles: everyone, scope: "read" },
  /** Bring videos in from elsewhere. */
  "videos.download": { roles: adders, scope: "download" },
  /** Send videos and pictures of one's own, and see what became of them. */
  "videos.upload": { roles: adders, scope: "upload" },
  /** Change and delete one's own videos. */
  "videos.change": { roles: adders, scope: "upload" },
  /** See, change and delete everybody's. */
  "videos.all": { roles: admins, scope: "admin" },
  /** See what one's own downloads are doing. */
  "downloads.see": { roles: everyone, scope: "read" },
  /** Learn who one is. */
  "account.see": { roles: everyone, scope: "read" },
  /** One's own name, e-mail, password, sessions and tokens. */
  "account.change": { roles: everyone, scope: null },
  /** Accounts of others, and invitations. */
  "people.manage": { roles: admins, scope: "admin" },
  "audit.read": { roles: admins, scope: "admin" },
  /** What lets downloads in at sites. */
  "cookies.manage": { roles: admins, scope: "admin" },
  /** Where bytes are kept, and that they get somewhere else. */
  "storage.manage": { roles: admins, scope: "admin" },
  /** The programs that the work is done with, yt-dlp above all. */
  "tools.manage": { roles: admins, scope: "admin" },
} as const satisfies Record<string, Rule>;

export type Permission = keyof typeof rules;

/** Whether a person of this role may. */
export function may(person: { role: Role }, permission: Permission): boolean {
  const allowed: readonly Role[] = rules[permission].roles;
  return allowed.includes(person.role);
}

/** `not_allowed` for who may not. Null is the command line and the machine itself, which may do everything. */
export function requireMay(actor: { role: Role } | null, permission: Permission): void {
  if (actor === null || may(actor, permission)) return;
  throw new AppError("not_allowed", "Your account may not do this.", {
    hint: "An admin can change what your account may do.",
  });
}

/** Whether a token of these scopes may be used for it. `admin` does not hold the others: tokens say all they can. */
export function mayToken(granted: readonly Scope[], permission: Permission): boolean {
  const { scope } = rules[permission];
  return scope !== null && granted.includes(scope);
}

/** What a token would need for it; null where none is enough. */
export function scopeOf(permission: Permission): Scope | null {
  return rules[permission].scope;
}
