import { isObject } from '../support/values.ts'

type Headers = readonly (readonly [name: string, value: Buffer | null])[]

/** The form of AWS: an object for each header, with the bytes as numbers. Rule 13. */
export type LambdaHeaders = readonly Readonly<Record<string, readonly number[]>>[]

/**
 * From this number of headers on, a record has them as text. As objects, 90,000 headers take 30 MB of memory, and three
 * times as long to create and to send; the other consumers would wait meanwhile.
 */
export const MANY_HEADERS = 500

/** The JSON of the headers of a record, if they are many. */
const texts = new WeakMap<object, string>()

/** Gives a record its headers. If they are many, each access creates the objects anew. */
export function setHeaders(record: { headers: LambdaHeaders }, headers: Headers): void {
  if (headers.length < MANY_HEADERS) {
    record.headers = headers.map(([name, bytes]) => ({ [name]: numbersOf(bytes) }))
    return
  }
  const text = headersText(headers)
  texts.set(record, text)
  Object.defineProperty(record, 'headers', { enumerable: true, get: () => JSON.parse(text) })
}

/** `JSON.stringify(event)`, but faster if a record has many headers. */
export function eventText(event: unknown): string {
  if (!isObject(event) || !isObject(event.records)) return JSON.stringify(event)
  const { records, ...rest } = event
  const partitions = Object.entries(records as Readonly<Record<string, readonly Record<string, unknown>[]>>)
  if (!partitions.some(([, list]) => list.some(record => texts.has(record)))) return JSON.stringify(event)
  const named = partitions.map(([name, list]) => `${JSON.stringify(name)}:[${list.map(recordText).join()}]`)
  return `${JSON.stringify({ ...rest, records: {} }).slice(0, -2)}${named.join()}}}`
}

function recordText(record: unknown): string {
  const headers = isObject(record) ? texts.get(record) : undefined
  if (!isObject(record) || headers === undefined) return JSON.stringify(record)
  // Nothing may read the headers: that would create the objects.
  const textOf = (name: string) => (name === 'headers' ? headers : JSON.stringify(record[name]))
  return `{${Object.keys(record).map(name => `${JSON.stringify(name)}:${textOf(name)}`)}}`
}

function headersText(headers: Headers): string {
  // Joined, because the pieces of a string that grows would take five times its memory.
  return `[${headers.map(([name, bytes]) => `{${JSON.stringify(name)}:[${bytes ? bytes.join() : ''}]}`).join()}]`
}

/** A spread takes four times as long, and every header of every record passes through here. */
function numbersOf(bytes: Buffer | null): number[] {
  const numbers: number[] = []
  if (bytes) for (let at = 0; at < bytes.length; at += 1) numbers.push(bytes[at] as number)
  return numbers
}
