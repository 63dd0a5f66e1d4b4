/** Response body of a query: rows, sent as fast as the client takes them. */

import type { RowChange } from '../../control/statements/follow-selection.ts'
import type { Selection } from '../../lib/views/language/compilation.ts'
import { type EndReason, type ErrorAnswer, formatValues, type RowFormat } from './row-format.ts'

/** Interval of the checks of a stream, and of blank lines for clients that end a query without any, in milliseconds. */
const BEAT_MS = 1_000
/** Time after which a client that takes no rows loses its query, in milliseconds. */
const SLOW_MS = 60_000
/** Minimum size of a chunk of current rows, in characters. Each change is sent alone, because the next one may be far away. */
const CHUNK_CHARACTERS = 16 * 1024

type Rows = Iterable<RowChange> | AsyncIterable<RowChange>

interface StreamOptions {
  readonly selection: Selection
  readonly format: RowFormat
  /** Ends the query. It is aborted when the stream ends. */
  readonly stop: AbortController
  /** Converts an error of the rows to its last line. */
  readonly toErrorAnswer: (error: unknown) => ErrorAnswer
  /** Called once, when the stream has ended for any reason. */
  readonly onEnd: () => void
  readonly slowMs?: number
  readonly beatMs?: number
}

export function createRowStream(rows: Rows, options: StreamOptions): ReadableStream<Uint8Array> {
  const { format, stop, onEnd, slowMs = SLOW_MS, beatMs = BEAT_MS } = options
  const texts = formatRows(rows, options)
  const encoder = new TextEncoder()
  let beat: ReturnType<typeof setInterval> | undefined
  let takenAtMs = performance.now()
  let isOver = false
  const end = () => {
    if (isOver) return
    isOver = true
    clearInterval(beat)
    // Abort first: an iterator that waits for a change returns only then.
    stop.abort()
    onEnd()
    texts.return(undefined).catch(() => {})
  }
  return new ReadableStream({
    start(controller) {
      beat = setInterval(() => {
        const nowMs = performance.now()
        if ((controller.desiredSize ?? 0) > 0) takenAtMs = nowMs
        if (nowMs - takenAtMs > slowMs) {
          controller.error(createErrorWithoutStack('The client does not read.'))
          end()
        } else if (format.idle && takenAtMs === nowMs) controller.enqueue(encoder.encode(format.idle))
      }, beatMs)
    },
    async pull(controller) {
      const { done, value } = await texts.next()
      if (isOver) return
      if (!done) return controller.enqueue(encoder.encode(value))
      controller.close()
      end()
    },
    cancel: end,
  })
}

/** Returns an error of which the server logs only one line. */
function createErrorWithoutStack(message: string): Error {
  return Object.assign(new Error(message), { stack: '' })
}

async function* formatRows(
  rows: Rows,
  { selection, format, toErrorAnswer }: StreamOptions,
): AsyncGenerator<string, undefined> {
  const { columns, limit = Number.POSITIVE_INFINITY, isPush } = selection
  let [count, text] = [0, format.begin(columns)]
  let reason: EndReason = 'Query Completed'
  try {
    if (isPush) {
      yield text
      text = ''
    }
    for await (const row of rows) {
      const isEnd = 'ended' in row
      text += format.row(formatValues(isEnd ? row.ended : row, columns), isEnd)
      if (text && (isPush || text.length >= CHUNK_CHARACTERS)) {
        yield text
        text = ''
      }
      if (++count < limit) continue
      reason = 'Limit Reached'
      break
    }
  } catch (error) {
    yield text + format.error(toErrorAnswer(error))
    return
  }
  text += format.end(reason)
  // A stream that gets no text does not ask for the next one.
  if (text) yield text
}
