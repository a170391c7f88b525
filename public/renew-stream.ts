// A presigned URL is good for 15 minutes, and up to a quarter of them may be over when it is given out.
const goodForMs = 11 * 60_000;

/**
 * A video in a bucket comes by an address that is good for some minutes. Chromium keeps to it, long after the redirect
 * that named it, and just waits where the bucket then refuses it. A player that lacks data after that time is sent to us
 * anew and goes on where it was.
 */
export function renewStream(video: HTMLVideoElement): void {
  let since = performance.now();
  const renewOld = () => {
    if (performance.now() - since < goodForMs) return;
    since = performance.now();
    loadAgain(video);
  };
  video.addEventListener("waiting", renewOld);
  video.addEventListener("error", renewOld);
}

/** On from where it was, as before or with what is at another address. */
export function loadAgain(video: HTMLVideoElement, src?: string): void {
  const { currentTime, paused } = video;
  // Either of them stops it.
  if (src === undefined) video.load();
  else video.src = src;
  video.currentTime = currentTime;
  if (!paused) void video.play();
}
