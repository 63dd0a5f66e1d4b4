import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A longer line comes in pieces: what never ends a line must not be kept whole. In UTF-16 units. */
export const MAX_LINE_LENGTH = 1_048_576

/** Calls `onLine` with each line that a stream brings, without its line feed; at the end also with an unfinished one. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (bytes: Buffer) => {
    const lines = (rest + decoder.write(bytes)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
    if (rest.length >= MAX_LINE_LENGTH) {
      onLine(rest)
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
