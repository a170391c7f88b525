/** Words of an OpenAPI description; what stands between backticks is code (CommonMark, as OpenAPI has it). */
export function Prose({ text }: { text: string }) {
  return <>{text.split("`").map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</>;
}
