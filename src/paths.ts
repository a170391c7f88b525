/** Where the JSON API lives. */
export const apiRoot = "/api/v1";

/** Below it, a signature in the address takes the place of a login. */
export const signedRoot = "/signed/";

/** Every URL of the web pages, as functions; views and redirects link through here and nowhere else. */
export const paths = {
  gallery: (query: { q?: string; tag?: string[]; state?: string; owner?: "me"; cursor?: string } = {}) =>
    `/${search(query)}`,
  video: (id: string) => `/videos/${id}`,
  editVideo: (id: string) => `/videos/${id}/edit`,
  replaceFile: (id: string) => `/videos/${id}/file`,
  cancelReplacement: (id: string) => `/videos/${id}/replacement/cancel`,
  deleteVideo: (id: string) => `/videos/${id}/delete`,
  remakeThumbnails: (id: string) => `/videos/${id}/thumbnails`,
  ownPicture: (id: string) => `/videos/${id}/thumbnail`,
  removeOwnPicture: (id: string) => `/videos/${id}/thumbnail/delete`,
  /** `version`: the beginning of the SHA-256 of the original that is meant; without it, whatever is the newest. */
  stream: (id: string, version?: string) => `/videos/${id}/stream${search({ v: version })}`,
  signed: (id: string, name: string) => `${signedRoot}${id}/${name}`,
  downloadFile: (id: string) => `/videos/${id}/file`,
  thumbnail: (id: string, name: ThumbnailName | "own", version: number) =>
    `/thumbnails/${id}/${name}.jpg?v=${version}`,
  cancelUpload: (id: string) => `/uploads/${id}/cancel`,
  mine: (query: { state?: string; cursor?: string } = {}) => `/mine${search(query)}`,
  /** `left_out`: so many of those that failed were not started again. */
  downloads: (query: { left_out?: string } = {}) => `/downloads${search(query)}`,
  previewDownloads: () => "/downloads/preview",
  downloadOptions: () => "/downloads/options",
  profiles: () => "/downloads/profiles",
  defaultProfile: (id: string) => `/downloads/profiles/${id}/default`,
  deleteProfile: (id: string) => `/downloads/profiles/${id}/delete`,
  retryVideo: (id: string) => `/videos/${id}/retry`,
  cancelDownload: (id: string) => `/downloads/${id}/cancel`,
  retryDownload: (id: string) => `/downloads/${id}/retry`,
  removeDownload: (id: string) => `/downloads/${id}/remove`,
  pauseDownload: (id: string) => `/downloads/${id}/pause`,
  resumeDownload: (id: string) => `/downloads/${id}/resume`,
  moveDownload: (id: string) => `/downloads/${id}/move`,
  wholeQueue: () => "/downloads/queue",
  pauseAllDownloads: () => "/downloads/pause-all",
  resumeAllDownloads: () => "/downloads/resume-all",
  retryFailedDownloads: () => "/downloads/retry-failed",
  removeFailedDownloads: () => "/downloads/remove-failed",
  downloadLog: (id: string) => `/downloads/${id}/log`,
  uploads: () => "/uploads",
  events: () => "/events",
  images: (query: { cursor?: string } = {}) => `/images${search(query)}`,
  /** "image" or a width, with its extension. What it leads to never changes. */
  imageFile: (id: string, name: string) => `/images/${id}/${name}`,
  deleteImage: (id: string) => `/images/${id}/delete`,
  login: (next?: string, invite?: string) => `/login${search({ next, invite })}`,
  logout: () => "/logout",
  register: (invite?: string, next?: string) => `/register${search({ invite, next })}`,
  forgot: () => "/forgot",
  reset: (token?: string) => `/reset${search({ token })}`,
  confirmEmail: (token?: string) => `/confirm-email${search({ token })}`,
  account: () => "/account",
  accountName: () => "/account/name",
  accountEmail: () => "/account/email",
  accountPassword: () => "/account/password",
  sessions: () => "/account/sessions",
  endSession: (id: string) => `/account/sessions/${id}/end`,
  logoutEverywhere: () => "/account/sessions/end-all",
  tokens: () => "/account/tokens",
  revokeToken: (id: string) => `/account/tokens/${id}/revoke`,
  admin: () => "/admin",
  people: (query: { q?: string; cursor?: string } = {}) => `/admin/people${search(query)}`,
  newPerson: () => "/admin/people/new",
  person: (id: string) => `/admin/people/${id}`,
  personRole: (id: string) => `/admin/people/${id}/role`,
  personPassword: (id: string) => `/admin/people/${id}/password`,
  personResetLink: (id: string) => `/admin/people/${id}/reset-link`,
  personDisable: (id: string) => `/admin/people/${id}/disable`,
  personEnable: (id: string) => `/admin/people/${id}/enable`,
  personLogout: (id: string) => `/admin/people/${id}/end-sessions`,
  deletePerson: (id: string) => `/admin/people/${id}/delete`,
  invites: () => "/admin/invites",
  revokeInvite: (id: string) => `/admin/invites/${id}/revoke`,
  audit: (query: { q?: string; action?: string; cursor?: string } = {}) => `/admin/audit${search(query)}`,
  cookies: (site?: string) => `/admin/cookies${search({ site })}`,
  testCookies: (site: string) => `/admin/cookies/${site}/test`,
  deleteCookies: (site: string) => `/admin/cookies/${site}/delete`,
  tools: (query: { queued?: string } = {}) => `/admin/tools${search(query)}`,
  updateYtDlp: () => "/admin/tools/yt-dlp/update",
  rollBackYtDlp: () => "/admin/tools/yt-dlp/roll-back",
  remakeAllThumbnails: () => "/admin/tools/thumbnails",
  setup: (token?: string) => `/setup${search({ token })}`,
  theme: () => "/theme",
  apiDocs: () => "/api/docs",
  openapi: () => "/api/v1/openapi.json",
  health: () => "/healthz",
  ready: () => "/readyz",
};

export type ThumbnailName = "1" | "2" | "3" | "poster";

function search(values: Record<string, string | string[] | undefined>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one) query.append(key, one);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
