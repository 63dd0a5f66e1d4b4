/** Output of the programs of `examples/clients`. */
import { toJsonEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import type { Client } from '../support/client-examples.ts'

/** Returns true if the program itself printed the line, rather than a library. */
export function isPrinted(line: string): boolean {
  return /^(Delivered|Delivery|Warning|Event|Temperature|Received|Skipped)\b/.test(line)
}

/**
 * Returns a line with the members of its JSON sorted. The time of an event becomes a number, because the Python SDK formats times
 * with a different number of digits.
 */
export function normalLine(line: string): string {
  const [, words = '', json = ''] = /^(Event: |Received: \S+ - |Temperature: )(.*)$/.exec(line) ?? []
  if (!/^[{\d]|^null$/.test(json)) return line
  const document = JSON.parse(json)
  if (words === 'Event: ') document.time = Date.parse(document.time)
  return `${words}${JSON.stringify(sorted(document))}`
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, sorted(member)] as const)
  return Object.fromEntries(members.sort(([one], [other]) => (one < other ? -1 : 1)))
}

function dataText({ data }: Event): string {
  return Buffer.isBuffer(data) ? data.toString('base64') : JSON.stringify(data ?? null)
}

/** Returns the expected output of a consumer of these events, in the form that `normalLine` produces. */
export function expectedLines(client: Client, events: readonly Event[]): string[] {
  return events.flatMap(event => {
    if (client !== 'kafka-python') return normalLine(`Received: ${event.source} - ${dataText(event)}`)
    const { temperature } = (event.data ?? {}) as { temperature?: number }
    const whole = normalLine(`Event: ${JSON.stringify(toJsonEvent(event))}`)
    return temperature === undefined ? [whole] : [whole, `Temperature: ${temperature}`]
  })
}
