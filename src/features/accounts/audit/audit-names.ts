/** Everything that is written into the audit log, and how people read it. */
export const auditActions = {
  login: "Logged in",
  "login.failed": "Failed to log in",
  "login.proxy": "Came in through the proxy",
  logout: "Logged out",
  "sessions.end": "Ended a session",
  "sessions.end_all": "Logged out everywhere",
  "account.create": "Made an account",
  "account.register": "Registered",
  "account.change": "Changed an account",
  "account.email": "Changed an e-mail address",
  "account.password": "Changed a password",
  "account.role": "Changed a role",
  "account.disable": "Disabled an account",
  "account.enable": "Enabled an account",
  "account.delete": "Deleted an account",
  "password.forgot": "Asked for a new password",
  "password.link": "Made a link for a new password",
  "invite.create": "Made an invitation",
  "invite.revoke": "Withdrew an invitation",
  "token.create": "Made an API token",
  "token.revoke": "Revoked an API token",
  "token.expire": "An API token expired",
  "video.delete": "Deleted a video",
  "video.replace": "Replaced the file of a video",
  "tools.update": "Had yt-dlp updated",
  "tools.roll_back": "Went back to an older yt-dlp",
  "thumbnails.remake": "Had all thumbnails made again",
  "storage.move": "Had everything moved to another storage",
  "storage.stop": "Stopped the move to another storage",
  "cookies.add": "Added cookies for a site",
  "cookies.delete": "Deleted a site's cookies",
} as const;

export type AuditAction = keyof typeof auditActions;

export function isAuditAction(text: string | undefined): text is AuditAction {
  return text !== undefined && Object.hasOwn(auditActions, text);
}
