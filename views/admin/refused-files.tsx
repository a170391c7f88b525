import type { RefusedItem } from "../../src/features/uploads/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { cleanText } from "../../src/lib/text.ts";
import type { Page } from "../page.ts";
import { Time } from "../parts/time.tsx";

const again: Record<RefusedItem["again"], string> = {
  never: "",
  fits: "It is taken as soon as it fits.",
  restart: "It is tried again when Homereel starts.",
};

/** What somebody put into the bucket and waits for in vain. */
export function RefusedFiles(props: { page: Page; items: RefusedItem[]; total: number }) {
  const { page, items, total } = props;
  return (
    <section class="refused" aria-labelledby="refused-title">
      <div class="admin-head">
        <h2 id="refused-title">
          {total === 1 ? "1 file stays" : `${total.toLocaleString("en")} files stay`} in the bucket's
          incoming/
        </h2>
      </div>
      <p class="soft admin-lead">
        What can't become a video is left there. Once it is deleted, it goes from this list.
        {total > items.length && (
          <>
            {" "}
            The newest {items.length} are shown: <code>homereel storage incoming</code> names all.
          </>
        )}
      </p>
      <table class="admin-table audit">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Why</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col">There since</th>
          </tr>
        </thead>
        <tbody>
          {items.map((file) => (
            <tr>
              <th scope="row">
                <bdi>{cleanText(file.key, 300)}</bdi>
              </th>
              <td>
                {file.message} {file.hint} {again[file.again]}
              </td>
              <td class="number">{formatBytes(file.sizeBytes)}</td>
              <td>
                <Time at={file.since} now={page.now} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
