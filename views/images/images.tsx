import type { ImageItem } from "../../src/features/images/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { EmptyState } from "../parts/empty.tsx";
import { Field, type FormError, FormNotice } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { Pager } from "../parts/pager.tsx";
import { SpaceUsed } from "../parts/space-used.tsx";
import { Time } from "../parts/time.tsx";

interface CardsProps {
  page: Page;
  images: ImageItem[];
  nextCursor: string | null;
  /** Where links lead, without a path. */
  origin: string;
}

/** One's own pictures, to be shown elsewhere. */
export function ImagesPage(
  props: CardsProps & {
    mostBytes: number;
    /** Of all their files, not of pictures alone. */
    usage: { usedBytes: number; quotaBytes: number | null };
    error?: FormError;
  },
) {
  const { page, images, mostBytes, usage, error } = props;
  return (
    <Layout page={page} title="Pictures" current="account">
      <div class="images">
        <h1>Pictures</h1>
        <p class="soft">
          For descriptions, and wherever else a link to one is of use. They are kept upright, small, and
          without what tells where and by whom they were taken. Everyone with an account here who has the link
          can see them.
        </p>
        <SendForm mostBytes={mostBytes} error={error} />
        {/* Those that the list of uploads brings come in by themselves. */}
        <div
          id="pictures"
          hx-get={paths.images()}
          hx-trigger="pictures:sent from:body"
          hx-select="#pictures"
          hx-swap="outerMorph"
          hx-nonce={page.nonce}
        >
          {usage.quotaBytes !== null && <SpaceUsed {...usage} />}
          {images.length === 0 ? (
            <EmptyState icon="images" title="No pictures yet">
              A picture that you send stands here with its link, ready to be used.
            </EmptyState>
          ) : (
            <ul class="image-cards">
              <ImageCards {...props} />
            </ul>
          )}
        </div>
      </div>
    </Layout>
  );
}

/** What "Show more" brings: cards and the next pager. */
export function ImageCards({ page, images, nextCursor, origin }: CardsProps) {
  return (
    <>
      {images.map((image) => (
        <ImageCard page={page} image={image} link={origin + image.url} />
      ))}
      {nextCursor !== null && (
        <li class="image-more">
          <Pager page={page} href={paths.images({ cursor: nextCursor })} />
        </li>
      )}
    </>
  );
}

function SendForm({ mostBytes, error }: { mostBytes: number; error?: FormError }) {
  return (
    <form
      class="image-form"
      method="post"
      action={paths.images()}
      enctype="multipart/form-data"
      data-sends-files="many"
    >
      {error && error.field !== "file" && <FormNotice error={error} />}
      <Field
        name="file"
        type="file"
        label="Send a picture"
        accept="image/*,.heic,.heif"
        required
        note={`JPEG, PNG, GIF, WebP, AVIF or HEIC, up to ${formatBytes(mostBytes)}`}
        error={error}
      />
      <Button kind="primary" icon="image-up">
        Send
      </Button>
    </form>
  );
}

function ImageCard({ page, image, link }: { page: Page; image: ImageItem; link: string }) {
  const isShown = image.mime !== "image/svg+xml";
  return (
    <li class="image-card">
      <a class="image-open" href={image.url} target={isShown ? "_blank" : undefined}>
        {isShown ? <Preview image={image} /> : <Icon name="images" />}
        <span class="visually-hidden">{isShown ? "Open" : "Download"} </span>
        <span class="image-name visually-hidden">{image.filename}</span>
      </a>
      <p class="image-name" dir="auto" title={image.filename}>
        {image.filename}
      </p>
      <p class="meta">
        {image.width !== null && (
          <span>
            {image.width} × {image.height}
          </span>
        )}
        <span>{formatBytes(image.sizeBytes)}</span>
        <Time at={image.createdAt} now={page.now} />
      </p>
      <div class="image-actions">
        <input
          id={`link-${image.id}`}
          class="image-link"
          value={link}
          readonly
          aria-label={`Link to ${image.filename}`}
        />
        <button type="button" class="button quiet needs-script" data-copy={`link-${image.id}`}>
          <Icon name="copy" />
          <span>Copy link</span>
        </button>
        <DeleteImage image={image} />
      </div>
    </li>
  );
}

function Preview({ image: { url, sizes, width, height } }: { image: ImageItem }) {
  const sources = sizes.map((size) => `${size.url} ${size.width}w`);
  return (
    <img
      src={sizes[0]?.url ?? url}
      srcset={sources.length > 1 ? sources.join(", ") : undefined}
      sizes={sources.length > 1 ? "(width < 40rem) 50vw, 15rem" : undefined}
      alt=""
      width={width ?? undefined}
      height={height ?? undefined}
      loading="lazy"
      decoding="async"
    />
  );
}

/** Asks before it deletes, without a script. */
function DeleteImage({ image }: { image: ImageItem }) {
  return (
    <details class="image-delete">
      <summary class="button quiet">
        <Icon name="trash-2" />
        <span>Delete</span>
        <span class="visually-hidden"> {image.filename}</span>
      </summary>
      <form method="post" action={paths.deleteImage(image.id)}>
        <p>It is gone for good, also where it is used.</p>
        <Button kind="danger">Delete it</Button>
      </form>
    </details>
  );
}
