import type { ApiToken, Scope } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import type { FormError } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { OwnPage } from "./frame.tsx";
import { NewToken, type TokenValues } from "./new-token.tsx";
import { TokenTable } from "./token-table.tsx";

export interface TokensProps {
  page: Page;
  tokens: ApiToken[];
  /** Those that are of use to this person. */
  scopes: Scope[];
  /** Just made; shown here and never again. */
  made?: { token: string; name: string };
  values?: TokenValues;
  error?: FormError;
}

/** For programs that act in one's name. */
export function TokensPage({ page, tokens, scopes, made, values, error }: TokensProps) {
  return (
    <OwnPage page={page} title="API tokens">
      <p class="soft own-lead">
        For scripts and programs that act in your name, through the <a href={paths.apiDocs()}>API</a>.
      </p>
      {made && <MadeToken {...made} />}
      <NewToken
        scopes={scopes}
        values={values}
        error={error}
        isOpen={error !== undefined || (tokens.length === 0 && !made)}
      />
      <TokenTable page={page} tokens={tokens} />
    </OwnPage>
  );
}

function MadeToken({ token, name }: { token: string; name: string }) {
  return (
    <section class="own-made" aria-labelledby="made-title">
      <h2 id="made-title">
        The token “<bdi>{name}</bdi>” is made
      </h2>
      <p id="made-note">Copy it now: it is shown this once, and not kept.</p>
      <div class="own-copy">
        <input
          id="made-token"
          class="own-secret"
          value={token}
          readonly
          autocomplete="off"
          aria-label="The new token"
          aria-describedby="made-note"
          autofocus
        />
        <button type="button" class="button primary needs-script" data-copy="made-token">
          <Icon name="copy" />
          <span>Copy</span>
        </button>
      </div>
    </section>
  );
}
