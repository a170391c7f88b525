import { cleanText } from "../../../lib/text.ts";
import { maxUrlLength } from "../../../lib/url-policy.ts";

/**
 * The link that another page or app handed over with GET /downloads, for the add box; empty where there is none.
 * Many apps share it somewhere in a text, with words round it.
 */
export function sharedLink(query: { url?: string; text?: string; title?: string }): string {
  const { url = "", text = "", title = "" } = query;
  const found = url.trim() || firstLink(text) || firstLink(title);
  return cleanText(found, maxUrlLength);
}

function firstLink(text: string): string {
  const [link = ""] = /\bhttps?:\/\/[^\s<>"\p{Cc}]+/iu.exec(text) ?? [];
  return link.replace(/[.,;:!?'’”»…)\]}]+$/u, "");
}

/**
 * For the bookmarks of a browser: opens our page with the address of the page that is open there. It never runs on a
 * page of ours, whose policy forbids it.
 */
export function bookmarklet(origin: string, path: string): string {
  const target = JSON.stringify(`${origin}${path}?url=`);
  return `javascript:void open(${target}+encodeURIComponent(location.href)+"#add")`;
}
