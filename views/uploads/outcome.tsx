import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";

export interface RefusedFile {
  filename: string;
  message: string;
  hint: string;
}

/** What became of the files of a form that was sent without scripts, where not all of them may stay. */
export function UploadOutcomePage(props: { page: Page; taken: number; refused: RefusedFile[] }) {
  const { page, taken, refused } = props;
  const title = refused.length === 1 ? "A file was not taken" : `${refused.length} files were not taken`;
  return (
    <Layout page={page} title={title}>
      <div class="door error-page">
        <h1>{title}</h1>
        {refused.map(({ filename, message, hint }) => (
          <p>
            <strong dir="auto">{filename}</strong>
            <br />
            <span dir="auto">{message}</span> <span class="soft">{hint}</span>
          </p>
        ))}
        {taken > 0 && (
          <p class="soft">{taken === 1 ? "The other one is" : `The other ${taken} are`} being made ready.</p>
        )}
        <div class="actions">
          <ButtonLink href={paths.mine()}>To my videos</ButtonLink>
        </div>
      </div>
    </Layout>
  );
}
