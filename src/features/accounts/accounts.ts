// The door of the feature: what the router, the commands and other features may ask of it.

export type { User } from "../../db/schema.ts";
export { listAudit, noteAudit } from "./audit/audit.ts";
export type { AuditQuery } from "./audit/audit.ts";
export { auditActions, isAuditAction } from "./audit/audit-names.ts";
export { identify } from "./sessions/identify.ts";
export { createInvite, listInvites, revokeInvite } from "./joining/invites.ts";
export type { Invite } from "./joining/invites.ts";
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
export { isStillIn } from "./sessions/presence.ts";
export { findUserById } from "./queries.ts";
export { createResetLink } from "./recovery/reset-links.ts";
export { endAllSessions, recallSession } from "./sessions/sessions.ts";
