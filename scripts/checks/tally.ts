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

/** What a JUnit report of `bun test` says. */
export function parseJunit(xml: string): Tally {
  const cases = [...xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)];
  const tally: Tally = { passed: 0, failed: 0, skippedNames: [] };
  for (const [, attributes = "", body = ""] of cases) {
    if (/<(failure|error)\b/.test(body)) tally.failed += 1;
    else if (/<skipped\b/.test(body)) tally.skippedNames.push(nameOf(attributes));
    else tally.passed += 1;
  }
  return tally;
}

function nameOf(attributes: string): string {
  const read = (key: string): string => new RegExp(`\\b${key}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return [read("file"), read("classname"), read("name")].filter(Boolean).join(" > ");
}
