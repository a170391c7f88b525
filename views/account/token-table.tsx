import type { ApiToken } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icons.tsx";
import { Time } from "../parts/time.tsx";

const dayMs = 86_400_000;

export function TokenTable({ page, tokens }: { page: Page; tokens: ApiToken[] }) {
  return (
    <div id="tokens">
      <p class={tokens.length > 0 ? "visually-hidden" : "soft"} role="status">
        {countOf(tokens.length)}
      </p>
      {tokens.length > 0 && (
        <table class="own-table">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">May</th>
              <th scope="col">Made</th>
              <th scope="col">Last used</th>
              <th scope="col">Expires</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {tokens.map((token) => (
              <TokenRow page={page} token={token} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function TokenRow({ page, token }: { page: Page; token: ApiToken }) {
  const { id, name, scopes, createdAt, lastUsedAt } = token;
  const dialog = `revoke-${id}`;
  return (
    <tr>
      <th scope="row">
        <span class="own-name">
          <Icon name="key-round" />
          <span dir="auto">{name}</span>
        </span>
      </th>
      <td data-label="May">{scopes.join(", ")}</td>
      <td data-label="Made">
        <Time at={createdAt} now={page.now} />
      </td>
      <td data-label="Last used">
        {lastUsedAt === null ? "never" : <Time at={lastUsedAt} now={page.now} />}
      </td>
      <td data-label="Expires">
        <Expiry page={page} token={token} />
      </td>
      <td class="own-act">
        <button type="button" class="button quiet" popovertarget={dialog}>
          Revoke<span class="visually-hidden"> {name}</span>
        </button>
        <RevokeDialog id={dialog} token={token} />
      </td>
    </tr>
  );
}

function Expiry({ page, token: { expiresAt } }: { page: Page; token: ApiToken }) {
  if (expiresAt === null) return <span>never</span>;
  if (expiresAt <= page.now) return <Badge kind="bad">Expired</Badge>;
  const days = Math.ceil((expiresAt - page.now) / dayMs);
  return (
    <Time at={expiresAt} now={page.now}>
      in {days === 1 ? "a day" : `${days} days`}
    </Time>
  );
}

/** Asks first, for it can't be undone; without a script. */
function RevokeDialog({ id, token }: { id: string; token: ApiToken }) {
  return (
    <div id={id} class="dialog own-ask" popover="auto" role="dialog" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>
        Revoke “<bdi>{token.name}</bdi>”?
      </h2>
      <p>Whatever uses this token is refused from now on. That can't be undone.</p>
      <form method="post" action={paths.revokeToken(token.id)} data-swap="#tokens">
        <Button kind="danger">Revoke the token</Button>
        <button type="button" class="button quiet" popovertarget={id} popovertargetaction="hide" autofocus>
          Keep it
        </button>
      </form>
    </div>
  );
}

function countOf(count: number): string {
  if (count === 0) return "You have no token yet.";
  return count === 1 ? "1 token." : `${count} tokens.`;
}
