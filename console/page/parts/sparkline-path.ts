/** The line of a sparkline. Pure. */

export const WIDTH = 120
export const HEIGHT = 28

/**
 * An SVG path with a gap wherever nothing is known.
 *
 * @param values the oldest first
 * @param most the value at the top
 */
export function sparklinePath(values: readonly (number | null)[], most: number): string {
  const step = WIDTH / Math.max(1, values.length - 1)
  let isDrawing = false
  return values
    .map((value, index) => {
      if (value === null) {
        isDrawing = false
        return ''
      }
      const command = isDrawing ? 'L' : 'M'
      isDrawing = true
      const y = HEIGHT - 1 - (value / most) * (HEIGHT - 2)
      return `${command}${(index * step).toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}
