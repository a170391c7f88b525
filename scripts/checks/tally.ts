export interface Tally {
  passed: number;
  failed: number;
  /** Never silent: each is listed by name. */
  skippedNames: string[];
}

export function addUp(tallies: Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    skippedNames: tallies.flatMap(({ skippedNames }) => skippedNames),
  };
}

/** `12 passed, 0 failed`, with `, 3 skipped` where some were. */
export function closingLine({ passed, failed, skippedNames }: Tally): string {
  const skipped = skippedNames.length > 0 ? `, ${skippedNames.length} skipped` : "";
  return `${passed} passed, ${failed} failed${skipped}`;
}

/** What a JUnit report of `bun test` says; of all its files, or of all but some. */
export function parseJunit(xml: string, { but = [] }: { but?: readonly string[] } = {}): Tally {
  const tally: Tally = { passed: 0, failed: 0, skippedNames: [] };
  for (const { attributes, body } of casesOf(xml)) {
    if (but.includes(readAttribute(attributes, "file"))) continue;
    if (isFailure(body)) tally.failed += 1;
    else if (/<skipped\b/.test(body)) tally.skippedNames.push(nameOf(attributes));
    else tally.passed += 1;
  }
  return tally;
}

/** The files in which something failed. */
export function failedFiles(xml: string): string[] {
  const failed = casesOf(xml).filter(({ body }) => isFailure(body));
  return [...new Set(failed.map(({ attributes }) => readAttribute(attributes, "file")))];
}

function casesOf(xml: string): { attributes: string; body: string }[] {
  const cases = xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g);
  return [...cases].map(([, attributes = "", body = ""]) => ({ attributes, body }));
}

function isFailure(body: string): boolean {
  return /<(failure|error)\b/.test(body);
}

function nameOf(attributes: string): string {
  const names = ["file", "classname", "name"].map((key) => readAttribute(attributes, key));
  return names.filter(Boolean).join(" > ");
}

function readAttribute(attributes: string, key: string): string {
  return new RegExp(`\\b${key}="([^"]*)"`).exec(attributes)?.[1] ?? "";
}
