import type { Deps } from "../../../deps.ts";
import { currentPolicy } from "../../../egress/reach.ts";
import { AppError } from "../../../lib/errors.ts";
import { cleanText } from "../../../lib/text.ts";
import { checkHost, checkUrl, parseNetworks } from "../../../lib/url-policy.ts";

const mostUrls = 100;
/** Bad links that are named. */
const mostSaid = 5;

/** What was pasted, a link a line, without blank ones. */
export function urlLines(input: string | string[]): string[] {
  const lines = typeof input === "string" ? input.split(/\r?\n/) : input;
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

/** Throws AppError; where there are several, with the lines that can't be taken. */
export function checkUrls({ config }: Pick<Deps, "config">, lines: string[]): URL[] {
  if (lines.length === 0) {
    throw new AppError("not_a_url", "Paste a link first.", {
      field: "urls",
      hint: "Several links go one a line.",
    });
  }
  if (lines.length > mostUrls) {
    throw new AppError("too_large", `These are ${lines.length} links; ${mostUrls} go at once.`, {
      field: "urls",
    });
  }
  const policy = currentPolicy(parseNetworks(config.downloads.allow_networks));
  const refusals: AppError[] = [];
  const urls = lines.flatMap((line) => {
    try {
      const url = checkUrl(line);
      checkHost(url, policy);
      return [url];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const which = lines.length > 1 ? `${cleanText(line, 80)}: ` : "";
      const { code, hint } = error;
      refusals.push(new AppError(code, which + error.message, { hint, field: "urls", cause: error }));
      return [];
    }
  });
  const [first, ...others] = refusals;
  if (first) throw asOne(first, others);
  return urls;
}

/** All that is wrong at once, so that nobody mends one line to hear of the next. The code is the first one's. */
function asOne(first: AppError, others: AppError[]): AppError {
  if (others.length === 0) return first;
  const refusals = [first, ...others];
  const said = refusals.slice(0, mostSaid).map(({ message }) => message);
  const unsaid = refusals.length - said.length;
  if (unsaid > 0) said.push(`And ${unsaid} more.`);
  const hints = new Set(refusals.flatMap(({ hint }) => hint || []));
  return new AppError(first.code, said.join(" "), {
    hint: [...hints].join(" "),
    field: "urls",
    cause: first,
  });
}
