/** Chooses how much time the charts show. */
import type { JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { addressOf, useParameters } from '../data/address.ts'
import { Tabs } from '../parts/tabs.tsx'
import { localTime } from '../parts/words.ts'
import { type ChartRange, rangeWithin } from './chart-range.ts'
import { type ChartSpan, SPANS, spanNamed } from './figures.ts'

interface Props {
  /** Whether single readings can be shown as they come. */
  readonly hasLive: boolean
  readonly chosen: ChartSpan
}

export function SpanChoice({ hasLive, chosen }: Props): JSX.Element {
  const choices = useChoices()
  return (
    <Tabs
      label="Time"
      areChoices
      tabs={SPANS.filter(({ name }) => hasLive || name !== 'live').map(({ name, title }) => ({
        path: choices.with({ span: name === '1' ? '' : name, from: '', to: '' }),
        title,
        isCurrent: name === chosen.name,
      }))}
    />
  )
}

/** The span that the address names. */
export function useSpan(hasLive: boolean): ChartSpan {
  const span = spanNamed(useChoices().of('span'))
  return span.name === 'live' && !hasLive ? spanNamed('') : span
}

export interface ChosenRange extends ChartRange {
  /** Whether it is not the whole span. */
  readonly isPart: boolean
  readonly choose: (range: ChartRange) => void
  readonly chooseAll: () => void
}

/** The part of the span that the address names, or all of it. */
export function useRange(span: ChartRange): ChosenRange {
  const choices = useChoices()
  const part = rangeWithin(span, choices.of('from'), choices.of('to'))
  return {
    ...(part ?? span),
    isPart: part !== undefined,
    choose: ({ fromMs, toMs }) => {
      if (fromMs < toMs)
        choices.change({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
    },
    chooseAll: () => choices.change({ from: '', to: '' }),
  }
}

export function RangeChoice({ range }: { readonly range: ChosenRange }): JSX.Element {
  const { fromMs, toMs, isPart, choose, chooseAll } = range
  const input = (label: string, value: number, chosen: (atMs: number) => ChartRange) => (
    <label>
      {label}
      <input
        type="datetime-local"
        step="1"
        // The whole span moves on: it must not change what a person is typing.
        value={isPart ? localTime(value) : ''}
        onChange={event => choose(chosen(Date.parse(event.currentTarget.value)))}
      />
    </label>
  )
  return (
    <details open={isPart}>
      <summary>Part of this time</summary>
      <div class="bar">
        {input('From', fromMs, atMs => ({ fromMs: atMs, toMs }))}
        {input('To', toMs, atMs => ({ fromMs, toMs: atMs }))}
        {isPart && (
          <button type="button" class="secondary outline" onClick={chooseAll}>
            Show all
          </button>
        )}
      </div>
      <p class="muted">Dragging over a chart chooses a part of it, too.</p>
    </details>
  )
}

export interface Choices {
  /** Empty if nothing is chosen. */
  of(name: string): string
  /** The address with these choices instead; an empty one is removed. */
  with(changes: Readonly<Record<string, string>>): string
  change(changes: Readonly<Record<string, string>>): void
}

export function useChoices(): Choices {
  const { path } = useLocation()
  const [query, change] = useParameters()
  return {
    of: name => query[name] ?? '',
    with: changes => addressOf(path, { ...query, ...changes }),
    change,
  }
}
