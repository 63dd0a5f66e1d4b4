/** Splits a text into JSON documents: one object, the elements of an array, or one document per line. Pure. */
import { parseExact } from '#runtime/cloudevents/exact-json.ts'

/** JSON document in a text. It can be invalid. */
export interface Document {
  /** Line number, or number of the element in an array, counted from 1. */
  readonly line: number
  readonly text: string
}

export function splitDocuments(text: string): Document[] {
  const whole = text.replace(/^\uFEFF/, '')
  const parsed = parseWhole(whole)
  if (Array.isArray(parsed))
    return parsed.map((one, index) => ({ line: index + 1, text: JSON.stringify(one) }))
  if (parsed !== undefined) return [{ line: 1, text: whole }]
  return whole
    .split('\n')
    .flatMap((one, index) => (one.trim() === '' ? [] : [{ line: index + 1, text: one }]))
}

/** Returns the document that the whole text is; undefined if it is not one, or has a number that a double would change. */
function parseWhole(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    return undefined
  }
}
