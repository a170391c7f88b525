// Pictures for the screenshots, drawn as SVG of 1920×1080: nobody's videos, and the same ones every time.

/** Ridges behind each other, the far ones in the colour of the air. */
export function mountains(look: {
  sky: [top: string, bottom: string];
  near: string;
  far: string;
  sun?: { x: number; y: number; r: number; colour: string };
  seed: number;
  stars?: number;
}): string {
  const { sky, near, far, sun, seed, stars = 0 } = look;
  const layers = [0, 1, 2, 3, 4].map((i) => {
    const shade = `color-mix(in oklab, ${near} ${i * 25}%, ${far})`;
    return `<path d="${ridge(seed + i, 520 + i * 110, 190 - i * 18)}" style="fill:${shade}"/>`;
  });
  const light = sun ? orb(sun.x, sun.y, sun.r, sun.colour) : "";
  return picture(sky, `${starField(stars, seed)}${light}${layers.join("")}`);
}

/** The sun's road on the water. */
export function sea(sky: [string, string], water: [string, string], light: string): string {
  const next = random(7);
  const glints = Array.from({ length: 130 }, (_, i) => {
    const depth = (i / 130) ** 1.6;
    const width = 20 + depth * 330 * next();
    const x = 960 + (next() - 0.5) * (120 + depth * 760) - width / 2;
    return `<rect x="${x}" y="${632 + depth * 440}" width="${width}" height="${2 + depth * 9}" rx="6" fill="${light}" opacity="${0.25 + 0.6 * next()}"/>`;
  });
  return picture(
    sky,
    `${orb(960, 560, 92, light)}${gradient("water", water)}<rect y="620" width="1920" height="460" fill="url(#water)"/>${glints.join("")}`,
  );
}

/** Curtains of light over a dark shore. */
export function aurora(): string {
  const next = random(21);
  const curtains = Array.from({ length: 70 }, (_, i) => {
    const t = i / 70;
    const x = t * 1920;
    const y = 420 + Math.sin(t * 6.5) * 130 + Math.sin(t * 17) * 40;
    const height = 150 + 190 * next();
    const colour = `oklch(${0.78 + 0.1 * next()} 0.19 ${150 + 40 * next()})`;
    return `<ellipse cx="${x}" cy="${y - height / 3}" rx="${30 + 30 * next()}" ry="${height}" style="fill:${colour}" opacity="${0.3 * Math.sin(t * Math.PI)}"/>`;
  });
  return picture(
    ["#050a1c", "#12303f"],
    `${starField(240, 5)}<g filter="url(#soft)">${curtains.join("")}</g>
     <path d="${ridge(77, 800, 90)}" fill="#04080f"/><path d="${ridge(78, 900, 60)}" fill="#020408"/>`,
  );
}

/** A town by night, some windows lit. */
export function town(): string {
  const next = random(40);
  const houses = Array.from({ length: 34 }, (_, i) => {
    const [x, width, height] = [i * 58 - 20, 52 + 40 * next(), 180 + 420 * next() ** 2];
    const windows = Array.from({ length: Math.floor(height / 44) * 3 }, (_, n) =>
      next() < 0.42
        ? `<rect x="${x + 9 + (n % 3) * 17}" y="${1080 - height + 18 + Math.floor(n / 3) * 44}" width="9" height="16" fill="#ffcf87" opacity="${0.4 + 0.6 * next()}"/>`
        : "",
    );
    return `<rect x="${x}" y="${1080 - height}" width="${width}" height="${height}" fill="oklch(${0.17 + 0.06 * next()} 0.03 275)"/>${windows.join("")}`;
  });
  return picture(
    ["#151433", "#c2577a"],
    `${starField(90, 3)}${orb(1450, 250, 70, "#fbeed2")}${houses.join("")}`,
  );
}

