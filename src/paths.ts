/** Where the JSON API lives. */
export const apiRoot = "/api/v1";

/** Every URL of the web pages, as functions; views and redirects link through here and nowhere else. */
export const paths = {
  gallery: (query: { q?: string; tag?: string[]; state?: string; owner?: "me"; cursor?: string } = {}) =>
    `/${search(query)}`,
  video: (id: string) => `/videos/${id}`,
  editVideo: (id: string) => `/videos/${id}/edit`,
  deleteVideo: (id: string) => `/videos/${id}/delete`,
  remakeThumbnails: (id: string) => `/videos/${id}/thumbnails`,
  stream: (id: string) => `/videos/${id}/stream`,
  downloadFile: (id: string) => `/videos/${id}/file`,
  thumbnail: (id: string, name: ThumbnailName, version: number) =>
    `/thumbnails/${id}/${name}.jpg?v=${version}`,
  downloads: () => "/downloads",
  retryVideo: (id: string) => `/videos/${id}/retry`,
  cancelDownload: (id: string) => `/downloads/${id}/cancel`,
  retryDownload: (id: string) => `/downloads/${id}/retry`,
  events: () => "/events",
  login: (next?: string) => `/login${search({ next })}`,
  logout: () => "/logout",
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
