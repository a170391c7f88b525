export interface Element {
  tag: string;
  attributes: Map<string, string>;
  text: string;
}

/** Every element of some HTML in the order of the source, by Bun's own parser, with the text right inside it. */
export async function elementsOf(html: string): Promise<Element[]> {
  const elements: Element[] = [];
  const open: Element[] = [];
  const rewriter = new HTMLRewriter().on("*", {
    element(found) {
      const element = { tag: found.tagName, attributes: new Map(found.attributes), text: "" };
      elements.push(element);
      if (!found.canHaveContent || found.selfClosing) return;
      open.push(element);
      found.onEndTag(() => void open.splice(open.lastIndexOf(element)));
    },
    text(chunk) {
      const parent = open.at(-1);
      if (parent) parent.text += chunk.text;
    },
  });
  await rewriter.transform(new Response(html)).text();
  return elements;
}

export function withTag(elements: Element[], tag: string): Element[] {
  return elements.filter((element) => element.tag === tag);
}

export async function render(node: unknown): Promise<string> {
  return String(await node);
}
