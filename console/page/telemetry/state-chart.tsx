/** Time line of one state of an entity. */

import type { JSX } from 'preact'
import type { NamedState } from '../../../control/tables/entity-statistics.ts'
import type { StateBand } from '../../api/telemetry/state-bands.ts'
import { getLook } from '../charts/line-looks.ts'
import { listChanges, UNKNOWN } from '../charts/stretches.ts'
import { TimeChart } from '../charts/time-chart.tsx'
import { getTimeIn, listValues, sumBands } from './entity-series.ts'
import { formatTimeIn } from './telemetry-texts.ts'

interface Props {
  readonly state: NamedState
  readonly bands: readonly StateBand[]
  /** Period of the charts in words, and its start and end in epoch milliseconds. */
  readonly period: string
  readonly fromMs: number
  readonly toMs: number
}

export function StateChart({ state, bands, period, fromMs, toMs }: Props): JSX.Element {
  const times = sumBands(bands, fromMs, toMs)
  const values = listValues(state, times)
  const stretches = bands.map(({ value, ...band }) => ({
    ...band,
    text: value,
    place: values.indexOf(value),
  }))
  const changes = listChanges(stretches, fromMs, toMs)
  const legend = values
    .map((value, place) => ({ value, place, text: value ?? UNKNOWN, time: formatTimeIn(times, value) }))
    .filter(({ value }) => getTimeIn(times, value) > 0)
  return (
    <section class="card">
      <h3>{state.name}</h3>
      <TimeChart
        {...{ fromMs, toMs, stretches }}
        // Its invisible line gives the chart an axis, and the times to which keys lead.
        lines={[{ columns: { times: changes.map(ms => ms / 1_000), lists: [changes.map(() => 0)] } }]}
        height={90}
        label={`${state.name} ${period}: ${legend.map(({ text, time }) => `${text} ${time}`).join(', ')}`}
      />
      <ul class="row" aria-label={`Values of ${state.name}`}>
        {legend.map(({ value, place, text, time }) => (
          <li key={place} class={value === null ? 'muted' : ''}>
            <span
              class={`dot swatch ${value === null ? 'area' : ''}`}
              style={value === null ? {} : { color: getLook(place).color }}
            />
            {text} <small class="muted">{time}</small>
          </li>
        ))}
      </ul>
    </section>
  )
}
