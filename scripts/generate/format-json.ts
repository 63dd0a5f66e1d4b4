/** Formats JSON as biome does. Pure. */

const WIDTH = 100

/** Returns the text of a value. Objects and lists that fit into a line are not broken, except for the whole document. */
export function formatJson(value: object): string {
  return `${format(value, '', 0, true)}\n`
}

/** @param before number of characters before the value in its line */
function format(value: unknown, indent: string, before: number, isBroken = false): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const [open, close, entries] = Array.isArray(value)
    ? (['[', ']', value.map(value => ['', value] as const)] as const)
    : ([
        '{ ',
        ' }',
        Object.entries(value).map(([key, one]) => [`${JSON.stringify(key)}: `, one] as const),
      ] as const)
  const line = `${open}${entries.map(([key, one]) => key + format(one, '', Number.NEGATIVE_INFINITY)).join(', ')}${close}`
  if (!isBroken && before + line.length < WIDTH) return line
  const inner = `${indent}  `
  const lines = entries.map(([key, one]) => `${inner}${key}${format(one, inner, inner.length + key.length)}`)
  return `${open.trim()}\n${lines.join(',\n')}\n${indent}${close.trim()}`
}
