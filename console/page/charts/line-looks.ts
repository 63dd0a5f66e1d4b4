/** How lines, areas and severities of a chart look. */

/** Returns a light shade of a color, for areas behind lines. */
export function fade(color: string, percent: number): string {
  return `color-mix(in srgb, ${color} ${percent}%, transparent)`
}

/** Hues of lines, in degrees: of two that are similar, one is dashed. */
const HUES = [255, 45, 150, 345, 205, 100, 300, 15, 125, 75, 230, 178]
/** Number of lines that are not dashed. */
const SOLID = 6

/** Returns how a line differs from the others of a chart. */
export function getLook(place: number, lightness = 'var(--line-lightness)') {
  const color = `oklch(${lightness} 0.16 ${HUES[place % HUES.length]})`
  return { color, isDashed: place >= SOLID }
}

/** Returns the color of a line. A chart with one emphasized line fades the others. */
export function getLineColor(
  place: number | undefined,
  emphasized: number | undefined,
  getColor: (property: string) => string,
): string {
  const color =
    place === undefined ? getColor('--pico-primary') : getLook(place, getColor('--line-lightness')).color
  return emphasized === undefined || emphasized === place ? color : fade(color, 25)
}

/** CSS custom properties with the colors of severities. */
export const SEVERITY_COLORS: Readonly<Record<string, string>> = { critical: '--bad', warning: '--warn' }
