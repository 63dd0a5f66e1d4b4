/** Returns the value of a JSON document; undefined if the text is not one. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