/** Clouds of colour. */
export function ink(hues: string[], seed: number, ground: string): string {
  const next = random(seed);
  const drops = hues.flatMap((hue) =>
    Array.from(
      { length: 6 },
      () =>
        `<circle cx="${next() * 1920}" cy="${next() * 1080}" r="${120 + next() * 330}" fill="${hue}" opacity=".55"/>`,
    ),
  );
  return picture([ground, ground], `<g filter="url(#ink)">${drops.join("")}</g>`);
}

/** A meadow's edge: stems and heads of flowers against the light. */
export function meadow(): string {
  const next = random(12);
  const flowers = Array.from({ length: 95 }, () => {
    const [x, y, size] = [next() * 1920, 420 + next() * 520, 9 + next() * 26];
    const colour = `oklch(${0.66 + 0.2 * next()} ${0.1 + 0.12 * next()} ${[18, 55, 95, 350][Math.floor(next() * 4)]})`;
    return `<path d="M${x} ${y}Q${x + 20} ${(y + 1080) / 2} ${x - 15} 1090" stroke="oklch(0.45 0.1 140)" stroke-width="${size / 4}" fill="none"/><circle cx="${x}" cy="${y}" r="${size}" style="fill:${colour}"/><circle cx="${x}" cy="${y}" r="${size / 2.6}" fill="#4a2c12" opacity=".65"/>`;
  });
  return picture(
    ["#9fc6d8", "#f6e3b4"],
    `${orb(1500, 240, 90, "#fff6da")}<path d="${ridge(4, 640, 60)}" fill="#7d9b5d"/><path d="${ridge(9, 820, 40)}" fill="#55793f"/>${flowers.join("")}`,
  );
}

function picture(sky: [string, string], body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1920" height="1080" viewBox="0 0 1920 1080"><defs>
<filter id="soft" x="-100%" y="-100%" width="300%" height="300%"><feGaussianBlur stdDeviation="34"/></filter>
<filter id="ink" x="-20%" y="-20%" width="140%" height="140%"><feGaussianBlur stdDeviation="14" result="drops"/><feTurbulence type="fractalNoise" baseFrequency=".0028" numOctaves="5" seed="8" result="noise"/><feDisplacementMap in="drops" in2="noise" scale="900" xChannelSelector="R" yChannelSelector="G"/></filter>
</defs>${gradient("sky", sky)}<rect width="1920" height="1080" fill="url(#sky)"/>${body}</svg>`;
}

/** Sun or moon, and the light around it. */
function orb(x: number, y: number, r: number, colour: string): string {
  return `<radialGradient id="glow"><stop stop-color="${colour}" stop-opacity=".6"/><stop offset=".4" stop-color="${colour}" stop-opacity=".16"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>
<circle cx="${x}" cy="${y}" r="${r * 6}" fill="url(#glow)"/><circle cx="${x}" cy="${y}" r="${r}" fill="${colour}"/>`;
}

function gradient(id: string, [top, bottom]: [string, string]): string {
  return `<linearGradient id="${id}" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient>`;
}

function starField(count: number, seed: number): string {
  const next = random(seed);
  const star = () =>
    `<circle cx="${next() * 1920}" cy="${next() * 640}" r="${0.8 + next() * 1.9}" fill="#fff" opacity="${0.3 + 0.7 * next()}"/>`;
  return Array.from({ length: count }, star).join("");
}

/** The outline of hills around `height`, closed below the picture. */
function ridge(seed: number, height: number, rough: number): string {
  const next = random(seed * 13 + 1);
  const waves = Array.from({ length: 7 }, (_, i) => ({
    size: rough / 1.75 ** i,
    count: (0.7 + next()) * 1.9 ** i,
    shift: next() * 7,
  }));
  const points = Array.from({ length: 161 }, (_, i) => {
    const t = i / 160;
    const y = waves.reduce(
      (sum, wave) => sum + wave.size * Math.sin(t * 4 * wave.count + wave.shift),
      height,
    );
    return `${i * 12} ${y.toFixed(1)}`;
  });
  return `M0 1080L${points.join("L")}L1920 1080z`;
}

/** Numbers from 0 to 1 that follow from the seed (a linear congruential generator, Numerical Recipes). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
