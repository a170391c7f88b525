const shortestPauseMs = 5_000;

/**
 * A video in a bucket comes by an address that is good for some minutes. Chromium keeps to it, long after the redirect
 * that named it: where the bucket then refuses it, the player is sent to us anew and goes on where it was.
 */
export function renewStream(video: HTMLVideoElement): void {
  let lastTry = -Infinity;
  video.addEventListener("error", () => {
    const isRefused = video.error?.code === MediaError.MEDIA_ERR_NETWORK;
    if (!isRefused || performance.now() - lastTry < shortestPauseMs) return;
    lastTry = performance.now();
    const { currentTime, paused } = video;
    video.load();
    video.currentTime = currentTime;
    if (!paused) void video.play();
  });
}
