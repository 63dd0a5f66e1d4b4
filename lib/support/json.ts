/** Returns the value of a JSON document, or undefined if the text is not valid JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns whether a value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns whether an object has no properties. Called for every reading, so it makes no list of them. */
export function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}
