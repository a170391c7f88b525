// The door of the feature: what the router, the commands and other features may ask of it.

export type { User } from "../../db/schema.ts";
export { listAudit, noteAudit } from "./audit.ts";
export type { AuditQuery } from "./audit.ts";
export { auditActions, isAuditAction } from "./audit-names.ts";
export { identify } from "./identify.ts";
export { createInvite, listInvites, revokeInvite } from "./invites.ts";
export type { Invite } from "./invites.ts";
export {
  changeAccount,
  createUser,
  deleteAccount,
  disableAccount,
  enableAccount,
  getUser,
  getUserByEmail,
  listPeople,
  needsSetup,
  requireAnotherAdmin,
  setPassword,
} from "./people.ts";
export type { PeopleQuery } from "./people.ts";
export { isStillIn } from "./presence.ts";
export { findUserById } from "./queries.ts";
export { createResetLink } from "./reset-links.ts";
export { endAllSessions, recallSession } from "./sessions.ts";
