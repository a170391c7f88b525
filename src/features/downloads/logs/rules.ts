import { cleanText } from "../../../lib/text.ts";

/** What must not be in a log that people read. */
export interface Hidden {
  /** Of ours; everything below it is shown without it. */
  dataDir: string;
  /** Values of cookies and the like, wherever they stand. */
  secrets: readonly string[];
}

const longestLine = 2000;

/** One line of a program, fit to be kept and shown: it can quote links with secrets in them and files of this machine. */
export function stripLine(line: string, { dataDir, secrets }: Hidden): string {
  const known = secrets.filter((secret) => secret.length >= shortestSecret);
  const spellings = known.flatMap((secret) => [secret, encodeURIComponent(secret), encodeURI(secret)]);
  const hidden = spellings
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, gone), line);
  // A page can make a line of any length; by now no known secret can be cut in two.
  const plain = hidden
    .slice(0, 2 * longestLine)
    .replaceAll(/\b((?:set-)?cookie|(?:proxy-)?authorization)(['"]?\s*[:=]).*/gi, `$1$2 ${gone}`)
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]+@/gi, `$1${gone}@`)
    .replaceAll(/([?&;#])([^\s=&?;#'"]+)=([^\s&;#'"<>]+)/g, (all, mark, name) =>
      secretNames.test(name) ? `${mark}${name}=${gone}` : all,
    )
    .replaceAll(dataDir.endsWith("/") ? dataDir : `${dataDir}/`, "")
    .replaceAll(/(^|[\s'"`(=[<,])\/(?:[^\s/'"`:]+\/)+/g, "$1…/");
  return cleanText(plain, longestLine);
}

/** The end of a log: whole lines of at most so many bytes of UTF-8, and a word on what is missing. */
export function keepEnd(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  const end = bytes.subarray(bytes.length - (mostBytes - Buffer.byteLength(missing)));
  return missing + end.subarray(end.indexOf(0x0a) + 1).toString();
}

const missing = "[What came before is not kept.]\n";
const gone = "[hidden]";
/** Shorter ones are words and numbers that stand everywhere. */
const shortestSecret = 4;

/** Of what stands in a link: whoever has it, is let in. */
const secretNames =
  /token|sig(?:n(?:ature)?)?$|signature|secret|passw|pwd|auth|credential|cookie|session|^sid$|^s?key$|api-?_?key|access-?_?key|policy|key-pair-id|^hd(?:nts|nea|ntl)|jwt|ticket|^x-amz-|^x-goog-|^lsig$|^n?onces?$|^md5$|^hash$|^hmac$|^code$|^e?st$|^p?ot$/i;
