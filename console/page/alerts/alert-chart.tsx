/** Chart of the values around an alert, with its threshold and its duration. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { QuestionRows } from '../../api/questions.ts'
import { sliceColumns } from '../charts/chart-series.ts'
import { TimeChart } from '../charts/time-chart.tsx'
import { useAnswer } from '../client/api-queries.ts'
import { AnswerView } from '../components/answer-view.tsx'
import { hasTelemetry } from '../components/labels.tsx'
import { formatCount } from '../components/value-texts.ts'
import { formatReadout } from '../telemetry/entity-charts.tsx'
import { toColumns } from '../telemetry/entity-series.ts'
import { formatTitle, formatUnit } from '../telemetry/telemetry-texts.ts'
import { type ChartTime, chooseChartTime } from './chart-time.ts'

type Alert = QuestionRows['/alerts/one']

export function AlertChart({ alert }: { readonly alert: Alert }): JSX.Element | null {
  const [openedMs] = useState(Date.now)
  if (!isOfMetric(alert)) return null
  const time = chooseChartTime(alert, openedMs)
  return (
    <section aria-label="Values around it" class="card">
      <h3>{alert.metric + formatUnit(alert.unit ?? '')}</h3>
      {time ? (
        <Chart alert={alert} time={time} />
      ) : (
        <p class="empty">It began more than a day ago, which is as far back as the chart of an alert goes.</p>
      )}
    </section>
  )
}

/** Alert that has fired about a metric. */
type AlertOfMetric = Alert & Readonly<Record<'metric' | 'severity' | 'startedAt', string>>

function isOfMetric(alert: Alert): alert is AlertOfMetric {
  const { metric, severity, startedAt, entity } = alert
  return ![metric, severity, startedAt].includes(null) && hasTelemetry(entity)
}

interface Props {
  readonly alert: AlertOfMetric
  readonly time: ChartTime
}

function Chart({ alert, time: { fromMs, toMs, hours } }: Props): JSX.Element {
  const { entity, rule, metric, severity, threshold, startedAt, endedAt } = alert
  const now = useAnswer('/telemetry/entity', { entity, hours })
  const history = useAnswer('/telemetry/history', { entities: entity, metric, hours })
  return (
    <AnswerView of={now} what="the entity">
      {({ rules, metrics }) => (
        <AnswerView of={history} what="the statistics per minute">
          {past => {
            const { unit = '', is = 'gauge' } = metrics.find(({ name }) => name === metric) ?? {}
            const line = past.entities[0]?.lines[metric]
            const columns = sliceColumns(toColumns(line, past, is), fromMs, toMs)
            // Do not draw thresholds for changes or deviations, because the chart shows values, or what a counter has risen.
            const isOfValues =
              is !== 'counter' && rules?.some(own => own.name === rule && own.compares === 'value')
            const levels =
              threshold !== null && isOfValues ? [{ value: threshold, name: rule, severity }] : []
            const endMs = endedAt === null ? toMs : Date.parse(endedAt)
            const spans = [{ fromS: Date.parse(startedAt) / 1_000, toS: endMs / 1_000, severity }]
            const limit = levels.length > 0 ? `, threshold ${threshold}` : ''
            const marks = { levels, spans, bands: [] }
            return (
              <TimeChart
                {...{ fromMs, toMs, marks }}
                lines={[{ columns }]}
                label={`${formatTitle(metric, is, past.step)} around the alert: ${formatCount(columns.times.length, past.step)}${limit}`}
                readout={at => formatReadout(columns, at, unit)}
                legend={{ step: past.step, is }}
              />
            )
          }}
        </AnswerView>
      )}
    </AnswerView>
  )
}
