/** Metrics in memory, in Prometheus's text format. */

/** Labels by name. Values can be any text. */
export type Labels = Readonly<Record<string, string>>

type Kind = 'counter' | 'gauge' | 'histogram'

interface Family {
  readonly kind: Kind
  readonly help: string
  readonly series: Map<string, Series>
}

interface Series {
  readonly labels: Labels
  value: number
  /** Number of observations in each bucket of a histogram, excluding observations in smaller buckets. */
  readonly buckets: number[]
  count: number
}

/** Upper bounds of histogram buckets in seconds. They range from the duration of one Redis call to the longest timeout. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Content type of the text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8'

/** Metrics of a process. Each name has one kind. */
export class Metrics {
  readonly #families = new Map<string, Family>()

  /** Adds to a counter. @param name name of the counter, which must end in `_total` */
  count(name: string, help: string, labels: Labels, by = 1): void {
    this.#series(name, 'counter', help, labels).value += by
  }

  set(name: string, help: string, labels: Labels, value: number): void {
    this.#series(name, 'gauge', help, labels).value = value
  }

  /** Removes all values of a gauge, so that no outdated values are reported. */
  clear(name: string): void {
    this.#families.delete(name)
  }

  /** Adds an observation to a histogram. @param name name of the histogram, which must end in `_seconds` */
  observe(name: string, help: string, labels: Labels, seconds: number): void {
    const series = this.#series(name, 'histogram', help, labels)
    series.value += seconds
    series.count += 1
    const bucket = BUCKETS.findIndex(bound => seconds <= bound)
    if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1
  }

  /** Returns all metrics in the text format, sorted by name. */
  get text(): string {
    const families = [...this.#families].sort(([a], [b]) => (a < b ? -1 : 1))
    return families.map(([name, family]) => textOf(name, family)).join('')
  }

  #series(name: string, kind: Kind, help: string, labels: Labels): Series {
    const family = this.#families.get(name) ?? { kind, help, series: new Map<string, Series>() }
    this.#families.set(name, family)
    if (family.kind !== kind) throw new TypeError(`the metric ${name} is a ${family.kind}, not a ${kind}`)
    const key = labelsText(labels)
    const series = family.series.get(key) ?? { labels, value: 0, buckets: [], count: 0 }
    family.series.set(key, series)
    return series
  }
}

function textOf(name: string, { kind, help, series }: Family): string {
  const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${kind}`]
  for (const one of series.values())
    lines.push(...(kind === 'histogram' ? histogramLines(name, one) : [line(name, one.labels, one.value)]))
  return `${lines.join('\n')}\n`
}

function histogramLines(name: string, { labels, buckets, count, value }: Series): string[] {
  let below = 0
  const bounded = BUCKETS.map((bound, index) => {
    below += buckets[index] ?? 0
    return line(`${name}_bucket`, { ...labels, le: String(bound) }, below)
  })
  return [
    ...bounded,
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    line(`${name}_sum`, labels, value),
    line(`${name}_count`, labels, count),
  ]
}

function line(name: string, labels: Labels, value: number): string {
  return `${name}${labelsText(labels)} ${value}`
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  )
  return pairs.length === 0 ? '' : `{${pairs.join()}}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
