/** Selects the range of the charts. */
import type { JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { addressOf, useParameters } from '../data/address.ts'
import { Tabs } from '../parts/tabs.tsx'
import { localTime } from '../parts/words.ts'
import { type ChartRange, rangeWithin } from './chart-range.ts'
import { type ChartSpan, SPANS, spanNamed } from './figures.ts'

interface Props {
  readonly chosen: ChartSpan
}

export function SpanChoice({ chosen }: Props): JSX.Element {
  const choices = useChoices()
  return (
    <Tabs
      label="Time"
      areChoices
      tabs={SPANS.map(({ name, title }) => ({
        path: choices.with({ span: name === '1' ? '' : name, from: '', to: '' }),
        title,
        isCurrent: name === chosen.name,
      }))}
    />
  )
}

/** Returns the range selected in the URL. */
export function useSpan(): ChartSpan {
  return spanNamed(useChoices().of('span'))
}

export interface ChosenRange extends ChartRange {
  /** True if only a part of the range is shown. */
  readonly isPart: boolean
  readonly choose: (range: ChartRange) => void
  readonly chooseAll: () => void
}

/** Returns the part of the range that the URL selects. By default, this is the whole range. */
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
        // The whole range moves with time. Leave the field empty for it, so that the field does not change while the user is
        // typing.
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
  /** Returns the selected value; empty if none is selected. */
  of(name: string): string
  /** Returns the URL with changed values. Empty values are removed. */
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
