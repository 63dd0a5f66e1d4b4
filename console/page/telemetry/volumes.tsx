/** Records per minute by topic. */
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type uPlot from 'uplot'
import type { CountedSignal, Volume, VolumesOfTopics } from '../../api/telemetry/volumes.ts'
import { addressOf } from '../data/address.ts'
import { Live } from '../parts/known.tsx'
import { compactText, countText, numberText, timeText } from '../parts/words.ts'
import type { ChartSpan } from './figures.ts'
import { SpanChoice, useSpan } from './span-choice.tsx'
import { TimeChart } from './time-chart.tsx'

/** Description of the contents of each counted topic, by signal. */
const SIGNALS: Readonly<Record<CountedSignal, string>> = {
  readings: 'Incoming readings and the ticks of the clock',
  analytics: 'Statistics of entities per minute',
  events: 'Events of entities, and actions of operators',
  alerts: 'Alerts that fired or resolved',
  failures: 'Records that a consumer could not process',
  dlq: 'Dead letters',
}

export function VolumesPage(): JSX.Element {
  const span = useSpan(false)
  return (
    <>
      <SpanChoice hasLive={false} chosen={span} />
      <p class="muted">Records a minute, by the time at which Kafka or their producer wrote them.</p>
      <Live path="/telemetry/volumes" query={{ hours: span.hours }} keep what="the volumes">
        {volumes => (
          <div class="columns">
            {volumes.topics.map(volume => (
              <SignalVolume key={volume.signal} volume={volume} of={volumes} span={span} />
            ))}
          </div>
        )}
      </Live>
    </>
  )
}

interface Props {
  readonly volume: Volume
  readonly of: VolumesOfTopics
  readonly span: ChartSpan
}

function SignalVolume({ volume, of: { steps, stepMs }, span }: Props): JSX.Element {
  const { signal, topic, perMinute, records } = volume
  const most = Math.max(0, ...perMinute.map(count => count ?? 0))
  const now = perMinute.at(-1) ?? 0
  const first = (steps[0] ?? 0) / 1_000
  const half = stepMs / 2_000
  const data = useMemo(
    () => [steps.map(step => step / 1_000 + half), [...perMinute]] as uPlot.AlignedData,
    [steps, perMinute],
  )
  return (
    <section class="card telemetry-metric">
      <h2>
        <a href={addressOf('/kafka/topics', { topic })}>{signal}</a>
      </h2>
      <p class="muted">{SIGNALS[signal]}</p>
      <p>
        <strong>{numberText(now)}</strong> a minute, at most {numberText(most)};{' '}
        {countText(records, 'record')} in {span.words}
      </p>
      <TimeChart
        data={data}
        shapes={['bars']}
        fromS={first}
        toS={first + (steps.length * stepMs) / 1_000}
        range={[0, Math.max(most, 1) * 1.1]}
        label={`Records per minute in ${span.words}: at last ${compactText(now)}, at most ${compactText(most)}`}
        readout={index =>
          `${timeText(steps[index] ?? 0, Date.now())} · ${numberText(perMinute[index] ?? 0)} a minute`
        }
        height={130}
      />
    </section>
  )
}
