/** A path of our own to go on to after logging in; "/" for everything that could lead elsewhere. */
export function safePath(wanted: string | undefined): string {
  if (!wanted || !wanted.startsWith("/") || /[\\\p{Cc}]/u.test(wanted)) return "/";
  const base = "http://homereel.invalid";
  if (!URL.canParse(wanted, base)) return "/";
  const url = new URL(wanted, base);
  return url.origin === base && !url.pathname.startsWith("//") ? url.pathname + url.search : "/";
}
