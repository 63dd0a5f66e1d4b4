/** How much time the charts of telemetry show. */
export const SPANS = [
  { name: 'live', title: 'Live', words: 'the last 15 minutes', hours: 1, ms: 15 * 60_000 },
  { name: '1', title: '1 h', words: 'the last hour', hours: 1, ms: 3_600_000 },
  { name: '6', title: '6 h', words: 'the last six hours', hours: 6, ms: 6 * 3_600_000 },
  { name: '24', title: '24 h', words: 'the last day', hours: 24, ms: 24 * 3_600_000 },
] as const

export type ChartSpan = (typeof SPANS)[number]

/** The span of an address; an hour if it says nothing. */
export function spanNamed(name: string): ChartSpan {
  return SPANS.find(span => span.name === name) ?? SPANS[1]
}
