import ipaddr from "ipaddr.js";
import { AppError } from "../../../lib/errors.ts";

/** What a person gives as a site, as jars are named: a host of at least two labels, or an address. */
export function parseSite(text: string): string {
  const pasted = text.trim().toLowerCase();
  const host = URL.parse(/^https?:\/\//.test(pasted) ? pasted : `http://${pasted}`)?.hostname ?? "";
  const site = host.replace(/\.$/, "").replace(/^www\.(?=[^.]+\.)/, "");
  const isName = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(site);
  if (site.length > 200 || (!isName && !isFour(site))) {
    throw noSite("This is no site.", "Give its name, such as example.org.");
  }
  if (isSuffix(site)) {
    throw noSite(`${site} is no site of its own: many have names below it.`, "Give the site's whole name.");
  }
  return site;
}

/** The names under which a host may have a jar: its own and those of its parents, the nearest first. */
export function sitesFor(host: string): string[] {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (isFour(name) || ipaddr.IPv6.isValid(name.replace(/^\[|\]$/g, ""))) return [name];
  const labels = name.split(".");
  const names = labels.map((_, n) => labels.slice(n).join(".")).slice(0, -1);
  return names.filter((one) => !isSuffix(one));
}

function isFour(host: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(host);
}

/** Below which anybody may have a name: those of countries, and of those who give out places on the web. */
function isSuffix(site: string): boolean {
  return countrySuffix.test(site) || hostingSuffixes.has(site);
}

const countrySuffix =
  /^(?:ac|co|com|edu|gen|gob|gouv|gov|gv|id|ind|firm|ltd|me|mil|ne|net|nhs|nic|nom|or|org|plc|police|sch|school)\.[a-z]{2}$/;

const hostingSuffixes = new Set(
  `amazonaws.com appspot.com azurewebsites.net b-cdn.net blogspot.com cloudfront.net deno.dev duckdns.org
  firebaseapp.com fly.dev github.io gitlab.io herokuapp.com myshopify.com neocities.org netlify.app ngrok.io
  onrender.com pages.dev r2.dev readthedocs.io translate.goog vercel.app web.app wixsite.com workers.dev`.split(
    /\s+/,
  ),
);

function noSite(message: string, hint: string): AppError {
  return new AppError("invalid_input", message, { hint, field: "site" });
}
