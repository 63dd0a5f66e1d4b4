import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Maximum length of a line in UTF-16 units. Longer lines are split, so that endless lines do not use unlimited memory. */
export const MAX_LINE_LENGTH = 1_048_576

/**
 * Calls `onLine` for each line of a stream, without the line feed. An incomplete last line is passed on at the end of the stream.
 */
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
